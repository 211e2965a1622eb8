"""Diversification (theory P5 to P7.iii): formulas against quadrature, enumeration, derivatives and simulation.

Simulated checks share one false-alarm rate, 1e-6, at fixed seeds; each comes with a wrong variant that it rejects.
"""

import itertools
import math

import jax
import mpmath
import numpy as np
import pytest
from scipy import stats

from cofail_lab import decisions as d
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.models import OneFactorGaussian

FALSE_ALARM = 1e-6
N_SIMULATED = 2
Z_LIMIT = float(stats.norm.isf(FALSE_ALARM / N_SIMULATED / 2))
RULES = ("single", "current")


GRID = [
    (alpha, rho, cost)
    for alpha in (0.05, 0.1, 0.2, 0.3, 0.4, 0.45)
    for rho in (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
    for cost in (1e-4, 1e-3, 1e-2)
]


def simulated_scores(rng, error_rate, correlation, n_members, n=400_000):
    shared = rng.standard_normal((n, 1))
    own = rng.standard_normal((n, n_members))
    return stats.norm.isf(error_rate) + math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own


def z_score(hits, expected):
    return (hits.mean() - expected) / math.sqrt(expected * (1 - expected) / len(hits))


def count_law(error_rate, correlation, n_members):
    """P(C wrong) by a brute sum over the factor: 20,001 nodes, binomial probabilities."""
    u = np.linspace(-10, 10, 20_001)[:, None]
    wrong = stats.norm.cdf((stats.norm.ppf(error_rate) - math.sqrt(correlation) * u) / math.sqrt(1 - correlation))
    count = np.arange(n_members + 1)
    law = (
        np.array([math.comb(n_members, j) for j in count], dtype=float)
        * wrong**count
        * (1 - wrong) ** (n_members - count)
    )
    return (stats.norm.pdf(u) * law).sum(axis=0) * 1e-3


def value_of(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def error_of(estimate: Estimate) -> float:
    assert estimate.error is not None
    return estimate.error


def by_search(error_rate, correlation, cost, most=3000):
    """Brute force over k, written out from P5.i and P7.i."""
    k = np.arange(1, most + 1)
    variance = correlation + (1 - correlation) / k
    return int(np.argmax(stats.norm.cdf(stats.norm.isf(error_rate) / np.sqrt(variance)) - cost * k)) + 1


# P5


def test_variance_of_the_mean_is_that_of_the_covariance_matrix():
    for k, rho, variance in [(1, 0.3, 1.0), (4, 0.0, 1.0), (7, 0.25, 2.5), (3, 1.0, 1.0)]:
        covariance = variance * (rho + (1 - rho) * np.eye(k))
        assert d.equal_weight_variance(k, rho, variance) == pytest.approx(covariance.mean(), rel=1e-14)
        if k > 1 and 0 < rho < 1:
            assert abs(variance * (rho + 1 / k) - covariance.mean()) > 1e-3  # control: (1-ρ) forgotten


def test_the_floor_is_where_the_error_of_ever_larger_votes_and_means_ends():
    for alpha, rho in [(0.1, 0.3), (0.3, 0.4), (0.45, 0.1), (0.6, 0.5)]:
        floor = d.majority_floor(alpha, rho)
        exact = mpmath.ncdf(-mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(alpha)) / mpmath.sqrt(rho))
        assert floor == pytest.approx(float(exact), rel=1e-14)
        assert 1 - value_of(d.majority_accuracy(alpha, rho, 10**9 + 1)) == pytest.approx(floor, abs=1e-8)
        assert 1 - d.mean_score_accuracy(alpha, d.equal_weight_variance(10**9, rho)) == pytest.approx(floor, abs=1e-8)
        # Control: the threshold divided by ρ for √ρ.
        assert abs(stats.norm.sf(stats.norm.isf(alpha) / rho) - floor) > 5e-3
    assert d.majority_floor(0.3, 1.0) == pytest.approx(0.3, rel=1e-14)
    assert d.majority_floor(0.3, 1e-4) < 1e-100
    assert [d.majority_floor(alpha, 0) for alpha in (0.3, 0.5, 0.7)] == [0, 0.5, 1]


# P7.i


def test_the_shadow_price_is_the_derivative_by_automatic_differentiation():
    for alpha in (1e-6, 0.05, 0.3, 0.5, 0.7, 0.95):
        mu = float(stats.norm.isf(alpha))
        for variance in (0.05, 0.3, 1.0, 2.0):
            slope = -float(jax.grad(lambda v, mu=mu: jax.scipy.stats.norm.cdf(mu / jax.numpy.sqrt(v)))(variance))
            price = d.variance_shadow_price(alpha, variance)
            assert price == pytest.approx(slope, rel=1e-12, abs=1e-15)
            assert np.sign(price) == np.sign(0.5 - alpha)
            if alpha != 0.5 and variance != 1:
                wrong = mu / (2 * variance) * stats.norm.pdf(mu / math.sqrt(variance))  # control: exponent 1 for 3/2
                assert abs(wrong / slope - 1) > 1e-2


def test_no_member_pays_at_or_above_one_half():
    for alpha in (0.5, 0.7):
        assert d.growth_threshold(d.variance_shadow_price(alpha, 1.0), 0.2, 1e-6) == 0
        assert d.optimal_cardinality(alpha, 0.2, 1e-6) == by_search(alpha, 0.2, 1e-6) == 1


# P6


def test_at_a_fixed_price_the_optimum_is_floor_of_k_star_plus_one_not_the_nearest_integer():
    rng = np.random.default_rng(1)
    k = np.arange(1, 2001)
    nearest_fails = 0
    for _ in range(300):
        price, rho, cost, variance = rng.uniform(0, 2), rng.random(), 10 ** rng.uniform(-5, -1), rng.uniform(0.5, 2)
        objective = -price * variance * (rho + (1 - rho) / k) - cost * k
        best = int(np.argmax(objective)) + 1
        star = d.growth_threshold(price, rho, cost, variance)
        assert d.fixed_price_cardinality(price, rho, cost, variance) == best
        assert (np.diff(objective)[:1000] >= 0).tolist() == (k[:1000] <= star).tolist()  # P6.i, each step
        nearest_fails += max(1, round(star)) != best
    assert nearest_fails > 100  # June, P6.ii


def test_k_star_at_a_fixed_price_falls_in_correlation_and_cost_and_keeps_its_digits():
    stars = [d.growth_threshold(0.4, rho, 1e-3) for rho in np.linspace(0, 1, 30)]
    assert (np.diff(stars) < 0).all()
    assert stars[-1] == 0
    assert (np.diff([d.growth_threshold(0.4, 0.3, c) for c in np.geomspace(1e-6, 1, 30)]) < 0).all()
    for rho in (0.5, 1 - 1e-12):
        with mpmath.workdps(40):
            ratio = 4 * mpmath.mpf(0.4) * (1 - mpmath.mpf(rho)) / mpmath.mpf(1e-3)
            exact = float((mpmath.sqrt(1 + ratio) - 1) / 2)
        assert d.growth_threshold(0.4, rho, 1e-3) == pytest.approx(exact, rel=1e-12)


def test_with_the_models_own_price_the_optimum_is_hump_shaped_in_correlation():
    found = [d.optimal_cardinality(0.1, rho, 1e-4) for rho in (0, 0.1, 0.3, 0.5, 0.9)]
    assert found == [8, 15, 28, 27, 11]  # the published figures of P6.i
    assert found == [by_search(0.1, rho, 1e-4) for rho in (0, 0.1, 0.3, 0.5, 0.9)]
    # Control: at the fixed price of a single member k* only falls, which is June's claim.
    fixed = [d.rule_cardinality(0.1, rho, 1e-4, "single") for rho in (0, 0.1, 0.3, 0.5, 0.9)]
    assert fixed == sorted(fixed, reverse=True)


def test_the_bisection_is_the_exhaustive_search_and_the_accuracy_is_concave_in_k():
    for alpha, rho, cost in GRID:
        assert d.optimal_cardinality(alpha, rho, cost) == by_search(alpha, rho, cost), (alpha, rho, cost)
    for alpha, rho in itertools.product((0.01, 0.2, 0.49), (0.0, 0.3, 0.9)):
        accuracy = [d.mean_score_accuracy(alpha, d.equal_weight_variance(k, rho)) for k in range(1, 60)]
        assert (np.diff(accuracy, 2) < 1e-15).all()
    assert d.optimal_cardinality(0.3, 0.2, 1e-12) > 100_000  # far beyond any search
    assert d.optimal_cardinality(0.3, 1.0, 1e-12) == 1


def test_how_often_the_rules_are_right():
    """P7.iii is reported, not claimed: .34 and .87 here, .24 and .95 on a finer grid in ρ."""
    hits = {at: np.mean([d.rule_cardinality(*x, at) == d.optimal_cardinality(*x) for x in GRID]) for at in RULES}
    assert 0.15 < hits["single"] < 0.5
    assert 0.85 < hits["current"] < 1


def test_the_pearson_correlation_in_place_of_the_tetrachoric_moves_the_optimum():
    alpha, rho = 0.1, 0.3
    both = float(stats.multivariate_normal(cov=np.array([[1, rho], [rho, 1]])).cdf([stats.norm.ppf(alpha)] * 2))
    pearson = (both - alpha**2) / (alpha * (1 - alpha))
    assert 0 < pearson < rho - 0.1
    assert d.optimal_cardinality(alpha, pearson, 1e-4) != d.optimal_cardinality(alpha, rho, 1e-4)


# P7.ii


def test_published_majority_accuracy_against_the_mean_score():
    majority = d.majority_accuracy(0.3, 0.4, 5)
    mean = d.mean_score_accuracy(0.3, d.equal_weight_variance(5, 0.4))
    assert round(value_of(majority), 5) == 0.75601
    assert round(mean, 5) == 0.76645
    rng = np.random.default_rng(2)
    scores = simulated_scores(rng, 0.3, 0.4, 5)
    votes, means = (scores > 0).sum(axis=1) > 2, scores.mean(axis=1) > 0
    assert abs(z_score(votes, value_of(majority))) < Z_LIMIT
    assert abs(z_score(means, mean)) < Z_LIMIT
    assert abs(z_score(votes, mean)) > Z_LIMIT  # control, June: the vote has the mean's accuracy


@pytest.mark.parametrize("n_members", [1, 2, 3, 4, 5, 8, 51, 200])
def test_majority_accuracy_against_the_count_law_with_ties_by_coin(n_members):
    for alpha, rho in [(0.3, 0.4), (0.05, 0.01), (0.45, 0.9), (0.7, 0.2), (0.3, 0.999), (0.2, 1e-6)]:
        wrong = count_law(alpha, rho, n_members)
        count = np.arange(n_members + 1)
        expected = wrong[2 * count < n_members].sum() + wrong[2 * count == n_members].sum() / 2
        found = d.majority_accuracy(alpha, rho, n_members)
        assert value_of(found) == pytest.approx(expected, abs=1e-12)
        assert error_of(found) < 1e-12
        if n_members % 2 == 0 and (alpha, rho) == (0.3, 0.4):
            assert wrong[2 * count <= n_members].sum() > value_of(found) + 1e-3  # control: ties counted as right


def test_majority_accuracy_is_that_of_the_error_law():
    """The law's own lattice and dynamic programming over its members."""
    law = OneFactorGaussian([0.3] * 5, [math.sqrt(0.4)] * 5)
    assert value_of(d.majority_accuracy(0.3, 0.4, 5)) == pytest.approx(
        float(np.asarray(law.count_probs())[:3].sum()), abs=1e-13
    )


@pytest.mark.parametrize(("alpha", "rho", "k"), [(0.3, 0.4, 5), (0.1, 0.05, 101), (0.4, 0.97, 201), (0.01, 0.001, 9)])
def test_majority_accuracy_against_mpmath_within_its_error(alpha, rho, k):
    half = (k - 1) // 2
    with mpmath.workdps(30):
        mu = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(alpha))
        rho_, own = mpmath.mpf(rho), mpmath.sqrt(1 - mpmath.mpf(rho))

        def integrand(u):
            p = mpmath.ncdf((mu + mpmath.sqrt(rho_) * u) / own)
            return mpmath.npdf(u) * mpmath.betainc(half + 1, half + 1, 0, p, regularized=True)

        turn = -mu / mpmath.sqrt(rho_)
        width = own / mpmath.sqrt(rho_ * k)
        around = [turn + j * width for j in (-8, -3, 0, 3, 8)]
        cuts = sorted({mpmath.mpf(c) for c in (-14, -4, -1, 1, 4, 14)} | {c for c in around if abs(c) < 14})
        exact = mpmath.quad(integrand, cuts)
    found = d.majority_accuracy(alpha, rho, k)
    assert abs(value_of(found) - float(str(exact))) <= error_of(found)


