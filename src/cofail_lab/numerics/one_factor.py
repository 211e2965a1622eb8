"""One Gaussian factor: log ∫ φ(z) Π_i Φ((t_i - ℓ_i z) / √(1 - ℓ_i²)) dz, and lattices that stand in for the factor.

The trapezoidal rule with spacing h is used throughout, and its error is known before it is used. On the line z + iy,
|φ(z+iy)| = φ(z) e^{y²/2} and |Φ(u+iv)| <= e^{v²/2} Φ(u) (integrate φ along the horizontal path), and the same for 1 -
Φ. So the integrand of *every* event E = e is at most e^{κy²/2} times its own value on the real line, κ = 1 + Σ
ℓ_i²/(1-ℓ_i²), and the classical contour argument (Trefethen and Weideman 2014, SIAM Review 56, theorem 5.1) bounds
the error of each event's probability, *relative to that probability*, by min_y 2 e^{κy²/2} / (e^{2πy/h} - 1) ≈ 2
exp(-2π²/(κh²)). Gauss-Hermite has nothing of the kind: at m = 1000 it is 30% off with 20 nodes.
"""

from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from cofail_lab.numerics import normal

# The log integrand is concave, so what lies beyond a drop of 45 is below e^-45 of the whole.
DROP = 45.0
_REACH = float(np.sqrt(2 * DROP))  # its curvature is at most -1: farther out it has dropped enough, whatever the models
RESOLVED = 0.01
"""Proven error from which on the moves of an integral say what its error is; before, two lattices may agree by chance.

A model with a loading near ±1 answers by a step in Z: lattices that are wide against the step agree wherever it does
not lie between their nodes.
"""
_BLOCK = 32
_MAX_BLOCKS = 2**10
_TARGET = 1e-13
_ROUNDING = float(np.finfo(float).eps)


Numbers = TypeVar("Numbers", Array, np.ndarray, np.float64)
"""What is computed with JAX where it is of JAX, else with NumPy."""


def information(loadings: Numbers, counts: Float[Array, "... m"] | None = None) -> Numbers:
    """κ = 1 + Σ ℓ_i²/(1-ℓ_i²), the most that m answers can sharpen what is known of the factor.

    Args:
        loadings: ℓ_i, (..., m).
        counts: how many models of each kind there are.
    """
    return 1 + _total(loadings**2 / ((1 - loadings) * (1 + loadings)), counts)


def _total(terms: Any, counts: Array | None) -> Any:
    """Sum over the models, each as often as it occurs."""
    return (terms if counts is None else counts * terms).sum(axis=-1)


def trapezoid_error(kappa: Numbers, spacing: Numbers) -> Numbers:
    """Proven bound on the relative error of the infinite trapezoidal sum, for every event of the law (see above)."""
    xp: Any = jnp if isinstance(kappa, jax.Array) else np
    y = 2 * np.pi / (spacing * kappa)
    exponent = 2 * np.pi * y / spacing
    return 2 * xp.exp(kappa * y**2 / 2 - exponent) / -xp.expm1(-exponent)


def proven_spacing(kappa: Numbers, error: float) -> Numbers:
    """A spacing whose `trapezoid_error` is at most ``error`` (below .1); without JAX where ``kappa`` is of NumPy."""
    xp: Any = jnp if isinstance(kappa, jax.Array) else np
    return xp.sqrt(2 * np.pi**2 / (kappa * np.log(2.1 / error)))


