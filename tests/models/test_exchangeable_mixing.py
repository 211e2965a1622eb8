"""Mixing at points 0 and 1."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from cofail_lab.models import ExchangeableMixing
from cofail_lab.models.exchangeable_mixing import _log_moment


def test_mixing_is_a_mean_of_binomials() -> None:
    law = ExchangeableMixing([0.0, 0.3, 1.0], [0.2, 0.7, 0.1], 40)
    j = np.arange(41)
    expected = 0.7 * stats.binom(40, 0.3).pmf(j) + 0.2 * (j == 0) + 0.1 * (j == 40)
    np.testing.assert_allclose(law.count_probs(), expected, rtol=1e-11)


@pytest.mark.parametrize("m", [1, 2, 5])
@pytest.mark.parametrize("points", [[0.2, 0.6], [0.0, 0.4]])
def test_the_derivative_of_a_log_moment(m: int, points: list[float]) -> None:
    """Of log Σ w p^m: p^m in a weight and m w p^(m-1) in a point, over the sum."""
    weights, at = np.array([0.3, 0.7]), np.array(points)
    value = weights @ at**m
    in_weights, in_points = jax.grad(_log_moment, argnums=(0, 1))(jnp.asarray(weights), jnp.asarray(at), m)
    np.testing.assert_allclose(in_weights, at**m / value, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(in_points, m * weights * at ** (m - 1) / value, rtol=1e-12, atol=1e-15)
    law = ExchangeableMixing(points, weights, m)
    assert float(law.all_wrong()) == pytest.approx(value) == pytest.approx(np.exp(float(law.log_all_wrong())))
    np.testing.assert_allclose(law.error_rates, [weights @ at] * m)
    if m > 1:
        assert float(law.pairwise_wrong()[0, 1]) == pytest.approx(weights @ at**2)
        assert float(law.subpool([1]).all_wrong()) == pytest.approx(weights @ at)
