"""The normal distribution function in logs, to a few rounding errors of log Φ over the whole line.

`jax.scipy.special.log_ndtr` ends in a four-term asymptotic series: 4e-9 off at x = -20, and that error is multiplied
by the number of models. Here Φ(x) = exp(-x²/2) erfcx(-x/√2) / 2 for x < 0, with erfcx from a Chebyshev expansion over
[0, ∞) in y = (x - 3.75) / (x + 3.75) (Shepherd and Laframboise 1981, Mathematics of Computation 36).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer
from jax.scipy.special import ndtri
from jaxtyping import Complex, Float, UInt
from numpy.polynomial import chebyshev
from scipy import special

from cofail_lab.numerics import devices

_CENTRE = 3.75


def _scaled_erfcx(y: np.ndarray) -> np.ndarray:
    x = _CENTRE * (1 + y) / (1 - y)
    return (1 + 2 * x) * special.erfcx(x)


# Interpolated once from SciPy: smooth on [-1, 1], coefficients below 1e-17 from degree 27 on.
_COEFFICIENTS = chebyshev.chebinterpolate(_scaled_erfcx, 27)  # type: ignore[arg-type]


def erfcx(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """exp(x²) erfc(x) for x >= 0."""
    y2 = 2 * (x - _CENTRE) / (x + _CENTRE)
    previous, current = jnp.zeros_like(x), jnp.zeros_like(x)
    for coefficient in _COEFFICIENTS[:0:-1]:  # Clenshaw's recurrence
        previous, current = current, y2 * current - previous + coefficient
    return (y2 / 2 * current - previous + _COEFFICIENTS[0]) / (1 + 2 * x)


def quantile(probability: Float[Array, "..."]) -> Float[Array, "..."]:
    """Φ^{-1}; by SciPy where nothing is traced, for JAX would compile a program for every shape."""
    if isinstance(probability, Tracer):
        return ndtri(probability)
    return jax.device_put(special.ndtri(np.asarray(probability)))


_BITS_OF_ROOT_HALF = np.float64(np.sqrt(0.5)).view(np.int64)
# 2 (atanh(s) / s - 1) / s² in s²: for |s| up to (√2 - 1) / (√2 + 1) what is left out is below 1e-16 of it.
_ATANH = 2 / np.arange(3, 21, 2)


@jax.custom_jvp
def log_cdf(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Log Φ(x) for any finite x, float64; the derivative is `mills`."""
    x = jnp.asarray(x, dtype=jnp.float64)
    size = jnp.abs(x) * np.sqrt(0.5)
    scaled = erfcx(size) / 2
    tail = jnp.exp(-size * size) * scaled
    # One logarithm serves both sides, and one side is a product.
    return _log(jnp.where(x > 0, 1 - tail, scaled), tail) - jnp.where(x > 0, 0.0, size * size)


@log_cdf.defjvp
def _log_cdf_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    return log_cdf(x), mills(x) * dx


def _log(y: Array, below: Array) -> Array:
    """Log y for normal y in (0, 1], to 3 rounding errors; ``below`` is 1 - y before rounding where y is above 0.8.

    The compiler calls the C library for a logarithm of float64, one at a time: this is four times faster.
    """
    bits = lax.bitcast_convert_type(y, jnp.int64)
    exponent = (bits - _BITS_OF_ROOT_HALF) >> np.int64(52)
    mantissa = lax.bitcast_convert_type(bits - (exponent << np.int64(52)), jnp.float64)  # in [√½, √2)
    excess = jnp.where(exponent == 0, -below, mantissa - 1)
    # log(1 + f) = 2 atanh(s), s = f / (2 + f), arranged as in fdlibm so that f itself is not rounded again.
    s = excess / (2 + excess)
    half = excess * excess / 2
    log_mantissa = excess - (half - s * (half + _horner(_ATANH, s * s) * s * s))
    return exponent.astype(jnp.int32).astype(jnp.float64) * np.log(2) + log_mantissa