@jax.jit
def log_all_below(
    thresholds: Float[Array, "... m"], loadings: Float[Array, "... m"], counts: Float[Array, "... m"] | None = None
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Log probability that every ℓ_i Z + √(1-ℓ_i²) ε_i falls below t_i, and its error.

    Args:
        thresholds: finite t_i, any batch shape.
        loadings: ℓ_i in (-1, 1), broadcast against the thresholds.
        counts: how many models of each kind there are, one by default; many alike then cost what one does.

    Returns:
        log_probability and its absolute error (the relative error of the probability). Nodes are doubled until the
        worst error of the batch is below 1e-13 or there are 32,768 of them: an error that stays larger (loadings
        within about 1e-7 of ±1) is for the caller to see. The error is the proven bound or, once that is below 1%, what
        the last two halvings of the spacing show if that is less, plus rounding.

    Differentiable (forward and reverse) in thresholds and loadings. Cost is O(m) per node and batch element.
    """
    thresholds, loadings = jnp.broadcast_arrays(jnp.asarray(thresholds, float), jnp.asarray(loadings, float))
    if counts is not None:
        thresholds, loadings, counts = jnp.broadcast_arrays(thresholds, loadings, jnp.asarray(counts, float))
    value, error = _integrate(thresholds, loadings, counts)
    return value, lax.stop_gradient(error)


@jax.custom_jvp
def _integrate(thresholds: Array, loadings: Array, counts: Array | None) -> tuple[Array, Array]:
    return _trapezoid(thresholds, loadings, counts, gradient=False)[:2]


@_integrate.defjvp
def _integrate_jvp(primals: tuple, tangents: tuple) -> tuple:
    # d log ∫f = E[d log f] under the density proportional to f: two more sums over the same nodes.
    value, error, slopes = _trapezoid(*primals, gradient=True)
    change = sum((slope * tangent).sum(axis=-1) for slope, tangent in zip(slopes, tangents[:2], strict=True))
    return (value, error), (change, jnp.zeros_like(error))


def _trapezoid(
    thresholds: Array, loadings: Array, counts: Array | None, gradient: bool
) -> tuple[Array, Array, tuple[Array, ...]]:
    """Nested trapezoidal sums, refined together until the worst of the batch is good enough."""
    mode = centre(thresholds, loadings, counts)
    peak = _log_integrand(mode[..., None], thresholds, loadings, counts)[..., 0]
    low, high = _support(mode, peak, thresholds, loadings, counts)
    width = high - low
    kappa = information(loadings, counts)

    def heights(share: Array) -> tuple[Array, tuple[Array, ...]]:
        """Integrand / e^peak at ``share`` of the way, (..., nodes), and its derivatives, (..., nodes, m)."""
        z = low[..., None] + width[..., None] * share
        height = jnp.exp(_log_integrand(z, thresholds, loadings, counts) - peak[..., None])
        if not gradient:
            return height, (jnp.zeros(()), jnp.zeros(()))
        scale = jnp.sqrt((1 - loadings) * (1 + loadings))[..., None, :]
        t, loading = thresholds[..., None, :], loadings[..., None, :]
        # The very scores of the integrand, so that the compiler computes what both need of them once.
        pull = normal.mills(_scores(z, thresholds, loadings)) * height[..., None]
        if counts is not None:
            pull = pull * counts[..., None, :]
        return height, (pull / scale, pull * (t * loading - z[..., None]) / scale**3)

    def judged(state: tuple) -> tuple[Array, ...]:
        """The last move of the integral, the integral and its error, after the blocks done so far."""
        block, total, _, before, last, error = state
        integral = total.sum(axis=-1) / (_BLOCK * block)
        # Every other of the first nodes: what a lattice twice as wide would have said.
        last = jnp.where(block == 1, total[..., ::2].sum(axis=-1) / (_BLOCK // 2), last)
        moved = jnp.abs(integral - last) / integral
        # Convergence is at least geometric once it has set in: the next move is smaller than the last one by the
        # ratio seen. But a move is the size of the error times the cosine of where the lattice happens to lie, which is
        # sometimes next to nothing; the move before tells then, for every halving at least squares the error.
        seen = jnp.maximum(moved * jnp.minimum(1, 2 * moved / before), before**4)
        proven = trapezoid_error(kappa, width / (_BLOCK * block))
        bound = jnp.where(jnp.isnan(seen) | (proven > RESOLVED), proven, jnp.minimum(seen, proven))
        # A level is complete after 1 block (32 intervals), 2 (64), 4 (128), 8 ...
        complete = (block & (block - 1)) == 0
        return tuple(
            jnp.where(complete & (block > 0), *pair) for pair in ((moved, before), (integral, last), (bound, error))
        )

    def add(state: tuple) -> tuple:
        block, total, slopes, *_ = state
        # JAX has log2(8) = 3 - 4e-16: half a block more, and no power of 2 is on the edge.
        level = jnp.where(block < 2, 0, jnp.floor(jnp.log2(block + 0.5)))
        spacing = 1 / (2 * _BLOCK * 2.0**level)
        # The two first blocks are interleaved, so that their difference is the first halving of the spacing; later
        # level k fills the midpoints with 2^k blocks.
        first = jnp.where(block < 2, (block + 1) * spacing, (1 + 2 * _BLOCK * (block - 2.0**level)) * spacing)
        new, new_slopes = heights(first + 2 * spacing * jnp.arange(_BLOCK))
        slopes = tuple(slope + part for slope, part in zip(slopes, new_slopes, strict=True))
        # Summed node by node, and over the nodes where the state is judged: a sum on the spot is not vectorized.
        return block + 1, total + new, slopes, *judged(state)

    def unfinished(state: tuple) -> Array:
        block, error = state[0], judged(state)[-1]
        return (block < 2) | ((block < _MAX_BLOCKS) & jnp.any(error > _TARGET))

    zero = jnp.zeros_like(mode)
    nodes = jnp.zeros((*mode.shape, _BLOCK))
    slopes = tuple(jnp.zeros((*nodes.shape, thresholds.shape[-1])) if gradient else jnp.zeros(()) for _ in range(2))
    start = (jnp.asarray(0), nodes, slopes, zero + jnp.inf, zero, zero + jnp.inf)
    state = lax.while_loop(unfinished, add, start)
    _, total, slopes, *_ = state
    _, last, error = judged(state)
    value = peak + jnp.log(last * width)
    # A rounding error of the bound u moves log Φ(u) by up to 2 |log Φ(u)| of them.
    rounding = 8 * _ROUNDING * (1 + jnp.abs(value))
    if gradient:
        slopes = tuple(slope.sum(axis=-2) / total.sum(axis=-1)[..., None] for slope in slopes)
    return value, error + rounding, slopes


def factor_range(
    thresholds: Float[Array, " m"], loadings: Float[Array, " m"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """An interval outside which the factor adds less than e^-45 to any event's probability (or less than 1e-300)."""
    # The sum over any lattice has the same derivative, so where the lattice ends is nothing to differentiate.
    thresholds, loadings = lax.stop_gradient((thresholds, loadings))
    # The posterior of Z given any errors lies between those of the two extreme patterns: wrong exactly where ℓ > 0,
    # or < 0.
    sign, size = jnp.where(loadings < 0, -1.0, 1.0), jnp.abs(loadings)
    low, high = centre(sign * thresholds, size) - _REACH, -centre(-sign * thresholds, size) + _REACH
    limit = np.sqrt(2 * 745)  # φ is no float64 beyond
    return jnp.clip(low, -limit, -_REACH), jnp.clip(high, _REACH, limit)


def log_conditional(
    thresholds: Float[Array, " m"], loadings: Float[Array, " m"], z: Float[Array, " nodes"]
) -> tuple[Float[Array, "nodes m"], Float[Array, "nodes m"]]:
    """Log P(score i below t_i | Z = z) and log P(above)."""
    scale = jnp.sqrt((1 - loadings) * (1 + loadings))
    u = thresholds / scale - loadings / scale * z[:, None]
    return normal.log_cdf(u), normal.log_cdf(-u)


def _log_integrand(z: Array, thresholds: Array, loadings: Array, counts: Array | None) -> Array:
    """At nodes z of shape (..., nodes)."""
    counts = None if counts is None else counts[..., None, :]
    return -z * z / 2 - np.log(2 * np.pi) / 2 + _total(normal.log_cdf(_scores(z, thresholds, loadings)), counts)


def _scores(z: Array, thresholds: Array, loadings: Array) -> Array:
    """(t_i - ℓ_i z) / √(1 - ℓ_i²) at nodes z of shape (..., nodes): (..., nodes, m)."""
    scale = jnp.sqrt((1 - loadings) * (1 + loadings))
    return (thresholds / scale)[..., None, :] - (loadings / scale)[..., None, :] * z[..., None]


def _support(mode: Array, peak: Array, thresholds: Array, loadings: Array, counts: Array | None) -> tuple[Array, Array]:
    """Points below and above the mode where the log integrand has dropped by `DROP`, at most 1.2 times too far out."""
    sides = np.array([-_REACH, _REACH])
    # The log integrand is concave: with the distance it only falls, so the nearest of the points 2^(-k/4) of the way,
    # k = 0 to 127, at which it has dropped is located by halving.

    def halved(step: Array, near: Array) -> Array:
        trial = near + (64 >> step)
        z = mode[..., None] + sides * jnp.exp2(-0.25 * trial)
        dropped = _log_integrand(z, thresholds, loadings, counts) < peak[..., None] - DROP
        return jnp.where(dropped, trial, near)

    near = lax.fori_loop(0, 7, halved, jnp.zeros((*mode.shape, 2), dtype=int))
    reach = _REACH * jnp.exp2(-0.25 * near)
    return mode - reach[..., 0], mode + reach[..., 1]


@partial(jax.jit, inline=True)
def centre(
    thresholds: Float[Array, "... m"], loadings: Float[Array, "... m"], counts: Float[Array, "... m"] | None = None
) -> Float[Array, "..."]:
    """Mode of the integrand of `log_all_below` in z, well within the width of its peak, by safeguarded Newton steps."""
    scale = jnp.sqrt((1 - loadings) * (1 + loadings))
    ratio, pull = thresholds / scale, loadings / scale

    def newton(state: tuple) -> tuple:
        z, below, above, _, steps = state
        u = ratio - pull * z[..., None]
        mills = normal.mills(u)
        slope = -z - _total(pull * mills, counts)
        curvature = -1 - _total(pull**2 * mills * (u + mills), counts)
        # The slope falls at least as fast as -z, so the mode lies between z and z + slope.
        below = jnp.maximum(below, jnp.minimum(z, z + slope))
        above = jnp.minimum(above, jnp.maximum(z, z + slope))
        proposal = z - slope / curvature
        # Newton converges in a few steps; where a loading near 1 makes the slope jump, halving the bracket takes over.
        trusted = (proposal >= below) & (proposal <= above) & ((steps < 12) | (steps % 2 == 0))
        proposal = jnp.where(trusted, proposal, (below + above) / 2)
        return proposal, below, above, jnp.abs(proposal - z) * jnp.sqrt(-curvature), steps + 1

    start = jnp.zeros(jnp.broadcast_shapes(thresholds.shape, loadings.shape)[:-1])
    infinite = jnp.full_like(start, jnp.inf)
    state = (start, -infinite, infinite, infinite, jnp.asarray(0))
    return lax.while_loop(lambda s: (s[4] < 120) & jnp.any(s[3] > 0.05), newton, state)[0]
