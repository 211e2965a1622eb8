"""Tetrachoric matrices of one pool, observed or resampled: the input of laws that predict β from a whole matrix."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from cofail_lab.fitting.estimators.pairs import Pairs

# Φ(40) is 1 to the last bit, and a model without correlations does not affect the others.
LEFT_OUT = 40.0
"""Threshold that leaves a model out: a model that is always wrong does not change P(all wrong) of the others."""


def constant_models(error_rates: Float[np.ndarray, "... m"]) -> Bool[np.ndarray, "... m"]:
    """Models that are never or always wrong (error rate 0 or 1)."""
    return (error_rates <= 0) | (error_rates >= 1)


def thresholds_without_constant(error_rates: Float[np.ndarray, "... m"]) -> Float[np.ndarray, "... m"]:
    """t_i = Φ^{-1}(α_i), and `LEFT_OUT` for constant models."""
    constant = constant_models(error_rates)
    return np.where(constant, LEFT_OUT, ndtri(np.where(constant, 0.5, error_rates)))


class Prediction(NamedTuple):
    """Log β of one law for a stack of matrices.

    Attributes:
        log: log β; nan where the matrix gives no such law.
        error: absolute error of the log: that of the quadrature, or one standard error where β is simulated.
        notes: what a reader must know about the law, where the stack is one matrix; one sentence each.
    """

    log: Float[np.ndarray, " batch"]
    error: Float[np.ndarray, " batch"]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: list[tuple[float, float]]) -> "Prediction":
        """From the pair (log β, error) of each matrix."""
        log_value, error = np.array(values).reshape(-1, 2).T
        return cls(log_value, error)


@dataclass(frozen=True)
class TetrachoricStack:
    """A stack of tetrachoric matrices over the same models.

    Attributes:
        error_rates: α_i of each matrix; models with rate 0 or 1 (constant) are left out of every law.
        tetrachoric: correlations of the pairs, nan where a model is constant.
        pairs: all pairs i < j of the pool.
        family: number of each model's family; None where families are not known.
        coarse: True for replicates. Full Σ then uses one randomization of its net (relative error about 1.5%) instead
            of many. Where families correlate less within than across, the block law uses one correlation for all
            pairs: without a block law, a simulated matrix would count as one with a larger ratio, and a resampled one
            would be missing from the interval.
    """

    error_rates: Float[np.ndarray, "batch m"]
    tetrachoric: Float[np.ndarray, "batch pairs"]
    pairs: Pairs
    family: Int[np.ndarray, " m"] | None = None
    coarse: bool = False

    @cached_property
    def constant(self) -> Bool[np.ndarray, "batch m"]:
        """Models that are never or always wrong."""
        return constant_models(self.error_rates)

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
        """`matrices` with correlation 0 between a constant model and every other model."""
        m = self.error_rates.shape[1]
        return np.where(self.constant[:, :, None] | self.constant[:, None, :], np.eye(m), self.matrices)

    @cached_property
    def thresholds(self) -> Float[np.ndarray, "batch m"]:
        """t_i = Φ^{-1}(α_i); `LEFT_OUT` for constant models."""
        return thresholds_without_constant(self.error_rates)


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
