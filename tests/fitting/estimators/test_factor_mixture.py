"""The factor of any law: its weights are the likeliest, and it can be the shape of any other."""

import jax
import numpy as np
import pytest

from cofail_lab.fitting.estimators import atom, factor_mixture
from cofail_lab.fitting.estimators.count_likelihood import count_law
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AtomInflated, FactorMixture, OneFactorGaussian, SkewFactor

RATES, LOADINGS = np.linspace(0.15, 0.6, 20), np.full(20, 0.7)


def test_likeliest_weights() -> None:
    """Where the maximum is known, and the condition of the maximum on a random table."""
    np.testing.assert_allclose(
        factor_mixture.likeliest_weights(np.eye(3), np.array([5.0, 3.0, 2.0]), np.full(3, 1 / 3)), [0.5, 0.3, 0.2]
    )
    rng = np.random.default_rng(0)
    table, histogram = rng.dirichlet(np.ones(15), size=40), rng.integers(0, 50, 15).astype(float)
    weights = factor_mixture.likeliest_weights(table, histogram, np.full(40, 1 / 40))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    # Of a concave function: no point gains, and those that are used gain nothing.
    gain = table / (weights @ table) @ histogram - histogram.sum()
    assert gain.max() < 1e-5
    assert np.abs(gain[weights > 1e-6]).max() < 1e-2


@pytest.mark.parametrize(
    "law",
    [
        OneFactorGaussian(RATES, LOADINGS),
        SkewFactor(RATES, LOADINGS, 2.0),
        AtomInflated(0.05, OneFactorGaussian(RATES, LOADINGS)),
    ],
    ids=["gaussian", "skewed", "atom"],
)
def test_it_follows_any_law(law: OneFactorGaussian) -> None:
    """At least as likely as the truth on its own data, and near its β: the atom is followed without being one."""
    pool = VaryingPool(np.asarray(law.sample(jax.random.key(1), 3000)))
    fitted = factor_mixture.fit_pool(pool)
    assert isinstance(fitted.law, FactorMixture)
    np.testing.assert_allclose(fitted.law.error_rates, pool.error_rates, atol=1e-12)
    likelihood = count_law(fitted.law).log_likelihood(pool.histogram)
    assert likelihood > count_law(law).log_likelihood(pool.histogram)
    assert likelihood > atom.fit(pool, "one_factor", atom=False).log_likelihood
    observed = pool.n_all_wrong / 3000
    assert float(fitted.law.all_wrong()) == pytest.approx(observed, abs=3 * np.sqrt(observed / 3000))
    assert fitted.parameters["points"] < 25
