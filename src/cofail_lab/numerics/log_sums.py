"""Log of sums of exponentials in place: `scipy.special.logsumexp` copies its argument several times."""

import numpy as np
from jaxtyping import Float


def log_sums(logs: Float[np.ndarray, "rows terms"]) -> Float[np.ndarray, " rows"]:
    """log Σ_j exp(logs[i, j]) of each row i, -∞ where all of its terms are.

    ``logs`` is overwritten, by exp(logs - their maximum in the row).
    """
    top = logs.max(axis=1)
    top[top == -np.inf] = 0.0
    logs -= top[:, None]
    np.exp(logs, out=logs)
    with np.errstate(divide="ignore"):
        return top + np.log(logs.sum(axis=1))