def test_majority_accuracy_in_the_corners():
    half = float(stats.binom.cdf(3, 7, 0.3))
    assert value_of(d.majority_accuracy(0.3, 0.0, 7)) == pytest.approx(half, rel=1e-13)
    assert value_of(d.majority_accuracy(0.3, 1e-15, 7)) == pytest.approx(half, rel=1e-13)
    for rho in (1.0, 1 - 1e-15):
        assert value_of(d.majority_accuracy(0.3, rho, 7)) == pytest.approx(0.7, rel=1e-7)
    assert value_of(d.majority_accuracy(0.5, 0.3, 10**6 + 1)) == pytest.approx(0.5, rel=1e-13)


def test_a_vote_needs_half_pi_times_the_members_in_the_limit():
    """k times the error of the approximation falls; without π/2 it does not."""
    alpha, rho = 0.3, 0.3
    sizes = [11, 101, 1001, 10_001]
    exact = [value_of(d.majority_accuracy(alpha, rho, k)) for k in sizes]
    scaled = [k * abs(d.large_majority_accuracy(alpha, rho, k) - p) for k, p in zip(sizes, exact, strict=True)]
    assert all(after < before / 5 for before, after in itertools.pairwise(scaled))
    assert scaled[-1] < 1e-4
    plain = [
        k * abs(d.mean_score_accuracy(alpha, d.equal_weight_variance(k, rho)) - p)
        for k, p in zip(sizes, exact, strict=True)
    ]
    assert plain[-1] > 0.9 * plain[0]
    assert plain[-1] > 0.05


