"""The pairs of models of a pool: their indices, their correlations, and means over pairs."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

PAIRS_AT_ONCE = 2**20
"""Pairs that are worked on together, so that what is in between takes tens of megabytes."""

_ENTRIES_AT_ONCE = 2**23


class Pairs(NamedTuple):
    """The pairs i < j of a pool, and which pairs share a family.

    Attributes:
        left, right: indices of the two models of each pair.
        same_family: bool (pairs,), True for pairs of one family; None where families are not known.
    """

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    same_family: np.ndarray | None

    @classmethod
    def of(cls, n_models: int, family: np.ndarray | None = None) -> "Pairs":
        """All pairs of a pool of ``n_models``."""
        models = np.arange(n_models, dtype=np.int32)
        left = np.repeat(models, n_models - 1 - models)
        right = np.concatenate([models[:0], *(models[i + 1 :] for i in range(n_models))])
        # A blank means that the family is unknown: two such models do not share a family.
        known = None if family is None else (family[left] == family[right]) & (family[left] != "")
        return cls(left, right, known)

    def gather(self, tables: np.ndarray) -> np.ndarray:
        """The entries (i, j) of square tables, (..., m, m), as (..., pairs); indices take no memory to speak of."""
        values = np.empty((*tables.shape[:-2], len(self.left)), dtype=tables.dtype)
        for first in range(0, len(self.left), PAIRS_AT_ONCE):
            some = slice(first, first + PAIRS_AT_ONCE)
            values[..., some] = tables[..., self.left[some], self.right[some]]
        return values


class PairValues(NamedTuple):
    """Per matrix and pair, (batch, pairs): two correlations, nan where a model is constant, and the boundary sign.

    See `tetrachoric.frechet_boundary` for the sign.
    """

    pearson: np.ndarray
    tetrachoric: np.ndarray
    boundary: np.ndarray


def phi(a: np.ndarray, b: np.ndarray, both: np.ndarray, n: int) -> Float[np.ndarray, "..."]:
    """Pearson correlation of two 0/1 columns of n queries from their counts; nan where a column is constant."""
    spread = a.astype(float) * (n - a) * b * (n - b)
    covariance = n * both.astype(float) - a.astype(float) * b
    return np.divide(covariance, np.sqrt(spread), out=np.full(spread.shape, np.nan), where=spread > 0)


def row_means(values: Float[np.ndarray, "... k"], chosen: Bool[np.ndarray, "... k"]) -> Float[np.ndarray, "..."]:
    """Row means over the chosen entries that are numbers; nan for a row without such an entry."""
    # All at once up to here: the order of a sum decides its last digit.
    size = values.shape[-1] if values.shape[-1] <= _ENTRIES_AT_ONCE else PAIRS_AT_ONCE
    n_chosen, total = np.zeros(values.shape[:-1], dtype=np.int64), np.zeros(values.shape[:-1])
    for first in range(0, values.shape[-1], max(size, 1)):
        part = values[..., first : first + size]
        there = chosen[..., first : first + size] & ~np.isnan(part)
        n_chosen += there.sum(axis=-1)
        total += np.where(there, part, 0.0).sum(axis=-1)
    return np.divide(total, n_chosen, out=np.full(np.shape(total), np.nan), where=n_chosen > 0)


def square(values: np.ndarray, pairs: Pairs, m: int, diagonal: float) -> np.ndarray:
    """The values of all pairs i < j, (pairs,), as a symmetric (m, m) matrix."""
    matrix = np.full((m, m), diagonal, dtype=values.dtype)
    matrix[pairs.left, pairs.right] = matrix[pairs.right, pairs.left] = values
    return matrix
