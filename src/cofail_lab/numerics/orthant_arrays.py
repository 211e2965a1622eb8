"""`orthant.log_orthant` with NumPy: the same estimate, of many matrices at once. Nothing is differentiable.

The compiled program is made anew for every number of variables and of points, which takes a second or two. Of hundreds
of variables it is slower, too: it goes through Σ once for every variable that it orders and once for every coordinate
that it draws, which takes as long as memory needs to be read; here both wait for a block of them. Of tens of variables,
Python's own steps take longer than the numbers: the replicates of a fit go through each step together.
"""

import numpy as np
from jaxtyping import Float, Int, UInt
from scipy.linalg import get_lapack_funcs
from scipy.special import erfcx, log_ndtr, logsumexp, ndtr, ndtri

LARGE = 256
"""Number of variables above which this is faster than an accelerator's program, too."""

_BLOCK = 64
_POINTS_AT_ONCE = 2048
# Coordinates of the points of all matrices that are drawn together: 2 MB, which stay in the cache of a core.
_COORDINATES_AT_ONCE = 2**18
_MAX_STEPS, _RESIDUAL = 50, 1e-9
# Of a Newton step: what is tried.
_SHARES = 0.5 ** np.arange(8.0)[:, None]
# A function around LAPACK's takes as long as it does.
(_solve_positive,) = get_lapack_funcs(("posv",), (np.zeros(1),))
# Below this Φ runs out of digits (`orthant._below`).
_FAR = -36.0


def log_orthant(
    thresholds: Float[np.ndarray, " m"],
    correlation: Float[np.ndarray, "m m"],
    net: UInt[np.ndarray, "points m-1"],
    shifts: UInt[np.ndarray, "shifts m-1"],
) -> tuple[float, float]:
    """Log P(X < t) and its relative standard error.

    Args:
        thresholds: finite t_i.
        correlation: positive definite.
        net: see `orthant.sobol_net`.
        shifts: see `orthant.digital_shifts`.
    """
    return log_orthants(thresholds[None], correlation[None], net, shifts)[0]


def log_orthants(
    thresholds: Float[np.ndarray, "batch m"],
    correlations: Float[np.ndarray, "batch m m"],
    net: UInt[np.ndarray, "points m-1"],
    shifts: UInt[np.ndarray, "shifts m-1"],
) -> list[tuple[float, float]]:
    """`log_orthant` of each matrix; what one gives does not depend on the others."""
    found = []
    for log_means in log_mean_weights(thresholds, correlations, net, shifts):
        peak = log_means.max()
        means = np.exp(log_means - peak)
        error = means.std(ddof=1) / np.sqrt(len(shifts)) / means.mean()
        found.append((float(peak + np.log(means.mean())), float(error)))
    return found


