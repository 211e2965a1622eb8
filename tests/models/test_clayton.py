"""Clayton's law from independence to comonotone errors."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy.special import logsumexp

from cofail_lab.errors import ConvergenceError
from cofail_lab.models import Clayton, Independent
from cofail_lab.numerics import gamma_frailty, gamma_frailty_strong
from cofail_lab.numerics.poisson_binomial import counts_at_once

EXTREME = np.array([1e-12, 0.2, 0.21, 0.7, 1 - 1e-12])


@pytest.mark.parametrize("theta", [0.01, 0.5, 8.0])
def test_clayton_counts_keep_their_tails(theta: float) -> None:
    """The law of C against closed forms: β, Σ α_i and Σ p_ij, with models that hardly ever or nearly always fail."""
    rates = np.array([1e-4, *np.linspace(0.05, 0.95, 58), 1 - 1e-6])
    law = Clayton(rates, theta)
    counts, j = np.asarray(law.count_probs()), np.arange(61)
    assert np.log(counts[-1]) == pytest.approx(float(law.log_all_wrong()), abs=1e-12)
    assert counts.sum() == pytest.approx(1, abs=1e-13)
    assert counts @ j == pytest.approx(rates.sum(), rel=1e-13)
    pairs = np.asarray(law.pairwise_wrong()).sum() - rates.sum()
    assert counts @ (j * (j - 1)) == pytest.approx(pairs, rel=1e-13)


@pytest.mark.parametrize("theta", [1e-12, 1e-6, 1e-3, 1 / 620, 0.3, 1.0, 20.0])
def test_patterns_against_mpmath(theta: float) -> None:
    """P(C = j) by inclusion and exclusion of the closed form in 80 digits."""
    m, counts = len(EXTREME), [mpmath.mpf(0)] * (len(EXTREME) + 1)
    with mpmath.workdps(80):
        powers = [mpmath.mpf(float(rate)) ** -mpmath.mpf(theta) - 1 for rate in EXTREME]

        def all_wrong(models: tuple[int, ...]) -> mpmath.mpf:
            return mpmath.exp(-mpmath.log1p(sum(powers[i] for i in models)) / mpmath.mpf(theta))

        for n_wrong in range(m + 1):
            for wrong in itertools.combinations(range(m), n_wrong):
                right = [i for i in range(m) if i not in wrong]
                for n in range(len(right) + 1):
                    for also in itertools.combinations(right, n):
                        counts[n_wrong] += (-1) ** n * all_wrong(wrong + also)
        expected = np.array([float(value) for value in counts])
    np.testing.assert_allclose(Clayton(EXTREME, theta).count_probs(), expected, rtol=2e-12)
    assert float(Clayton(EXTREME, theta).log_all_wrong()) == pytest.approx(np.log(expected[-1]), abs=1e-12)


@pytest.mark.parametrize("m", [1, 2, 300])
def test_independence_is_its_limit(m: int) -> None:
    """At θ = 0 exactly; next to it log P(all wrong) is θ Σ_{i<j} a_i a_j above that of independence, a_i = -log α_i."""
    rates = np.linspace(0.02, 0.97, m)
    independent = np.asarray(Independent(rates).count_probs())
    np.testing.assert_allclose(Clayton(rates, 0.0).count_probs(), independent, rtol=1e-12)
    np.testing.assert_allclose(Clayton(rates, 1e-300).count_probs(), independent, rtol=1e-12)
    logs = -np.log(rates)
    excess = float(Clayton(rates, 1e-8).log_all_wrong()) - float(Clayton(rates, 0.0).log_all_wrong())
    assert excess == pytest.approx(1e-8 * (logs.sum() ** 2 - logs @ logs) / 2, rel=1e-3, abs=1e-13 * m)


def test_comonotone_errors_are_the_other_limit() -> None:
    """C = j exactly where a uniform number lies between neighbouring rates."""
    expected = np.diff(np.concatenate([[0], np.sort(EXTREME), [1]]))[::-1]
    np.testing.assert_allclose(Clayton(EXTREME, 1e300).count_probs(), expected, rtol=1e-12)


@pytest.mark.parametrize("m", [1, 8, 60])
def test_both_lattices_are_the_same_law(m: int) -> None:
    """At θ = 1 to 30 the plain lattice and that with gaps, which are written independently of each other."""
    rates = np.linspace(0.01, 0.99, m)
    for theta in (1.0, 5.0, 30.0):
        n_nodes = gamma_frailty.needed_nodes(-np.log(rates), np.asarray(theta))
        weights, hazards = (np.asarray(x) for x in gamma_frailty.lattice(-np.log(rates), np.asarray(theta), n_nodes))
        counts = weights @ counts_at_once(np.exp(-hazards), -np.expm1(-hazards))
        np.testing.assert_allclose(gamma_frailty_strong.count_law(rates, theta), counts, rtol=2e-12)


def test_stretches_that_just_touch() -> None:
    """Two models from 40 to 60 apart in log V: no piece of the frailty's law is counted twice, or not at all."""
    theta = 1e3
    for apart in np.arange(40.0, 60.0, 0.07):
        counts = Clayton([0.3, 0.3 * np.exp(apart / theta)], theta).count_probs()
        np.testing.assert_allclose(
            counts, [1 - 0.3 * np.exp(apart / theta), 0.3 * np.expm1(apart / theta), 0.3], rtol=1e-11
        )


