"""Clopper-Pearson limits: exact confidence limits for a probability from k successes among n independent trials."""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betaincinv

Counts = Int[np.ndarray, "..."] | Float[np.ndarray, "..."] | float
"""Counts; a number between two whole ones gives a limit between theirs."""


def clopper_pearson_lower(k: Counts, n: Counts, delta: float) -> Float[np.ndarray, "..."]:
    """The one-sided lower limit: P(limit <= p) >= 1 - delta for every p (P1.iii).

    Args:
        k: successes, 0..n, any shape.
        n: trials, a number or one per ``k``.
        delta: error probability, in (0, 1).

    Returns:
        Limits in [0, 1), with the shape of ``k`` and ``n``; 0 where k = 0.
    """
    k = np.asarray(k)
    return np.where(k > 0, betaincinv(np.where(k > 0, k, 1), n - k + 1, delta), 0.0)


def clopper_pearson_upper(k: Counts, n: Counts, delta: float) -> Float[np.ndarray, "..."]:
    """The one-sided upper limit: P(p <= limit) >= 1 - delta for every p; 1 where k = n. Arguments as for the lower."""
    return 1 - clopper_pearson_lower(n - np.asarray(k), n, delta)


def clopper_pearson(k: Counts, n: Counts, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """The two-sided interval at confidence 1 - delta: both one-sided limits at delta / 2."""
    return clopper_pearson_lower(k, n, delta / 2), clopper_pearson_upper(k, n, delta / 2)
