"""The all-wrong integral over families of models (scores c_b Z + c_f F_g + s ε_i) from one table of Σ log Φ.

Both factors run over multiples of one common step in the score. Σ_i log Φ((t_i - y)/s) over a family is a function of y
= c_b Z + c_f F_g alone, so that one table of it serves every node of the sum over Z and of every family's sum over its
own factor: log Φ is needed some thousand times per model, not for every pair of nodes.

Both sums are trapezoidal, with the proven error of `one_factor`. For the sum over Z, let z move by iy and a family's
factor, whose integral may be taken along any parallel of the real line, by iδ: the family's probability grows at most
by exp(δ²/2 + n (c_b y + c_f δ)²/(2s²)), for n models and the best δ by exp(n c_b² y² / (2(s² + n c_f²))). Hence κ = 1 +
Σ n_g c_b² / (s² + n_g c_f²), and 1 + n c_f²/s² for the sum over a family's factor.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import log_ndtr, logsumexp

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import one_factor

FILLER = 40.0
"""A threshold that fills up short families: Φ(40) = 1."""

LEAST_ERROR = 1e-13
"""Proven error of the sums unless a larger one is asked for."""

_ROUNDING = float(np.finfo(float).eps)
_ENTRIES_AT_ONCE = 2**21
_MAX_ENTRIES = 2**31


class _Families(NamedTuple):
    """Distinct families and the weights c_b, c_f, s of a score's parts.

    Attributes:
        thresholds: (families, size), short ones filled up.
        times: how often each occurs.
    """

    thresholds: np.ndarray
    times: np.ndarray
    shared: float
    own: float
    rest: float


def log_all_below(
    thresholds: np.ndarray, between: float, within: float, error: float = LEAST_ERROR
) -> tuple[float, float]:
    """Log probability that every score falls below its threshold, and its absolute error: proven, plus rounding.

    Args:
        thresholds: t_i by family, (families, size); shorter families are filled up with `FILLER`.
        between, within: ρ_b = c_b² and ρ_w = c_b² + c_f², 0 <= ρ_b <= ρ_w < 1.
        error: of the sums, at least `LEAST_ERROR`; a larger one takes a fraction of the time.

    Raises:
        ConvergenceError: idiosyncratic parts so small that the sums would need more than 2^31 terms.
    """
    distinct, times = np.unique(np.sort(thresholds, axis=1), axis=0, return_counts=True)
    families = _Families(distinct, times, *np.sqrt([between, within - between, 1 - within]))
    n_models, rest2 = (distinct < FILLER).sum(axis=1), 1 - within
    kappas = np.array(
        [
            1 + times @ (n_models * between / (rest2 + n_models * (within - between))),
            1 + n_models.max() * (within - between) / rest2,
        ]
    )
    spacings = one_factor.proven_spacing(kappas, error / (1 + times.sum()))
    in_score = np.array([families.shared, families.own]) * spacings
    step = min(in_score[in_score > 0], default=1.0)
    # Each sum takes every so manieth multiple of the step: as few as its own bound allows.
    strides = [max(int(spacing / step), 1) for spacing in in_score]
    z, _, deviation = _mode(families)
    # Where the log integrand has dropped by this much there is nothing left to the asked precision.
    drop = one_factor.DROP + np.log(LEAST_ERROR / error)
    # Towards hard queries, z below the mode, it drops hardly faster than the density of Z.
    reach = np.array([2.25, 1.0]) * min(1.5 * deviation, 1.0) * np.sqrt(2 * drop)
    while True:
        shared = _nodes(z - reach[0], z + reach[1], families.shared, step * strides[0])
        logs = _log_weights(shared, families.shared, step * strides[0])
        logs += _log_families(families, shared, step, strides, drop)
        peak = logs.max()
        # The log integrand is concave: beyond an end where it has dropped by 45 there is less than e^-45 of the whole.
        short = logs[[0, -1]] > peak - drop
        if families.shared == 0 or not short.any():
            break
        reach = np.where(short, 1.5 * reach, reach)
    value = float(peak + np.log(np.exp(logs - peak).sum()))
    cut_off = (1 + times.sum()) * np.exp(-drop)
    return value, float(error + cut_off + 8 * _ROUNDING * (1 + abs(value) + times.sum()))


def _nodes(low: float, high: float, scale: float, step: float) -> np.ndarray:
    """Numbers k of nodes k · step / scale from just below ``low`` to just above ``high``; 0 alone without a factor."""
    return np.arange(np.floor(low * scale / step), np.ceil(high * scale / step) + 1, dtype=int)


def _log_weights(numbers: np.ndarray, scale: float, step: float) -> np.ndarray:
    """Log of spacing · φ(node)."""
    if scale == 0:
        return np.zeros(len(numbers))
    spacing = step / scale
    return np.log(spacing / np.sqrt(2 * np.pi)) - (numbers * spacing) ** 2 / 2


def _log_families(families: _Families, shared: np.ndarray, step: float, strides: list[int], drop: float) -> np.ndarray:
    """Log P(all wrong | Z) at the nodes of Z."""
    alone = (families.thresholds < FILLER).sum(axis=1) == 1
    u = families.thresholds[alone].min(axis=1, initial=FILLER) - step * strides[0] * shared[:, None]
    # A model alone has its own factor among its idiosyncratic parts.
    total = log_ndtr(u / np.hypot(families.own, families.rest)) @ families.times[alone]
    if alone.all():
        return total
    families = families._replace(thresholds=families.thresholds[~alone], times=families.times[~alone])
    ends = [step * strides[0] * shared[k] for k in (0, -1)]
    # A family's factor has its mode between those at the two ends of Z, and beyond √(2 drop) of it nothing.
    (_, f_low, _), (_, f_high, _) = (
        _mode(families._replace(thresholds=families.thresholds - end, shared=0.0)) for end in reversed(ends)
    )
    reach = np.sqrt(2 * drop)
    own = _nodes(f_low.min() - reach, f_high.max() + reach, families.own, step * strides[1])
    if len(own) * len(shared) * len(families.times) > _MAX_ENTRIES:
        raise ConvergenceError(
            f"law.within: {1 - families.rest**2:.17g} with {families.times.sum()} families needs sums over "
            f"{len(shared)} x {len(own)} nodes"
        )
    weights = _log_weights(own, families.own, step * strides[1])
    at_once = max(1, _ENTRIES_AT_ONCE // len(own))
    if len(shared) * len(own) < (len(shared) - 1) * strides[0] + (len(own) - 1) * strides[1]:
        # One factor is so weak that a table of all multiples of its step would have more entries than there are pairs.
        for k in range(0, len(shared), at_once):
            pairs = np.add.outer(shared[k : k + at_once] * strides[0], own * strides[1]) * step
            logs = _table(families, pairs.ravel()).reshape(len(families.times), *pairs.shape) + weights
            total[k : k + at_once] += families.times @ logsumexp(logs, axis=2)
        return total
    span = (len(own) - 1) * strides[1] + 1
    first = shared[0] * strides[0] + own[0] * strides[1]
    table = _table(families, step * (first + np.arange((len(shared) - 1) * strides[0] + span)))
    for times, row in zip(families.times, table, strict=True):
        windows = sliding_window_view(row, span)[:: strides[0], :: strides[1]]
        for k in range(0, len(shared), at_once):
            logs = windows[k : k + at_once] + weights
            peak = logs.max(axis=1, keepdims=True)
            total[k : k + at_once] += times * (peak[:, 0] + np.log(np.exp(logs - peak).sum(axis=1)))
    return total


def _table(families: _Families, common: np.ndarray) -> np.ndarray:
    """Σ log Φ((t_i - y)/s) over each family for every value y of the common part, (families, values)."""
    distinct, place = np.unique(families.thresholds, return_inverse=True)
    times = np.zeros((len(distinct), len(families.times)))
    np.add.at(times, (place.reshape(families.thresholds.shape), np.arange(len(families.times))[:, None]), 1)
    times, distinct = times[distinct < FILLER], distinct[distinct < FILLER]
    at_once = max(1, _ENTRIES_AT_ONCE // len(distinct))
    parts = [
        log_ndtr((distinct - common[k : k + at_once, None]) / families.rest) @ times
        for k in range(0, len(common), at_once)
    ]
    return np.ascontiguousarray(np.concatenate(parts).T)


def _mode(families: _Families) -> tuple[float, np.ndarray, float]:
    """Most probable Z and family factors given that all are wrong, and Z's standard deviation by Laplace's method.

    The log density is concave; damped Newton steps, the families' factors eliminated.
    """
    thresholds, times, shared, own, rest = families
    z, f, hessian_z = 0.0, np.zeros(len(times)), 1.0

    def look(z: float, f: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        u = (thresholds - shared * z - own * f[:, None]) / rest
        logs = log_ndtr(u)
        mills = np.exp(-u * u / 2 - logs) / np.sqrt(2 * np.pi)
        value = times @ (logs.sum(axis=1) - f * f / 2) - z * z / 2
        return float(value), mills.sum(axis=1) / rest, (mills * (u + mills)).sum(axis=1) / rest**2

    value, pull, curvature = look(z, f)
    for _ in range(100):
        slope_z, slope_f = -z - shared * float(times @ pull), -f - own * pull
        hessian_f = 1 + own**2 * curvature
        hessian_z = 1 + shared**2 * float(times @ (curvature / hessian_f))
        move_z = (slope_z - shared * own * float(times @ (curvature / hessian_f * slope_f))) / hessian_z
        move_f = (slope_f - shared * own * curvature * move_z) / hessian_f
        promised = slope_z * move_z + (times * slope_f) @ move_f
        if promised < 1e-8:
            break
        damping, candidate = 1.0, look(z + move_z, f + move_f)
        while candidate[0] < value + 1e-4 * damping * promised and damping > 1e-6:
            damping /= 2
            candidate = look(z + damping * move_z, f + damping * move_f)
        z, f = float(z + damping * move_z), np.asarray(f + damping * move_f)
        value, pull, curvature = candidate
    return z, f, float(1 / np.sqrt(hessian_z))
