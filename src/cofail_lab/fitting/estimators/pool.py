"""What laws are fitted to: the varying models of a 0/1 matrix and its counts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from cofail_lab import exact_counts
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts
from cofail_lab.outcomes import Outcomes


@dataclass(frozen=True)
class VaryingPool:
    """A complete 0/1 matrix without constant models, which have an infinite threshold and no place in a copula.

    Attributes:
        wrong: bool (n, m), no column constant.
        family: family of each model, (m,), or None.
    """

    wrong: Bool[np.ndarray, "n m"]
    family: np.ndarray | None = None

    @classmethod
    def of(cls, outcomes: Outcomes) -> "VaryingPool":
        """The varying models of a matrix."""
        varying = outcomes.varying
        return cls(outcomes.wrong[:, varying], None if outcomes.family is None else outcomes.family[varying])

    @property
    def n_queries(self) -> int:
        """Number of queries, n."""
        return self.wrong.shape[0]

    @property
    def n_models(self) -> int:
        """Number of models, m."""
        return self.wrong.shape[1]

    @cached_property
    def n_wrong(self) -> Int[np.ndarray, " n"]:
        """C of each query: how many of these models are wrong, 0..m."""
        return self.wrong.sum(axis=1)

    @cached_property
    def histogram(self) -> Int[np.ndarray, " m_plus_1"]:
        """Number of queries with C = 0..m."""
        return np.bincount(self.n_wrong, minlength=self.n_models + 1)

    @property
    def n_all_wrong(self) -> int:
        """K: number of queries that all of these models get wrong."""
        return int(self.histogram[-1])

    @cached_property
    def joint_counts(self) -> Int[np.ndarray, "m m"]:
        """Number of queries that both models get wrong; the diagonal counts each model's errors."""
        return exact_counts.joint_counts(self.wrong)

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
        """Tetrachoric matrices of the remaining queries after k of the K queries that all models get wrong are dropped.

        Args:
            dropped: the numbers k, each at most K and smaller than every model's number of errors.
        """
        left, right = np.triu_indices(self.n_models, 1)
        k = np.asarray(dropped)[:, None]
        counts = (self.error_counts[left], self.error_counts[right], self.joint_counts[left, right], self.n_queries)
        remaining = np.broadcast_arrays(*(count - k for count in counts))
        values, _ = correlation_from_counts(*(count.ravel() for count in remaining))
        matrices = np.broadcast_to(np.eye(self.n_models), (len(k), self.n_models, self.n_models)).copy()
        matrices[:, left, right] = matrices[:, right, left] = values.reshape(len(k), len(left))
        return matrices

    def rows(self, chosen: np.ndarray) -> "VaryingPool":
        """Some of the queries (mask or indices); no model may become constant."""
        return VaryingPool(self.wrong[chosen], self.family)
