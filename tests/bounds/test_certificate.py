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
