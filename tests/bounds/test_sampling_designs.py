"""Limits under sampling designs: their coverage by exact sums."""

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.stats import beta, binom, entropy, hypergeom

from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.confidence_sequence import anytime_upper, crossing_probability
from cofail_lab.bounds.missing import partial_identification
from cofail_lab.bounds.sampling_designs import (
    bounded_mean_limits,
    clustered_upper,
    finite_population_upper,
    stratified_upper,
)
from cofail_lab.errors import InputError


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
        clustered += clustered_upper(k, sizes, 0.1, max_size=5) < 0.2
        naive += clopper_pearson_upper(int(k.sum()), int(sizes.sum()), 0.1) < 0.2
    assert clustered <= 248
    assert naive > 248


def test_clusters_of_a_size_that_may_not_have_been_seen():
    """2% of 50 clusters have 100 queries, which all fail; no other query does. δ = .05, 400 samples.

    With the largest size that was seen a third of the limits are 0 or so. Above 32 misses has probability .005.
    """
    rng = np.random.default_rng(8)
    rate = 2 / (2 + 0.98)
    known = seen = 0
    for _ in range(400):
        sizes = np.where(rng.random(50) < 0.02, 100, 1)
        k = np.where(sizes == 100, 100, 0)
        known += clustered_upper(k, sizes, 0.05, max_size=100) < rate
        seen += clustered_upper(k, sizes, 0.05, max_size=int(sizes.max())) < rate
    assert known <= 32
    assert seen > 100


