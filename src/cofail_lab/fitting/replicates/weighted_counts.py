"""Joint counts of resampled queries: a matrix product for each replicate, or one for many on an accelerator."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float, Int

from cofail_lab.numerics import devices

# The weighted columns of the replicates that are counted at once take this share of the device's memory.
_SHARE, _MEMORY = 16, 2**30
# Queries that are counted together: longer matrices would be read from memory once more.
_QUERIES_AT_ONCE = 2**17
# Where at most one query in this number has another weight than 1, the whole matrix is counted once.
_FEW_CHANGED = 4


def weighted_joint_counts(
    columns: Float[np.ndarray, "n m"], weights: Int[np.ndarray, "batch n"]
) -> Float[np.ndarray, "batch m m"]:
    """Number of drawn queries that both models get wrong, in every replicate.

    The counts are exact, whatever the order of the sums: a partial sum of weights is a whole number of at most n, and
    the type of the columns holds every one (`exact_counts.count_dtype`: float32 below 2^24).

    Args:
        columns: 1 where the model is wrong and 0 elsewhere, in that type.
        weights: how often each query was drawn; a row sums to n at most.
    """
    if not devices.accelerated():
        return _one_by_one(columns, weights)
    at_once = max(1, (devices.memory() or _MEMORY) // (_SHARE * columns.nbytes))
    on_device, parts = jnp.asarray(columns), []
    for first in range(0, len(weights), at_once):
        some = jnp.asarray(weights[first : first + at_once].astype(columns.dtype))
        parts.append(np.asarray(_products(on_device, some)))
    return np.concatenate(parts)


def _one_by_one(columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    joint = np.zeros((len(weights), columns.shape[1], columns.shape[1]), dtype=columns.dtype)
    whole: np.ndarray | None = None
    for total, row in zip(joint, weights, strict=True):
        changed = np.flatnonzero(row != 1)
        if len(changed) > len(row) // _FEW_CHANGED:
            _add_counts(total, columns, row)
            continue
        # Of a jackknife, only the queries that are left out are counted.
        if whole is None:
            whole = np.zeros_like(total)
            _add_counts(whole, columns, np.ones_like(row))
        total += whole
        _add_counts(total, columns[changed], row[changed] - 1)
    return joint


def _add_counts(total: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> None:
    for first in range(0, len(columns), _QUERIES_AT_ONCE):
        part = columns[first : first + _QUERIES_AT_ONCE]
        total += (part.T * weights[first : first + _QUERIES_AT_ONCE].astype(part.dtype)) @ part


@jax.jit
def _products(columns: Array, weights: Array) -> Array:
    weighted = (weights[:, None, :] * columns.T).reshape(-1, len(columns))
    # By default an accelerator cuts the factors of a float32 product to 11 digits, and large weights with them.
    joint = jnp.matmul(weighted, columns, precision=lax.Precision.HIGHEST)
    return joint.reshape(len(weights), *(2 * (columns.shape[1],)))
