"""Limits of the least of several means: exact where one model is best, and covering where many are alike."""

from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import beta, binom, multivariate_normal, norm, t
from studies.coverage.limits import coverage
from studies.coverage.truths import TRUTHS

from cofail_lab.bounds import least_of_many
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.bounds.least_of_many import (
    LeastLimits,
    _Joint,
    binomial_equivalent,
    least_mean_limits,
    mean_limits,
    oracle_gain_limits,
)
from cofail_lab.errors import InputError
from tests.conftest import outcomes_from


def test_one_clearly_best_model_pays_for_no_other() -> None:
    """Its limits are Clopper-Pearson's at δ/2 each (SciPy's beta quantiles), whatever the 40 others are."""
    rng = np.random.default_rng(0)
    wrong = rng.random((300, 41)) < 0.6
    wrong[:, 7] = np.arange(300) < 20
    failures = int((wrong[:, 7] & ~wrong.all(axis=1)).sum())
    found = oracle_gain_limits(wrong, 0.05)
    assert found.lower == pytest.approx(beta.ppf(0.025, failures, 301 - failures), rel=1e-9)
    assert found.upper == pytest.approx(beta.ppf(0.975, failures + 1, 300 - failures), rel=1e-6)
    assert found.competing == pytest.approx(1, abs=1e-6)


def test_copies_count_once_and_strangers_each() -> None:
    """Twelve copies of each model change nothing; twelve models that fail apart cost almost twelve."""
    rng = np.random.default_rng(1)
    few = rng.random((400, 3)) < 0.3
    alone, copied = oracle_gain_limits(few, 0.05), oracle_gain_limits(np.repeat(few, 12, axis=1), 0.05)
    # The probability that some model has so few failures is simulated with an error of about 1%.
    assert copied.competing == pytest.approx(alone.competing, rel=0.03)
    assert copied.upper == pytest.approx(alone.upper, rel=2e-3)
    apart = np.zeros((400, 12), dtype=bool)
    for j in range(12):
        apart[20 * j : 20 * j + 20, j] = True
    assert 11.5 < oracle_gain_limits(apart, 0.05).competing <= 12 + 1e-9


