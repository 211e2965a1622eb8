"""The one-factor Gaussian law: enumeration, large pools, coarse grids."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import log_ndtr, logsumexp, ndtri

from cofail_lab.models import BlockFactor, CommonShock, OneFactorGaussian
from cofail_lab.numerics.one_factor import factor_range
from tests.models.laws import LOADINGS, RATES


def test_traced_grid_too_coarse_is_nan_not_wrong() -> None:
    law = jax.jit(lambda x: OneFactorGaussian(jnp.full(300, 0.3), jnp.full(300, x)).count_probs())
    # Proven to 1e-12 at .995, to no more than .007 at .999.
    for loading, finite in ((0.9, True), (0.995, True), (0.999, False), (0.99999, False)):
        assert (np.isfinite(law(loading)) == finite).all(), loading


@pytest.mark.parametrize(("loading", "m"), [(0.3, 2), (0.99, 40), (0.9999, 20)])
def test_a_grid_has_the_nodes_that_its_error_needs(loading: float, m: int) -> None:
    """h = √(2π² / (κ log(2.1/ε))), κ = 1 + m ℓ²/(1-ℓ²), over the factor's range; up to a multiple of 512."""
    law = OneFactorGaussian(np.full(m, 0.3), np.full(m, loading))
    kappa = 1 + m * loading**2 / (1 - loading**2)
    spacing = np.sqrt(2 * np.pi**2 / (kappa * np.log(2.1 / law.grid_error)))
    low, high = (float(end) for end in factor_range(law.thresholds, law.loadings))
    n_nodes = len(law.factor_grid().log_weights)
    assert n_nodes == 512 * np.ceil(((high - low) / spacing + 1) / 512)
    assert (n_nodes > 512) == (loading > 0.9)


def test_one_rate_is_a_pool_of_one() -> None:
    law = OneFactorGaussian(0.3, 0.5)
    assert law.n_models == 1 and float(law.log_all_wrong()) == pytest.approx(np.log(0.3), rel=1e-13)


def test_one_factor_patterns_against_enumeration() -> None:
    """P(C = j) as sums over patterns, each one an integral by SciPy."""
    law = OneFactorGaussian(RATES[:3], LOADINGS[:3])
    t, scale = ndtri(np.array(RATES[:3])), np.sqrt(1 - LOADINGS[:3] ** 2)
    expected = np.zeros(4)
    for pattern in itertools.product([False, True], repeat=3):

        def density(z: float, pattern: tuple = pattern) -> float:
            p = stats.norm.cdf((t - LOADINGS[:3] * z) / scale)
            return stats.norm.pdf(z) * np.where(pattern, p, 1 - p).prod()

        expected[sum(pattern)] += integrate.quad(density, -12, 12, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
    np.testing.assert_allclose(law.count_probs(), expected, rtol=1e-10)


@pytest.mark.parametrize("r", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("rate", [1e-6, 0.3, 1 - 1e-6])
def test_large_pools(rate: float, r: float) -> None:
    """m = 2,000: one factor against a plain Riemann sum in logs with 400,001 nodes; shocks in closed form."""
    m = 2000
    one = OneFactorGaussian(np.full(m, rate), np.full(m, np.sqrt(r)))
    log_beta = float(one.log_all_wrong())
    z = np.linspace(-60 if r == 0.01 else -20, 12, 400_001)
    logs = -z * z / 2 + m * stats.norm.logcdf((ndtri(rate) - np.sqrt(r) * z) / np.sqrt(1 - r))
    brute = logs.max() + np.log(np.exp(logs - logs.max()).sum() * (z[1] - z[0]) / np.sqrt(2 * np.pi))
    assert log_beta == pytest.approx(brute, abs=1e-8 * max(1, 1e-3 * abs(brute)))
    shock = CommonShock(1e-3, np.full(m, rate))
    assert float(shock.log_all_wrong()) == pytest.approx(np.log(1e-3 + 0.999 * rate**m), rel=1e-12)


@pytest.mark.parametrize("rates", ["0.3x3", ["0.3x2", 0.3]])
def test_rates_written_short_have_as_many_loadings(rates: str | list) -> None:
    law = OneFactorGaussian.equicorrelated(rates, 0.25)
    assert (law.error_rates.tolist(), law.loadings.tolist()) == ([0.3] * 3, [0.5] * 3)


def test_equicorrelated_models_have_that_latent_correlation() -> None:
    """Against SciPy's bivariate normal: one family of a block law, and a pair by itself."""
    law = OneFactorGaussian.equicorrelated([0.2, 0.5, 0.7], 0.36)
    pair = stats.multivariate_normal(cov=[[1, 0.36], [0.36, 1]]).cdf(ndtri([0.2, 0.7]))
    assert float(law.pairwise_wrong()[0, 2]) == pytest.approx(pair, abs=1e-9)
    block = BlockFactor([0.2, 0.5, 0.7], ["a"] * 3, 0.1, 0.36)
    assert float(law.log_all_wrong()) == pytest.approx(float(block.log_all_wrong()), abs=1e-11)


def test_the_grid_reaches_rare_patterns() -> None:
    """All wrong, and all right, of models with rates at either end: no node may be missing on either side."""
    z = np.linspace(-15, 15, 8001)
    for rate in (1e-9, 1 - 1e-9):
        counts = np.asarray(OneFactorGaussian(np.full(8, rate), np.full(8, 0.6)).count_probs())
        for side, count in ((1, counts[-1]), (-1, counts[0])):
            logs = 8 * log_ndtr(side * (ndtri(rate) - 0.6 * z) / 0.8) - z * z / 2
            exact = logsumexp(logs) + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi))
            assert np.log(count) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize(("m", "loading"), [(4, 0.6), (4, 0.999999), (1200, 0.6)])
def test_the_estimate_is_the_rate_whichever_way_it_is_computed(m: int, loading: float) -> None:
    """By NumPy, and where that needs too many nodes, or has too many models, by the compiled program."""
    law = OneFactorGaussian(np.linspace(0.2, 0.7, m), np.full(m, loading))
    estimate, expected = law.all_wrong_estimate(), float(np.exp(law.log_all_wrong()))
    assert estimate.kind == "quadrature" and estimate.error is not None
    assert estimate.value == pytest.approx(expected, abs=2 * estimate.error, rel=0)
    assert 0 < estimate.error < 1e-11 * expected
