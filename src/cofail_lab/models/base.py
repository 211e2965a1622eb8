"""What an error law is: the joint distribution of which models are wrong on a query (theory section 2)."""

import abc
from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from cofail_lab.estimate import Estimate
from cofail_lab.models import _sampling
from cofail_lab.numerics.poisson_binomial import mixture_counts

ROUNDING = float(np.finfo(np.float64).eps)


class AbstractErrorLaw(eqx.Module):
    """A law of the error indicators (E_1, ..., E_m) of a pool of m models; an immutable pytree of float64 arrays.

    Concrete laws are final. Methods that return arrays work under `jax.jit`, `jax.vmap` and `jax.grad`; those that return
    an `Estimate`, and sampling, need concrete parameters.

    Attributes:
        error_rates: α_i = P(E_i = 1), (m,).
    """

    error_rates: eqx.AbstractVar[Float[Array, " m"]]

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.error_rates.shape[0]

    @abc.abstractmethod
    def log_all_wrong(self) -> Float[Array, ""]:
        """log β = log P(every model is wrong); finite where β > 0, however small."""

    def all_wrong(self) -> Float[Array, ""]:
        """β = P(every model is wrong)."""
        return jnp.exp(self.log_all_wrong())

    def all_wrong_estimate(self) -> Estimate:
        """β with its numerical error and how it was obtained."""
        log_value = float(self.log_all_wrong())
        value = float(np.exp(log_value))
        error = 4 * ROUNDING * (1 + abs(log_value)) * value if value > 0 else 0.0
        return Estimate(value, error, "exact")

    @abc.abstractmethod
    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """p_ij = P(E_i = E_j = 1); the diagonal is `error_rates`."""

    @abc.abstractmethod
    def subpool(self, members: Any) -> Self:
        """The law of some of the models, in the order given (indices, or a mask)."""

    @abc.abstractmethod
    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j), j = 0..m, for the number C of wrong models."""

    @abc.abstractmethod
    def sampler(self) -> _sampling.AbstractSampler:
        """The integer tables from which queries are drawn; concrete parameters only."""

    def sample(self, key: Array, n: int) -> Bool[Array, "n m"]:
        """Draw n queries: True where the model is wrong.

        The draws are a function of the key alone: query q is the same whatever n is, and on any number of devices.
        """
        return _sampling.sample(self.sampler(), key, n)


class FactorGrid(NamedTuple):
    """A finite mixture: the models err independently given the node.

    Attributes:
        log_weights: (nodes,) log probability of each node.
        log_wrong, log_right: (nodes, m) log P(E_i = 1 | node) and log P(E_i = 0 | node).
    """

    log_weights: Float[Array, " nodes"]
    log_wrong: Float[Array, "nodes m"]
    log_right: Float[Array, "nodes m"]


class AbstractFactorLaw(AbstractErrorLaw):
    """A law whose models err independently given one factor; it is known by its `factor_grid`."""

    @abc.abstractmethod
    def factor_grid(self) -> FactorGrid:
        """Nodes for the factor that give every event of the law (every pattern of errors) the right probability.

        For a continuous factor the nodes are a quadrature rule; each law states its relative error.
        """

    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j), j = 0..m, to the relative error of `factor_grid` plus about m rounding errors; O(nodes · m²)."""
        grid = self.factor_grid()
        return _counts(grid)

    def sampler(self) -> _sampling.AbstractSampler:
        """Draws a node, then each model given the node."""
        return _sampling.TableSampler.build(*(np.asarray(column) for column in self.factor_grid()))


@jax.jit
def _counts(grid: FactorGrid) -> Array:
    return mixture_counts(jnp.exp(grid.log_weights), jnp.exp(grid.log_wrong), jnp.exp(grid.log_right))
