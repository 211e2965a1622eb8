"""The law of the number of successes of independent, unequal trials, and of mixtures of such laws.

Everything is a sum of products of non-negative terms, so each probability keeps nearly full *relative* accuracy,
however small (down to about 1e-300); transforms (FFT) would only keep absolute accuracy.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

# Models enter eight at a time: their own little law first, then one nine-point stencil over the counts.
_GROUP = 8
# Entries of the table that is worked on at once: it should stay in the cache.
_CACHED = 2**15


def mixture_counts(
    weights: Float[Array, " nodes"], success: Float[Array, "nodes m"], failure: Float[Array, "nodes m"]
) -> Float[Array, " m+1"]:
    """Σ_k weights_k P(C = j | k) for j = 0..m, where given k the m trials are independent.

    Args:
        weights: of the nodes; they need not sum to 1.
        success, failure: the two probabilities of each trial (both are asked for: 1 - p loses digits).

    Relative error about m rounding errors. Cost O(nodes · m²) operations, memory O(nodes · m).
    """
    n_nodes, m = success.shape
    block = max(1, min(n_nodes, _CACHED // (m + 1)))
    pad = ((0, -n_nodes % block), (0, 0))
    blocks = (-(-n_nodes // block), block)
    columns = (
        jnp.pad(weights, pad[0]).reshape(blocks),
        jnp.pad(success, pad).reshape(*blocks, m),
        jnp.pad(failure, pad).reshape(*blocks, m),
    )
    return lax.map(lambda block: block[0] @ counts(block[1], block[2]), columns).sum(axis=0)


def mixture_counts_at_once(weights: np.ndarray, success: np.ndarray, failure: np.ndarray) -> np.ndarray:
    """`mixture_counts` in NumPy: for small pools the sums are done before the other would be compiled."""
    return weights @ counts_at_once(success, failure)


def counts_at_once(success: np.ndarray, failure: np.ndarray) -> np.ndarray:
    """The same as `counts`, in NumPy."""
    n_nodes, m = success.shape
    probs = np.empty((n_nodes, m + 1))
    size = max(1, 2 * _CACHED // (m + 1))
    for first in range(0, n_nodes, size):
        # A row of the table for each count, so that what is added is contiguous.
        won, lost = success[first : first + size].T.copy(), failure[first : first + size].T.copy()
        table = np.zeros((m + 1, won.shape[1]))
        table[0] = 1
        moved = np.empty_like(table)
        for i in range(m):
            np.multiply(table[: i + 1], won[i], out=moved[: i + 1])
            table[: i + 1] *= lost[i]
            table[1 : i + 2] += moved[: i + 1]
        probs[first : first + size] = table.T
    return probs


@jax.jit
def counts(success: Float[Array, "nodes m"], failure: Float[Array, "nodes m"]) -> Float[Array, "nodes m+1"]:
    """P(C = j | node) for each node, by dynamic programming over the trials."""
    n_nodes, m = success.shape
    n_groups = -(-m // _GROUP)
    pad = ((0, 0), (0, n_groups * _GROUP - m))
    # Padding with impossible successes changes nothing.
    success = jnp.pad(success, pad).reshape(n_nodes, n_groups, _GROUP)
    failure = jnp.pad(failure, pad, constant_values=1).reshape(n_nodes, n_groups, _GROUP)
    group = jnp.ones((n_nodes, n_groups, 1))
    for i in range(_GROUP):
        stay = jnp.pad(group, ((0, 0), (0, 0), (0, 1))) * failure[..., i : i + 1]
        move = jnp.pad(group, ((0, 0), (0, 0), (1, 0))) * success[..., i : i + 1]
        group = stay + move

    def add(table: Array, stencil: Array) -> tuple[Array, None]:
        before = jnp.pad(table, ((0, 0), (_GROUP, 0)))
        total = jnp.zeros_like(table)
        for j in range(_GROUP + 1):
            total += stencil[:, j : j + 1] * before[:, _GROUP - j : _GROUP - j + m + 1]
        return total, None

    start = jnp.zeros((n_nodes, m + 1)).at[:, 0].set(1)
    return lax.scan(add, start, jnp.moveaxis(group, 1, 0))[0]
