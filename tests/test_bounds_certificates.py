"""Anytime limits, sample sizes, sampling designs and missing cells; coverage by exact sums wherever there is one."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from cofail_lab.bounds import certify_anytime, plan_certificate
from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.confidence_sequence import (
    anytime_lower,
    anytime_upper,
    crossing_probability,
    log_evidence_below,
)
from cofail_lab.bounds.missing import partial_identification
from cofail_lab.bounds.planner import failures_allowed, least_queries, success_probability
from cofail_lab.bounds.sampling_designs import (
    bounded_mean_limits,
    clustered_upper,
    finite_population_upper,
    stratified_upper,
)
from cofail_lab.errors import InputError


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


def test_the_pool_certificate_errs_at_most_delta_and_clopper_pearson_at_every_look_errs_more():
    """400 pools, δ = .1, five models of equal true gain: more than 64 errors of the former has probability < .001."""
    rng = np.random.default_rng(1)
    m, n, rate, shock = 5, 150, 0.2, 0.05
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


def test_planner_published_and_brute_force():
    assert [least_queries(gain, 67) for gain in (0.05, 0.02, 0.01)] == [141, 357, 717]
    for gain, m in ((0.05, 67), (0.1, 1), (0.5, 3)):
        n = least_queries(gain, m)
        assert clopper_pearson_upper(0, n, 0.05 / m) <= gain < clopper_pearson_upper(0, n - 1, 0.05 / m)
    plan = plan_certificate(0.1, 0.03, 10)
    sizes = np.arange(1, 1000)
    success = np.array([success_probability(int(n), 0.1, 0.03, 10) for n in sizes])
    lasting = sizes[np.minimum.accumulate(success[::-1])[::-1] >= 0.8]
    assert plan.n_queries == lasting[0]
    assert plan.probability == pytest.approx(success[lasting[0] - 1])
    assert plan.failures_allowed == failures_allowed(lasting[0], 0.1, 10)


def test_planner_says_when_nothing_will_do():
    assert plan_certificate(0.05, 0.05, 10).n_queries is None
    assert plan_certificate(0.02, 0.019, 10, search=2000).n_queries is None
    with pytest.raises(InputError, match="gain: 0"):
        least_queries(0, 10)


def test_finite_population_coverage_is_exact():
    population, n, delta = 40, 15, 0.1
    worst = 1.0
    for marked in range(population + 1):
        k = np.arange(max(0, n + marked - population), min(n, marked) + 1)
        limits = np.array([finite_population_upper(int(x), n, population, delta) for x in k])
        coverage = hypergeom.pmf(k, population, marked, n)[limits >= marked / population].sum()
        assert coverage >= 1 - delta - 1e-12
        worst = min(worst, coverage)
    # Not conservative by more than one atom somewhere.
    assert worst < 1 - delta / 3
    assert finite_population_upper(3, 40, 40, 0.05) == 3 / 40
    assert finite_population_upper(3, 50, 10**6, 0.05) == pytest.approx(clopper_pearson_upper(3, 50, 0.05), abs=1e-4)


def test_stratified_coverage_is_exact():
    sizes, weights, delta = np.array([12, 20]), np.array([0.7, 0.3]), 0.1
    limits = {
        (a, b): stratified_upper(np.array([a, b]), sizes, weights, delta) for a, b in product(range(13), range(21))
    }
    for rates in product((0.02, 0.2, 0.5, 0.9), repeat=2):
        target = weights @ rates
        covered = sum(
            binom.pmf(a, 12, rates[0]) * binom.pmf(b, 20, rates[1]) for (a, b), u in limits.items() if u >= target
        )
        assert covered >= 1 - delta


def test_clustered_limit_covers_where_clopper_pearson_on_queries_does_not():
    """2,000 samples of 40 clusters that fail as a whole, δ = .1: more than 248 misses has probability < .001."""
    rng = np.random.default_rng(3)
    sizes = np.where(np.arange(40) % 2, 5, 2)
    clustered = naive = 0
    for _ in range(2000):
        k = sizes * (rng.random(40) < 0.2)
        clustered += clustered_upper(k, sizes, 0.1) < 0.2
        naive += clopper_pearson_upper(int(k.sum()), int(sizes.sum()), 0.1) < 0.2
    assert clustered <= 248
    assert naive > 248


def test_bounded_mean_limits_cover_by_exact_sums():
    for p in (0.05, 0.4):
        k = np.arange(31)
        limits = np.array([bounded_mean_limits(x / 30, 30, 0.1) for x in k])
        for covered in (limits[:, 0] <= p, limits[:, 1] >= p):
            assert binom.pmf(k, 30, p)[covered].sum() >= 0.9


def test_missing_cells_enclose_every_filling():
    rng = np.random.default_rng(4)
    for _ in range(30):
        wrong, missing = rng.random((5, 3)) < 0.6, rng.random((5, 3)) < 0.3
        found = partial_identification(wrong, missing)
        holes = np.argwhere(missing)
        betas, gains = [], []
        for filling in product((False, True), repeat=len(holes)):
            full = wrong.copy()
            full[tuple(holes.T)] = filling
            everyone = np.all(full, axis=1)
            betas.append(everyone.mean())
            gains.append((full & ~everyone[:, None]).mean(axis=0).min())
        assert found.all_wrong == pytest.approx((min(betas), max(betas)))
        assert found.oracle_gain[0] == pytest.approx(min(gains))
        assert found.oracle_gain[1] >= max(gains) - 1e-12
        assert found.max_gain >= found.oracle_gain[1]
        assert found.min_gain <= found.oracle_gain[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: anytime_upper(np.array(1), np.array(2), 1.5), "delta: 1.5"),
        (lambda: finite_population_upper(3, 50, 40, 0.05), "must not decrease"),
        (lambda: stratified_upper(np.array([1]), np.array([5]), np.array([0.5]), 0.05), "weights"),
        (lambda: stratified_upper(np.array([7]), np.array([5]), np.array([1.0]), 0.05), "every stratum"),
        (lambda: clustered_upper(np.array([3]), np.array([2]), 0.05), "k, sizes"),
        (lambda: crossing_probability(0.0, 10, 0.05), "p: 0.0"),
        (lambda: partial_identification(np.eye(2, dtype=bool), np.eye(2, dtype=bool), 0.0), "delta"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
