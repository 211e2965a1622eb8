"""The law of C, the number of normal scores below their thresholds, for any correlation matrix, by simulation.

Scores are g Z + R Y with g the first principal component. Given Y every score crosses its threshold at one value of Z,
so that a draw of Y gives a whole law of C. Y is drawn from a mixture of normals with weights known in advance: half of
the points around 0, the others around what Y is when (nearly) all scores are below their thresholds, or above. Rare
counts are thus seen as often as common ones, and a weight, density over mixture density, is at most 2. Points are a
Sobol net under independent digital shifts; the spread over the shifts is the error.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtr, ndtri

from cofail_lab.numerics.orthant import digital_shifts, sobol_net

_SHIFTS = 32
_LOG2_POINTS = 9
# Of the points around each centre, as a power of 2 of those around 0, and where the centre is on the way to the mode.
_CENTRES = ((0.5, 2), (1.0, 2))
_SMOOTHING = 0.3

LEAST_ERROR = 1e-7
"""What a count's probability may be off by without being seen: where no centre leads to it, spreads say nothing."""


def count_law(
    thresholds: Float[np.ndarray, " m"], correlation: Float[np.ndarray, "m m"], seed: int = 0
) -> tuple[Float[np.ndarray, " m+1"], Float[np.ndarray, " m+1"]]:
    """P(C = j), j = 0..m, and standard errors; m >= 2."""
    m = len(thresholds)
    values, vectors = np.linalg.eigh(correlation)
    scaled = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    first, root = scaled[:, 0], scaled[:, 1:]
    first = np.where(np.abs(first) < 1e-12, 1e-12, first * np.where(first.sum() < 0, -1.0, 1.0))
    log2_points = max(5, _LOG2_POINTS - max(0, int(np.ceil(np.log2(m / 256)))))
    centres, sizes = [np.zeros(m - 1)], [2**log2_points]
    for side in (1.0, -1.0):
        mode = _mode(side * thresholds, side * np.column_stack([first, root]))[1:]
        for share, halvings in _CENTRES:
            centres.append(share * mode)
            sizes.append(2 ** (log2_points - halvings))
    centres, shares = np.array(centres), np.array(sizes) / sum(sizes)
    laws = np.zeros((_SHIFTS, m + 1))
    for number, (centre, size, share) in enumerate(zip(centres, sizes, shares, strict=True)):
        net = sobol_net(m, int(np.log2(size)))
        for law, shift in zip(laws, digital_shifts(m, seed + number * 2**20, _SHIFTS), strict=True):
            y = centre + ndtri((((net ^ shift) >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53)
            weights = 1 / (np.exp(np.minimum(y @ centres.T - (centres**2).sum(axis=1) / 2, 700)) @ shares)
            law += share / size * _given(thresholds - y @ root.T, first, weights)
    laws /= laws.sum(axis=1, keepdims=True)
    return laws.mean(axis=0), laws.std(axis=0, ddof=1) / np.sqrt(_SHIFTS)


def _given(rest: np.ndarray, first: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ over draws of a weight times the law of C given that g Z must fall below ``rest``, (draws, m)."""
    m = len(first)
    turns = rest / first
    order = np.argsort(turns, axis=1)
    turns = np.take_along_axis(turns, order, axis=1)
    # P(Z between neighbouring turns), from the side where both distribution functions are small.
    below, above = (
        np.pad(ndtr(x), ((0, 0), (1, 1)), constant_values=ends) for x, ends in ((turns, (0, 1)), (-turns, (1, 0)))
    )
    upper = below[:, 1:] > 0.5
    between = np.where(upper, above[:, :-1] - above[:, 1:], below[:, 1:] - below[:, :-1])
    # At Z = -∞ the models with positive weight are wrong; each turn changes the answer of one model.
    step = np.where(first > 0, -1, 1)[order]
    number = (first > 0).sum() + np.pad(step.cumsum(axis=1), ((0, 0), (1, 0)))
    return np.bincount(number.ravel(), (weights[:, None] * between).ravel(), m + 1)


def _mode(thresholds: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The likeliest factors w when every score Fw is below its threshold, softly: damped Newton steps."""
    w = np.zeros(factors.shape[1])

    def look(w: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        u = (thresholds - factors @ w) / _SMOOTHING
        logs = log_ndtr(u)
        mills = np.exp(-u * u / 2 - logs) / np.sqrt(2 * np.pi)
        return float(logs.sum() - w @ w / 2), mills / _SMOOTHING, mills * (u + mills) / _SMOOTHING**2

    value, pull, curvature = look(w)
    for _ in range(50):
        slope = -w - factors.T @ pull
        move = np.linalg.solve(np.eye(len(w)) + (factors.T * curvature) @ factors, slope)
        if slope @ move < 1e-6:
            break
        damping = 1.0
        while (candidate := look(w + damping * move))[0] < value and damping > 1e-6:
            damping /= 2
        w, (value, pull, curvature) = w + damping * move, candidate
    return w
