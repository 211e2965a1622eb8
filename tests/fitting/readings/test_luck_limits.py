"""Limits of the share of luck by hand: which end of what they are taken from, and how many models compete."""

import numpy as np
import pytest
from scipy.stats import norm

from cofail_lab.bounds.least_of_many import least_mean_limits, mean_limits
from cofail_lab.fitting.readings import luck
from cofail_lab.fitting.readings.luck import Runs, measure_luck

DRAWN = np.arange(41) / 100


def test_a_lower_limit_is_of_the_replicates_and_not_of_the_sample() -> None:
    """Of the replicates .01 to .4, after the sample, 2.5% are below .01975; two competing models stretch by 1.1436."""
    drawn = DRAWN.copy()
    drawn[0] = 0.9
    assert luck._lower_limit(drawn, 1.0) == pytest.approx(0.01 + 0.025 * 0.39)
    drawn[0] = 0.3
    assert luck._stretch(2.0) == pytest.approx(norm.ppf(0.0125) / norm.ppf(0.025)) == pytest.approx(1.1436, abs=1e-4)
    assert luck._lower_limit(drawn, 1.02) == pytest.approx(0.3 - luck._stretch(1.02) * (0.3 - 0.01975))
    assert luck._lower_limit(drawn, 2.0) == 0.0
    drawn[[5, 6]] = np.nan  # they count as 0
    assert luck._lower_limit(drawn, 1.0) == pytest.approx(0.0)
    drawn[:] = 1.2
    assert luck._lower_limit(drawn, 1.0) == 1.0


def test_an_upper_limit_is_the_greatest_of_the_models() -> None:
    drawn = np.column_stack([DRAWN, DRAWN / 2])
    drawn[0] = 0.9
    assert luck._upper_limit(drawn) == pytest.approx(0.4 - 0.025 * 0.39)
    assert luck._upper_limit(drawn[:, 1:]) == pytest.approx(0.2 - 0.025 * 0.195)
    drawn[[5, 6], 1] = np.nan  # they count as 1
    assert luck._upper_limit(drawn) == pytest.approx(1.0)


def test_what_a_router_cannot_reach_is_a_share_of_the_gain() -> None:
    """The oracle has .9, the model .5: reaching .7 leaves half, .4 more than all; over .9 nothing is gained."""
    found = luck._luck(np.array([0.7, 0.4, 0.9, 0.7]), np.array([0.5, 0.5, 0.5, 0.9]), np.full(4, 0.9))
    np.testing.assert_allclose(found, [0.5, 1.25, 0.0, np.nan])


def test_limits_of_the_routable_accuracy() -> None:
    """Lower ones of the picks, stretched for two models; the upper one of the greatest share, or the pick itself."""
    per_query = {"first_pick": np.array([0.6, 0.4]), "half_pick": np.array([0.9, 0.9]), "routable_upper": np.ones(2)}
    limits = {"first_pick": (0.4, 0.6), "half_pick": (0.8, 0.95), "routable_upper": (0.6, 0.85)}
    stretch = float(norm.ppf(0.0125) / norm.ppf(0.025))
    found = luck._routable_limits(per_query, limits, 2.0)
    assert found["first_pick"] == pytest.approx((0.5 - stretch * 0.1, 0.85))
    assert found["half_pick"] == pytest.approx((0.9 - stretch * 0.1, 0.9))
    assert found["routable_upper"] == pytest.approx((0.9 - stretch * 0.1, 0.85))
    assert luck._routable_limits(per_query, limits | {"first_pick": (0.01, 0.6)}, 1e9)["first_pick"][0] == 0.0


def test_no_gain_no_share_of_it() -> None:
    """One model is right on every run, the others never: whoever chooses it reaches the oracle."""
    right = np.tile([[3, 0]], (6, 1))
    found = measure_luck(Runs(np.arange(2), right, np.full((6, 2), 3), inferred=True), 0)
    assert (found.luck_lower, found.luck_upper, found.runs_inferred) == (None, None, True)
    assert found.single_best.value == found.oracle.value == 1.0


def test_what_is_chosen_of_many_has_limits_for_as_many_as_compete(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    routable, shares = luck._routable_limits, luck._luck_shares
    monkeypatch.setattr(luck, "_routable_limits", lambda *given: seen.append(given[2]) or routable(*given))
    monkeypatch.setattr(luck, "_luck_shares", lambda *given: seen.append(given[2]) or shares(*given))
    right = np.random.default_rng(0).integers(0, 4, (30, 5))
    measure_luck(Runs(np.arange(5), right, np.full((30, 5), 3), inferred=False), 0)
    competing = least_mean_limits(1 - right / 3, 1 - luck.CONFIDENCE, 3.0).competing
    assert seen == [competing, competing] and competing > 1.5


def test_numbers_of_runs_of_different_models() -> None:
    """Two runs of one model and four of another: as certain as that many answers; what is of both, as the fewer."""
    rng = np.random.default_rng(2)
    total = np.tile([[2, 4]], (60, 1))
    right = rng.binomial(total, rng.beta(1, 1, (60, 2)))
    found = measure_luck(Runs(np.array([3, 5]), right, total, inferred=False), 4)
    assert (found.n_models, found.n_queries, found.fewest_runs, found.most_runs) == (2, 60, 2, 4)
    share = right / total
    wrong = least_mean_limits(1 - share, 1 - luck.CONFIDENCE, np.array([2.0, 4.0]))
    best = share.mean(axis=0).max()
    assert found.single_best[:3] == pytest.approx((best, 1 - wrong.upper, 1 - wrong.lower))
    best_model = share[:, share.mean(axis=0).argmax()]
    assert found.single_best.error == pytest.approx(best_model.std(ddof=1) / np.sqrt(60))
    oracle = 1 - (1 - share).prod(axis=1)
    assert found.oracle[:3] == pytest.approx((oracle.mean(), *mean_limits(oracle, 1 - luck.CONFIDENCE, 2.0)))
    assert found.routable_upper.value == pytest.approx(share.max(axis=1).mean())
    assert found.routable_upper.upper == pytest.approx(mean_limits(share.max(axis=1), 1 - luck.CONFIDENCE, 2.0)[1])
    gain = oracle.mean() - best
    for bound, reached in ((found.luck_lower, found.routable_upper.value), (found.luck_upper, found.half_pick.value)):
        assert bound is not None and bound.value == pytest.approx(min(1.0, 1 - (reached - best) / gain))
    assert measure_luck(Runs(np.array([3, 5]), right, total, inferred=False), 4) == found
    assert measure_luck(Runs(np.array([3, 5]), right, total, inferred=False), 5).half_pick != found.half_pick


def test_equal_answers_are_as_many_as_the_fewest_runs() -> None:
    """Half of the runs of both models are right on every query: without any spread, as certain as 2 x 60 answers."""
    right, total = np.tile([[1, 2]], (60, 1)), np.tile([[2, 4]], (60, 1))
    found = measure_luck(Runs(np.array([3, 5]), right, total, inferred=False), 4)
    of_few, of_many = (mean_limits(np.full(60, 0.75), 1 - luck.CONFIDENCE, runs) for runs in (2.0, 4.0))
    assert found.oracle[:3] == pytest.approx((0.75, *of_few))
    assert of_many[1] < of_few[1] - 0.01
