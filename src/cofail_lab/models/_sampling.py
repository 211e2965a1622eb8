"""Drawing queries from integer tables with a counter-based generator.

Query q and model i have a fixed place in the stream of random bits, so a draw does not depend on how many others are made,
in which chunks or where.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Int, UInt

from cofail_lab.numerics import squares

_SCALE = 2**31
_SHIFT = np.uint64(33)


class AbstractSampler(eqx.Module):
    """Draws the errors of given queries."""

    @abc.abstractmethod
    def wrong(self, keys: UInt[Array, " 2"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""


class TableSampler(AbstractSampler):
    """A node by Walker's alias method, then one comparison of integers per model.

    Probabilities are rounded to multiples of 2^-31 (of 2^-32 / nodes for the nodes); 0 and 1 are exact.

    Attributes:
        keep, alias: the alias table of the nodes.
        thresholds: uint32 (nodes, m): model i is wrong where 31 random bits fall below.
    """

    keep: UInt[Array, " nodes"]
    alias: Int[Array, " nodes"]
    thresholds: UInt[Array, "nodes m"]

    @staticmethod
    def build(log_weights: np.ndarray, log_wrong: np.ndarray, log_right: np.ndarray) -> "TableSampler":
        """From the log probabilities of a `FactorGrid`."""
        del log_right
        keep, alias = alias_table(np.exp(log_weights))
        return TableSampler(jnp.asarray(keep), jnp.asarray(alias), jnp.asarray(integer_threshold(np.exp(log_wrong))))

    def node(self, key: Array, query: Array) -> Array:
        """Node of each query."""
        n_nodes = np.uint64(len(self.keep))
        place = (squares.bits(np.uint64(2) * query, key) >> np.uint64(32)) * n_nodes
        column = (place >> np.uint64(32)).astype(jnp.int32)
        coin = squares.bits(np.uint64(2) * query + np.uint64(1), key) >> np.uint64(32)
        return jnp.where(coin < self.keep[column], column, self.alias[column])

    def wrong(self, keys: UInt[Array, " 2"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        m = self.thresholds.shape[1]
        node = self.node(keys[0], query)
        cell = query[:, None] * np.uint64(m) + jnp.arange(m, dtype=jnp.uint64)
        return (squares.bits(cell, keys[1]) >> _SHIFT).astype(jnp.uint32) < self.thresholds[node]


def integer_threshold(probability: np.ndarray) -> np.ndarray:
    """T with P(31 random bits < T) = ``probability`` rounded to a multiple of 2^-31."""
    return np.rint(np.clip(probability, 0, 1) * _SCALE).astype(np.uint32)


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walker's alias table: column k is kept where 32 random bits fall below keep[k], else it stands for alias[k]."""
    n = len(weights)
    share = weights / weights.sum() * n
    keep, alias = np.full(n, 2.0**32), np.arange(n, dtype=np.int32)
    small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
    while small and large:
        low, high = small.pop(), large[-1]
        keep[low], alias[low] = share[low] * 2.0**32, high
        share[high] -= 1 - share[low]
        if share[high] < 1:
            small.append(large.pop())
    return np.rint(keep).astype(np.uint64), alias


def sample(sampler: AbstractSampler, key: Array, n: int) -> Bool[Array, "n m"]:
    """The first n queries."""
    keys = jnp.asarray(np.array(squares.stream_keys(key, 2), dtype=np.uint64))
    return _draw(sampler, keys, n)


@eqx.filter_jit
def _draw(sampler: AbstractSampler, keys: Array, n: int) -> Array:
    return sampler.wrong(keys, jax.lax.iota(jnp.uint64, n))
