"""The samplers: integer tables in, integer comparisons out.

Each model has 32 bits of its own in each query, two models to a 64-bit word. A probability is rounded to a multiple
of 2^-31 (0 and 1 stay exact), which shifts no marginal by more than 2.4e-10.
"""

from collections.abc import Callable
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab.models._sampling import ATOM, CELL, FACTOR, AbstractSampler
from cofail_lab.numerics import squares

_SCALE = 2**31
_UPPER, _LOWER = np.uint64(33), np.uint32(1)
# Models in one compiled stretch of code; larger pools loop over such stretches.
_STRETCH = 72


def integer_threshold(probability: np.ndarray) -> UInt[np.ndarray, "..."]:
    """T with P(31 random bits < T) = ``probability``, rounded to a multiple of 2^-31."""
    return np.rint(np.clip(probability, 0, 1) * _SCALE).astype(np.uint32)


class Alias(eqx.Module):
    """Walker's alias table of a discrete distribution.

    Attributes:
        keep: column k is kept where 32 random bits fall below keep[k] (a multiple of 2^-32 of the column).
        other: what it stands for otherwise.
    """

    keep: UInt[Array, " nodes"]
    other: Int[Array, " nodes"]

    @classmethod
    def build(cls, weights: np.ndarray) -> Self:
        """From weights, which need not sum to 1."""
        n = len(weights)
        share = weights / weights.sum() * n
        keep, other = np.full(n, 2.0**32), np.arange(n, dtype=np.int32)
        small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
        while small and large:
            low, high = small.pop(), large[-1]
            keep[low], other[low] = share[low] * 2.0**32, high
            share[high] -= 1 - share[low]
            if share[high] < 1:
                small.append(large.pop())
        return cls(*jax.device_put((np.rint(keep).astype(np.uint64), other)))

    def draw(self, place: UInt[Array, "..."], key: UInt[Array, ""]) -> Int[Array, "..."]:
        """The node at these places of the stream."""
        if len(self.keep) == 1:
            return jnp.zeros(place.shape, jnp.int32)
        column = squares.below(squares.bits64(np.uint64(2) * place, key), len(self.keep)).astype(jnp.int32)
        coin = squares.bits64(np.uint64(2) * place + np.uint64(1), key) >> np.uint64(32)
        return jnp.where(coin < self.keep[column], column, self.other[column])


class TableSampler(AbstractSampler):
    """Models that err independently given a node (or given several: one row index per group of models).

    Attributes:
        nodes: distribution of the row.
        thresholds: uint32 (m, nodes), integer conditional error probabilities.
        all_wrong: (nodes,) P(all wrong | node).
    """

    nodes: Alias
    thresholds: UInt[Array, "m nodes"]
    all_wrong: Float[Array, " nodes"]

    @classmethod
    def build(cls, log_weights: np.ndarray, log_wrong: np.ndarray) -> Self:
        """From log probabilities of the nodes, (nodes,), and of an error given the node, (nodes, m)."""
        thresholds = np.ascontiguousarray(integer_threshold(np.exp(log_wrong)).T)
        return cls(Alias.build(np.exp(log_weights)), *jax.device_put((thresholds, np.exp(log_wrong.sum(axis=1)))))

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.thresholds.shape[0]

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        node = self.nodes.draw(query, keys[FACTOR])
        return cells(keys[CELL], query, self.n_models) < self.thresholds.T[node]

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""
        node = self.nodes.draw(query, keys[FACTOR])
        n_nodes = self.thresholds.shape[1]

        def look_up(row: Array) -> Array:
            if n_nodes == 1:
                return row[0]
            return jnp.where(node == 0, row[0], row[1]) if n_nodes == 2 else row[node]

        return count_below(keys[CELL], query, self.thresholds, look_up)

    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(all wrong | node)."""
        return self.all_wrong[self.nodes.draw(query, keys[FACTOR])]


class AtomSampler(AbstractSampler):
    """Another sampler, overruled by an event on which every model is wrong.

    Attributes:
        shock: the event happens where 64 random bits fall below.
        log_shock: log of its probability, and of the rest.
        base: what is drawn otherwise.
    """

    shock: UInt[Array, ""]
    log_shock: Float[Array, " 2"]
    base: AbstractSampler

    @classmethod
    def build(cls, shock: float, base: AbstractSampler) -> Self:
        """From the probability of the event, in [0, 1)."""
        if isinstance(base, AtomSampler):  # one event for both: they would share their random words
            shock = -np.expm1(np.log1p(-shock) + float(base.log_shock[1]))
            base = base.base
        with np.errstate(divide="ignore"):
            logs = np.log(shock), np.log1p(-shock)
        # Two events that are all but certain make one that rounds to 1.
        below, logs = jax.device_put((np.uint64(min(int(shock * 2**64), 2**64 - 1)), np.stack(logs)))
        return cls(below, logs, base)

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.base.n_models

    def _struck(self, keys: Array, query: Array) -> Array:
        return squares.bits64(query, keys[ATOM]) < self.shock

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        return self._struck(keys, query)[:, None] | self.base.wrong(keys, query)

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""
        return jnp.where(self._struck(keys, query), self.n_models, self.base.n_wrong(keys, query))

    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(all wrong | the base's factors); the event itself is integrated out."""
        shock, rest = jnp.exp(self.log_shock)
        return shock + rest * self.base.all_wrong_given(keys, query)