def log_mean_weights(
    thresholds: Float[np.ndarray, "batch m"],
    correlations: Float[np.ndarray, "batch m m"],
    net: UInt[np.ndarray, "points m-1"],
    shifts: UInt[np.ndarray, "shifts m-1"],
) -> Float[np.ndarray, "batch shifts"]:
    """Log of the estimate of P(X < t) that each shift of the net gives; the arguments are those of `log_orthants`."""
    m = thresholds.shape[1]
    words = (net[None] ^ shifts[:, None]).reshape(len(shifts) * len(net), m - 1)
    points = range(0, len(words), _POINTS_AT_ONCE)
    size = max(1, _COORDINATES_AT_ONCE // (m * min(len(words), _POINTS_AT_ONCE)))
    log_means = np.empty((len(thresholds), len(shifts)))
    for first in range(0, len(thresholds), size):
        some = slice(first, first + size)
        order, start = _order(thresholds[some], correlations[some])
        each = np.arange(len(order))[:, None]
        t, sigma = thresholds[some][each, order], correlations[some][each[:, None], order[:, :, None], order[:, None]]
        lower = np.linalg.cholesky(sigma)
        mu = _tilt(t, sigma, lower, start)
        logs = [_log_weights(t, lower, mu, words[i : i + _POINTS_AT_ONCE]) for i in points]
        by_shift = np.concatenate(logs, axis=1).reshape(len(t), len(shifts), -1)
        log_means[some] = logsumexp(by_shift, axis=2) - np.log(len(net))
    return log_means


def _mills(u: np.ndarray) -> np.ndarray:
    """φ(u)/Φ(u), 0 far above 0 and -u far below it."""
    return np.sqrt(2 / np.pi) / erfcx(-u / np.sqrt(2))


def _order(
    thresholds: Float[np.ndarray, "batch m"], correlations: Float[np.ndarray, "batch m m"]
) -> tuple[Int[np.ndarray, "batch m"], Float[np.ndarray, "batch m"]]:
    """The order of `orthant._order`, by a Cholesky factorization that pivots on the least conditional bound."""
    each, m = np.arange(len(thresholds)), thresholds.shape[1]
    left = np.tile(np.arange(m), (len(each), 1))
    rest, variance, pull = correlations, np.ones(left.shape), np.zeros(left.shape)
    order, bounds = np.empty(left.shape, dtype=int), np.empty(left.shape)
    for first in range(0, m, _BLOCK):
        columns = np.empty((*left.shape, min(_BLOCK, m - first)))
        free = np.ones(left.shape, dtype=bool)
        for k in range(columns.shape[2]):
            spread = np.sqrt(np.maximum(variance, 1e-14))
            bound = (np.take_along_axis(thresholds, left, axis=1) - pull) / spread
            chosen = np.where(free, bound, np.inf).argmin(axis=1)
            known = columns[:, :, :k] @ columns[each, chosen, :k, None]
            column = (rest[each, chosen] - known[:, :, 0]) / spread[each, chosen, None]
            columns[:, :, k] = column
            least = bound[each, chosen]
            variance, pull = variance - column**2, pull - column * _mills(least)[:, None]
            free[each, chosen] = False
            order[:, first + k], bounds[:, first + k] = left[each, chosen], least
        # As many are left of each matrix.
        where = np.nonzero(free)[1].reshape(len(each), -1)
        kept = np.take_along_axis(columns, where[:, :, None], axis=1)
        rest = rest[each[:, None, None], where[:, :, None], where[:, None]] - kept @ kept.transpose(0, 2, 1)
        left, variance, pull = (np.take_along_axis(values, where, axis=1) for values in (left, variance, pull))
    return order, bounds


def _tilt(
    t: Float[np.ndarray, "batch m"],
    sigma: Float[np.ndarray, "batch m m"],
    lower: Float[np.ndarray, "batch m m"],
    start: Float[np.ndarray, "batch m"],
) -> Float[np.ndarray, "batch m"]:
    """The minimax shifts μ of `orthant._tilt`."""
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    bounds = t / diagonal
    excess = sigma / (diagonal[:, :, None] * diagonal[:, None])
    own = np.arange(t.shape[1])
    excess[:, own, own] -= 1

    def residual(w: np.ndarray, some: np.ndarray) -> np.ndarray:
        # A step that is much too long has no residual.
        with np.errstate(over="ignore", invalid="ignore"):
            return w - bounds[some, None] - _mills(w) @ excess[some]

    w, going = start.copy(), np.arange(len(t))
    value = residual(w[:, None], going)[:, 0]
    for _ in range(_MAX_STEPS):
        far = ~(np.abs(value).max(axis=1) <= _RESIDUAL)
        going, value = going[far], value[far]
        if not len(going):
            break
        now = w[going]
        mills = _mills(now)
        # (I + E S) h = v with 0 <= S < 1 diagonal: I + √S E √S is symmetric and positive definite.
        root = np.sqrt(np.clip(mills * (now + mills), 0.0, 1.0))
        system = root[:, :, None] * excess[going] * root[:, None]
        system[:, own, own] += 1
        half = np.stack([_solve_positive(*each)[1] for each in zip(system, root * value, strict=True)])
        move = value - (excess[going] @ (root * half)[:, :, None])[:, :, 0]
        # The longest of a few steps that brings the residual down.
        trials = now[:, None] - _SHARES * move[:, None]
        values = residual(trials, going)
        sizes = np.nan_to_num(np.abs(values).max(axis=2), nan=np.inf, posinf=np.inf)
        each, best = np.arange(len(going)), sizes.argmin(axis=1)
        down = np.isfinite(sizes[each, best])
        going, value = going[down], values[each, best][down]
        w[going] = trials[each, best][down]
    strict = lower / diagonal[:, :, None]
    strict[:, own, own] = 0
    return -(_mills(w)[:, None] @ strict)[:, 0]


def _log_weights(
    t: Float[np.ndarray, "batch m"],
    lower: Float[np.ndarray, "batch m m"],
    mu: Float[np.ndarray, "batch m"],
    words: UInt[np.ndarray, "points m-1"],
) -> Float[np.ndarray, "batch points"]:
    """Log weight of every point."""
    (n, m), n_points = t.shape, len(words)
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    bounds, unit = t / diagonal, lower / diagonal[:, :, None]
    z = np.zeros((n, m, n_points))
    total = np.repeat((mu**2).sum(axis=1)[:, None] / 2, n_points, axis=1)
    uniforms = ((words.T >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
    for first in range(0, m, _BLOCK):
        rows = range(first, min(first + _BLOCK, m))
        before = unit[:, first : rows.stop, :first] @ z[:, :first]
        for k in rows:
            taken = before[:, k - first] + (unit[:, k, None, first:k] @ z[:, first:k])[:, 0]
            shift = mu[:, k, None]
            below = bounds[:, k, None] - taken - shift
            probability, far = ndtr(below), below < _FAR
            # A logarithm of what is there takes a fifth of the time of `log_ndtr`.
            logs = np.log(np.where(far, 1.0, probability))
            if far.any():
                logs[far] = log_ndtr(below[far])
            total += logs
            if k == m - 1:
                # The last coordinate is not drawn: its shift is 0.
                break
            value = shift + ndtri(np.where(far, 0.5, uniforms[k] * probability))
            if far.any():
                tail = -np.sqrt(np.where(far, below, 0.0) ** 2 - 2 * np.log(uniforms[k]))
                value = np.where(far, shift + tail, value)
            z[:, k] = value
            total -= shift * value
    return total
