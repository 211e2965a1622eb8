"""Scores that are equal up to sign: merged by hand, and rectangles against differences of orthants."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from cofail_lab.fitting.estimators import full_sigma
from cofail_lab.models import GaussianCopula, OneFactorGaussian
from cofail_lab.numerics import bivariate_normal, equal_scores, orthant


def test_merging_by_hand() -> None:
    """Scores X, Y, -X, X with thresholds 1, 0, .5, .7: -.5 < X < .7 and Y < 0."""
    r = 0.3
    base = np.array([[1, r], [r, 1]])
    index, sign = [0, 1, 0, 0], np.array([1, 1, -1, 1])
    found = equal_scores.merged(np.array([1, 0, 0.5, 0.7]), base[np.ix_(index, index)] * np.outer(sign, sign))
    assert found is not None
    np.testing.assert_array_equal(found.lower, [-0.5, -np.inf])
    np.testing.assert_array_equal(found.upper, [0.7, 0.0])
    np.testing.assert_allclose(found.correlation, base)
    value, error = equal_scores.log_rectangle(found, orthant.sobol_net(2, 9), orthant.digital_shifts(2, 0))
    exact = float(bivariate_normal.cdf(0.7, 0.0, r) - bivariate_normal.cdf(-0.5, 0.0, r))
    assert abs(np.expm1(value - np.log(exact))) < 5 * error < 1e-3
    assert equal_scores.merged(np.zeros(2), base) is None


@pytest.mark.parametrize("off", [1e-8, 1e-5, 5e-4])
def test_nearly_equal_scores_are_two_scores(off: float) -> None:
    """Within 1e-9 of ±1 they are one; a correlation of .9995 takes a percent from β at α = .3."""
    for sign in (1, -1):
        pair = np.array([[1, sign * (1 - off)], [sign * (1 - off), 1]])
        assert equal_scores.merged(np.array([0.3, 0.2]), pair) is None
        assert equal_scores.merged(np.array([0.3, 0.2]), np.sign(pair) * (np.abs(pair) > 0.9)) is not None


@pytest.mark.parametrize("rate", [0.3, 0.5, 1e-10])
def test_a_complementary_pair_never_fails_together(rate: float) -> None:
    """Model 2 is wrong exactly where model 1 is right: β = 0, whatever else is in the pool."""
    pair = GaussianCopula([rate, 1 - rate], [[1, -1], [-1, 1]])
    assert pair.all_wrong_estimate().value == 0
    assert pair.all_wrong_estimate().error == 0
    np.testing.assert_allclose(pair.count_probs(), [0, 1, 0], atol=1e-15)
    sigma = np.array([[1, 0.4, -1], [0.4, 1, -0.4], [-1, -0.4, 1]])
    pool = GaussianCopula([rate, 0.8, 1 - rate], sigma)
    assert float(pool.all_wrong()) == 0
    np.testing.assert_array_equal(np.isneginf(pool.log_all_wrong_by_size(np.array([1, 2, 3]))[0]), [False, False, True])
    assert full_sigma.predict(sigma, ndtri([rate, 0.8, 1 - rate])).value == 0
    assert full_sigma.log_orthant(sigma, ndtri([rate, 0.8, 1 - rate])) == (-np.inf, 0.0)


def test_pools_with_such_pairs_against_quadrature() -> None:
    """40 pools of 5 to 7 models under one factor, 1 to 3 of them repeated or reversed: the mean square of z is below 2.

    β is a sum of one-factor integrals with signs. A z beyond 5 has probability 6e-7 each; shifted nets err less than
    their spread says, which gave a mean square of .5 in 60 such pools.
    """
    rng, z_scores = np.random.default_rng(20261201), []
    for _ in range(40):
        m, n_more = 4, int(rng.integers(1, 4))
        loadings = rng.uniform(-0.9, 0.9, m)
        index = np.append(np.arange(m), rng.integers(0, m, n_more))
        sign = np.append(np.ones(m), [-1, *rng.choice([-1, 1], n_more - 1)])
        sigma = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
        t = rng.uniform(0.0, 1.5, m + n_more)
        upper, lower = np.full(m, np.inf), np.full(m, -np.inf)
        for i, s, threshold in zip(index, sign, t, strict=True):
            upper[i] = min(upper[i], threshold) if s > 0 else upper[i]
            lower[i] = max(lower[i], -threshold) if s < 0 else lower[i]
        exact, two_sided = 0.0, np.flatnonzero(np.isfinite(lower))
        for corner in range(2 ** len(two_sided)):
            bounds, low = upper.copy(), two_sided[[bool(corner >> k & 1) for k in range(len(two_sided))]]
            bounds[low] = lower[low]
            exact += (-1) ** len(low) * float(OneFactorGaussian(ndtr(bounds), loadings).all_wrong())
        law = GaussianCopula(ndtr(t), sigma[np.ix_(index, index)] * np.outer(sign, sign))
        found = law.all_wrong_estimate()
        assert found.value is not None
        assert found.error is not None
        assert found.error < 0.01 * exact
        z_scores.append((found.value - exact) / found.error)
    assert np.abs(z_scores).max() < 5
    assert 0.1 < np.mean(np.square(z_scores)) < 2
