"""`orthant.log_orthant` with NumPy: the same estimate, by products of blocks of matrices. Nothing is differentiable.

The compiled program is made anew for every number of variables and of points, which takes a second or two. Of hundreds
of variables it is slower, too: it goes through Σ once for every variable that it orders and once for every coordinate
that it draws, which takes as long as memory needs to be read; here both wait for a block of them.
"""

import numpy as np
from jaxtyping import Float, Int, UInt
from scipy.linalg import cholesky, get_lapack_funcs
from scipy.special import erfcx, log_ndtr, logsumexp, ndtr, ndtri

LARGE = 256
"""Number of variables above which this is faster than an accelerator's program, too."""

_BLOCK = 64
_POINTS_AT_ONCE = 2048
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
    log_means = log_mean_weights(thresholds, correlation, net, shifts)
    peak = log_means.max()
    means = np.exp(log_means - peak)
    error = means.std(ddof=1) / np.sqrt(len(shifts)) / means.mean()
    return float(peak + np.log(means.mean())), float(error)


def log_mean_weights(
    thresholds: Float[np.ndarray, " m"],
    correlation: Float[np.ndarray, "m m"],
    net: UInt[np.ndarray, "points m-1"],
    shifts: UInt[np.ndarray, "shifts m-1"],
) -> Float[np.ndarray, " shifts"]:
    """Log of the estimate of P(X < t) that each shift of the net gives; the arguments are those of `log_orthant`."""
    order, start = _order(thresholds, correlation)
    t, sigma = thresholds[order], correlation[np.ix_(order, order)]
    lower = cholesky(sigma, lower=True, check_finite=False)
    mu = _tilt(t, sigma, lower, start)
    words = (net[None] ^ shifts[:, None]).reshape(len(shifts) * len(net), len(t) - 1)
    at_once = range(0, len(words), _POINTS_AT_ONCE)
    logs = np.concatenate([_log_weights(t, lower, mu, words[i : i + _POINTS_AT_ONCE]) for i in at_once])
    return logsumexp(logs.reshape(len(shifts), -1), axis=1) - np.log(len(net))


def _mills(u: np.ndarray) -> np.ndarray:
    """φ(u)/Φ(u), 0 far above 0 and -u far below it."""
    return np.sqrt(2 / np.pi) / erfcx(-u / np.sqrt(2))


def _order(
    thresholds: Float[np.ndarray, " m"], correlation: Float[np.ndarray, "m m"]
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """The order of `orthant._order`, by a Cholesky factorization that pivots on the least conditional bound."""
    left = np.arange(len(thresholds))
    rest, variance, pull = correlation, np.ones(len(left)), np.zeros(len(left))
    order, bounds = [], []
    while len(left):
        columns = np.empty((len(left), min(_BLOCK, len(left))))
        free = np.ones(len(left), dtype=bool)
        for k in range(columns.shape[1]):
            spread = np.sqrt(np.maximum(variance, 1e-14))
            bound = (thresholds[left] - pull) / spread
            chosen = int(np.where(free, bound, np.inf).argmin())
            column = (rest[chosen] - columns[:, :k] @ columns[chosen, :k]) / spread[chosen]
            columns[:, k] = column
            variance, pull = variance - column**2, pull - column * _mills(bound[chosen])
            free[chosen] = False
            order.append(left[chosen])
            bounds.append(bound[chosen])
        kept = columns[free]
        rest = rest[np.ix_(free, free)] - kept @ kept.T
        left, variance, pull = left[free], variance[free], pull[free]
    return np.array(order), np.array(bounds)


def _tilt(
    t: Float[np.ndarray, " m"],
    sigma: Float[np.ndarray, "m m"],
    lower: Float[np.ndarray, "m m"],
    start: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """The minimax shifts μ of `orthant._tilt`."""
    diagonal = np.diag(lower).copy()
    bounds = t / diagonal
    excess = sigma / np.outer(diagonal, diagonal)
    excess[np.diag_indices(len(t))] -= 1

    def residual(w: np.ndarray) -> np.ndarray:
        # A step that is much too long has no residual.
        with np.errstate(over="ignore", invalid="ignore"):
            return w - bounds - _mills(w) @ excess

    w = start
    value = residual(w)
    for _ in range(_MAX_STEPS):
        size = np.abs(value).max()
        if size <= _RESIDUAL:
            break
        mills = _mills(w)
        # (I + E S) h = v with 0 <= S < 1 diagonal: I + √S E √S is symmetric and positive definite.
        root = np.sqrt(np.clip(mills * (w + mills), 0.0, 1.0))
        system = root[:, None] * excess * root
        system[np.diag_indices(len(t))] += 1
        _, half, _ = _solve_positive(system, root * value)
        move = value - excess @ (root * half)
        # The longest of a few steps that brings the residual down.
        trials = w - _SHARES * move
        values = residual(trials)
        sizes = np.nan_to_num(np.abs(values).max(axis=1), nan=np.inf, posinf=np.inf)
        best = int(np.argmin(sizes))
        if not np.isfinite(sizes[best]):
            break
        w, value = trials[best], values[best]
    strict = lower / diagonal[:, None]
    strict[np.diag_indices(len(t))] = 0
    return -strict.T @ _mills(w)


def _log_weights(
    t: Float[np.ndarray, " m"],
    lower: Float[np.ndarray, "m m"],
    mu: Float[np.ndarray, " m"],
    words: UInt[np.ndarray, "points m-1"],
) -> Float[np.ndarray, " points"]:
    """Log weight of every point."""
    m, n_points = len(t), len(words)
    diagonal = np.diag(lower)
    bounds, unit = t / diagonal, lower / diagonal[:, None]
    z, total = np.zeros((m, n_points)), np.full(n_points, mu @ mu / 2)
    uniforms = ((words.T >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
    for first in range(0, m, _BLOCK):
        rows = range(first, min(first + _BLOCK, m))
        before = unit[first : rows.stop, :first] @ z[:first]
        for k in rows:
            taken = before[k - first] + unit[k, first:k] @ z[first:k]
            below = bounds[k] - taken - mu[k]
            probability, far = ndtr(below), below < _FAR
            # A logarithm of what is there takes a fifth of the time of `log_ndtr`.
            total += log_ndtr(below) if far.any() else np.log(probability)
            if k == m - 1:
                # The last coordinate is not drawn: its shift is 0.
                break
            value = mu[k] + ndtri(np.where(far, 0.5, uniforms[k] * probability))
            if far.any():
                tail = -np.sqrt(np.where(far, below, 0.0) ** 2 - 2 * np.log(uniforms[k]))
                value = np.where(far, mu[k] + tail, value)
            z[k] = value
            total -= mu[k] * value
    return total
