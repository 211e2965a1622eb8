"""Repairs of a tetrachoric matrix, and the prediction of the whole of it."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from cofail_lab.errors import InputError
from cofail_lab.fitting.estimators import full_sigma
from cofail_lab.models import OneFactorGaussian


def test_repairs(rng: np.random.Generator) -> None:
    noise = np.triu(rng.uniform(-1, 1, (8, 8)), 1)
    matrix = noise + noise.T + np.eye(8)
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, 1e-8)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    np.testing.assert_allclose(full_sigma.repaired(matrix, "clip"), lifted / np.outer(scale, scale), atol=1e-12)
    nearest = full_sigma.repaired(matrix, "nearest")
    assert np.linalg.norm(nearest - matrix) < np.linalg.norm(full_sigma.repaired(matrix, "clip") - matrix)
    good = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
    for repair in ("nearest", "clip"):
        np.testing.assert_array_equal(full_sigma.repaired(good, repair), good)
    with pytest.raises(InputError, match="repair: 'higham' is not one of nearest, clip"):
        full_sigma.repaired(good, "higham")


def test_full_sigma_prediction() -> None:
    """Against quadrature where Σ has one factor: net and plain draws within 4 standard errors (chance 6e-5 each)."""
    rates, loading = np.linspace(0.3, 0.7, 10), np.linspace(0.5, 0.8, 10)
    sigma = np.outer(loading, loading) + np.diag(1 - loading**2)
    exact = float(OneFactorGaussian(rates, loading).all_wrong())
    # A constant model: its row is nan, its threshold infinite, and the others' β is what is meant.
    padded = np.full((11, 11), np.nan)
    padded[:10, :10] = sigma
    thresholds = np.append(ndtri(rates), np.inf)
    for matrix, t, options in (
        (sigma, ndtri(rates), {}),
        (padded, thresholds, {"points": 512}),
        (padded, thresholds, {"draws": 200_000}),
    ):
        found = full_sigma.predict(matrix, t, "clip", **options)
        assert found.kind == "monte_carlo"
        assert abs(found.value - exact) < 4 * found.error
        assert found.error < 0.05 * exact
    with pytest.raises(InputError, match="points: 500 is not a power of two"):
        full_sigma.predict(sigma, ndtri(rates), points=500)
    with pytest.raises(InputError, match="every model is constant"):
        full_sigma.predict(padded, np.full(11, np.inf))


def test_replicates_together_and_those_with_copies_alone() -> None:
    """Two plain ones around a pair of copies (one event less) and a pair of opposites that are never wrong together."""
    plain = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    copies, opposites = plain.copy(), np.eye(3)
    copies[0, 1] = copies[1, 0] = 1.0
    opposites[0, 1] = opposites[1, 0] = -1.0
    matrices = np.stack([plain, copies, opposites, 0.5 * plain + 0.5 * np.eye(3)])
    t = np.array([[-0.2, 0.1, 0.3], [0.4, -0.1, 0.2], [-0.5, 0.4, 0.0], [0.0, -0.4, -0.9]])
    found = full_sigma.log_orthants(matrices, t)
    assert found == [full_sigma.log_orthant(*each, 1) for each in zip(matrices, t, strict=True)]
    assert found[2][0] == -np.inf
    exact = [multivariate_normal(cov=matrices[k]).cdf(t[k]) for k in (0, 3)]
    pair = multivariate_normal(cov=[[1, 0.4], [0.4, 1]]).cdf([-0.1, 0.2])
    np.testing.assert_allclose(np.exp([log for log, _ in found]), [exact[0], pair, 0, exact[1]], rtol=0.02)
    assert full_sigma.log_orthants(matrices[1:2], t[1:2]) == found[1:2]