def test_bounded_mean_limits_cover_by_exact_sums():
    for p in (0.05, 0.4):
        k = np.arange(31)
        limits = np.array([bounded_mean_limits(x / 30, 30, 0.1) for x in k])
        for covered in (limits[:, 0] <= p, limits[:, 1] >= p):
            assert binom.pmf(k, 30, p)[covered].sum() >= 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: anytime_upper(np.array(1), np.array(2), 1.5), "delta: 1.5"),
        (lambda: finite_population_upper(3, 50, 40, 0.05), "must not decrease"),
        (lambda: stratified_upper(np.array([1]), np.array([5]), np.array([0.5]), 0.05), "weights"),
        (lambda: stratified_upper(np.array([7]), np.array([5]), np.array([1.0]), 0.05), "every stratum"),
        (lambda: clustered_upper(np.array([3]), np.array([2]), 0.05, max_size=5), "k, sizes"),
        (lambda: clustered_upper(np.array([1]), np.array([2]), 0.05), "max_size: None, so no limit"),
        (lambda: clustered_upper(np.array([1]), np.array([7]), 0.05, max_size=5), r"max_size: 5 is below .*\(7\)"),
        (lambda: clustered_upper(np.array([1]), np.array([2]), 0.05, max_size=0), "max_size: 0"),
        (lambda: crossing_probability(0.0, 10, 0.05), "p: 0.0"),
        (lambda: partial_identification(np.eye(2, dtype=bool), np.eye(2, dtype=bool), 0.0), "delta"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_stratified_limits_by_hand():
    """Clopper-Pearson at .05 a stratum, 1 of 12 and 2 of 20: .7 (.33868) + .3 (.28262)."""
    found = stratified_upper(np.array([1, 2]), np.array([12, 20]), np.array([0.7, 0.3]), 0.1)
    assert found == pytest.approx(0.3218620254, abs=1e-10)


def test_the_largest_cluster_counts():
    """Two clusters of 60 and forty of 1, each failing as a whole with probability .2: 1,000 samples, no miss.

    With the mean size in place of the largest most samples miss.
    """
    rng = np.random.default_rng(5)
    sizes = np.array([60] * 2 + [1] * 40)
    limits = [clustered_upper(sizes * (rng.random(42) < 0.2), sizes, 0.1, max_size=60) for _ in range(1000)]
    assert min(limits) >= 0.2


def test_bounded_mean_limits_solve_hoeffdings_equation():
    """n KL(x, g) = log(1/δ) on either side of the mean."""
    for mean in (0.1, 0.5, 0.93):
        lower, upper = bounded_mean_limits(mean, 50, 0.05)
        assert lower < mean < upper
        for g in (lower, upper):
            distance = mean * np.log(mean / g) + (1 - mean) * np.log((1 - mean) / (1 - g))
            assert 50 * distance == pytest.approx(np.log(20), abs=1e-9)


def test_the_clusters_limit_solves_its_equation() -> None:
    """Hoeffding's inequality over clusters, not queries: its exponent at the limit is log(1/δ), by SciPy's entropy."""
    k, sizes, delta = np.array([1, 0, 2, 0, 1, 0]), np.array([3, 1, 4, 2, 2, 4]), 0.1
    g = clustered_upper(k, sizes, delta, max_size=5)
    mean = ((k - g * sizes) / 5 + g).mean()
    assert k.sum() / sizes.sum() < g < 1
    assert 6 * entropy([mean, 1 - mean], [g, 1 - g]) == pytest.approx(np.log(10), rel=1e-9)
    assert clustered_upper(k, sizes, delta, max_size=4) < g
    # Clusters of one query are independent queries.
    singles = clustered_upper(np.array([1, 0, 0, 1, 0]), np.ones(5, dtype=int), 0.1, max_size=1)
    assert singles == pytest.approx(bounded_mean_limits(0.4, 5, 0.1)[1], abs=1e-12)


def test_a_stratified_limit_by_hand_and_what_it_refuses() -> None:
    found = stratified_upper(np.array([0, 2]), np.array([10, 8]), np.array([0.3, 0.7]), 0.1)
    assert found == pytest.approx(0.3 * (1 - 0.05**0.1) + 0.7 * beta.ppf(0.95, 3, 6))
    good = (np.array([0, 2]), np.array([10, 8]), np.array([0.3, 0.7]))
    for place, value, message in (
        (0, np.array([0, 9]), "every stratum"),
        (0, np.array([-1, 2]), "every stratum"),
        (1, np.array([0, 8]), "every stratum"),
        (2, np.array([0.3, 0.7001]), "sum to one"),
        (2, np.array([0.3, 0.6999]), "sum to one"),
        (2, np.array([-0.1, 1.1]), "sum to one"),
        (2, np.array([1.0]), "one entry per stratum"),
    ):
        arguments = [*good]
        arguments[place] = value
        with pytest.raises(InputError, match=message):
            stratified_upper(*arguments, 0.1)
    # Full strata and certain failures are accepted, as are weights off by rounding alone.
    assert stratified_upper(np.array([10, 8]), good[1], good[2] * (1 + 1e-12), 0.1) == pytest.approx(1)


@pytest.mark.parametrize(("k", "n", "population"), [(0, 5, 12), (2, 7, 20), (3, 6, 9), (1, 19, 20)])
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_the_finite_limit_by_counting_draws(k: int, n: int, population: int, delta: float) -> None:
    """The largest number of failures of which k or fewer are drawn with more than δ, by binomial coefficients."""
    total = comb(population, n)
    within = [
        sum(comb(bad, j) * comb(population - bad, n - j) for j in range(k + 1)) / total > delta
        for bad in range(population + 1)
    ]
    possible = [bad for bad, good in enumerate(within) if good and k <= bad <= population - n + k]
    assert finite_population_upper(k, n, population, delta) == pytest.approx(max(possible) / population)


def test_ends_of_a_finite_population_and_what_it_refuses() -> None:
    assert finite_population_upper(4, 4, 4, 0.05) == 1 and finite_population_upper(2, 4, 4, 0.05) == 0.5
    assert finite_population_upper(0, 1, 1, 0.05) == 0
    for arguments in ((3, 2, 9), (1, 5, 4), (-1, 2, 9), (0, 0, 9)):
        with pytest.raises(InputError):
            finite_population_upper(*arguments, 0.05)


@pytest.mark.parametrize(("mean", "n", "delta"), [(0.3, 40, 0.05), (0.0, 10, 0.2), (0.9, 7, 0.01)])
def test_bounded_means_solve_hoeffdings_equation(mean: float, n: int, delta: float) -> None:
    low, high = bounded_mean_limits(mean, n, delta)
    for limit in (low, high):
        if 0 < limit < 1:
            assert n * entropy([mean, 1 - mean], [limit, 1 - limit]) == pytest.approx(-np.log(delta), rel=1e-9)
    assert low <= mean < high or mean == 1
    assert bounded_mean_limits(1 - mean, n, delta) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    assert bounded_mean_limits(0.0, 10, 0.2)[1] == pytest.approx(1 - 0.2**0.1)
