"""What laws are fitted to: the varying models of a 0/1 matrix and its counts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts
from cofail_lab.outcomes import Outcomes


@dataclass(frozen=True)
class VaryingPool:
    """A complete 0/1 matrix without constant models: these have an infinite threshold and no place in a copula.

    Attributes:
        wrong: bool (n, m), no column constant.
        family: family of each model, (m,), or None.
    """

    wrong: Bool[np.ndarray, "n m"]
    family: np.ndarray | None = None

    @classmethod
    def of(cls, outcomes: Outcomes) -> "VaryingPool":
        """The varying models of a matrix."""
        varying = ~outcomes.constant
        return cls(outcomes.wrong[:, varying], None if outcomes.family is None else outcomes.family[varying])

    @property
    def n_queries(self) -> int:
        """n."""
        return self.wrong.shape[0]

    @property
    def n_models(self) -> int:
        """m."""
        return self.wrong.shape[1]

    @cached_property
    def n_wrong(self) -> Int[np.ndarray, " n"]:
        """C of each query, among these models."""
        return self.wrong.sum(axis=1)

    @cached_property
    def histogram(self) -> Int[np.ndarray, " m_plus_1"]:
        """Number of queries with C = 0..m."""
        return np.bincount(self.n_wrong, minlength=self.n_models + 1)

    @property
    def n_all_wrong(self) -> int:
        """K among these models."""
        return int(self.histogram[-1])

    @cached_property
    def joint_counts(self) -> Int[np.ndarray, "m m"]:
        """Number of queries that both models get wrong; the diagonal counts each model's errors."""
        columns = self.wrong.astype(np.float32 if self.n_queries < 2**24 else np.float64)
        return (columns.T @ columns).astype(np.int64)

    @cached_property
    def error_counts(self) -> Int[np.ndarray, " m"]:
        """Errors of each model."""
        return np.diagonal(self.joint_counts).copy()

    @cached_property
    def error_rates(self) -> Float[np.ndarray, " m"]:
        """α_i in (0, 1)."""
        return self.error_counts / self.n_queries

    @cached_property
    def thresholds(self) -> Float[np.ndarray, " m"]:
        """t_i = Φ^{-1}(α_i)."""
        return ndtri(self.error_rates)

    @cached_property
    def tetrachoric(self) -> Float[np.ndarray, "m m"]:
        """Tetrachoric correlations, ±1 for pairs on their Fréchet bound (published convention), diagonal 1."""
        return self.tetrachoric_without(np.zeros(1, dtype=int))[0]

    def tetrachoric_without(self, dropped: Int[np.ndarray, " stack"]) -> Float[np.ndarray, "stack m m"]:
        """Tetrachoric matrices of the queries that remain when k of those that all models get wrong are dropped.

        Args:
            dropped: numbers k, each at most K and below every model's number of errors.
        """
        left, right = np.triu_indices(self.n_models, 1)
        k = np.asarray(dropped)[:, None]
        a, b, both, n = np.broadcast_arrays(
            self.error_counts[left] - k, self.error_counts[right] - k, self.joint_counts[left, right] - k,
            self.n_queries - k,
        )  # fmt: skip
        values, _ = correlation_from_counts(*(x.ravel() for x in (a, b, both, n)))
        matrices = np.broadcast_to(np.eye(self.n_models), (len(k), self.n_models, self.n_models)).copy()
        matrices[:, left, right] = matrices[:, right, left] = values.reshape(a.shape)
        return matrices

    def rows(self, chosen: np.ndarray) -> "VaryingPool":
        """Some of the queries (mask or indices); no model may become constant."""
        return VaryingPool(self.wrong[chosen], self.family)
