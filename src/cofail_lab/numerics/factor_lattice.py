"""Nodes for a factor of any family of `numerics.factors`, and thresholds that give models their error rates.

The trapezoidal rule, as in `numerics.one_factor`: the density of x continues analytically into a strip, where the
product of normal distribution functions is at most e^{κ (z' y)²/2} times its value on the real line. So the spacing is
about √(2π²/κ log(2/error)) in z, but never so wide that the nearest pole of the density or of the map matters. It is
chosen where answers can matter, that is between the outermost t_i/ℓ_i; the rule is checked against mpmath, not proven.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri, stdtrit

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import factors
from cofail_lab.numerics.root import bracketed_roots

Family = Literal["gaussian", "student", "skew"]

MOST_NODES = 2**18
# Beyond this probit an answer is certain to 1e-19, and e^-40 of what lies out there may be missed.
_CERTAIN, _DROP = 9.0, 40.0
# Powers of A are tried for the stretch of Student's lattice; sinh of more than the last overflows when squared.
_STRETCHES, _LARGEST = 8.0 * 2.0 ** np.arange(10), 230.0


class Nodes(NamedTuple):
    """A factor on finitely many points.

    Attributes:
        z: values of the factor.
        log_weights: log probabilities.
    """

    z: Float[np.ndarray, " nodes"]
    log_weights: Float[np.ndarray, " nodes"]


class Lattice(NamedTuple):
    """Where the nodes of a factor lie in x (`numerics.factors`).

    Attributes:
        low, high: ends of the range of x.
        intervals: number of intervals.
        stretch: A of the Student family.

    Numbers, or arrays that JAX traces.
    """

    low: Any
    high: Any
    intervals: int
    stretch: Any

    def nodes(self, family: Family, shape: Any, xp: Any = np) -> tuple[Any, Any]:
        """Values of the factor and log weights at all nodes."""
        spacing = (self.high - self.low) / self.intervals
        x = self.low + spacing * xp.arange(self.intervals + 1)
        if family == "skew":
            z, logs = factors.skewed(x, shape / 2, xp)
        else:
            z, logs = factors.student(x, 0.0 if family == "gaussian" else 1 / shape, self.stretch, xp)
        return z, logs + xp.log(spacing)


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
    lattice = _lattice(family, shape, np.full(25, information), at, error, -np.log(smallest))
    z, logs = lattice.nodes(family, shape)
    weights = np.exp(logs)
    return z[weights > 0], weights[weights > 0]


def lattice_for(
    family: Family,
    shape: float,
    thresholds: Float[np.ndarray, " m"],
    loadings: Float[np.ndarray, " m"],
    *,
    error: float = 1e-13,
    smallest: float = 1e-300,
) -> tuple[Lattice, float]:
    """A lattice that gives every pattern of errors the right probability, to a relative ``error``.

    Patterns less probable than ``smallest`` may be missed.

    Returns:
        The lattice, and a |z| beyond which every answer is certain.

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
    return _lattice(family, shape, information, at, error, -np.log(smallest), certain), certain


def nodes(
    family: Family,
    shape: float,
    thresholds: Float[np.ndarray, " m"],
    loadings: Float[np.ndarray, " m"],
    *,
    error: float = 1e-13,
    smallest: float = 1e-300,
) -> Nodes:
    """The nodes of `lattice_for`; those at which every answer is certain are merged."""
    lattice, certain = lattice_for(family, shape, thresholds, loadings, error=error, smallest=smallest)
    z, logs = lattice.nodes(family, shape)
    bound = 2 / shape if family == "skew" and shape != 0 else np.inf
    at_bound = np.abs(z - bound) < 1e-17 * abs(bound) if np.isfinite(bound) else np.zeros(len(z), dtype=bool)
    easy, hard = (z > certain) | (at_bound & (z > 0)), (z < -certain) | (at_bound & (z < 0))
    kept = ~(easy | hard)
    ends = [side for side in (easy, hard) if side.any()]
    nearest = [z[side][np.abs(z[side]).argmin()] for side in ends]
    merged = [float(np.logaddexp.reduce(logs[side])) for side in ends]
    return Nodes(np.append(z[kept], nearest), np.append(logs[kept], merged))


def thresholds(
    family: Family,
    shape: float,
    rates: Float[np.ndarray, " m"],
    loadings: Float[np.ndarray, " m"],
    error: float = 1e-14,
) -> Float[np.ndarray, " m"]:
    """t_i with P(ℓ_i Z + √(1-ℓ_i²) ε_i < t_i) = ``rates``, in (0, 1), to a relative ``error`` of the smaller tail."""
    kinds = _kinds(rates, loadings)
    if not len(kinds.tail):
        return ndtri(rates)
    # |Z| and |ε| are beyond these with probability tail / 2 on either side, hence |t| is within ``reach``.
    factor = -_quantile_bound(family, shape, kinds.tail / 2)
    reach = np.abs(kinds.loading) * factor + kinds.scale * -ndtri(kinds.tail / 2)
    at = (reach / np.abs(kinds.loading))[:, None] * np.linspace(-1, 1, 9)
    information = np.broadcast_to(((kinds.loading / kinds.scale) ** 2)[:, None], at.shape)
    smallest = min(float(-np.log(kinds.tail.min())) + _DROP, 690.0)
    lattice = _lattice(family, shape, information.ravel(), at.ravel(), error, smallest)
    return kinds.solve(*lattice.nodes(family, shape), reach)


