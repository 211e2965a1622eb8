"""P10.iv: how much a gain of coverage drops is measured right."""

import pytest

from cofail_lab.claims.propositions.p10_coverage import gains_shrink


def test_a_gain_drops_by_what_two_models_are_both_right_on() -> None:
    """Weights 1, 1, 2: both right, only the first right, none right."""
    overlap = {"wrong": [[0, 0], [0, 1], [1, 1]], "weights": [1, 1, 2]}
    assert gains_shrink(None, overlap).low == pytest.approx(0.25)
    apart = {"wrong": [[0, 1], [0, 1], [1, 0]], "weights": [1, 1, 2]}
    assert gains_shrink(None, apart).low == 0