class BlockSampler(AbstractSampler):
    """A node for the common factor and one for each family, which together give the row of the family's models.

    Attributes:
        shared, own: distributions of the two kinds of nodes.
        stride: nodes a and b give row a·stride + b.
        family: number of each model's family, (m,).
        thresholds: uint32 (m, rows), integer conditional error probabilities.
        log_family_all_wrong: (families, rows) log P(the whole family wrong | row).
    """

    shared: Alias
    own: Alias
    stride: int = eqx.field(static=True)
    family: Int[Array, " m"]
    thresholds: UInt[Array, "m rows"]
    log_family_all_wrong: Float[Array, "families rows"]

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.thresholds.shape[0]

    def _rows(self, keys: Array, query: Array) -> Array:
        """Row of each family on each query, (families, b)."""
        n_families = len(self.log_family_all_wrong)
        number = jnp.arange(1, n_families + 1, dtype=jnp.uint64)[:, None]
        places = query * np.uint64(n_families + 1)
        shared = self.shared.draw(places, keys[FACTOR]) * self.stride
        return shared + self.own.draw(places + number, keys[FACTOR])

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        rows = self._rows(keys, query)[self.family]
        return cells(keys[CELL], query, self.n_models) < jnp.take_along_axis(self.thresholds, rows, axis=1).T

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""
        rows = self._rows(keys, query)
        # The family travels with the thresholds, so that the loop over models can look it up.
        tables = jnp.concatenate([self.family.astype(jnp.uint32)[:, None], self.thresholds], axis=1)
        return count_below(keys[CELL], query, tables, lambda table: table[1 + rows[table[0]]])

    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(all wrong | the factors)."""
        return jnp.exp(jnp.take_along_axis(self.log_family_all_wrong, self._rows(keys, query), axis=1).sum(axis=0))


class PositionsSampler(AbstractSampler):
    """A number of wrong models, at uniform positions.

    Attributes:
        counts: distribution of the number.
        size: m.
        all_wrong: P(C = m).
    """

    counts: Alias
    size: int = eqx.field(static=True)
    all_wrong: Float[Array, ""]

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.size

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        words = cells(keys[CELL], query, self.n_models)

        def place(left: Array, model: tuple[Array, Array]) -> tuple[Array, Array]:
            # Selection sampling: of the models still to come, as many as are left are wrong.
            word, to_come = model
            chosen = ((word.astype(jnp.uint64) * to_come) >> np.uint64(31)) < left
            return left - chosen, chosen

        to_come = jnp.arange(self.n_models, 0, -1, dtype=jnp.uint64)
        return lax.scan(place, self.n_wrong(keys, query).astype(jnp.uint64), (words.T, to_come))[1].T

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""
        return self.counts.draw(query, keys[FACTOR])

    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(C = m): nothing is left to draw."""
        del keys
        return jnp.full(query.shape, self.all_wrong)


def cells(key: UInt[Array, ""], query: UInt[Array, " b"], n_models: int) -> UInt[Array, "b m"]:
    """31 random bits for each model of each query."""
    per_query = -(-n_models // 2)
    place = query[:, None] * np.uint64(per_query) + jnp.arange(per_query, dtype=jnp.uint64)
    words = squares.bits64(place, key)
    pairs = jnp.stack([(words >> _UPPER).astype(jnp.uint32), words.astype(jnp.uint32) >> _LOWER], axis=-1)
    return pairs.reshape(len(query), 2 * per_query)[:, :n_models]


def count_below(
    key: UInt[Array, ""], query: UInt[Array, " b"], rows: Array, look_up: Callable[[Array], Array]
) -> Int[Array, " b"]:
    """Number of models whose `cells` fall below look_up(row), a threshold per query from the model's row of a table.

    The whole pool is one loop over queries that the compiler can vectorize; nothing of size b x m exists.
    """
    n_models = rows.shape[0]
    per_query = -(-n_models // 2)
    stretch = min(per_query, -(-per_query // -(-n_models // _STRETCH)))
    n_stretches = -(-per_query // stretch)
    rows = jnp.pad(rows, ((0, 2 * stretch * n_stretches - n_models), *((0, 0),) * (rows.ndim - 1)))
    product = query * np.uint64(per_query) * key

    def add(total: Array, part: tuple[Array, Array]) -> tuple[Array, None]:
        first, table = part
        for word in range(stretch):
            bits = squares.bits64_at(product + (first + np.uint64(word)) * key, key)
            total += ((bits >> _UPPER).astype(jnp.uint32) < look_up(table[2 * word])).astype(jnp.int32)
            total += ((bits.astype(jnp.uint32) >> _LOWER) < look_up(table[2 * word + 1])).astype(jnp.int32)
        return total, None

    start = jnp.zeros(query.shape, jnp.int32)
    firsts = jnp.arange(n_stretches, dtype=jnp.uint64) * np.uint64(stretch)
    tables = rows.reshape(n_stretches, 2 * stretch, *rows.shape[1:])
    if n_stretches == 1:
        return add(start, (firsts[0], jax.tree.map(lambda x: x[0], tables)))[0]
    return lax.scan(add, start, (firsts, tables))[0]
