"""The bivariate normal distribution function Φ2(h, k; r), elementwise and differentiable in r by its density.

Source: Drezner and Wesolowsky (1990) as improved by Genz (2004), "Numerical computation of rectangular bivariate and
trivariate normal and t probabilities", Statistics and Computing 14. With r = sin θ,

    Φ2(h, k; r) = Φ(h)Φ(k) + 1/(2π) ∫_0^asin(r) exp(-(h² + k² - 2hk sin θ) / (2 cos² θ)) dθ.

The integrand is flat enough for Gauss-Legendre away from r = 1. Near r = 1 the same integral is taken from the other
end and its singular part removed in closed form. Absolute error of both: a few 1e-16.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.scipy.special import ndtr
from jaxtyping import Float
from scipy import special

from cofail_lab.numerics import devices, normal, one_factor
from cofail_lab.numerics.one_factor import Numbers
from cofail_lab.numerics.root import bracketed_roots, in_blocks

# Up to this correlation `central_cdf` holds, from it on `distance_from_comonotone` does (Genz's own switch).
CENTRAL_LIMIT = 0.925
# Pairs computed at once, where there are a few of them or thousands; and of those that take an integral each.
_BLOCK, _LARGE_BLOCK, _SMALL_BLOCK = 256, 4096, 32

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


def _library(x: Numbers) -> tuple[Any, Any]:
    """What computes with an array, and its Φ: JAX, or NumPy and SciPy where it is one of theirs."""
    return (jnp, ndtr) if isinstance(x, jax.Array) else (np, special.ndtr)


def density(h: Numbers, k: Numbers, angle: Numbers) -> Numbers:
    """dΦ2(h, k; sin θ)/dθ at θ = ``angle`` in (-π/2, π/2); of NumPy where the angles are."""
    xp, _ = _library(angle)
    sine, cosine = xp.sin(angle), xp.cos(angle)
    return xp.exp((h * k * sine - (h * h + k * k) / 2) / (cosine * cosine)) / (2 * np.pi)


def central_cdf(h: Numbers, k: Numbers, cdf_h: Numbers, cdf_k: Numbers, angle: Numbers) -> Numbers:
    """Φ2(h, k; sin θ) for θ = ``angle``, |sin θ| <= `CENTRAL_LIMIT`; ``cdf_h`` and ``cdf_k`` are Φ(h) and Φ(k)."""
    xp, _ = _library(angle)
    # θ = 2 atan(u): sine and cosine become rational in u, which is several times cheaper than calling them.
    upper = xp.tan(angle / 2)
    half_squares, product = (h * h + k * k) / 2, h * k
    total = xp.zeros_like(upper)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        u = upper * node
        q = 1 / (1 + u * u)
        cosine = (1 - u * u) * q
        total += weight * q * xp.exp((product * (2 * u * q) - half_squares) / (cosine * cosine))
    return cdf_h * cdf_k + upper * total / xp.pi


def distance_from_comonotone(h: Numbers, k: Numbers, angle: Numbers) -> Numbers:
    """min(Φ(h), Φ(k)) - Φ2(h, k; cos φ) for φ = ``angle`` in (0, acos(`CENTRAL_LIMIT`)].

    This is the mass that perfect dependence would add; it is computed directly, without the cancelling difference.
    """
    xp, below = _library(angle)
    a2 = xp.sin(angle) ** 2
    a = xp.sqrt(a2)
    product = h * k
    b2 = (h - k) ** 2
    c, d = (4 - product) / 8, (12 - product) / 16
    # The closed form of the integrand's leading terms in x² = 1 - ρ², singular at x = 0 ...
    total = a * xp.exp(-(b2 / a2 + product) / 2) * (1 - c * (b2 - a2) * (1 - d * b2 / 5) / 3 + c * d * a2 * a2 / 5)
    b = xp.abs(h - k)
    tail = xp.sqrt(2 * xp.pi) * below(-b / a) * b
    total -= xp.exp(-product / 2) * tail * (1 - c * b2 * (1 - d * b2 / 5) / 3)
    # ... and Gauss-Legendre over what they leave.
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        x2 = (a * node) ** 2
        rho = xp.sqrt(1 - x2)
        smooth = xp.exp(-product * (1 - rho) / (2 * (1 + rho))) / rho - (1 + c * x2 * (1 + d * x2))
        total += a * weight * xp.exp(-(b2 / x2 + product) / 2) * smooth
    return total / (2 * xp.pi)


@jax.custom_jvp
@jax.jit
def cdf(h: Float[Array, "..."], k: Float[Array, "..."], r: Float[Array, "..."]) -> Float[Array, "..."]:
    """Φ2(h, k; r) for finite h, k and r in [-1, 1]; absolute error below 1e-15; differentiable in all three."""
    h, k, r = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=jnp.float64) for x in (h, k, r)))
    # Φ2(h, k; -r) = Φ(h) - Φ2(h, -k; r): only r >= 0 is computed.
    reflected_k = jnp.where(r < 0, -k, k)
    size = jnp.abs(r)
    central = central_cdf(h, reflected_k, ndtr(h), ndtr(reflected_k), jnp.arcsin(jnp.minimum(size, CENTRAL_LIMIT)))
    near_one = (size > CENTRAL_LIMIT) & (size < 1)
    angle = jnp.arccos(jnp.where(near_one, size, CENTRAL_LIMIT))
    upper = ndtr(jnp.minimum(h, reflected_k))
    value = jnp.where(near_one, upper - distance_from_comonotone(h, reflected_k, angle), central)
    value = jnp.where(size == 1, upper, value)
    return jnp.where(r < 0, ndtr(h) - value, value)


@cdf.defjvp  # pyrefly: ignore[bad-argument-type] - it takes the types from the first function alone
def _cdf_jvp(primals: tuple[Array, Array, Array], tangents: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    h, k, r = (jnp.asarray(x, dtype=jnp.float64) for x in primals)
    dh, dk, dr = tangents
    root = jnp.sqrt((1 - r) * (1 + r))
    inside = root > 0
    safe = jnp.where(inside, root, 1.0)

    def slope(x: Array, y: Array) -> Array:
        # At r = ±1 the other score is fixed: it is below its bound or not.
        rest = y - r * x
        below = jnp.where(inside, ndtr(rest / safe), jnp.where(rest == 0, 0.5, rest > 0))
        return jnp.exp(-x * x / 2) / np.sqrt(2 * np.pi) * below

    angle = jnp.arcsin(jnp.where(inside, r, 0.0))
    # At r = ±1 the density over √(1-r²) is 0, or infinite where the bounds meet.
    at_end = jnp.where(h == r * k, jnp.inf, 0.0)
    in_r = jnp.where(inside, density(h, k, angle) / safe, at_end)
    return cdf(h, k, r), slope(h, k) * dh + slope(k, h) * dk + in_r * dr


@jax.jit
def log_cdf(h: Float[Array, "..."], k: Float[Array, "..."], r: Float[Array, "..."]) -> Float[Array, "..."]:
    """Log Φ2(h, k; r) for finite h, k and r in [-1, 1], to 1e-10 (the relative error of Φ2), down to Φ2 = 1e-300.

    Up to |r| = 1 - 1e-6, X and Y are given a common factor with loadings √|r| and ±√|r|, whose quadrature keeps
    relative accuracy; nearer to 1 the absolute accuracy of `cdf` suffices for r > 0 (there Φ2 is close to Φ(min(h,
    k))), while for r < 0 it is nan where Φ2 is below 1e-10: neither route has its digits. At r = -1 it is exact.
    """
    h, k, r = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=jnp.float64) for x in (h, k, r)))
    size = jnp.abs(r)
    near_one = size > 1 - 1e-6
    loading = jnp.sqrt(jnp.where(near_one, 0.0, size))
    loadings = jnp.stack([loading, jnp.where(r < 0, -loading, loading)], axis=-1)
    central = one_factor.log_all_below(jnp.stack([h, k], axis=-1), loadings)[0]
    edge = cdf(h, k, r)
    log_edge = jnp.where((r < 0) & (size < 1) & (edge < 1e-10), jnp.nan, jnp.log(jnp.maximum(edge, 0.0)))
    # P(-k < X < h), from the side where both probabilities are small.
    span = jnp.where(h > 0, ndtr(k) - ndtr(-h), ndtr(h) - ndtr(-k))
    log_edge = jnp.where(r == -1, jnp.where(h + k > 0, jnp.log(jnp.maximum(span, 0.0)), -jnp.inf), log_edge)
    log_edge = jnp.where(r == 1, normal.log_cdf(jnp.minimum(h, k)), log_edge)
    return jnp.where(near_one, log_edge, central)


def correlation(
    h: Float[np.ndarray, "..."], k: Float[np.ndarray, "..."], joint: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """The r with Φ2(h, k; r) = ``joint``, to rounding of arcsin r; ±1 where ``joint`` is at or beyond its bounds.

    Each element is computed as it would be alone.
    """
    h, k, joint = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (h, k, joint)))
    shape = joint.shape
    h, k, joint = h.ravel(), k.ravel(), joint.ravel()
    below = np.maximum(special.ndtr(h) - special.ndtr(-k), 0.0) - joint
    above = special.ndtr(np.minimum(h, k)) - joint
    r = np.where(above <= 0, 1.0, -1.0)
    inside = np.flatnonzero((below < 0) & (above > 0))
    right = np.full(inside.size, np.pi / 2)
    angle = bracketed_roots(
        lambda x, which: in_blocks(_residual, _BLOCK, *(column[inside[which]] for column in (h, k, joint)), x),
        -right,
        right,
        below[inside],
        0 * right,
    )
    r[inside] = np.sin(angle)
    return r.reshape(shape)


@jax.jit
def _residual(h: Array, k: Array, joint: Array, angle: Array) -> tuple[Array, Array]:
    """Φ2(h, k; sin θ) - ``joint`` at θ = ``angle``, and its slope."""
    return cdf(h, k, jnp.sin(angle)) - joint, density(h, k, angle)


def _cdf_arrays(h: np.ndarray, k: np.ndarray, r: np.ndarray) -> np.ndarray:
    """`cdf` with NumPy, which waits for no compiler."""
    reflected, size = np.where(r < 0, -k, k), np.abs(r)
    upper = special.ndtr(np.minimum(h, reflected))
    value = np.where(size == 1, upper, np.nan)
    for some, near_one in ((size <= CENTRAL_LIMIT, False), ((size > CENTRAL_LIMIT) & (size < 1), True)):
        x, y, of = h[some], reflected[some], size[some]
        if near_one:
            value[some] = upper[some] - distance_from_comonotone(x, y, np.arccos(of))
        else:
            value[some] = central_cdf(x, y, special.ndtr(x), special.ndtr(y), np.arcsin(of))
    return np.where(r < 0, special.ndtr(h) - value, value)


def relative_cdf(
    h: Float[Array | np.ndarray, "..."], k: Float[Array | np.ndarray, "..."], r: Float[Array | np.ndarray, "..."]
) -> Float[Array, "..."]:
    """Φ2(h, k; r), by `log_cdf` where r < 0 would cancel small values; by `cdf` alone under tracing."""
    if any(isinstance(x, Tracer) for x in (h, k, r)):
        return cdf(h, k, r)
    arrays = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (h, k, r)))
    columns = [x.ravel() for x in arrays]
    size = arrays[0].size
    if devices.accelerated():
        (value,) = in_blocks(lambda *block: (cdf(*block),), _BLOCK if size < _LARGE_BLOCK else _LARGE_BLOCK, *columns)
    else:
        at_once = (slice(first, first + _LARGE_BLOCK) for first in range(0, max(size, 1), _LARGE_BLOCK))
        value = np.concatenate([_cdf_arrays(*(column[some] for column in columns)) for some in at_once])
    small = np.flatnonzero((columns[2] < 0) & (value < 1e-4))
    if small.size:
        (exact,) = in_blocks(lambda *block: (log_cdf(*block),), _SMALL_BLOCK, *(x[small] for x in columns))
        value[small] = np.exp(exact)
    return jax.device_put(value.reshape(arrays[0].shape))
