"""The one-factor prediction for parts of a pool, which all tables of sub-pools share."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.pairs import row_means
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts

# Number of pairs of sub-pools that are in memory at a time.
_PAIRS_AT_ONCE = 2**20


class SubpoolPrediction(NamedTuple):
    """One-factor predictions for sub-pools of one size.

    Attributes:
        tetrachoric: mean correlation of the pairs of each, boundary pairs at ±1; nan without a pair of varying models.
        log_predicted: log β under the one-factor law at this mean; nan where the mean is negative or nan.
    """

    tetrachoric: Float[np.ndarray, " pools"]
    log_predicted: Float[np.ndarray, " pools"]


def predict(rates: Float[np.ndarray, "pools s"], correlations: Float[np.ndarray, "pools pairs"]) -> SubpoolPrediction:
    """From the error rates of s models and the correlations of their pairs, which are nan where a model is constant."""
    # Of the same memory layout as the correlations: the order of a sum decides its last digit.
    mean = row_means(correlations, np.ones_like(correlations, dtype=bool))
    return SubpoolPrediction(mean, one_factor.log_all_wrong(rates, mean)[0])


def predict_from_counts(
    error_counts: Int[np.ndarray, "pools s"], joint_counts: Int[np.ndarray, "pools pairs"], n: int
) -> SubpoolPrediction:
    """From errors and joint errors on n queries; the pairs are in the order of ``numpy.triu_indices``."""
    size = error_counts.shape[1]
    left, right = np.triu_indices(size, 1)
    correlations = np.empty(joint_counts.shape)
    at_once = max(1, _PAIRS_AT_ONCE // len(left))
    for first in range(0, len(error_counts), at_once):
        some = slice(first, first + at_once)
        a, b = error_counts[some, left], error_counts[some, right]
        values, _ = correlation_from_counts(a.ravel(), b.ravel(), joint_counts[some].ravel(), n)
        correlations[some] = values.reshape(a.shape)
    return predict(error_counts / n, correlations)


def pair_index(members: Int[np.ndarray, " s"], n_models: int) -> Int[np.ndarray, " pairs"]:
    """Indices of the pairs of some models (ascending) among all pairs i < j of the pool; pairs are in row order."""
    i, j = (members[side] for side in np.triu_indices(len(members), 1))
    return i * n_models - i * (i + 1) // 2 + j - i - 1
