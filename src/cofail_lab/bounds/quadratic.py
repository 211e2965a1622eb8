"""Quadratic forms in the wrong indicators that bound an event: what proves a limit from pairwise statistics."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

ENUMERATED = 16
"""Pools up to this size have few enough patterns (65,536) to go through all of them."""


class QuadraticCertificate(NamedTuple):
    """A proof of one limit: constant + Σ_{i<=j} c_ij E_i E_j is on one side of the event's indicator for every pattern.

    Attributes:
        n_models, at_least, side: the event C >= at_least, and ``upper`` (form >= indicator) or ``lower``.
        constant, coefficients: integers, to be divided by ``scale``; coefficients are those of `pair_index`, in order.
        scale: positive integer.
        proof: why it holds: every pattern checked in integers, an identity, or a mixed-integer solver's bound.
    """

    n_models: int
    at_least: int
    side: str
    constant: int
    coefficients: tuple[int, ...]
    scale: int
    proof: str

    def holds(self) -> bool:
        """Check all 2^m patterns in integer arithmetic (m <= 16)."""
        if self.n_models > ENUMERATED:
            raise ValueError(f"{self.n_models} models are too many patterns to check one by one")
        form = all_values(np.array(self.coefficients, dtype=np.int64), self.n_models) + self.constant
        event = self.scale * (all_counts(self.n_models) >= self.at_least)
        return bool((form >= event).all() if self.side == "upper" else (form <= event).all())

    def bound(self, error_rates: Float[np.ndarray, " m"], pairwise_wrong: Float[np.ndarray, "m m"]) -> Fraction:
        """Expectation of the form, in rationals."""
        i, j = pair_index(self.n_models)
        moments = np.where(i == j, error_rates[i], pairwise_wrong[i, j])
        total = sum((c * Fraction(float(p)) for c, p in zip(self.coefficients, moments, strict=True)), Fraction(0))
        return (self.constant + total) / self.scale


def pair_index(n_models: int) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Row and column of every pair i <= j, in the order of the certificates' coefficients."""
    return np.triu_indices(n_models)


def all_values(coefficients: np.ndarray, n_models: int) -> np.ndarray:
    """Σ_{i<=j} c_ij E_i E_j for all 2^m patterns (bit i = model i), by doubling: O(2^m m)."""
    matrix = np.zeros((n_models, n_models), dtype=coefficients.dtype)
    matrix[pair_index(n_models)] = coefficients
    values = np.zeros(1, dtype=coefficients.dtype)
    for k in range(n_models):
        change = np.full(1, matrix[k, k])
        for j in range(k):
            change = np.concatenate([change, change + matrix[j, k]])
        values = np.concatenate([values, values + change])
    return values


def all_counts(n_models: int) -> Int[np.ndarray, " s"]:
    """Number of wrong models in each of the 2^m patterns."""
    counts = np.zeros(1, dtype=np.int64)
    for _ in range(n_models):
        counts = np.concatenate([counts, counts + 1])
    return counts
