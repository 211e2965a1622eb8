"""The same queries twice: McNemar's exact test, a paired difference with limits, and Holm's correction."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri
from scipy.stats import binom

from cofail_lab import checks
from cofail_lab.errors import InputError


class Difference(NamedTuple):
    """Share of the second condition less that of the first.

    Attributes:
        value: the difference.
        lower, upper: limits after Newcombe (1998, method 10), from Wilson's of both shares and their correlation.
        n_up, n_down: queries on which only the second, and only the first, has the event.
        p: of McNemar's exact test, two-sided: up and down are equally likely.
    """

    value: float
    lower: float
    upper: float
    n_up: int
    n_down: int
    p: float


def mcnemar(n_up: Int[np.ndarray, "..."] | int, n_down: Int[np.ndarray, "..."] | int) -> Float[np.ndarray, "..."]:
    """The two-sided exact p-value of McNemar's test, 1 where nothing changes.

    Args:
        n_up, n_down: changes in either direction, >= 0.
    """
    up, down = np.asarray(n_up), np.asarray(n_down)
    return np.minimum(1.0, 2 * binom.cdf(np.minimum(up, down), up + down, 0.5))


def paired_difference(first: Bool[np.ndarray, " n"], second: Bool[np.ndarray, " n"], delta: float = 0.05) -> Difference:
    """Mean of the second less mean of the first.

    Args:
        first, second: whether an event happens on each query, (n,), n >= 1.
        delta: error probability of the two limits together.

    Raises:
        InputError: other lengths, no query, delta outside (0, 1).
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise InputError(f"first: shape {a.shape} beside {b.shape}; two of (n,) with n >= 1 are accepted")
    checks.probability("delta", delta)
    n = len(a)
    both, up, down = int((a & b).sum()), int((~a & b).sum()), int((a & ~b).sum())
    neither = n - both - up - down
    shares = (both + up) / n, (both + down) / n  # of the second, of the first
    (low2, high2), (low1, high1) = (_wilson(share, n, delta) for share in shares)
    spread = float(both + up) * (down + neither) * (both + down) * (up + neither)
    product = both * neither - up * down
    phi = 0.0 if spread == 0 else (max(product - n / 2, 0) if product > 0 else product) / np.sqrt(spread)
    value = (up - down) / n
    below = _hybrid(shares[0] - low2, high1 - shares[1], phi)
    above = _hybrid(shares[1] - low1, high2 - shares[0], phi)
    return Difference(value, value - below, value + above, up, down, float(mcnemar(up, down)))


def holm(p_values: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Holm's adjusted p-values: those below a level are wrong together with at most that probability."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _wilson(share: float, n: int, delta: float) -> tuple[float, float]:
    z2 = float(ndtri(1 - delta / 2)) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return float(middle - half), float(middle + half)


def _hybrid(a: float, b: float, phi: float) -> float:
    return float(np.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0)))
