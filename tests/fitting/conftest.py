"""Fits that several tests look at."""

from collections.abc import Callable

import pytest

import cofail_lab as cl
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result


@pytest.fixture(scope="session")
def cruxeval(real: Callable[[str], Outcomes]) -> Result:
    return cl.fit(real("cruxeval_output"), bootstrap=200, overhead=0.02, null=0, folds=0)
