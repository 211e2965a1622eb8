"""Nodes for a factor of any family of `numerics.factors`, and thresholds that give models their error rates.

The trapezoidal rule, as in `numerics.one_factor`: the density of x continues analytically into a strip, where the
product of normal distribution functions is at most e^{κ (z' y)²/2} times its value on the real line. So the spacing is
about √(2π²/κ log(2/error)) in z, but never so wide that the nearest pole of the density or of the map matters. It is
chosen where answers can matter, that is between the outermost t_i/ℓ_i; the rule is checked against mpmath, not proven.
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, logsumexp, ndtri, stdtrit

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import factors
from cofail_lab.numerics.root import bracketed_roots

Family = Literal["gaussian", "student", "skew"]

MOST_NODES = 2**18
# Beyond this probit an answer is certain to 1e-19, and e^-40 of what lies out there may be missed.
_CERTAIN, _DROP = 9.0, 40.0
# Powers of A are tried for the stretch of Student's lattice; sinh of more than the last overflows when squared.
_STRETCHES, _LARGEST = 8.0 * 2.0 ** np.arange(10), 230.0
_LOG_ROOT_2PI = float(np.log(2 * np.pi)) / 2


class Nodes(NamedTuple):
    """A factor on finitely many points.

    Attributes:
        z: values of the factor.
        log_weights: log probabilities.
    """

    z: Float[np.ndarray, " nodes"]
    log_weights: Float[np.ndarray, " nodes"]


def factor_nodes(
    family: Family,
    shape: float = np.inf,
    *,
    information: float = 200.0,
    reach: float = 12.0,
    error: float = 1e-13,
    smallest: float = 1e-300,
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    """Points and weights of a factor: E f(Z) ≈ Σ weights f(z), f products of normal distribution functions.

    Args:
        family: "gaussian"; "student", where ``shape`` is ν in [0.5, inf]; "skew", where it is the skewness of the
            difficulty -Z, in [-4, 4] (`numerics.factors`).
        shape: see there.
        information: at most Σ ℓ_i²/(1-ℓ_i²) over the models; that of 200 models of loading √½, or 22 of √.9.
        reach: at most |t_i/ℓ_i|: farther out the nodes are less dense.
        error: relative error of the mean of such an f, however small it is.
        smallest: what is missed beyond the ends has about this probability.

    Raises:
        ConvergenceError: more than `MOST_NODES` nodes would be needed.
    """
    at = np.linspace(-reach, reach, 25)
    z, log_weights = _lattice(family, shape, np.full(25, information), at, error, -np.log(smallest))
    weights = np.exp(log_weights)
    return z[weights > 0], weights[weights > 0]


def nodes(
    family: Family,
    shape: float,
    thresholds: Float[np.ndarray, " m"],
    loadings: Float[np.ndarray, " m"],
    *,
    error: float = 1e-13,
    smallest: float = 1e-300,
) -> Nodes:
    """Nodes that give every pattern of errors of these models the right probability, to a relative ``error``.

    Patterns less probable than ``smallest`` may be missed. Nodes at which every answer is certain are merged.

    Raises:
        ConvergenceError: more than `MOST_NODES` nodes would be needed.
    """
    some = np.abs(loadings) > 1e-300
    slope = loadings[some] / np.sqrt((1 - loadings[some]) * (1 + loadings[some]))
    turn = thresholds[some] / loadings[some]
    certain = float((np.abs(turn) + _CERTAIN / np.abs(slope)).max(initial=1.0))
    at = np.concatenate([turn, np.linspace(turn.min(initial=0.0), turn.max(initial=0.0), 25)])
    probit = (at[:, None] - turn) * slope
    information = (slope**2 / (1 + (probit / 6) ** 8)).sum(axis=1)
    z, logs = _lattice(family, shape, information, at, error, -np.log(smallest), certain)
    bound = 2 / shape if family == "skew" and shape != 0 else np.inf
    at_bound = np.abs(z - bound) < 1e-17 * abs(bound) if np.isfinite(bound) else np.zeros(len(z), dtype=bool)
    easy, hard = (z > certain) | (at_bound & (z > 0)), (z < -certain) | (at_bound & (z < 0))
    kept = ~(easy | hard)
    ends = [side for side in (easy, hard) if side.any()]
    nearest = [z[side][np.abs(z[side]).argmin()] for side in ends]
    return Nodes(np.append(z[kept], nearest), np.append(logs[kept], [logsumexp(logs[side]) for side in ends]))


def thresholds(
    family: Family, shape: float, rates: Float[np.ndarray, " m"], loadings: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """t_i with P(ℓ_i Z + √(1-ℓ_i²) ε_i < t_i) = ``rates``, in (0, 1), to about 1e-13 of 1 + |t_i|."""
    out = ndtri(rates)
    some = np.flatnonzero(np.abs(loadings) > 1e-300)
    if not some.size:
        return out
    # The smaller tail is met in logs; that of rates above 1/2 is the upper one, of -Z. Equal models are one kind.
    side = np.where(rates[some] > 0.5, -1.0, 1.0)
    pairs = np.stack([np.where(side > 0, rates[some], 1 - rates[some]), side * loadings[some]])
    (tail, loading), kind = np.unique(pairs, axis=1, return_inverse=True)
    scale = np.sqrt((1 - loading) * (1 + loading))
    # |Z| and |ε| are beyond these with probability tail / 2 on either side, hence |t| is within ``reach``.
    factor, noise = -_quantile_bound(family, shape, tail / 2), -ndtri(tail / 2)
    reach = np.abs(loading) * factor + scale * noise
    at = (reach / np.abs(loading))[:, None] * np.linspace(-1, 1, 9)
    information = np.broadcast_to(((loading / scale) ** 2)[:, None], at.shape)
    smallest = min(float(-np.log(tail.min())) + _DROP, 690.0)
    z, logs = _lattice(family, shape, information.ravel(), at.ravel(), 1e-14, smallest)

    def excess(t: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = (t[:, None] - loading[which, None] * z) / scale[which, None]
        value = logsumexp(logs + log_ndtr(u), axis=1)
        log_density = logsumexp(logs - u * u / 2, axis=1) - _LOG_ROOT_2PI - np.log(scale[which])
        return value - np.log(tail[which]), np.exp(log_density - value)

    at_low = excess(-reach, np.arange(len(tail)))[0]
    root = bracketed_roots(excess, -reach, reach, at_low, ndtri(tail))
    out[some] = side * root[kind.ravel()]
    return out


def _quantile_bound(family: Family, shape: float, tail: np.ndarray) -> np.ndarray:
    """A value, below 0, with P(Z < it) and P(Z > -it) at most ``tail``."""
    if family == "skew":  # Chernoff's bound for a gamma variable
        size = -np.log(tail)
        return -(np.sqrt(2 * size) + abs(shape) / 2 * size)
    return ndtri(tail) if family == "gaussian" or np.isinf(shape) else stdtrit(shape, tail)


def _lattice(
    family: Family,
    shape: float,
    information: np.ndarray,
    at: np.ndarray,
    error: float,
    smallest: float,
    certain: float = np.inf,
) -> Nodes:
    """Nodes spaced for models that know so much of the factor at these values of it.

    ``smallest`` is -log of the probability missed; beyond ±``certain`` e^-40 of what is there may be missed.
    """
    digits = float(np.log(2.1 / error))
    gauss, pole = np.sqrt(2 * np.pi**2 / digits), 0.8 * 2 * np.pi / digits
    if family == "skew":
        epsilon = shape / 2
        low, high = skew_range(epsilon, smallest, certain)
        share = np.maximum(1 - epsilon * at, 0)
        steepest = -np.expm1(-share) / factors.SHARE if epsilon else np.ones_like(at)
        narrow = float(np.sqrt(2.5 + information * steepest**2).max(initial=1.6)) / gauss
        distance = np.pi * factors.SHARE / abs(epsilon) if epsilon else np.inf
        x, spacing = _spaced(low, high, float(np.hypot(narrow, 1 / (pole * distance))))
        z, logs = factors.skewed(x, epsilon)
    else:
        inverse = 0.0 if family == "gaussian" else 1 / shape
        stretch, high, per_unit = min(
            (_student_plan(a, inverse, information, at, gauss, pole, smallest, certain) for a in _STRETCHES),
            key=lambda plan: plan[1] * plan[2],
        )
        x, spacing = _spaced(-high, high, per_unit)
        z, logs = factors.student(x, inverse, stretch)
    return Nodes(z, logs + np.log(spacing))


def _student_plan(
    stretch: float,
    inverse: float,
    information: np.ndarray,
    at: np.ndarray,
    gauss: float,
    pole: float,
    smallest: float,
    certain: float,
) -> tuple[float, float, float]:
    """The stretch A, the end of the range of x and the nodes per unit."""
    high = student_range(inverse, stretch, smallest, certain)
    steepest = np.hypot(1, at / stretch) * np.hypot(1, np.arcsinh(at / stretch))
    narrow = float(np.sqrt(1 + information * steepest**2).max(initial=1.0)) / gauss
    root = np.inf if inverse == 0 else inverse**-0.5
    # sinh(sinh(iy/A)) reaches the pole i√ν/A; at Im sinh(x/A) = π/4 the normal distribution functions grow.
    distance = stretch * np.arcsin(min(np.arcsin(min(root / stretch, 1.0)), np.pi / 4))
    return stretch, high, float(np.hypot(narrow, 1 / (pole * distance)))


def student_range(inverse: float, stretch: float, smallest: float, certain: float) -> float:
    """Largest |x|: beyond lies e^-``smallest``, or e^-40 of what is beyond ±``certain``."""

    def grown(size: float) -> float:
        """The z² beyond which Student's tail is about e^{-size/2}, at most e^460."""
        return float(np.expm1(min(size * inverse, 2 * _LARGEST)) / inverse) if inverse else size

    square = grown(2 * smallest)
    if certain < 1e100:
        square = min(square, (1 + inverse * certain**2) * grown(2 * _DROP) + certain**2)
    return float(stretch * np.arcsinh(min(np.arcsinh(np.sqrt(square) / stretch), _LARGEST)))


