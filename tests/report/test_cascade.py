"""The sentences of a cascade of two models."""

from typing import Any

import pytest

from cofail_lab.report import cascade
from tests.report.reports import reading


def test_a_cascade_that_loses_at_the_same_dollars() -> None:
    assert cascade.headline(reading(), 0.5) == (
        "L → H by margin: the cascade gains 2.34 points against random escalation, averaged over all fractions "
        "(1.10 to 3.30). At 50% escalated it loses 1.23 points against mixing the two at the same dollars "
        "(-2.00 to -0.30)."
    )
    assert "it gains 0.12 points against mixing" in cascade.headline(reading(gap=0.0012), 0.5)
    assert "H is the cheaper of the two, so" in cascade.headline(reading(5.0), 0.5)
    assert "H costs as much, so" in cascade.headline(reading(4.0), 0.5)
    note = cascade._note(reading().fractions[0])
    assert note == (
        "over random escalation (2.10 to 4.30); -1.23 points at equal dollars (-2.00 to -0.30), where mixing sends "
        "66.0% on"
    )
    found = cascade._findings(reading(), 0.5)
    assert found[0].startswith("At the same dollars it gains most, 0.45 points, at 25.0% escalated")
    assert found[1] == "From 50.0% escalated on it costs more than H alone."
    # At a quarter it costs just as much as H at 2 dollars alone.
    assert cascade._findings(reading(strong_price=2.0), 0.5)[1] == found[1]
    assert "gets 0.77 points more right than the threshold at 50% escalated (0.10 to 1.50)" in found[2]


@pytest.mark.parametrize(
    ("low", "high", "covers"), [(-0.002, 0.003, True), (-0.003, -0.001, False), (0.001, 0.003, False)]
)
def test_whether_noise_covers_zero(low: float, high: float, *, covers: bool) -> None:
    said = cascade._noise(reading(area_lower=low, area_upper=high))
    assert said[0].startswith("The largest gap at any fraction is 4.10 points; pure noise gives 1.70 points")
    assert ("gap covers zero" in said[1], "gap does not cover zero" in said[1]) == (covers, not covers)


def test_metrics_of_a_cascade() -> None:
    found: dict[str, Any] = cascade.metrics(reading(), 0.5)
    assert (found["best_fraction"], found["best_dollar_gap"]) == (0.25, 0.0045)
    assert (found["dollar_gap"], found["mixed_fraction"], found["auc_strong"]) == (-0.0123, 0.66, 0.57)
