"""Likelihoods of counts and matrices against the laws themselves; profile intervals."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood, maximize, profile_interval
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BlockFactor,
    Clayton,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
)

RATES = np.array([0.15, 0.3, 0.45, 0.6, 0.7])
LOADINGS = np.array([0.8, -0.3, 0.6, 0.9, 0.1])
FAMILY = np.array([0, 0, 1, 1, 1])


LAWS = {
    "independent": Independent(RATES),
    "one factor": OneFactorGaussian(RATES, LOADINGS),
    "Clayton": Clayton(RATES, 1.3),
    "Clayton, heavy": Clayton(RATES, 12.0),
    "block": BlockFactor(RATES, FAMILY, 0.2, 0.6),
    "atom": AtomInflated(0.07, BlockFactor(RATES, FAMILY, 0.2, 0.6)),
}


PATTERNS = np.array(list(itertools.product([False, True], repeat=5)))


@pytest.mark.parametrize("name", LAWS)
def test_likelihoods_agree_with_the_law(name: str) -> None:
    """All 32 patterns: their probabilities sum to 1 and give the law's own p_ij and law of C."""
    law = LAWS[name]
    logs = [matrix_log_likelihood(law, pattern[None]) for pattern in PATTERNS]
    probs = np.exp(np.array(logs, dtype=float))
    assert probs.sum() == pytest.approx(1, abs=1e-8)
    np.testing.assert_allclose((PATTERNS.T * probs) @ PATTERNS, np.asarray(law.pairwise_wrong()), atol=1e-8)
    counts = np.bincount(PATTERNS.sum(axis=1), probs)
    np.testing.assert_allclose(counts, np.asarray(law.count_probs()), atol=1e-8)
    np.testing.assert_allclose(np.exp(count_law(law).log_probs), counts, atol=1e-8)
    histogram = np.array([3, 1, 4, 1, 5, 9])
    assert count_law(law).log_likelihood(histogram) == pytest.approx(histogram @ np.log(counts), abs=1e-6)


@pytest.mark.parametrize("loading", [np.full(12, 0.7), np.linspace(-0.8, 0.9, 12)], ids=["positive", "both signs"])
def test_law_of_c_under_full_sigma(loading: np.ndarray) -> None:
    """A one-factor Σ has an exact law of C: 13 z scores, none beyond 5 (chance 1e-5), and they are not all tiny."""
    rates = np.linspace(0.1, 0.8, 12)
    sigma = np.outer(loading, loading) + np.diag(1 - loading**2)
    found = count_law(GaussianCopula(rates, sigma))
    exact = np.asarray(OneFactorGaussian(rates, loading).count_probs())
    errors = found.spread.std(axis=0, ddof=1) / np.sqrt(len(found.spread))
    z = (np.exp(found.log_probs) / exact - 1) / errors
    assert np.abs(z).max() < 5
    assert np.abs(z).max() > 0.3
    histogram = np.round(2000 * exact).astype(int)
    error = found.simulation_error(histogram)
    assert abs(found.log_likelihood(histogram) - histogram @ np.log(exact)) < 5 * error + 1
    assert matrix_log_likelihood(GaussianCopula(rates, sigma), np.zeros((1, 12), bool)) is None


def test_profile_interval_of_a_parabola() -> None:
    """A Gaussian log-likelihood with mean 0.4 and deviation 0.1: the limits are 1.96 deviations away, or the end."""

    def parabola(x: float) -> float:
        return -((x - 0.4) ** 2) / 0.02

    found = maximize(parabola, 0.0, 1.0)
    assert found.value == pytest.approx(0.4, abs=1e-4)
    assert not found.at_edge
    np.testing.assert_allclose(profile_interval(parabola, found, 0.0, 1.0), [0.4 - 0.19600, 0.4 + 0.19600], atol=2e-4)
    assert profile_interval(parabola, found, 0.3, 1.0)[0] == 0.3
    assert maximize(parabola, 0.5, 1.0).at_edge


def test_one_factor_law_by_likelihood_on_c() -> None:
    """A histogram that is the law itself gives its r back."""
    rates = ndtr(np.linspace(-0.5, 0.5, 20))
    law: AbstractErrorLaw = OneFactorGaussian(rates, np.full(20, np.sqrt(0.5)))
    histogram = np.round(1e7 * np.asarray(law.count_probs())).astype(int)

    def on(r: float) -> float:
        return count_law(OneFactorGaussian(rates, np.full(20, np.sqrt(r)))).log_likelihood(histogram)

    assert maximize(on, 0.0, 0.99).value == pytest.approx(0.5, abs=1e-3)


def test_the_error_of_a_simulated_likelihood_is_that_of_a_mean_of_batches_thinned_by_an_atom() -> None:
    base = GaussianCopula([0.3, 0.5, 0.6], [[1, 0.5, 0.2], [0.5, 1, 0.4], [0.2, 0.4, 1]])
    plain, with_atom = count_law(base, draws=1024), count_law(AtomInflated(0.2, base), draws=1024)
    all_wrong = np.array([0, 0, 0, 7])
    moved = plain.spread @ all_wrong
    error = moved.std(ddof=1) / np.sqrt(len(moved))
    assert error > 0
    assert plain.simulation_error(all_wrong) == pytest.approx(error)
    # The atom is exact: what is simulated is a smaller part of P(C = m).
    beta = float(np.exp(plain.log_probs[-1]))
    assert with_atom.simulation_error(all_wrong) == pytest.approx(error * 0.8 * beta / (0.2 + 0.8 * beta))
    others = np.array([5, 0, 0, 0])
    assert with_atom.simulation_error(others) == pytest.approx(plain.simulation_error(others))