def test_copies_are_drawn_once_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of thirty models eight times: the limits are those of thirty."""
    drawn: list[int] = []
    joint = least_of_many._Joint

    def counted(values: np.ndarray) -> object:
        drawn.append(values.shape[1])
        return joint(values)

    monkeypatch.setattr(least_of_many, "_Joint", counted)
    few = np.random.default_rng(3).random((200, 30)) < 0.3
    alone = oracle_gain_limits(few, 0.05)
    monkeypatch.setattr(least_of_many, "_MANY", drawn[0])
    assert oracle_gain_limits(np.tile(few, 8), 0.05).upper == pytest.approx(alone.upper, rel=1e-3)
    assert oracle_gain_limits(few, 0.05) == alone
    assert drawn == [drawn[0]] * 3


def test_models_without_a_failure_are_not_taken_for_copies() -> None:
    """Twenty models that never failed look the same, but their true rates may differ: all of them are paid for."""
    found = oracle_gain_limits(np.zeros((30, 20), dtype=bool), 0.05)
    assert found.lower == 0
    assert found.upper == pytest.approx(1 - (0.025 / 20) ** (1 / 30), rel=2e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("prob", [1e-2, 1e-4])
def test_the_union_by_quadrature(correlation: float, prob: float) -> None:
    """Thirty equicorrelated normal sums: P(some below its quantile) by integrating over the common factor."""
    rng = np.random.default_rng(2)
    independent = np.linalg.qr(rng.standard_normal((200, 31)) - 0.0)[0]
    independent -= independent.mean(axis=0)
    independent = np.linalg.qr(independent)[0]
    values = np.sqrt(correlation) * independent[:, :1] + np.sqrt(1 - correlation) * independent[:, 1:]
    t = ndtri(prob)

    def some_below(z: float) -> float:
        alone = ndtr((t - np.sqrt(correlation) * z) / np.sqrt(1 - correlation))
        return float((1 - (1 - alone) ** 30) * norm.pdf(z))

    exact = quad(some_below, -12, 12, epsabs=1e-13, points=(-5, -3, -1, 1))[0]
    # 2,000 draws: the error is about 1%.
    assert _Joint(values).any_of(np.full(30, prob)) == pytest.approx(exact, rel=0.05)


@cache
def _drawn(name: str, matrices: int) -> tuple[tuple[np.ndarray, LeastLimits], ...]:
    wrong = [TRUTHS[name](np.random.default_rng([seed, 3])).wrong for seed in range(matrices)]
    return tuple((matrix, oracle_gain_limits(matrix, 0.05)) for matrix in wrong)


@pytest.mark.parametrize("name", ["ties_20", "strong_best", "duplicates", "opposed_unequal", "tiny", "sparse_20"])
def test_the_limits_are_inside_the_certificate(name: str) -> None:
    """The lower limits agree, and the upper one is between that of one model alone and that of all at δ/2m."""
    for wrong, found in _drawn(name, 10):
        certified = certify_outcomes(outcomes_from(wrong), delta=0.05).gain_range
        least = int((wrong & ~wrong.all(axis=1, keepdims=True)).sum(axis=0).min())
        assert found.lower == pytest.approx(certified[0], rel=1e-12)
        assert beta.ppf(0.975, least + 1, len(wrong) - least) - 1e-9 <= found.upper <= certified[1] + 1e-9
    if name == "strong_best":
        widths = [(found.upper - found.lower) for _, found in _drawn(name, 10)]
        assert np.mean(widths) < 0.08 < 0.09  # .095 certified


@pytest.mark.parametrize("name", ["ties_20", "opposed"])
def test_coverage(name: str) -> None:
    """120 matrices at a nominal 95%: more than 18 misses has probability .0001 at 5% and .0005 at 5.5%.

    The limits of the observed best model alone, which a bootstrap of the least mean is not even as good as, miss most
    of the time with 20 equal models.
    """
    target = TRUTHS[name].population.oracle_gain
    limits = np.array([(found.lower, found.upper) for _, found in _drawn(name, 120)])
    assert coverage(limits, target).inside >= 102
    if name == "ties_20":
        least = [int((wrong & ~wrong.all(axis=1, keepdims=True)).sum(axis=0).min()) for wrong, _ in _drawn(name, 120)]
        alone = np.array([(beta.ppf(0.025, k, 301 - k), beta.ppf(0.975, k + 1, 300 - k)) for k in least])
        assert coverage(alone, target).inside < 102


def test_corners() -> None:
    """One model, nobody ever right, a perfect model, one query."""
    assert oracle_gain_limits(np.ones((20, 1), dtype=bool), 0.05)[:2] == (0, 0)
    nobody = oracle_gain_limits(np.ones((20, 3), dtype=bool), 0.05)
    assert (nobody.lower, nobody.upper) == pytest.approx((0, 1 - (0.025 / 3) ** (1 / 20)), rel=2e-3)
    perfect = np.ones((20, 3), dtype=bool)
    perfect[:, 0] = False
    assert oracle_gain_limits(perfect, 0.05).upper == pytest.approx(1 - 0.025 ** (1 / 20))
    opposed = oracle_gain_limits(np.array([[True, False]]), 0.05)
    assert (opposed.lower, opposed.upper) == pytest.approx((0, 1 - 0.025 / 2), abs=2e-3)
    for shape in ((1, 1), (1, 400), (2, 3), (5, 60)):
        for rate in (0.0, 0.1, 0.5, 1.0):
            wrong = np.random.default_rng(3).random(shape) < rate
            found = oracle_gain_limits(wrong, 0.05)
            assert 0 <= found.lower <= found.upper <= 1
    opposed_pair = np.eye(2, dtype=bool)
    with pytest.raises(InputError, match="delta: "):
        oracle_gain_limits(opposed_pair, 1.5)
    assert oracle_gain_limits(opposed_pair, 0.05) == oracle_gain_limits(opposed_pair, 0.05)


def test_a_mean_of_runs_counts_as_more_trials() -> None:
    """0/1 values are a binomial; where no query differs, r runs of each are r trials, and never more."""
    ones = np.random.default_rng(4).random((50, 2)) < 0.3
    trials, successes = binomial_equivalent(ones.astype(float), 0.05)
    np.testing.assert_array_equal(trials, 50)
    np.testing.assert_allclose(successes, ones.sum(axis=0))
    halves = np.full((50, 1), 0.5)
    assert binomial_equivalent(halves, 0.05, 4.0)[0] == pytest.approx(200)
    assert mean_limits(halves[:, 0], 0.05, 4.0) == pytest.approx((beta.ppf(0.025, 100, 101), beta.ppf(0.975, 101, 100)))
    assert mean_limits(np.ones(100), 0.05) == pytest.approx((0.025**0.01, 1.0))
    runs = np.random.default_rng(5).binomial(4, np.random.default_rng(6).beta(2, 1, size=(300, 3))) / 4
    found = least_mean_limits(1 - runs, 0.05, 4.0)
    spread = runs.std(axis=0)[runs.mean(axis=0).argmax()] / np.sqrt(300)
    assert (1 - runs.mean(axis=0).max() - found.lower) / spread == pytest.approx(1.96, abs=0.15)


def test_the_certified_pair_splits_delta() -> None:
    """P1.vii at δ/2 with P1.v at δ/(2m), by exact binomial sums: each limit has just its share of δ left."""
    wrong = np.random.default_rng(7).random((80, 4)) < 0.3
    k = int((wrong & ~wrong.all(axis=1, keepdims=True)).sum(axis=0).min())
    low, high = certify_outcomes(outcomes_from(wrong), delta=0.1).gain_range
    assert binom.sf(k - 1, 80, low) == pytest.approx(0.05)
    assert binom.cdf(k, 80, high) == pytest.approx(0.1 / 8)
    assert certify_outcomes(outcomes_from(wrong[:, :1]), delta=0.1).gain_range == (0, 0)


@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_the_equivalent_trials_by_hand(delta: float) -> None:
    """n p (1 - p) / variance, times the squared ratio of the normal to the t quantile; from n up to n runs."""
    values = np.array([[0.2, 0.0, 0.5], [0.4, 1.0, 0.5], [0.6, 0.0, 0.5], [0.3, 1.0, 0.5], [0.9, 1.0, 0.75]])
    trials, successes = binomial_equivalent(values, delta, 1e6)
    shrink = (norm.ppf(delta / 2) / t.ppf(delta / 2, 4)) ** 2
    for j in (0, 2):
        p = values[:, j].mean()
        assert trials[j] == pytest.approx(5 * shrink * p * (1 - p) / ((values[:, j] - p) ** 2).mean())
        assert successes[j] == pytest.approx(trials[j] * p)
    # 0/1 values are never fewer than the rows, and one row says nothing of its own spread.
    assert (trials[1], successes[1]) == (5, 3)
    assert binomial_equivalent(values, delta, 2.0)[0] == pytest.approx(np.minimum(trials, 10))
    assert binomial_equivalent(values, delta, np.array([2.0, 1.0, 3.0]))[0] == pytest.approx([10, 5, 15])
    assert binomial_equivalent(np.array([[0.3]]), delta, 9.0) == (pytest.approx(1), pytest.approx(0.3))
    limits = mean_limits(values[:, 0], delta, 1e6)
    assert limits == pytest.approx(
        (
            beta.ppf(delta / 2, successes[0], trials[0] - successes[0] + 1),
            beta.ppf(1 - delta / 2, successes[0] + 1, trials[0] - successes[0]),
        )
    )


@pytest.mark.parametrize("second", [30, 48])
def test_the_upper_limit_solves_the_union_of_two_that_fail_apart(second: int) -> None:
    """Two models of 300 queries that fail on queries of their own: both at least g, each no nearer than it may be.

    Their sums are almost independent (correlation -.1), so the union is 1 - (1 - a)(1 - b); the second mean is taken
    at its lower limit of δ/10, or g where that is larger, and 20 failures of it are as unlikely at g.
    """
    n, delta = 300, 0.05
    wrong = np.zeros((n, 2), dtype=bool)
    wrong[:20, 0] = wrong[100 : 100 + second, 1] = True

    def union(g: float) -> float:
        other = max(g, beta.ppf(0.1 * delta, second, n - second + 1))
        return 1 - (1 - binom.cdf(20, n, g)) * (1 - binom.cdf(20, n, other))

    upper = brentq(lambda g: union(g) - delta / 2, 20 / n, 1)
    found = oracle_gain_limits(wrong, delta)
    assert found.upper == pytest.approx(upper, rel=3e-3)
    assert found.competing == pytest.approx(delta / 2 / binom.cdf(20, n, found.upper), rel=1e-6)


def test_many_models_that_are_each_unlikely_are_together_not() -> None:
    """Twelve with 44 failures beside one with 20, of 1,000: each reaches 20 with less than 5% where it may be least."""
    n, delta = 1000, 0.05
    wrong = np.zeros((n, 13), dtype=bool)
    wrong[:20, 0] = True
    for j in range(12):
        wrong[100 + 44 * j : 144 + 44 * j, 1 + j] = True
    low = beta.ppf(0.1 * delta, 44, n - 43)
    assert binom.cdf(20, n, low) < delta

    def union(g: float) -> float:
        return 1 - (1 - binom.cdf(20, n, g)) * (1 - binom.cdf(20, n, max(g, low))) ** 12

    upper = brentq(lambda g: union(g) - delta / 2, 20 / n, 1)
    assert oracle_gain_limits(wrong, delta).upper == pytest.approx(upper, rel=1e-2)


def test_models_with_fewer_trials_are_as_unlikely_at_the_same_distance() -> None:
    """Runs that always agree are rows, runs that never do are eight each: the count moves with the root of trials."""
    rng = np.random.default_rng(8)
    same = (rng.random(200) < 0.4).astype(float)
    mixed = rng.binomial(8, 0.42, 200) / 8
    values = np.column_stack([same, mixed])
    n, k = binomial_equivalent(values, 0.1, 8.0)
    assert n[0] == 200 and n[1] > 1000
    apart = float(np.asarray(np.corrcoef(values.T))[0, 1])
    lower = beta.ppf(0.01, k, n - k + 1)

    def union(g: float) -> float:
        alone = beta.cdf(1 - g, n - k, k + 1)
        best = int(alone.argmin())
        few = g * n + (k[best] - g * n[best]) * np.sqrt(n / n[best])
        p = beta.cdf(1 - np.maximum(g, lower), n - few, few + 1)
        both = multivariate_normal.cdf(norm.ppf(p), cov=[[1, apart], [apart, 1]])
        return float(p.sum() - both)

    upper = brentq(lambda g: union(g) - 0.05, (k / n).min() + 1e-6, 0.6)
    assert least_mean_limits(values, 0.1, 8.0).upper == pytest.approx(upper, rel=2e-3)


def test_only_certain_failures_leave_the_upper_limit_at_one() -> None:
    found = least_mean_limits(np.ones((30, 2)), 0.1)
    assert (found.lower, found.upper, found.competing) == (pytest.approx(0.05 ** (1 / 30)), 1.0, 2.0)
