"""Tetrachoric matrices of one pool, observed or resampled: what predictions of β from a whole matrix start from."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from cofail_lab.fitting.estimators.pairs import Pairs

# Φ(40) is 1 to the last bit, and a model with no correlation does not touch the others.
LEFT_OUT = 40.0
"""Threshold of a constant model: it is always wrong, so it does not change P(all wrong) of the others."""


class Prediction(NamedTuple):
    """Log β of one law for a stack of matrices.

    Attributes:
        log: log β; nan where the matrix gives no such law.
        error: absolute error of the log: of the quadrature, or one standard error where it is simulated.
        notes: what a reader must know of the law, where the stack is one matrix; one sentence each.
    """

    log: Float[np.ndarray, " batch"]
    error: Float[np.ndarray, " batch"]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: list[tuple[float, float]]) -> "Prediction":
        """From (log β, error) of each matrix."""
        log_value, error = np.array(values).reshape(-1, 2).T
        return cls(log_value, error)


@dataclass(frozen=True)
class TetrachoricStack:
    """A stack of tetrachoric matrices over the same models.

    Attributes:
        error_rates: α_i of each matrix; 0 and 1 (constant models) are left out of every law.
        tetrachoric: correlations of the pairs, nan with a constant model.
        pairs: all pairs i < j of the pool.
        family: number of each model's family; None where families are not known.
        coarse: for replicates: one randomization of the net behind full Σ (relative error about 1.5%) instead of many,
            and a block law with one correlation where families correlate less within than across. A replicate without
            a block law would count as one with a larger ratio, and would leave the intervals.
    """

    error_rates: Float[np.ndarray, "batch m"]
    tetrachoric: Float[np.ndarray, "batch pairs"]
    pairs: Pairs
    family: Int[np.ndarray, " m"] | None = None
    coarse: bool = False

    @cached_property
    def constant(self) -> Bool[np.ndarray, "batch m"]:
        """Models that are never or always wrong."""
        return (self.error_rates <= 0) | (self.error_rates >= 1)

    @cached_property
    def matrices(self) -> Float[np.ndarray, "batch m m"]:
        """Symmetric with diagonal 1; rows of constant models are nan."""
        batch, m = self.error_rates.shape
        matrices = np.broadcast_to(np.eye(m), (batch, m, m)).copy()
        matrices[:, self.pairs.left, self.pairs.right] = self.tetrachoric
        matrices[:, self.pairs.right, self.pairs.left] = self.tetrachoric
        return matrices

    @cached_property
    def finite_matrices(self) -> Float[np.ndarray, "batch m m"]:
        """`matrices` with no correlation between a constant model and any other."""
        m = self.error_rates.shape[1]
        return np.where(self.constant[:, :, None] | self.constant[:, None, :], np.eye(m), self.matrices)

    @cached_property
    def thresholds(self) -> Float[np.ndarray, "batch m"]:
        """t_i = Φ^{-1}(α_i); `LEFT_OUT` for constant models."""
        return np.where(self.constant, LEFT_OUT, ndtri(np.where(self.constant, 0.5, self.error_rates)))


class ObservedPairs(NamedTuple):
    """What the null laws of an observed matrix are made from, over its k varying models.

    Attributes:
        error_rates: α_i in (0, 1).
        tetrachoric: matrix of correlations, boundary pairs at ±1, diagonal 1.
        mean: mean correlation of the pairs.
        published: whether full Σ follows the published convention (eigenvalues clipped, diagonal rescaled).
    """

    error_rates: Float[np.ndarray, " k"]
    tetrachoric: Float[np.ndarray, "k k"]
    mean: float
    published: bool
