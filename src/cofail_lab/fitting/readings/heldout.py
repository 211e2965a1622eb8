"""The single best model chosen on one half of the queries and scored on the other."""

import numpy as np
from jaxtyping import Bool

from cofail_lab.numerics.streams import HELDOUT, generator


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
    halves = np.stack([rng.permutation(n) < n // 2 for _ in range(n_splits)])
    columns = wrong.astype(np.float64)
    total = columns.sum(axis=0)
    scores = []
    for chooser, size in ((halves, n // 2), (~halves, n - n // 2)):
        errors = chooser @ columns
        best = errors == errors.min(axis=1, keepdims=True)
        heldout_accuracy = 1 - (total - errors) / (n - size)
        scores.append((best * heldout_accuracy).sum(axis=1) / best.sum(axis=1))
    return float(np.mean(scores))
