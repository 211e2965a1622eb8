"""Laws whose parameters JAX traces, and ends that few parameters reach."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate
from cofail_lab.models import AtomInflated, BlockFactor, Clayton, GaussianCopula, Independent
from cofail_lab.models.one_factor_gaussian import _n_nodes

RATES = [0.2, 0.3, 0.4]


@pytest.mark.parametrize("theta", [0.5, 2.0])
def test_nodes_of_clayton_under_tracing_are_those_of_its_law(theta: float) -> None:
    """β = (Σα^-θ - m + 1)^(-1/θ), from both forms of the nodes, and its slope in θ by differences."""

    def by_grid(t: jax.Array) -> jax.Array:
        grid = Clayton(RATES, t).factor_grid()
        return jnp.exp(grid.log_weights + grid.log_wrong.sum(axis=1)).sum()

    def by_mixture(t: jax.Array) -> jax.Array:
        mixture = Clayton(RATES, t).mixture()
        return mixture.weights @ mixture.wrong.prod(axis=1)

    def exact(t: float) -> float:
        return (sum(alpha**-t for alpha in RATES) - 2) ** (-1 / t)

    for of in (by_grid, by_mixture):
        value, slope = jax.value_and_grad(of)(theta)
        assert float(value) == pytest.approx(exact(theta), rel=1e-6)
        assert float(slope) == pytest.approx((exact(theta + 1e-5) - exact(theta - 1e-5)) / 2e-5, rel=1e-4)


def test_what_is_traced_is_not_checked() -> None:
    """Numbers are: a matrix that is no correlation, and more correlation between families than within."""

    def of_copula(r: jax.Array) -> jax.Array:
        return GaussianCopula([0.2, 0.3], jnp.array([[1.0, r], [r, 1.0]])).correlation[0, 1]

    def of_blocks(between: jax.Array) -> jax.Array:
        return BlockFactor([0.2, 0.3], ("a", "b"), between, 0.3).between

    for law, inside in ((of_copula, 0.5), (of_blocks, 0.2)):
        assert float(jax.jit(law)(inside)) == pytest.approx(inside)
        assert float(jax.jit(law)(1.5)) == 1.5
        with pytest.raises(ValueError, match=r"^law\."):
            law(jnp.asarray(1.5))


def test_an_atom_on_a_law_without_an_estimate_has_none() -> None:
    law = AtomInflated(0.1, Independent([0.5, 0.5]))
    assert law.all_wrong_estimate().value == pytest.approx(0.1 + 0.9 * 0.25)
    none = Estimate(None, None, "quadrature")
    object.__setattr__(law, "base", SimpleNamespace(all_wrong_estimate=lambda: none))
    assert law.all_wrong_estimate() is none


def test_scores_that_are_equal_fall_with_the_lowest_threshold() -> None:
    """Of two copies at .3 and .2 beside a third at .4: the pair of .2 and .4, by SciPy's bivariate normal."""
    matrix = np.array([[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]])
    value = float(GaussianCopula([0.3, 0.2, 0.4], matrix).log_all_wrong())
    pair = multivariate_normal.cdf(norm.ppf([0.2, 0.4]), cov=[[1, 0.5], [0.5, 1]])
    assert np.exp(value) == pytest.approx(pair, rel=1e-4)


def test_loadings_too_near_one_are_said_to_be() -> None:
    assert _n_nodes(80.0, np.array([0.999])) % 512 == 0
    with pytest.raises(ConvergenceError, match=r"^law.loadings: 0\.9999999999999 is so near 1 that "):
        _n_nodes(80.0, np.array([0.3, -0.9999999999999]))
