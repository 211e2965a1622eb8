"""Limits that hold at every look, by exact sums wherever there is one."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from scipy.stats import binom

from cofail_lab.bounds import certify_anytime, confidence_sequence
from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.confidence_sequence import (
    AnytimeCertificate,
    anytime_lower,
    anytime_upper,
    crossing_probability,
    log_evidence_below,
)


@pytest.mark.parametrize("p", [0.01, 0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("side", ["upper", "lower"])
def test_peeking_after_every_query_errs_at_most_delta_where_clopper_pearson_errs_more(p, side):
    exact = crossing_probability(p, 330, 0.05, side)
    assert exact.mixture <= 0.05
    assert exact.clopper_pearson > 2.5 * exact.mixture


def test_the_published_crossing_probabilities():
    exact = crossing_probability(0.05, 330, 0.05, "lower")
    assert exact.clopper_pearson == pytest.approx(0.22, abs=0.005)
    assert exact.mixture <= 0.04
    # Nothing is gained by a short horizon: Clopper-Pearson goes on erring as the horizon grows.
    assert crossing_probability(0.05, 1500, 0.05, "lower").clopper_pearson > 0.3
    assert crossing_probability(0.05, 1500, 0.05, "lower").mixture <= 0.05


def test_the_crossing_recursion_against_simulation():
    """Monte Carlo of 20,000 paths within 4 standard errors: false alarm below 1e-4."""
    rng = np.random.default_rng(0)
    n = np.arange(1, 61)
    k = np.cumsum(rng.random((20_000, 60)) < 0.1, axis=1)
    limits = anytime_upper(np.arange(61)[:, None], n, 0.2)
    share = (limits[k, n - 1] < 0.1).any(axis=1).mean()
    exact = crossing_probability(0.1, 60, 0.2, "upper").mixture
    assert abs(share - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000)


def test_the_evidence_is_a_martingale():
    for p, n in ((0.03, 10), (0.4, 25)):
        k = np.arange(n + 1)
        mean = (binom.pmf(k, n, p) * np.exp(log_evidence_below(k, n, np.array(p)))).sum()
        assert mean == pytest.approx(1, abs=1e-10)
        next_ones = binom.pmf(np.arange(n + 2), n + 1, p) @ np.exp(
            log_evidence_below(np.arange(n + 2), n + 1, np.array(p))
        )
        assert next_ones == pytest.approx(1, abs=1e-10)


def test_anytime_limits_enclose_everything_the_evidence_does_not_exclude():
    grid = np.linspace(1e-4, 1 - 1e-4, 20_001)
    for k, n in ((0, 5), (3, 40), (20, 40), (40, 40), (2, 1000)):
        kept = grid[log_evidence_below(np.array(k), n, grid) < -np.log(0.05)]
        limit = float(anytime_upper(np.array(k), np.array(n), 0.05))
        assert kept.max() <= limit
        assert kept.max() >= min(limit, grid[-1]) - 1e-4
        assert float(anytime_lower(np.array(n - k), np.array(n), 0.05)) == pytest.approx(1 - limit)
        assert limit >= clopper_pearson_upper(k, n, 0.05) - 1e-12


def _by_a_table(limits: Callable[..., np.ndarray], most: int) -> Callable[..., np.ndarray]:
    """The same limits up to so many trials, each computed once: the paths of many pools have them in common."""
    tables, trials = {}, np.arange(most + 1)

    def looked_up(k: np.ndarray, n: np.ndarray, delta: float) -> np.ndarray:
        if delta not in tables:
            tables[delta] = limits(np.minimum(trials[:, None], trials), trials, delta)
        return tables[delta][k, n]

    return looked_up


def test_the_pool_certificate_errs_at_most_delta_and_clopper_pearson_at_every_look_errs_more(monkeypatch):
    """400 pools, δ = .1, five models of equal true gain: more than 64 errors of the former has probability < .001."""
    rng = np.random.default_rng(1)
    m, n, rate, shock = 5, 150, 0.2, 0.05
    monkeypatch.setattr(confidence_sequence, "anytime_upper", _by_a_table(anytime_upper, n))
    gain = (1 - shock) * (rate - rate**m)
    errors = peeked = 0
    for _ in range(400):
        wrong = (rng.random((n, m)) < rate) | (rng.random((n, 1)) < shock)
        paths = certify_anytime(wrong, delta=0.1)
        errors += bool((paths.max_gain < gain).any())
        everyone = np.all(wrong, axis=1)
        fewest = np.cumsum(wrong & ~everyone[:, None], axis=0).min(axis=1)
        peeked += bool((clopper_pearson_upper(fewest, np.arange(1, n + 1), 0.1 / m) < gain).any())  # pyright: ignore[reportArgumentType]
        assert (paths.min_gain <= paths.max_gain).all()
    assert errors <= 64
    assert peeked > 2 * errors


def test_grading_can_stop_once_the_answer_is_known():
    wrong = np.zeros((200, 3), dtype=bool)
    wrong[::4] = True
    paths = certify_anytime(wrong)
    stop = paths.settled(0.1)
    assert stop is not None
    assert 30 < stop < 200
    assert paths.max_gain[stop - 1] < 0.1 <= paths.max_gain[stop - 2]
    assert paths.settled(1e-6) is None
    assert paths.all_wrong_lower[-1] > 0.15


def test_the_upper_limit_is_where_the_evidence_reaches_its_level():
    """log 1/δ is met at the limit itself, by a root search of another kind; mpmath gives the evidence."""
    for k, n, delta in ((0, 7, 0.05), (3, 40, 0.05), (3, 40, 0.025), (12, 13, 0.1)):
        limit = float(anytime_upper(np.array(k), np.array(n), delta))
        below = _evidence(k, n, limit - 1e-9)
        assert below < -np.log(delta) < _evidence(k, n, limit + 1e-9)
    assert anytime_upper(np.array([0, 5]), np.array([0, 5]), 0.05).tolist() == [1.0, 1.0]
    assert anytime_lower(np.array([0, 0]), np.array([0, 5]), 0.05).tolist() == [0.0, 0.0]


def _evidence(k: int, n: int, p: float) -> float:
    """Log of the beta(½, ½) mixture of likelihoods over [0, p], over the likelihood at p."""
    with mpmath.workdps(40):
        half, at = mpmath.mpf(1) / 2, mpmath.mpf(p)
        mixed = mpmath.betainc(k + half, n - k + half, 0, at) / mpmath.betainc(half, half, 0, at)
        return float(mpmath.log(mixed) - k * mpmath.log(at) - (n - k) * mpmath.log1p(-at))


@pytest.mark.parametrize(("k", "n", "p"), [(0, 5, 0.3), (4, 9, 0.9), (900, 1000, 0.01), (5, 4000, 0.5)])
def test_the_evidence_with_many_digits_also_where_the_mixture_is_no_float(k, n, p):
    assert float(log_evidence_below(np.array(k), n, np.array(p))) == pytest.approx(_evidence(k, n, p), rel=2e-3)


def test_paths_of_a_pool_model_by_model():
    """Every path from its own definition: limits of each model at each look, kept at their best so far."""
    wrong = np.less(np.random.default_rng(4).random((40, 3)), np.array([0.3, 0.5, 0.6]))
    paths = certify_anytime(wrong, delta=0.2)
    n, everyone = np.arange(1, 41), np.asarray(wrong.all(axis=1))
    resolvable = np.cumsum(wrong & ~everyone[:, None], axis=0)
    upper = np.array([anytime_upper(column, n, 0.2 / 3) for column in resolvable.T])
    lower = np.array([anytime_lower(column, n, 0.2) for column in resolvable.T])
    shared = anytime_lower(np.cumsum(everyone), n, 0.2)
    for look in range(40):
        assert paths.max_gain[look] == upper[:, : look + 1].min()
        assert paths.min_gain[look] == lower[:, : look + 1].max(axis=1).min()
        assert paths.all_wrong_lower[look] == shared[: look + 1].max()
    # No path goes back, although single limits do.
    assert (np.diff(upper.min(axis=0)) > 0).any()
    # Some model's limit is above the least one's at an earlier look.
    assert (paths.min_gain != np.maximum.accumulate(lower.min(axis=0))).any()


def test_what_is_settled_is_settled_from_either_side():
    paths = AnytimeCertificate(np.array([0.9, 0.5, 0.2]), np.array([0.0, 0.1, 0.15]), np.zeros(3))
    assert [paths.settled(x) for x in (0.95, 0.6, 0.3, 0.12, 0.05)] == [1, 2, 3, 3, 2]
    assert paths.settled(0.17) is None
    assert paths.settled(0.2) is None
    assert paths.settled(0.15) is None