# Input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.equal_weight_variance(0, 0.5), "n_members: 0 is not a whole number >= 1"),
        (lambda: d.equal_weight_variance(2, 1.5), "correlation: 1.5 is outside [0, 1]"),
        (lambda: d.majority_accuracy(1.0, 0.5, 3), "error_rate: 1.0 is outside (0, 1)"),
        (lambda: d.variance_shadow_price(0.3, 0.0), "variance: 0.0 is not a finite number > 0"),
        (lambda: d.growth_threshold(math.nan, 0.5, 0.1), "shadow_price: nan is not a finite number"),
        (lambda: d.optimal_cardinality(0.3, 0.5, 0), "cost: 0 is not a finite number > 0"),
        (lambda: d.rule_cardinality(0.3, 0.5, 0.1, "best"), "price_at: 'best' is neither 'single' nor 'current'"),  # type: ignore[arg-type]
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("price_at", RULES)
def test_the_rules_are_their_inequality(price_at):
    """k <= k* is k(k + 1) <= λ(1 - ρ)/c: the rule is the first size that breaks it, λ by a difference quotient."""
    for alpha, rho, cost in GRID[::5]:
        mu = stats.norm.isf(alpha)

        def price(k, mu=mu, rho=rho):
            v, step = rho + (1 - rho) / k, 1e-6
            return (stats.norm.cdf(mu / np.sqrt(v - step)) - stats.norm.cdf(mu / np.sqrt(v + step))) / (2 * step)

        k = 1
        while k * (k + 1) <= price(k if price_at == "current" else 1) * (1 - rho) / cost:
            k += 1
        assert d.rule_cardinality(alpha, rho, cost, price_at) == k


def test_a_member_at_the_threshold_itself_still_pays():
    """k* = 1 exactly: growing from one to two gains what it costs, and both rules grow (k <= k*)."""
    price = d.variance_shadow_price(0.3, 1.0)
    cost = price * (1 - 0.25) / 2
    assert d.growth_threshold(price, 0.25, cost) == 1
    assert d.fixed_price_cardinality(price, 0.25, cost) == 2
    assert d.rule_cardinality(0.3, 0.25, cost, "single") == 2


def test_no_variance_is_below_zero():
    with pytest.raises(InputError, match=r"^variance: -0\.1 "):
        d.mean_score_accuracy(0.3, -0.1)
    assert [d.mean_score_accuracy(rate, 0.0) for rate in (0.3, 0.5, 0.7)] == [1, 0.5, 0]