def test_too_many_nodes_are_refused_where_they_are_needed() -> None:
    law = Clayton(np.linspace(0.05, 0.95, 600), 1e7)
    with pytest.raises(ConvergenceError, match=r"law.theta: 1e\+07 with 600 different models needs"):
        law.factor_grid()
    assert np.asarray(law.count_probs()).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("theta", [0.4, 3.0, 40.0])
def test_a_pattern_of_the_grid_is_right_where_it_hardly_ever_is(theta: float) -> None:
    """Only one of two is right, in logs, by closed forms; one model is right once in 2^50 queries."""
    rates = np.array([0.3, 1 - 2.0**-50])
    log_weights, log_wrong, log_right = (np.asarray(x) for x in Clayton(rates, theta).factor_grid())
    both = float(Clayton(rates, theta).all_wrong())
    first = logsumexp(log_weights + log_right[:, 0] + log_wrong[:, 1])
    assert first == pytest.approx(np.log(rates[1] - both), abs=1e-12)
    with mpmath.workdps(60):
        a, b, t = (mpmath.mpf(float(x)) for x in (*rates, theta))
        exact = float(mpmath.log(a - (a**-t + b**-t - 1) ** (-1 / t)))
    assert logsumexp(log_weights + log_wrong[:, 0] + log_right[:, 1]) == pytest.approx(exact, abs=1e-10)
    assert logsumexp(log_weights + log_right[:, 1]) == pytest.approx(-50 * np.log(2), abs=1e-10)


@pytest.mark.parametrize(("theta", "apart"), [(1e8, 1e-9), (1e11, 1e-12)])
def test_two_rates_that_hardly_differ_keep_the_digits_of_their_difference(theta: float, apart: float) -> None:
    """Just one of both errs in a share of 1e-9 or less: α + α' - 2β, of which mpmath has every digit."""
    rates = np.array([0.3, 0.3 * (1 + apart)])
    with mpmath.workdps(60):
        first, second = map(mpmath.mpf, rates)
        both = (first**-theta + second**-theta - 1) ** (-1 / mpmath.mpf(theta))
        exact = [float(share) for share in (1 - first - second + both, first + second - 2 * both, both)]
    np.testing.assert_allclose(gamma_frailty_strong.count_law(rates, theta), exact, rtol=1e-13)


def test_a_traced_law_has_nodes_enough() -> None:
    """While JAX traces the number of nodes is fixed: the law of C is still that of the proven lattice."""
    rates = np.array([0.2, 0.3, 0.45])
    traced = jax.jit(lambda theta: Clayton(rates, theta).count_probs())(2.0)
    np.testing.assert_allclose(traced, Clayton(rates, 2.0).count_probs(), atol=1e-13)


def test_a_lattice_says_whether_it_proves_eight_digits() -> None:
    """The fewest nodes whose spacing proves 1e-8; one fewer, and all is nan. JAX and NumPy have the same nodes."""
    hazards, theta = -np.log([0.1, 0.4, 0.8]), np.asarray(0.5)
    low, high, _ = gamma_frailty.lattice_range(hazards, theta)
    enough = int(np.ceil((high - low) / gamma_frailty.proven_spacing(theta, 3, 1e-8))) + 2
    weights, found = gamma_frailty.lattice(hazards, theta, enough)
    assert weights.sum() == pytest.approx(1, abs=1e-8)
    assert np.isnan(gamma_frailty.lattice(hazards, theta, enough - 1)[0]).all()
    for numpy, traced in zip((weights, found), gamma_frailty.lattice(hazards, jnp.asarray(theta), enough), strict=True):
        np.testing.assert_allclose(traced, numpy, rtol=1e-11, atol=1e-300)
