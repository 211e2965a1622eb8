"""Certificates against published figures, and their coverage by exact sums."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import cofail_lab as cl
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.errors import InputError
from cofail_lab.outcomes import Outcomes
from tests.conftest import outcomes_from


@pytest.mark.parametrize(
    ("m", "n", "correct", "k", "gain"), [(67, 330, 326, 0, 0.048), (52, 42, 37, 0, 0.358), (15, 480, 462, 0, 0.070)]
)
def test_published_certificates(m: int, n: int, correct: int, k: int, gain: float) -> None:
    found = cl.certify_counts(n_all_wrong=k, n_queries=n, n_models=m, best_correct=correct)
    assert found.max_gain == pytest.approx(gain, abs=5e-4)
    # Theory P1.v: the paired certificate is tighter on every published row.
    assert found.paired_max_gain < found.max_gain


def test_paired_certificate_of_math_500() -> None:
    assert cl.certify_counts(
        n_all_wrong=0, n_queries=330, n_models=67, best_correct=326
    ).paired_max_gain == pytest.approx(0.045, abs=5e-4)


def test_paired_is_not_always_tighter() -> None:
    """P1.v's own counterexample: best wrong on 58 of 63, K = 18."""
    found = cl.certify_counts(n_all_wrong=18, n_queries=63, n_models=67, best_correct=5)
    assert found.paired_max_gain == pytest.approx(0.8117, abs=5e-5)
    assert found.max_gain == pytest.approx(0.8114, abs=5e-5)


def test_the_june_tool() -> None:
    """(17, 330, .836), reference model taken as pre-specified: β_lo .0331 and gain .1309."""
    lower = float(clopper_pearson_lower(17, 330, 0.05))
    assert lower == pytest.approx(0.0331, abs=5e-5)
    assert 1 - lower - 0.836 == pytest.approx(0.1309, abs=5e-5)


def _paired_coverage(m: int, n: int, rate: float, delta_each: float) -> float:
    """P(min_i U_i >= G) for m independent models of one error rate and no all-wrong query, by exact binomial sums.

    With β negligible R_i = α and the counts are independent: all m must reach the smallest count whose limit covers.
    """
    covering = int((clopper_pearson_upper(np.arange(n + 1), n, delta_each) < rate).sum())
    return float(stats.binom.sf(covering - 1, n, rate) ** m)


def test_the_bonferroni_factor_is_needed() -> None:
    """P1.v: independent models, n=330, m=67: coverage stays above 95% with it at every rate, and fails without it."""
    rates = np.linspace(0.02, 0.6, 59)
    with_it = [_paired_coverage(67, 330, rate, 0.05 / 67) for rate in rates]
    without = [_paired_coverage(67, 330, rate, 0.05) for rate in rates]
    assert min(with_it) >= 0.95
    assert min(without) < 0.13


def test_lower_certificate_needs_no_bonferroni() -> None:
    """P1.vii: P(min L <= G) >= 1 - δ exactly, for independent models, over a grid of rates."""
    n, delta = 120, 0.05
    for rate in np.linspace(0.02, 0.9, 23):
        failing = int((clopper_pearson_lower(np.arange(n + 1), n, delta) <= rate).sum())
        # All limits of 20 models above the common rate is far rarer than δ; one model alone is the worst case.
        assert stats.binom.sf(failing - 1, n, rate) <= delta


def test_matrix_and_counts_agree(real: Callable[[str], Outcomes]) -> None:
    outcomes = real("cruxeval_output")
    found = cl.certify(outcomes, delta=0.05, overhead=0.02)
    totals = cl.certify_counts(n_all_wrong=43, n_queries=800, n_models=35, best_correct=659)
    assert (found.max_gain, found.paired_max_gain) == (totals.max_gain, totals.paired_max_gain)
    assert found.max_gain == pytest.approx(0.18349, abs=5e-6)
    assert found.paired_max_gain == pytest.approx(0.16067, abs=5e-6)
    assert found.paired_min_gain is not None
    assert found.paired_min_gain < 0.1225 < found.paired_max_gain
    assert totals.paired_min_gain is None


def test_certificates_take_the_pool_s_extreme_limits(rng: np.random.Generator) -> None:
    """The single limits of the best model are the least U_i and the greatest accuracy limit of the whole pool."""
    outcomes = outcomes_from(rng.random((90, 7)) < rng.uniform(0.1, 0.6, 7))
    found = cl.certify(outcomes)
    n, m = outcomes.wrong.shape
    resolvable = outcomes.error_counts - outcomes.n_all_wrong
    assert found.paired_max_gain == clopper_pearson_upper(resolvable, n, 0.05 / m).min()
    assert found.single_best_lower == clopper_pearson_lower(n - outcomes.error_counts, n, 0.025 / m).max()
    assert found.paired_min_gain == clopper_pearson_lower(resolvable, n, 0.05).min()


@pytest.mark.parametrize(("overhead", "outcome", "words"), [(0.05, "skip", "skip"), (None, "open", "confidence")])
def test_decision(overhead: float | None, outcome: str, words: str) -> None:
    found = cl.certify_counts(n_all_wrong=0, n_queries=330, n_models=67, best_correct=326, overhead=overhead)
    assert found.outcome == outcome
    assert words in found.decision
    assert "4.5 points" in found.decision


