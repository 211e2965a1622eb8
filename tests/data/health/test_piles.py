"""Which numbers of tokens pile up at their maximum: those that are the maximum itself."""

import numpy as np
import pytest

from cofail_lab.data.health.checks import at_limit
from tests.data.cells import grades_of


@pytest.mark.parametrize(("tokens", "n"), [([100] * 5 + [50], 5), ([100] * 4 + [99, 50], 0), ([63] * 5 + [9], 0)])
def test_a_pile_is_of_the_maximum_alone(tokens: list[int], n: int) -> None:
    grades = grades_of([[0]] * 6, "pqrstu", "a", per_cell={"tokens_out": np.array(tokens, dtype=float)[:, None]})
    assert at_limit(grades)[0].sum() == n
