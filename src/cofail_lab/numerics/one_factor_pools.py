"""log β_sf(r) of many pools at once: the equicorrelated one-factor law for the first models of some laws.

Each pool is computed as if it were alone: its numbers do not depend on the other pools.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from scipy.special import log_ndtr

from cofail_lab.numerics.one_factor import log_all_below
from cofail_lab.numerics.root import bracketed_roots, in_blocks

# Number of quadratures computed at once: this many where models are of one kind, fewer where there are many kinds.
_BLOCK, _MIN_BLOCK = 256, 8


class Pools(NamedTuple):
    """The first models of some laws, for every pool size: the kinds of models and how many there are of each kind.

    Attributes:
        thresholds: t = Φ^{-1}(α) of each kind, (laws, kinds).
        counts: number of models of each kind in a pool, (sizes, kinds), as floats.
    """

    thresholds: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, thresholds: Float[np.ndarray, "laws m"], sizes: Int[np.ndarray, " sizes"]) -> "Pools":
        """The first m models of every law, for each m of ``sizes`` (1 to the number of models)."""
        first, kind = distinct_columns(thresholds)
        one_hot = kind[:, None] == np.arange(len(first))
        return cls(thresholds[:, first], np.cumsum(one_hot, axis=0)[sizes - 1].astype(float))

    def log_all_wrong(
        self, correlation: Float[np.ndarray, "laws sizes"]
    ) -> tuple[Float[np.ndarray, "laws sizes"], Float[np.ndarray, "laws sizes"], Float[np.ndarray, "laws sizes"]]:
        """log β_sf, its slope in r, and the error of log β_sf; nan at correlations outside [0, 1)."""
        value, slope, error = columns = tuple(np.full(correlation.shape, np.nan) for _ in range(3))
        exists = np.nonzero((correlation >= 0) & (correlation < 1))
        if exists[0].size:
            for column, values in zip(columns, self.log_all_wrong_of(exists, correlation[exists]), strict=True):
                column[exists] = values
        return value, slope, error

    def log_all_wrong_of(
        self, pools: tuple[np.ndarray, ...], correlation: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same for some pools only, given by the indices of their laws and sizes, at correlations in [0, 1)."""
        # A block needs the nodes of its hardest pool, and the stronger the correlation the harder.
        order = np.argsort(correlation, kind="stable")
        law, size = (index[order] for index in pools)
        block = max(_MIN_BLOCK, _BLOCK // self.thresholds.shape[1])
        columns = in_blocks(_log_all_below, block, self.thresholds[law], self.counts[size], correlation[order])
        back = np.argsort(order)
        value, slope, error = (column[back] for column in columns)
        return value, slope, error


def distinct_columns(columns: Float[np.ndarray, "rows n"]) -> tuple[np.ndarray, np.ndarray]:
    """The index of the first column of every kind, and the kind of each column; equal means equal to the last bit."""
    bits = np.ascontiguousarray(columns).view(np.uint64)
    odd = np.random.Generator(np.random.Philox(key=0)).integers(2**63, size=(len(bits), 1), dtype=np.uint64) * 2 + 1
    # Different columns have different sums, except in one case of 2^64; in such a case no two columns count as equal.
    _, first, place = np.unique((bits * odd).sum(axis=0), return_index=True, return_inverse=True)
    if not (bits == bits[:, first][:, place]).all():
        return np.arange(columns.shape[1]), np.arange(columns.shape[1])
    return first, place


@jax.jit
@jax.vmap  # so that the nodes of one pool are not refined because another needs more
def _log_all_below(thresholds: Array, counts: Array, correlation: Array) -> tuple[Array, Array, Array]:
    loading = jnp.sqrt(correlation)
    return jax.jvp(
        lambda loading: log_all_below(thresholds, loading, counts), (loading,), (0.5 / loading,), has_aux=True
    )


def implied_correlation(
    pools: Pools,
    log_beta: Float[np.ndarray, "laws sizes"],
    rounding: Float[np.ndarray, "laws sizes"],
    start: Float[np.ndarray, "laws sizes"],
    at_start: Float[np.ndarray, "laws sizes"],
    slope_at_start: Float[np.ndarray, "laws sizes"],
) -> Float[np.ndarray, "laws sizes"]:
    """The r in [0, 1) with β_sf(r) = β, to rounding; nan where no r has it.

    `fitting.estimators.one_factor.implied_correlation` answers the same for one observed matrix, by another search: its
    blocks of models round differently, and its r is exact to 1e-12 only.

    Args:
        pools: their laws and sizes.
        log_beta: log β.
        rounding: error of log β; within it, the β of independent models counts as β and r is 0.
        start: the correlation at which the search begins; nan for none.
        at_start, slope_at_start: log β_sf and its slope there.
    """
    log_rates = log_ndtr(pools.thresholds)[:, None]
    at_zero = (log_rates * pools.counts).sum(axis=-1) - log_beta
    # At r = 1 all models are wrong exactly where the best one is.
    at_one = np.where(pools.counts > 0, log_rates, 0.0).min(axis=-1) - log_beta
    root = np.where(np.abs(at_zero) <= rounding, 0.0, np.nan)
    law, size = exists = np.nonzero(np.isnan(root) & (at_zero < 0) & (at_one > 0))
    target = log_beta[exists]

    def excess(r: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pool = law[which], size[which]
        value, slope = at_start[pool], slope_at_start[pool]
        new = np.flatnonzero(r != start[pool])
        if new.size:
            value[new], slope[new], _ = pools.log_all_wrong_of((pool[0][new], pool[1][new]), r[new])
        return value - target[which], slope

    zero = np.zeros(target.shape)
    root[exists] = bracketed_roots(excess, zero, zero + 1, at_zero[exists], start[exists])
    return root