def thresholds_at(
    z: Float[np.ndarray, " nodes"],
    log_weights: Float[np.ndarray, " nodes"],
    rates: Float[np.ndarray, " m"],
    loadings: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """The same for a factor that takes these values with these log probabilities."""
    kinds = _kinds(rates, loadings)
    if not len(kinds.tail):
        return ndtri(rates)
    reach = np.abs(kinds.loading) * np.abs(z).max() - kinds.scale * ndtri(kinds.tail / 2)
    return kinds.solve(z, log_weights, reach)


class _Kinds(NamedTuple):
    """The different pairs of error rate and loading among models that have a loading.

    Attributes:
        rates: error rate of every model, (m,).
        some: indices of the models with a loading, (k,).
        side: 1, or -1 where the rate is above 1/2: there the upper tail, of -Z, is solved for, (k,).
        tail, loading, scale: of each kind: the smaller tail, ℓ (negated with -Z), √(1-ℓ²).
        kind: of each model with a loading, (k,).
    """

    rates: np.ndarray
    some: np.ndarray
    side: np.ndarray
    tail: np.ndarray
    loading: np.ndarray
    scale: np.ndarray
    kind: np.ndarray

    def solve(self, z: np.ndarray, logs: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """All thresholds; those of kinds are within ±``reach``."""
        tail, loading, scale, weights = self.tail, self.loading, self.scale, np.exp(logs)

        def excess(t: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            u = (t[:, None] - loading[which, None] * z) / scale[which, None]
            below = ndtr(u) @ weights
            density = np.exp(-u * u / 2) @ weights / (np.sqrt(2 * np.pi) * scale[which])
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(below) - np.log(tail[which]), density / below

        at_low = excess(-reach, np.arange(len(tail)))[0]
        root = bracketed_roots(excess, -reach, reach, at_low, ndtri(tail))
        out = ndtri(self.rates)
        out[self.some] = self.side * root[self.kind]
        return out


def _kinds(rates: np.ndarray, loadings: np.ndarray) -> _Kinds:
    some = np.flatnonzero(np.abs(loadings) > 1e-300)
    side = np.where(rates[some] > 0.5, -1.0, 1.0)
    pairs = np.stack([np.where(side > 0, rates[some], 1 - rates[some]), side * loadings[some]])
    (tail, loading), kind = np.unique(pairs, axis=1, return_inverse=True)
    scale = np.sqrt((1 - loading) * (1 + loading))
    return _Kinds(rates, some, side, tail, loading, scale, kind.ravel())


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
) -> Lattice:
    """A lattice for models that know so much of the factor at these values of it.

    ``smallest`` is -log of the probability missed; beyond ±``certain`` e^-40 of what is there may be missed.
    """
    digits = float(np.log(2.1 / error))
    gauss, pole = np.sqrt(2 * np.pi**2 / digits), 0.8 * 2 * np.pi / digits
    if family == "skew":
        epsilon = shape / 2
        low, high = _skew_range(epsilon, smallest, certain)
        share = np.maximum(1 - epsilon * at, 0)
        steepest = -np.expm1(-share) / factors.SHARE if epsilon else np.ones_like(at)
        narrow = float(np.sqrt(2.5 + information * steepest**2).max(initial=1.6)) / gauss
        distance = np.pi * factors.SHARE / abs(epsilon) if epsilon else np.inf
        return _counted(low, high, float(np.hypot(narrow, 1 / (pole * distance))), 1.0)
    inverse = 0.0 if family == "gaussian" else 1 / shape
    root = np.inf if inverse == 0 else inverse**-0.5
    plans = []
    for stretch in _STRETCHES.tolist():
        high = _student_range(inverse, stretch, smallest, certain)
        steepest = np.hypot(1, at / stretch) * np.hypot(1, np.arcsinh(at / stretch))
        narrow = float(np.sqrt(1 + information * steepest**2).max(initial=1.0)) / gauss
        # sinh(sinh(iy/A)) reaches the pole i√ν/A; at Im sinh(x/A) = π/4 the normal distribution functions grow.
        distance = stretch * np.arcsin(min(np.arcsin(min(root / stretch, 1.0)), np.pi / 4))
        plans.append((high, float(np.hypot(narrow, 1 / (pole * distance))), stretch))
    high, per_unit, stretch = min(plans, key=lambda plan: plan[0] * plan[1])
    return _counted(-high, high, per_unit, stretch)


def _counted(low: float, high: float, per_unit: float, stretch: float) -> Lattice:
    count = (high - low) * per_unit
    if not count <= MOST_NODES:
        raise ConvergenceError(f"law.loadings: so near 1, or rates so small, that the factor needs {count:.0f} nodes")
    return Lattice(low, high, int(np.ceil(count)), stretch)


def _student_range(inverse: float, stretch: float, smallest: float, certain: float) -> float:
    """Largest |x|: beyond lies e^-``smallest``, or e^-40 of what is beyond ±``certain``."""

    def grown(size: float) -> float:
        """The z² beyond which Student's tail is about e^{-size/2}, at most e^460."""
        return float(np.expm1(min(size * inverse, 2 * _LARGEST)) / inverse) if inverse else size

    square = grown(2 * smallest)
    if certain < 1e100:
        square = min(square, (1 + inverse * certain**2) * grown(2 * _DROP) + certain**2)
    return float(stretch * np.arcsinh(min(np.arcsinh(np.sqrt(square) / stretch), _LARGEST)))


def _skew_range(epsilon: float, smallest: float, certain: float) -> tuple[float, float]:
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
