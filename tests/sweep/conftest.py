"""What all sweeps of tests share."""

from typing import Any

import pytest

from cofail_lab.fitting import calibration
from cofail_lab.fitting.readings.tail_test import TailTest, test_tail


@pytest.fixture(autouse=True)
def few_histograms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the tail takes most of a small fit; a tenth of its histograms is enough to be found again."""

    def few(*arguments: Any, **keywords: Any) -> TailTest:
        return test_tail(*arguments, **{**keywords, "n_simulated": 99})

    monkeypatch.setattr(calibration, "test_tail", few)
