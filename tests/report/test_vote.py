"""The sentences of votes and of their slopes on correlation."""

import pytest

from cofail_lab.decisions.vote_slopes import Slope
from tests.report.by_hand import rows_of
from tests.report.reports import votes


def test_votes() -> None:
    said = votes([-0.02, 0.0, 0.008, 0.0]).headline()
    assert said == (
        "A majority of 3 models loses 0.3 points against the best of them, on average over 4 of 7 sets; 25.0% of the "
        "votes are worse than their best member. The 3 most accurate models (a, b, c) lose 16.0 ± 4.7 points."
    )
    found = rows_of(votes([0.0])._rows())
    assert found["best model"] == ("76.0%", "a") and found["ceiling"][0] == "89.0%"
    assert found["majority of the top 3"][0] == "60.0%" and found["plurality of the top 3"][0] == "55.0% to 65.0%"


@pytest.mark.parametrize(
    ("lower", "upper", "read"),
    [(-0.3, 0.1, "vanishes"), (-0.3, -0.1, "turns_negative"), (0.1, 0.3, "stays_positive")],
)
def test_a_slope_is_read_by_its_limits(lower: float, upper: float, read: str) -> None:
    assert votes([0.0], Slope((lower + upper) / 2, 0.1, lower, upper, 0.05)).reading == read


def test_metrics_of_votes() -> None:
    found = dict(votes([0.0], Slope(-0.2, 0.1, -0.4, 0.05, 0.05)).metrics())
    assert (found["slope_controlled"], found["slope_controlled_lower"], found["slope_published"]) == (-0.2, -0.4, 0.5)
