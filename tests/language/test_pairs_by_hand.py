"""Correlations of unequal pairs and their error bars, term by term from the definitions."""

import numpy as np
from scipy.stats import multivariate_normal, norm

from cofail_lab.language.pairs import Pairs, pair_correlations

EPS = np.finfo(float).eps
# Two pools of two pairs: every rate is another number.
FIRST = np.array([[0.1, 0.27], [0.35, 0.04]])
SECOND = np.array([[0.3, 0.45], [0.08, 0.22]])
LATENT = np.array([[0.5, -0.4], [0.25, 0.7]])
ERROR = np.array([[1e-6, 3e-5], [2e-4, 5e-4]])


def _joint() -> np.ndarray:
    at = np.stack([norm.ppf(FIRST), norm.ppf(SECOND)], axis=-1)
    laws = [multivariate_normal([0, 0], [[1, r], [r, 1]]) for r in LATENT.ravel()]
    return np.array([law.cdf(x) for law, x in zip(laws, at.reshape(-1, 2), strict=True)]).reshape(2, 2)


def test_pairs_of_unequal_rates_have_the_stated_correlations_and_errors() -> None:
    joint = _joint()
    got = pair_correlations(Pairs(FIRST, SECOND, np.log(joint), ERROR))
    h, k = norm.ppf(FIRST), norm.ppf(SECOND)
    rest = 1 - LATENT**2
    slope = np.exp(-(h**2 - 2 * LATENT * h * k + k**2) / (2 * rest)) / (2 * np.pi)  # dΦ2/d(angle)
    spread = np.sqrt(FIRST * (1 - FIRST) * SECOND * (1 - SECOND))
    angle = joint * ERROR / slope
    np.testing.assert_allclose(got.tetrachoric, LATENT, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.tetrachoric_error, np.sqrt(rest) * angle + angle**2 / 2, rtol=1e-6)
    np.testing.assert_allclose(got.pearson, (joint - FIRST * SECOND) / spread, rtol=0, atol=1e-13)
    np.testing.assert_allclose(got.pearson_error, joint * ERROR / spread, rtol=1e-6)
    np.testing.assert_allclose(got.pair, joint, rtol=1e-13)
    np.testing.assert_allclose(got.pair_error, joint * ERROR, rtol=1e-6)


def test_exact_pairs_keep_an_error_of_rounding() -> None:
    joint = _joint()
    got = pair_correlations(Pairs(FIRST, SECOND, np.log(joint), np.zeros((2, 2))))
    assert (got.pearson_error >= 8 * EPS * np.abs(got.pearson)).all()
    assert (got.tetrachoric_error >= 2e-15).all()
    assert (got.pair_error > 0).all()


def test_large_angle_errors_count_their_second_order_and_end_at_a_tenth() -> None:
    joint = np.array(
        [[1 / 3, 1 / 3]]
    )  # rates of one half: density 1 / 2π at h = k = 0 over the cosine, correlation 1/2
    half = np.full((1, 2), 0.5)
    below, above = 0.09, 0.11  # angle errors: (joint error) * 2π, for the density by angle is 1 / 2π
    error = np.array([[below, above]]) / (2 * np.pi) / joint
    got = pair_correlations(Pairs(half, half, np.log(joint), error))
    np.testing.assert_allclose(got.tetrachoric_error[0, 0], np.sqrt(0.75) * below + below**2 / 2, rtol=1e-9)
    assert np.isnan(got.tetrachoric_error[0, 1])
    assert np.isnan(got.tetrachoric[0, 1])
    assert np.isfinite(got.pearson[0, 1])
