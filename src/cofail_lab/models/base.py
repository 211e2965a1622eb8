"""What an error law is: the joint distribution of which models are wrong on a query (theory section 2)."""

import abc
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from scipy.special import logsumexp

from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks, _sampling
from cofail_lab.models._samplers import TableSampler
from cofail_lab.numerics import devices
from cofail_lab.numerics.poisson_binomial import mixture_counts, mixture_counts_at_once

# Below this many steps of the count recursion, compiling takes longer than the recursion.
_SMALL = 10**8

ROUNDING = float(np.finfo(np.float64).eps)


def ignore(steps: int) -> None:
    """Progress that is not shown."""
    del steps


def log_rounding(log_value: Any) -> Any:
    """Rounding error of a logarithm that was computed in closed form."""
    return 4 * ROUNDING * (1 + abs(log_value))


class AbstractErrorLaw(eqx.Module):
    """A law of the error indicators (E_1, ..., E_m) of a pool of m models; an immutable pytree of float64 arrays.

    Concrete laws are final. Methods that return JAX arrays work under `jax.jit`, `jax.vmap` and `jax.grad`, at the
    edges of the parameters too; all others (an `Estimate`, many pool sizes, sampling) need numbers, and raise a
    `TracedError` that says so. A law that cannot offer one of the former refuses it in the same way.

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
        """Log β = log P(every model is wrong); finite where β > 0, however small."""

    def all_wrong(self) -> Float[Array, ""]:
        """β = P(every model is wrong)."""
        return jnp.exp(self.log_all_wrong())

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β with its numerical error and how it was obtained."""
        log_value = float(self.log_all_wrong())
        value = float(np.exp(log_value))
        error = 4 * ROUNDING * (1 + abs(log_value)) * value if value > 0 else 0.0
        return Estimate(value, error, "exact")

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: _sampling.Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Log β of the first m models for every m of ``sizes``, and its absolute errors; concrete parameters only.

        ``advance`` is called with the number of sizes just finished.
        """
        values, errors = np.empty(len(sizes)), np.empty(len(sizes))
        for k, size in enumerate(sizes):
            pool = self.subpool(np.arange(size))
            values[k] = float(pool.log_all_wrong())
            errors[k] = pool.log_all_wrong_error(values[k])
            advance(1)
        return values, errors

    @_checks.ESTIMATE
    def log_all_wrong_error(self, log_value: float) -> float:
        """Absolute error of log β, where `all_wrong_estimate` has that of β."""
        estimate = self.all_wrong_estimate()
        # Where β is no float64, what is left is the rounding of its log.
        relative = (estimate.error or 0.0) / estimate.value if estimate.value else 0.0
        return max(relative, log_rounding(log_value))

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

    def _tables(self) -> _sampling.AbstractSampler:
        with devices.on_host():
            return self.sampler()

    @_checks.DRAWS
    def sample(self, key: Array, n: int, *, chunk: int | None = None) -> Bool[Array, "n m"]:
        """Draw n queries: True where the model is wrong.

        Query q is a function of the key and of q alone: it is the same whatever n and ``chunk`` are, and on any
        device or number of devices. ``chunk`` queries are drawn at a time, on all JAX devices in turn; by default as
        many as suit the device (65,536 on a CPU).
        """
        return _sampling.sample_whole(self._tables(), key, n, chunk)

    @_checks.DRAWS
    def sample_chunks(
        self, key: Array, n: int, *, chunk: int | None = None, first: int = 0
    ) -> Iterator[Bool[np.ndarray, "b m"]]:
        """n queries of `sample` from number ``first`` on, ``chunk`` or fewer at a time, so that n may be any number."""
        return _sampling.sample(self._tables(), key, n, chunk, first)

    @_checks.DRAWS
    def count_wrong(
        self, key: Array, n: int, *, chunk: int | None = None, advance: _sampling.Advance = ignore
    ) -> Int[np.ndarray, " m+1"]:
        """Histogram of the number of wrong models over the n queries that `sample` would draw, in constant memory.

        ``advance`` is called with the number of queries just finished.
        """
        return _sampling.count_wrong(self._tables(), key, n, chunk, advance)

    @_checks.DRAWS
    def all_wrong_rate(
        self,
        key: Array,
        n: int,
        *,
        conditional: bool = False,
        chunk: int | None = None,
        advance: _sampling.Advance = ignore,
    ) -> Estimate:
        """β estimated from n draws, with its standard error.

        Plain: the share of the queries of `sample` that every model gets wrong. Conditional (Rao-Blackwell): the mean
        of P(all wrong | the factors drawn), from the same factors; unbiased too, and never with a larger variance.
        """
        sampler = self._tables()
        if conditional:
            return Estimate(*_sampling.mean_all_wrong_given(sampler, key, n, chunk, advance), "monte_carlo")
        share = _sampling.count_wrong(sampler, key, n, chunk, advance)[-1] / n
        return Estimate(float(share), float(np.sqrt(share * (1 - share) / n)), "monte_carlo")


class FactorGrid(NamedTuple):
    """A finite mixture: the models err independently given the node.

    Attributes:
        log_weights: (nodes,) log probability of each node.
        log_wrong, log_right: (nodes, m) log P(E_i = 1 | node) and log P(E_i = 0 | node).
    """

    log_weights: Float[Array, " nodes"]
    log_wrong: Float[Array, "nodes m"]
    log_right: Float[Array, "nodes m"]


class Mixture(NamedTuple):
    """A `FactorGrid` as probabilities: what is smooth where a probability is 0 has no derivative as a log.

    Attributes:
        weights: (nodes,) probability of each node.
        wrong, right: (nodes, m) P(E_i = 1 | node) and P(E_i = 0 | node).
    """

    weights: Float[Array, " nodes"]
    wrong: Float[Array, "nodes m"]
    right: Float[Array, "nodes m"]


class AbstractFactorLaw(AbstractErrorLaw):
    """A law whose models err independently given one factor; it is known by its `factor_grid`."""

    grid_error: ClassVar[float] = 0.0
    """Relative error of every pattern's probability on the `factor_grid`, rounding apart."""

    @abc.abstractmethod
    def factor_grid(self) -> FactorGrid:
        """Nodes for the factor that give every event of the law (every pattern of errors) the right probability.

        For a continuous factor the nodes are a quadrature rule; each law states its relative error.
        """

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: _sampling.Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """One grid serves the first m models for every m: their log P(wrong | node) add up."""
        grid = self.factor_grid()
        log_weights, log_wrong, _ = (np.asarray(x) for x in grid)
        logs = log_weights[:, None] + np.cumsum(log_wrong, axis=1)[:, np.asarray(sizes) - 1]
        values = np.asarray(logsumexp(logs, axis=0))
        advance(len(sizes))
        return values, self.grid_error + self.n_models * ROUNDING + log_rounding(values)

    def mixture(self) -> Mixture:
        """The nodes as probabilities. A law whose probabilities reach 0 or 1 writes them down, for its derivatives."""
        grid = self.factor_grid()
        if _checks.traced(grid):
            return Mixture(*map(jnp.exp, grid))
        return Mixture(*jax.device_put(tuple(np.exp(np.asarray(x)) for x in grid)))

    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j), j = 0..m, to the relative error of `factor_grid` plus about m rounding errors; O(nodes · m²)."""
        mixture = self.mixture()
        if not _checks.traced(mixture) and mixture.wrong.size * self.n_models < _SMALL:
            return jax.device_put(mixture_counts_at_once(*map(np.asarray, mixture)))
        return _counts(_round_up(mixture))[: self.n_models + 1]

    @_checks.DRAWS
    def sampler(self) -> _sampling.AbstractSampler:
        """Draws a node, then each model given the node."""
        grid = self.factor_grid()
        return TableSampler.build(np.asarray(grid.log_weights), np.asarray(grid.log_wrong))


def _round_up(mixture: Mixture) -> Mixture:
    """The mixture with nodes of weight 0 and models that are never wrong, up to sizes that many pools share.

    Compiling for every size of its own takes longer than the sums over the padding.
    """
    spare = ((0, -mixture.wrong.shape[0] % 256), (0, -mixture.wrong.shape[1] % 32))
    return Mixture(
        jnp.pad(mixture.weights, spare[0]),
        jnp.pad(mixture.wrong, spare),
        jnp.pad(mixture.right, spare, constant_values=1),
    )


@jax.jit
def _counts(mixture: Mixture) -> Array:
    return mixture_counts(*mixture)