def mills(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """φ(x)/Φ(x), the derivative of log Φ; float64, no overflow for any finite x."""
    x = jnp.asarray(x, dtype=jnp.float64)
    size = jnp.abs(x) * np.sqrt(0.5)
    scaled = erfcx(size) / 2
    square = jnp.exp(-size * size)
    return jnp.where(x > 0, square / (1 - square * scaled), 1 / scaled) / np.sqrt(2 * np.pi)


def _fit(function: Callable[[np.ndarray], np.ndarray], low: float, high: float, degree: int) -> np.ndarray:
    """Coefficients, lowest power first, of a polynomial through Chebyshev points: within a factor of 3 of the best."""
    nodes = (high + low) / 2 + (high - low) / 2 * chebyshev.chebpts1(degree + 1)
    return np.polynomial.Polynomial.fit(nodes, function(nodes), degree, domain=[low, high]).convert().coef


# In x: log(1 + x) / x on [-1/2, 0]. In x²: cos x and sin(x) / x up to π/2. Each to a few 1e-9 or better.
_LOG = _fit(lambda x: np.log1p(x) / x, -0.5, 0.0, 9)
_COS = _fit(lambda square: np.cos(np.sqrt(square)), 0.0, np.pi**2 / 4, 6)
_SINC = _fit(lambda square: np.sinc(np.sqrt(square) / np.pi), 0.0, np.pi**2 / 4, 5)


def pairs_from_bits(words: UInt[Array, "..."]) -> Complex[Array, "..."]:
    """Two independent standard normals for 64 random bits, real and imaginary part of a complex64.

    Box and Muller (1958, Annals of Mathematical Statistics 29): radius √(-2 log u), u = (k + 1/2) 2^-31 with the upper
    31 bits k; angle jπ 2^-32 with the lower 32 bits as a signed number j; one bit for the sign of the cosine. No value
    is beyond 6.7. In single precision each is within 2e-6 of what these formulas say, on average within 6e-8.

    A compiler for a CPU rounds a product and a sum together, once; an accelerator must do the same, or draws would
    differ (`_multiply_add`, `_root`). One complex array instead of two: XLA would compute the words again for a second.
    """
    upper, lower = (words >> np.uint64(32)).astype(jnp.uint32), words.astype(jnp.uint32)
    radius = _root(-2 * _log_of_fraction(lax.bitcast_convert_type(upper >> np.uint32(1), jnp.int32)))
    angle = lax.bitcast_convert_type(lower, jnp.int32).astype(jnp.float32) * np.float32(np.pi * 2.0**-32)
    cosine, sine = radius * _horner(_COS, angle * angle), radius * (angle * _horner(_SINC, angle * angle))
    signed = lax.bitcast_convert_type(cosine, jnp.uint32) ^ (upper << np.uint32(31))
    return lax.complex(lax.bitcast_convert_type(signed, jnp.float32), sine)


def _log_of_fraction(k: Array) -> Array:
    """log((k + 1/2) 2^-31) for int32 k in [0, 2^31), float32, to a relative 3e-7 at both ends."""
    bits = lax.bitcast_convert_type(k.astype(jnp.float32) + np.float32(0.5), jnp.int32)
    exponent = (bits >> np.int32(23)) - np.int32(126)
    excess = lax.bitcast_convert_type(bits - (exponent << np.int32(23)), jnp.float32) - 1
    # In the upper half the distance from 1 is what counts, and float32 would have rounded it away.
    near_one = k >= np.int32(2**30)
    distance = ((k - np.int32(2**31 - 1)).astype(jnp.float32) - np.float32(0.5)) * np.float32(2.0**-31)
    excess = jnp.where(near_one, distance, excess)
    exponent = jnp.where(near_one, 0, exponent - 31).astype(jnp.float32)
    return _multiply_add(_horner(_LOG, excess), excess, exponent * np.float32(np.log(2)))


def _horner(coefficients: np.ndarray, x: Array) -> Array:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1].astype(x.dtype):
        total = _multiply_add(total, x, coefficient) if x.dtype == jnp.float32 else total * x + coefficient
    return total


def _multiply_add(a: Array, b: Array, c: Array | np.float32) -> Array:
    """ab + c in float32, rounded once: what compilers for CPUs make of this expression.

    Elsewhere it is spelled out. In float64 the product is exact; the sum is rounded to an odd last digit where it is
    inexact, so that rounding it again to float32 is as rounding once (Boldo and Melquiond 2008, IEEE Transactions on
    Computers 57).
    """
    if not devices.accelerated():
        return a * b + c
    product, added = a.astype(jnp.float64) * b.astype(jnp.float64), jnp.asarray(c).astype(jnp.float64)
    total = product + added
    back = total - product
    left_out = (product - (total - back)) + (added - back)
    bits = lax.bitcast_convert_type(total, jnp.int64)
    step = jnp.where((left_out > 0) == (total > 0), 1, -1)
    odd = jnp.where((left_out != 0) & (bits & 1 == 0), bits + step, bits)
    return lax.bitcast_convert_type(odd, jnp.float64).astype(jnp.float32)


def _root(x: Array) -> Array:
    """√x in float32, correctly rounded also where a device has a quick float32 root only."""
    return jnp.sqrt(x.astype(jnp.float64)).astype(jnp.float32) if devices.accelerated() else jnp.sqrt(x)
