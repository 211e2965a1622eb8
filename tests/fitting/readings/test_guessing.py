"""The correction for guessing by simulation."""

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.report.fit.metrics import guessing_metrics
from tests.conftest import outcomes_from


def test_guessing_by_simulation() -> None:
    """Nobody knows 30% of the queries; three models guess one of four there: β is .3 (3/4)³, and comes back as .3."""
    rng = np.random.default_rng(2)
    n = 40_000
    unknown = rng.random(n) < 0.3
    wrong = unknown[:, None] & (rng.random((n, 3)) >= 0.25)
    found = guess_corrected(int(wrong.all(axis=1).sum()), n, 3, 4)
    assert found.all_wrong.lower < 0.3 < found.all_wrong.upper
    assert found.all_wrong.value == pytest.approx(0.3, abs=0.015)
    assert found.ceiling.value == pytest.approx(1 - 0.75 * found.all_wrong.value)
    lower, upper = (1 - 0.75 * known for known in (found.all_wrong.upper, found.all_wrong.lower))
    assert (found.ceiling.lower, found.ceiling.upper) == pytest.approx((lower, upper))
    with_guessing = cl.fit(outcomes_from(wrong[:500]), bootstrap=0, null=0, folds=0, choices=4)
    assert with_guessing.metrics["all_wrong_known"] is not None
    assert any("guess" in section.title for section in with_guessing.sections)


def test_more_failures_than_if_all_guessed_have_no_ceiling() -> None:
    """Two of four options, two models: all miss one query in four. 30 of 100 would be more than everything."""
    below = guess_corrected(24, 100, 2, 2)
    assert below.all_wrong.value == pytest.approx(0.96) and below.all_wrong.upper > 1
    # Where nobody knows anything, a router is right on one query in two.
    assert below.ceiling[:3] == pytest.approx((0.52, 0.5, 1 - below.all_wrong.lower / 2))
    assert guessing_metrics(below)["routable_ceiling_lower"] == 0.5
    above = guessing_metrics(guess_corrected(30, 100, 2, 2))
    assert above["all_wrong_known"] == pytest.approx(1.2)
    assert {above[f"routable_ceiling{end}"] for end in ("", "_lower", "_upper")} == {None}
