"""Normal scores of which some pairs have correlation 1 or -1: one score, with one bound or with two.

Such a pair makes Σ singular, and where a model is wrong exactly when another is right β is 0, which no lift of the
smallest eigenvalue gives. Scores that are equal up to sign are therefore replaced by one of them, between the largest
of its lower bounds and the least of its upper ones.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt
from scipy.special import log_ndtr, ndtri_exp

_EQUAL = 1e-9
# An interval of no more than this probability is empty: rates of complementary models sum to 1 up to rounding.
_EMPTY = 4 * float(np.finfo(float).eps)


class Rectangle(NamedTuple):
    """P(lower_i < X_i < upper_i for all i) of scores none of which equals another up to sign."""

    lower: Float[np.ndarray, " k"]
    upper: Float[np.ndarray, " k"]
    correlation: Float[np.ndarray, "k k"]

    @property
    def two_sided(self) -> bool:
        """Whether some score has a lower bound, too."""
        return bool(np.isfinite(self.lower).any())

    @property
    def log_sides(self) -> Float[np.ndarray, " k"]:
        """Log P(lower_i < X_i < upper_i), -inf where that is empty up to rounding."""
        logs = _log_between(self.lower, self.upper)
        return np.where(logs > np.log(_EMPTY), logs, np.where(np.isinf(self.lower), logs, -np.inf))


def merged(thresholds: Float[np.ndarray, " m"], correlation: Float[np.ndarray, "m m"]) -> Rectangle | None:
    """The event that every score falls below its threshold, in different scores; None where all differ already.

    Scores count as equal up to sign where their correlation is within 1e-9 of ±1.
    """
    alike = np.abs(correlation) >= 1 - _EQUAL
    # The first score that each equals.
    reference = alike.argmax(axis=1)
    kept = np.flatnonzero(reference == np.arange(len(thresholds)))
    if len(kept) == len(thresholds):
        return None
    same_sign = correlation[np.arange(len(thresholds)), reference] > 0
    upper, lower = np.full(len(thresholds), np.inf), np.full(len(thresholds), -np.inf)
    np.minimum.at(upper, reference[same_sign], thresholds[same_sign])
    np.maximum.at(lower, reference[~same_sign], -thresholds[~same_sign])
    return Rectangle(lower[kept], upper[kept], correlation[np.ix_(kept, kept)])


def _log_between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Log P(low < X < high), from the side where both are small."""
    flip = low + high > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.exp(np.minimum(log_ndtr(low) - log_ndtr(high), 0.0))
        return np.where(low < high, log_ndtr(high) + np.log1p(-ratio), -np.inf)


def log_rectangle(
    rectangle: Rectangle, net: UInt[np.ndarray, "points k-1"], shifts: UInt[np.ndarray, "shifts k-1"]
) -> tuple[float, float]:
    """Log probability and the relative standard error over the shifts (exact, 0, for one score or an empty side).

    Separation of variables (Genz 1992), narrow sides first; correlation must be positive definite.
    """
    sides = rectangle.log_sides
    if len(sides) == 1 or np.isneginf(sides).any():
        return float(sides.min()), 0.0
    order = np.argsort(sides)
    lower, upper = rectangle.lower[order], rectangle.upper[order]
    root = np.linalg.cholesky(rectangle.correlation[np.ix_(order, order)])
    words = (net[None] ^ shifts[:, None]).reshape(-1, len(sides) - 1)
    z, logs = np.zeros((len(words), len(sides))), np.zeros(len(words))
    for k, (low, high) in enumerate(zip(lower, upper, strict=True)):
        centre = z[:, :k] @ root[k, :k]
        low, high = (low - centre) / root[k, k], (high - centre) / root[k, k]
        logs += _log_between(low, high)
        if k == len(sides) - 1:
            break
        uniform = ((words[:, k] >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
        flip = low + high > 0
        low, high = np.where(flip, -high, low), np.where(flip, -low, high)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.exp(np.minimum(log_ndtr(low) - log_ndtr(high), 0.0))
            drawn = ndtri_exp(log_ndtr(high) + np.log(ratio + uniform * (1 - ratio)))
        z[:, k] = np.where(flip, -drawn, drawn)
    peak = logs.max()
    if np.isneginf(peak):
        return -np.inf, 0.0
    means = np.exp(logs - peak).reshape(len(shifts), -1).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(len(shifts)) / means.mean()
    return float(peak + np.log(means.mean())), float(error)
