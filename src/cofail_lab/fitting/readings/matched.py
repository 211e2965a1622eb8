"""β of two matrices against the one-factor law at their own correlation and at the other's.

A ratio of observed to predicted β rises where the correlation falls and β does not. Predicted with the other matrix's
correlation, such a rise is told from a fatter tail.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.pairs import row_means
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts

# Weights times pairs that are held at once.
_AT_ONCE = 2**22


class Matched(NamedTuple):
    """One number per sample, (b,), nan where it does not exist; of both matrices, (2, b), where two are named.

    Attributes:
        correlation: mean tetrachoric correlation of each, boundary pairs at ±1, (2, b).
        all_wrong: observed β of each, (2, b).
        predicted: by the one-factor law at the own correlation, (2, b).
        crossed: at the other's, (2, b).
    """

    correlation: Float[np.ndarray, "2 b"]
    all_wrong: Float[np.ndarray, "2 b"]
    predicted: Float[np.ndarray, "2 b"]
    crossed: Float[np.ndarray, "2 b"]

    @property
    def ratio(self) -> Float[np.ndarray, "2 b"]:
        """Observed over predicted."""
        return _quotient(self.all_wrong, self.predicted)

    @property
    def crossed_ratio(self) -> Float[np.ndarray, "2 b"]:
        """Observed over predicted at the other's correlation."""
        return _quotient(self.all_wrong, self.crossed)


def matched(
    first: Bool[np.ndarray, "n k"], second: Bool[np.ndarray, "n m"], weights: Int[np.ndarray, "b n"] | None = None
) -> Matched:
    """Fit both matrices on the same queries.

    Args:
        first, second: whether each model is wrong on each query.
        weights: how often each query is in each of b samples, all of n queries; None for the matrices themselves.
    """
    w = np.ones((1, len(first)), np.int64) if weights is None else weights
    rates, rho, beta = zip(*(_counts(wrong, w) for wrong in (first, second)), strict=True)
    predicted = [np.exp(one_factor.log_all_wrong(rates[c], rho[c])[0]) for c in (0, 1)]
    crossed = [np.exp(one_factor.log_all_wrong(rates[c], rho[1 - c])[0]) for c in (0, 1)]
    return Matched(np.array(rho), np.array(beta), np.array(predicted), np.array(crossed))


def _counts(wrong: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rates (b, m), mean tetrachoric correlation (b,) and β (b,) of each sample."""
    n, m = wrong.shape
    columns = wrong.astype(float)
    left, right = np.triu_indices(m, 1)
    errors = np.rint(weights @ columns).astype(np.int64)
    size = max(1, _AT_ONCE // max(n, 1))
    joint = np.concatenate(
        [
            np.rint(weights @ (columns[:, left[s : s + size]] * columns[:, right[s : s + size]])).astype(np.int64)
            for s in range(0, len(left), size)
        ],
        axis=1,
    )
    a, b = errors[:, left], errors[:, right]
    values = correlation_from_counts(a.ravel(), b.ravel(), joint.ravel(), n)[0].reshape(a.shape)
    return errors / n, row_means(values, np.ones(values.shape, dtype=bool)), weights @ wrong.all(axis=1) / n


def _quotient(observed: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return np.divide(observed, predicted, out=np.full(observed.shape, np.nan), where=predicted > 0)
