"""`one_factor.log_all_below` for many pools of tens of models, and the range of a factor, with NumPy.

The compiled program is made anew for every shape and in every process, which takes longer than a thousand such pools.
Here the number of nodes is known before: the spacing is one whose error is proven, not one that halving has shown.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtr

from cofail_lab.numerics.one_factor import DROP, information, proven_spacing

MAX_CELLS = 2**14
"""Nodes times models of a pool up to which this is used: it takes at most about twice as long as the compiled program
(60 models, r = .8: .23 against .13 ms), which has to be made first; half as long for 30 models at r = .5."""

_ERROR = 1e-13
_REACH = float(np.sqrt(2 * DROP))
_ROUNDING = float(np.finfo(float).eps)
# Nodes are a multiple of this: pools with equally many are computed together. No pool needs fewer than 24, for the
# curvature of the log integrand is at most κ.
_STEP, _FEWEST = 16, 24
_CELLS_AT_ONCE = 2**16
# A product of probabilities above this log, and its tails, are far from the smallest float.
_LEAST_LOG = -600.0
_SIDES = np.array([-1.0, 1.0])


def log_all_below(
    thresholds: Float[np.ndarray, "pools m"], loadings: Float[np.ndarray, "pools m"]
) -> tuple[Float[np.ndarray, " pools"], Float[np.ndarray, " pools"]]:
    """Log probability that every ℓ_i Z + √(1-ℓ_i²) ε_i falls below t_i, and its absolute error.

    Args:
        thresholds: finite t_i.
        loadings: ℓ_i in (-1, 1).

    Returns:
        The log probability of each pool and its error: the proven 1e-13, and rounding. Both are nan where more than
        `MAX_CELLS` nodes times models would be needed. The numbers of a pool do not depend on the others.
    """
    value = np.full(len(thresholds), np.nan)
    if thresholds.shape[1] * _FEWEST <= MAX_CELLS:
        scale = np.sqrt((1 - loadings) * (1 + loadings))
        ratio, pull = thresholds / scale, loadings / scale
        low, width, peak = _supports(ratio, pull)
        n_nodes = _STEP * np.ceil(width / proven_spacing(information(loadings), _ERROR) / _STEP).astype(int)
        deep = peak < _LEAST_LOG
        for n, is_deep in np.unique(np.stack([n_nodes, deep], axis=1), axis=0).tolist():
            same = np.flatnonzero((n_nodes == n) & (deep == is_deep))
            if n * thresholds.shape[1] > MAX_CELLS:
                continue
            at_once = max(1, _CELLS_AT_ONCE // (n * thresholds.shape[1]))
            for first in range(0, len(same), at_once):
                some = same[first : first + at_once]
                z = low[some, None] + width[some, None] * (np.arange(n + 1) / n)
                logs = _log_integrand(z, ratio[some], pull[some], products=not is_deep)
                value[some] = peak[some] + np.log(np.exp(logs - peak[some, None]).sum(axis=1) * width[some] / n)
    return value, _ERROR + 8 * _ROUNDING * (1 + np.abs(value))


def factor_range(thresholds: Float[np.ndarray, " m"], loadings: Float[np.ndarray, " m"]) -> tuple[float, float]:
    """`one_factor.factor_range` of a pool."""
    sign, size = np.where(loadings < 0, -1.0, 1.0), np.abs(loadings)
    scale = np.sqrt((1 - size) * (1 + size))
    ratio = sign * thresholds / scale
    (down, up), _ = _modes(np.stack([ratio, -ratio]), np.stack([size / scale] * 2))
    limit = np.sqrt(2 * 745)  # φ is no float64 beyond
    return float(np.clip(down - _REACH, -limit, -_REACH)), float(np.clip(_REACH - up, _REACH, limit))


def _log_integrand(z: np.ndarray, ratio: np.ndarray, pull: np.ndarray, products: bool = False) -> np.ndarray:
    """log φ(z) Π_i Φ(ratio_i - pull_i z) at the nodes of each pool, (pools, nodes).

    With ``products``, which takes half the time, it is -∞ where the product is below the smallest float.
    """
    bounds = ratio[:, :, None] - pull[:, :, None] * z[:, None, :]
    if products:
        with np.errstate(divide="ignore"):
            logs = np.log(ndtr(bounds).prod(axis=1))
    else:
        logs = log_ndtr(bounds).sum(axis=1)
    return logs - z * z / 2 - np.log(2 * np.pi) / 2


def _supports(ratio: np.ndarray, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Low end and width of the range beyond which the log integrand is `DROP` below its mode, and its value there."""
    mode, curvature = _modes(ratio, pull)
    peak = _log_integrand(mode[:, None], ratio, pull)[:, 0]
    # Concave with a curvature of at least 1: beyond _REACH it has dropped, and beyond each end it drops on.
    reach = np.minimum(1.3 * _REACH / np.sqrt(curvature), _REACH)[:, None] * np.ones(2)
    short = np.arange(len(ratio))
    while short.size:
        ends = _log_integrand(mode[short, None] + _SIDES * reach[short], ratio[short], pull[short])
        more = (ends > peak[short, None] - DROP) & (reach[short] < _REACH)
        reach[short] = np.where(more, np.minimum(1.25 * reach[short], _REACH), reach[short])
        short = short[more.any(axis=1)]
    return mode - reach[:, 0], reach.sum(axis=1), peak


def _modes(ratio: np.ndarray, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mode of each log integrand, within a tenth of the width of its peak, and the curvature there or close by.

    The safeguarded Newton steps of `one_factor.centre`, each pool until it is there.
    """
    z, curvature = np.zeros(len(ratio)), np.ones(len(ratio))
    below, above = np.full(len(ratio), -np.inf), np.full(len(ratio), np.inf)
    left = np.arange(len(ratio))
    for step in range(120):
        at, slopes = z[left], pull[left]
        u = ratio[left] - slopes * at[:, None]
        mills = np.exp(-u * u / 2 - log_ndtr(u)) / np.sqrt(2 * np.pi)
        slope = -at - (slopes * mills).sum(axis=1)
        curvature[left] = 1 + (slopes**2 * mills * (u + mills)).sum(axis=1)
        # The slope falls at least as fast as -z, so the mode lies between z and z + slope.
        below[left] = np.maximum(below[left], np.minimum(at, at + slope))
        above[left] = np.minimum(above[left], np.maximum(at, at + slope))
        new = at + slope / curvature[left]
        trusted = (new >= below[left]) & (new <= above[left]) & (step < 12 or step % 2 == 0)
        z[left] = np.where(trusted, new, (below[left] + above[left]) / 2)
        left = left[np.abs(z[left] - at) * np.sqrt(curvature[left]) > 0.05]
        if not left.size:
            break
    return z, curvature