def test_decision_with_room(rng: np.random.Generator) -> None:
    outcomes = outcomes_from(rng.random((2000, 5)) < 0.5)
    assert cl.certify(outcomes, overhead=0.1).outcome == "room"
    found = cl.certify(outcomes)
    assert found.paired_min_gain is not None
    between = (found.paired_min_gain + found.paired_max_gain) / 2
    assert cl.certify(outcomes, overhead=between).outcome == "open"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"n_all_wrong": 400}, "n_all_wrong: 400"),
        ({"best_correct": 320}, "best_correct: 320"),
        ({"n_queries": 0}, "n_queries: 0"),
        ({"n_models": 0}, "n_models: 0"),
        ({"n_all_wrong": 1.5}, "n_all_wrong: 1.5"),
        ({"delta": 0}, "delta: 0"),
        ({"delta": 1.0}, "delta: 1.0"),
        ({"delta": float("nan")}, "delta: nan"),
        ({"overhead": -0.1}, "overhead: -0.1"),
        ({"n_models": 1}, "with n_models: 1"),
    ],
)
def test_counts_that_cannot_be(change: dict, names: str) -> None:
    arguments = {"n_all_wrong": 17, "n_queries": 330, "n_models": 67, "best_correct": 276} | change
    with pytest.raises(InputError, match=names) as error:
        cl.certify_counts(**arguments)
    assert "\n" not in str(error.value)


def test_skip_is_decided_by_the_paired_certificate() -> None:
    """K = 90 of 330, the best of ten models right on 225: P1.v is .0836, P1.iv .1689, on two sides of .1."""
    found = cl.certify_counts(n_all_wrong=90, n_queries=330, n_models=10, best_correct=225, overhead=0.1)
    assert found.paired_max_gain == pytest.approx(0.0836, abs=5e-5)
    assert found.max_gain == pytest.approx(0.1689, abs=5e-5)
    assert found.outcome == "skip"


def _decided(**change: float | int | str | None) -> cl.Certificate:
    """Of 100 queries by 4 models: 10 failed by all, the best right on 80, so that 10 can be gained."""
    return cl.Certificate(**({"n_models": 4, "n_queries": 100, "n_all_wrong": 10, "best_correct": 80} | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("overhead", "least", "needs", "end"),
    [
        (None, None, True, "points over the best single model (a in this sample)."),
        (0.3, None, False, "; your overhead is 30.0 points: skip."),
        (0.05, None, True, "; your overhead is 5.0 points: whether there is room cannot be settled by totals, the "),
        (0.1, None, True, "; your overhead is 10.0 points: whether there is room cannot be settled by totals, the "),
        (0.15, None, False, "; your overhead is 15.0 points: not settled by 100 queries, grade more of them."),
        (0.05, 0.04, False, "; your overhead is 5.0 points: not settled by 100 queries, grade more of them."),
        (0.05, 0.06, False, "at least 6.0 points; your overhead is 5.0 points: there is room, if a selector can find"),
        (None, 0.06, False, "points over the best single model (a in this sample)."),
    ],
)
def test_what_is_decided_and_said(overhead: float | None, least: float | None, needs: bool, end: str) -> None:
    found = _decided(delta=0.1, overhead=overhead, best_model="a", paired_min_gain=least)
    assert found.oracle_gain == 0.1
    assert found.needs_matrix is needs
    most = 100 * float(clopper_pearson_upper(10, 100, 0.1 / 4))
    start = f"With 90% confidence no router, vote or cascade over these 4 models can gain more than {most:.1f} points"
    assert found.decision.startswith(start)
    assert end in found.decision
    assert "(None" not in _decided(delta=0.1, overhead=overhead).decision


def test_both_limits_of_the_gain_share_the_error() -> None:
    low, high = _decided(delta=0.1, overhead=None).gain_range
    assert low == clopper_pearson_lower(10, 100, 0.05)
    assert high == clopper_pearson_upper(10, 100, 0.1 / 8)
    assert cl.certify_counts(n_all_wrong=3, n_queries=9, n_models=1, best_correct=6).gain_range == (0.0, 0.0)
    assert cl.certify_counts(n_all_wrong=3, n_queries=9, n_models=2, best_correct=6).gain_range[1] > 0.2


def test_the_best_of_a_pool_is_named() -> None:
    wrong = np.array([[1, 1, 0, 1], [1, 1, 1, 1], [1, 0, 0, 0]], dtype=bool).T
    assert cl.certify(outcomes_from(wrong)).best_model == outcomes_from(wrong).models[2]


@pytest.mark.parametrize(("best", "everyone"), [(9, 0), (6, 3), (0, 9)])
def test_totals_at_their_ends_are_accepted(best: int, everyone: int) -> None:
    found = cl.certify_counts(n_all_wrong=everyone, n_queries=9, n_models=3, best_correct=best)
    assert found.oracle_gain == 0
    with pytest.raises(InputError, match="with n_models: 1 every failure is all-wrong"):
        cl.certify_counts(n_all_wrong=everyone, n_queries=10, n_models=1, best_correct=best)