def skew_range(epsilon: float, smallest: float, certain: float) -> tuple[float, float]:
    """Ends of x of the skewed factor, likewise."""
    size = abs(epsilon)
    long = np.sqrt(2 * smallest) + size * smallest
    short = np.sqrt(2 * smallest)
    if certain < 1e100:
        long = min(long, certain + _DROP * (1 / certain + size))
        short = min(short, np.sqrt(certain**2 + 2 * _DROP))
    if not size:
        return -short, long
    unit = factors.SHARE / size
    high = unit * np.log1p(np.expm1(min(size * long, 700.0)) / factors.SHARE)
    # Near the end of its range the density of x is e^{x/(pε)}; at e^-42 of the way Z is at the end to rounding.
    low = -unit * min(42 + _DROP * size**2, 2 + smallest * size**2)
    if size * short < 1 - 1e-12:
        low = max(low, unit * np.log1p(np.expm1(-size * short) / factors.SHARE))
    return (low, high) if epsilon > 0 else (-high, -low)


def _spaced(low: float, high: float, per_unit: float) -> tuple[np.ndarray, float]:
    """A lattice and its spacing, which differences of its points would round."""
    count = (high - low) * per_unit
    if not count <= MOST_NODES:
        raise ConvergenceError(f"law.loadings: so near 1, or rates so small, that the factor needs {count:.0f} nodes")
    n = int(np.ceil(count))
    return np.linspace(low, high, n + 1), (high - low) / n
