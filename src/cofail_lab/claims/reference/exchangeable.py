"""Exchangeable pools of any size, m up to 1e300, in plain NumPy: a path of its own beside `numerics/` and `models/`."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri, owens_t

# Nodes of a trapezoidal sum over a bell whose ends are e^-60 of its peak: far beyond float64's reach.
_NODES = 801
_DEPTH = 60.0


class OneFactor(NamedTuple):
    """E[Φ(u)^m] with u = (t - √r Z)/√(1-r), and the mean of 1 - Φ(u) under its integrand.

    Attributes:
        log_all_wrong: log β_sf(m).
        drop: 1 - β_sf(m+1)/β_sf(m), without cancellation.
    """

    log_all_wrong: float
    drop: float


def one_factor(error_rate: float, r: float, m: float) -> OneFactor:
    """The exchangeable one-factor Gaussian law, 0 < r < 1, by a trapezoidal sum centred on the integrand's mode."""
    t, slope, scale = ndtri(error_rate), np.sqrt(r), np.sqrt(1 - r)

    def log_height(z: np.ndarray | float) -> np.ndarray:
        return -0.5 * np.square(z) + m * log_ndtr((t - slope * np.asarray(z)) / scale)

    # The log of the integrand is concave: a mode, and one crossing of any depth on either side.
    low, high = -1e7, 10.0
    for _ in range(80):
        a, b = low + (high - low) * 0.382, low + (high - low) * 0.618
        low, high = (low, b) if log_height(a) > log_height(b) else (a, high)
    mode = (low + high) / 2
    peak = float(log_height(mode))

    def depth(z: float) -> float:
        return float(log_height(z)) - peak + _DEPTH

    # The normal density alone takes 16²/2 from the log's peak at this distance: more than the depth.
    reach = 16.0
    z = np.linspace(_root(depth, mode - reach, mode), _root(depth, mode, mode + reach), _NODES)
    heights = log_height(z)
    total = logsumexp(heights)
    log_spacing = np.log(z[1] - z[0])
    missing = np.exp(logsumexp(heights + log_ndtr(-(t - slope * z) / scale)) - total)  # type: ignore[operator]
    return OneFactor(float(total + log_spacing - 0.5 * np.log(2 * np.pi)), float(missing))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-14))  # type: ignore[arg-type]


def both_below(t: float, r: float) -> float:
    """Φ2(t, t; r) by Owen's T function: Φ(t) - 2 T(t, √((1-r)/(1+r)))."""
    return float(ndtr(t) - 2 * owens_t(t, np.sqrt((1 - r) / (1 + r))))


def tetrachoric(error_rate: float, pairwise_wrong: float) -> float:
    """The r with Φ2(t, t; r) = p."""
    t = float(ndtri(error_rate))
    return _root(lambda r: both_below(t, r) - pairwise_wrong, -1 + 1e-12, 1.0)


def pearson(error_rate: float, pairwise_wrong: float) -> float:
    """(p - α²)/(α(1-α))."""
    return (pairwise_wrong - error_rate**2) / (error_rate * (1 - error_rate))


def implied(error_rate: float, log_all_wrong: float, m: float) -> float:
    """The r at which the one-factor law of m models has this all-wrong rate."""
    return _root(lambda r: one_factor(error_rate, r, m).log_all_wrong - log_all_wrong, 1e-6, 1 - 1e-9)


def log_common_shock(shock: float, base: float, m: float) -> float:
    """log(ω + (1-ω) α0^m)."""
    return float(np.logaddexp(np.log(shock), np.log1p(-shock) + m * np.log(base)))


def log_clayton(error_rate: float, theta: float, m: float) -> float:
    """log β of Clayton's law: -log(m α^-θ - m + 1)/θ."""
    return float(-np.log1p(m * np.expm1(-theta * np.log(error_rate))) / theta)


def clayton_pair(error_rate: float, theta: float) -> float:
    """p_ij = (2 α^-θ - 1)^(-1/θ)."""
    return float(np.exp(log_clayton(error_rate, theta, 2)))
