"""The single best model chosen on one half of the queries and scored on the other."""

import numpy as np
from jaxtyping import Bool

from cofail_lab.exact_counts import count_dtype
from cofail_lab.numerics.streams import HELDOUT, generator

# Queries times splits that are in memory together.
_CELLS_AT_ONCE = 2**24


def single_best_heldout(wrong: Bool[np.ndarray, "n m"], n_splits: int, seed: int) -> float | None:
    """Mean accuracy, on the other half of the queries, of the model that is best on a random half.

    Each half of a split chooses once; models that are equally good are averaged. The in-sample best is chosen and
    scored on the same queries, so its accuracy is biased upwards. The difference between the two accuracies is the
    price of not knowing which model is best.

    Returns:
        None for a single query, which has no halves.
    """
    n = len(wrong)
    if n < 2:
        return None
    rng = generator(seed, HELDOUT)
    columns = wrong.astype(count_dtype(n))
    total = wrong.sum(axis=0)
    at_once, scores = max(1, _CELLS_AT_ONCE // n), []
    for first in range(0, n_splits, at_once):
        halves = np.stack([rng.permutation(n) < n // 2 for _ in range(min(at_once, n_splits - first))])
        of_first = (halves.astype(columns.dtype) @ columns).astype(np.int64)
        scores.append([_score(errors, total, size, n) for errors, size in _both(of_first, total, n)])
    # All that the first halves choose, then all that the second ones do.
    return float(np.mean([np.concatenate(each) for each in zip(*scores, strict=True)]))


def _both(errors: np.ndarray, total: np.ndarray, n: int) -> list[tuple[np.ndarray, int]]:
    """Errors on each half, and its size."""
    return [(errors, n // 2), (total - errors, n - n // 2)]


def _score(errors: np.ndarray, total: np.ndarray, size: int, n: int) -> np.ndarray:
    """Accuracy on the other half of the models with the fewest errors, for each split."""
    best = errors == errors.min(axis=1, keepdims=True)
    heldout_accuracy = 1 - (total - errors) / (n - size)
    return (best * heldout_accuracy).sum(axis=1) / best.sum(axis=1)
