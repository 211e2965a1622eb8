"""Fixed weights of correlated scores (theory P7.iv): against random rivals and simulated scores.

The one simulated check has a false-alarm rate of 1e-6, at a fixed seed.
"""

import math

import numpy as np
import pytest
from scipy import stats

from cofail_lab import decisions as d
from cofail_lab.errors import InputError

Z_LIMIT = float(stats.norm.isf(1e-6 / 2))


def random_covariance(rng, m):
    factors = rng.standard_normal((m, m))
    return factors @ factors.T + 0.1 * np.eye(m)


def test_minimum_variance_weights_beat_every_other_and_equal_them_on_balanced_blocks():
    rng = np.random.default_rng(3)
    for _ in range(50):
        sigma = random_covariance(rng, 5)
        weights = d.minimum_variance_weights(sigma)
        least = weights @ sigma @ weights
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        assert np.ptp(sigma @ weights) < 1e-9 * least  # stationary: the gradient is a multiple of the constraint's
        others = rng.standard_normal((100, 5))
        others[:5] = np.eye(5)
        others[5] = 1
        others /= others.sum(axis=1, keepdims=True)
        assert (np.einsum("ij,jk,ik->i", others, sigma, others) >= least * (1 - 1e-9)).all()
    balanced = d.block_covariance(np.repeat([0, 1, 2], 4), 0.2, 0.7)
    np.testing.assert_allclose(d.minimum_variance_weights(balanced), 1 / 12, rtol=1e-12)
    unbalanced = d.block_covariance(np.array([0, 0, 0, 1]), 0.2, 0.7)
    assert d.minimum_variance_weights(unbalanced)[3] > 0.3  # the loner weighs more
    variance = d.minimum_variance_weights(unbalanced) @ unbalanced @ d.minimum_variance_weights(unbalanced)
    assert variance < unbalanced.mean() - 1e-3


def test_accuracy_optimal_weights_beat_every_other_where_minimum_variance_loses_even_to_equal():
    rng = np.random.default_rng(4)
    for _ in range(50):
        sigma, mu = random_covariance(rng, 4), rng.standard_normal(4)
        best = d.weighted_score_accuracy(d.accuracy_optimal_weights(mu, sigma), mu, sigma)
        others = rng.standard_normal((100, 4))
        assert all(d.weighted_score_accuracy(w, mu, sigma) <= best + 1e-12 for w in others)
    # One good member in a block of three, and a poor loner that least variance favours.
    sigma, mu = d.block_covariance(np.array([0, 0, 0, 1]), 0.0, 0.8), np.array([1.0, 1.0, 1.0, 0.05])
    accuracy = [
        d.weighted_score_accuracy(w, mu, sigma)
        for w in (d.accuracy_optimal_weights(mu, sigma), np.ones(4), d.minimum_variance_weights(sigma))
    ]
    assert accuracy[0] > accuracy[1] + 1e-3 > accuracy[2] + 2e-3
    scores = rng.multivariate_normal(mu, sigma, 400_000)
    share = (scores @ d.minimum_variance_weights(sigma) > 0).mean()
    error = math.sqrt(accuracy[2] * (1 - accuracy[2]) / len(scores))
    assert abs(share - accuracy[2]) < Z_LIMIT * error
    assert abs(share - accuracy[0]) > Z_LIMIT * error  # control


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.block_covariance(np.array([0, 1]), 0.5, 0.2), "within: 0.2 is outside [between, 1) = [0.5, 1)"),
        (lambda: d.block_covariance(np.array([]), 0.1, 0.2), "block: shape (0,); (m,) labels are needed"),
        (lambda: d.block_covariance(np.eye(2), 0.1, 0.2), "block: shape (2, 2); (m,) labels are needed"),
        (lambda: d.weighted_score_accuracy(np.zeros(2), np.ones(2), np.eye(2)), "weights: all are 0"),
        (lambda: d.minimum_variance_weights(np.ones((2, 2))), "covariance: smallest eigenvalue"),
        (lambda: d.minimum_variance_weights(np.ones((2, 3))), "covariance: shape (2, 3); (m, m) is needed"),
        (lambda: d.accuracy_optimal_weights(np.zeros(2), np.eye(2)), "means: all are 0"),
        (lambda: d.weighted_score_accuracy(np.ones(3), np.ones(2), np.eye(2)), "weights: shape (3,); (2,) is needed"),
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_one_covariance_for_all_is_a_pool_of_one_block():
    np.testing.assert_array_equal(d.block_covariance(np.array([0, 1, 1]), 0.3, 0.3), np.where(np.eye(3) > 0, 1.0, 0.3))
    with pytest.raises(InputError, match=r"within: 0\.2 is outside"):
        d.block_covariance(np.array([0, 1, 1]), 0.3, 0.2)
