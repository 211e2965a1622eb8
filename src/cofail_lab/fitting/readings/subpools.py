"""The one-factor read of parts of a pool: what all tables of sub-pools have in common."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts

# Pairs of sub-pools in memory at a time.
_PAIRS_AT_ONCE = 2**20


class SubpoolRead(NamedTuple):
    """One-factor reads of sub-pools of one size.

    Attributes:
        tetrachoric: mean over their pairs, boundary pairs at ±1; nan without a pair of varying models.
        log_predicted: log β under one factor at that mean; nan where it is negative or does not exist.
    """

    tetrachoric: Float[np.ndarray, " pools"]
    log_predicted: Float[np.ndarray, " pools"]


def read(rates: Float[np.ndarray, "pools s"], correlations: Float[np.ndarray, "pools pairs"]) -> SubpoolRead:
    """From error rates and the correlations of their pairs (nan with a constant model)."""
    present = ~np.isnan(correlations)
    n_present = present.sum(axis=1)
    total = np.where(present, correlations, 0.0).sum(axis=1)
    mean = np.divide(total, n_present, out=np.full(len(rates), np.nan), where=n_present > 0)
    return SubpoolRead(mean, one_factor.log_all_wrong(rates, mean)[0])


def read_counts(
    error_counts: Int[np.ndarray, "pools s"], joint_counts: Int[np.ndarray, "pools pairs"], n: int
) -> SubpoolRead:
    """From the counts of n queries, pairs in the order of ``numpy.triu_indices``."""
    size = error_counts.shape[1]
    left, right = np.triu_indices(size, 1)
    correlations = np.empty(joint_counts.shape)
    at_once = max(1, _PAIRS_AT_ONCE // len(left))
    for first in range(0, len(error_counts), at_once):
        some = slice(first, first + at_once)
        a, b = error_counts[some, left], error_counts[some, right]
        values, _ = correlation_from_counts(a.ravel(), b.ravel(), joint_counts[some].ravel(), n)
        correlations[some] = values.reshape(a.shape)
    return read(error_counts / n, correlations)


def pair_index(members: Int[np.ndarray, " s"], n_models: int) -> Int[np.ndarray, " pairs"]:
    """Places of the pairs of some models (ascending) among all pairs i < j of the pool, both in row order."""
    i, j = (members[side] for side in np.triu_indices(len(members), 1))
    return i * n_models - i * (i + 1) // 2 + j - i - 1
