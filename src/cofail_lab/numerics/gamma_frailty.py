"""Gamma frailty: models that err independently given W ~ Gamma(shape 1/θ, mean 1), each with probability exp(-W h_i).

With h_i = (α_i^{-θ} - 1)/θ the errors have rates α_i and a Clayton copula. Everything here is written in W, log W = √θ
z and log rates, so that θ = 0 (W = 1, independent errors) is a point like any other.

The trapezoidal rule in log W has a proven error. On the line log W + iy, |y| < π/2, a factor exp(-W h) and the
density's exp(-kW), k = 1/θ, are what they are at log W + log cos y on the real line, and |1 - exp(-W h)| is at most
1/cos y times its value there (|1 - e^{-a-ib}|² = (1 - e^{-a})² (1 + (1 - cos b) / (cosh a - 1)) and b = a tan y). So
the integral of the modulus of a pattern's integrand is at most (cos y)^{-(k + r)} times the pattern's probability, r
<= m the number of right models, and (Trefethen and Weideman 2014, theorem 5.1) the relative error of *every* pattern's
probability is at most min_y 2 (cos y)^{-(k+m)} / (e^{2πy/h} - 1) at spacing h.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special as jax_special
from jaxtyping import Float
from scipy import special

Values = Array | np.ndarray
"""Computed with JAX where it is of JAX, else with NumPy."""

ERROR = 1e-13
"""Proven relative error of a pattern's probability on a lattice of `needed_nodes`, ends (e^-45) and rounding apart."""

# Smallest θ at which derivatives are taken, and from which on the ends of a lattice follow θ.
TINY = 1e-14
_DROP = 45.0
# Where the hazards add up to less than e^-34 every model is wrong, to 1e-14: one node serves for all that lies below.
_LOG_CERTAIN = 34.0
# -x^n coefficients: (e^x - 1)/x, log(1 + x)/x, (e^x - 1 - x)/x² and -log(cos x)/x² near 0.
_EXPM1 = 1 / np.cumprod(np.arange(1.0, 17.0))
_LOG1P = (-1.0) ** np.arange(14) / np.arange(1, 15)
_SECOND = 1 / np.cumprod(np.arange(1.0, 23.0))[1:]
_LOGCOS = np.array([1 / 2, 1 / 12, 1 / 45, 17 / 2520, 31 / 14175, 691 / 935550])
_STIRLING = np.array([1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156])
_SHARES = np.linspace(0.02, 1.0, 48)


def _compiled(*static: int) -> Callable[[Callable], Callable]:
    """Decorator: a program where arrays are of JAX; NumPy's are computed as they are, and wait for no compiler.

    Args:
        static: places of the arguments that are no arrays.
    """

    def decorate(function: Callable) -> Callable:
        program = jax.jit(function, static_argnums=static)

        @wraps(function)
        def either(*arguments: Any) -> Any:
            if any(isinstance(x, jax.Array) for x in arguments):
                return program(*arguments)
            with np.errstate(all="ignore"):
                return function(*arguments)

        return either

    return decorate


def _library(x: Values) -> Any:
    return jnp if isinstance(x, jax.Array) else np


def _constant(x: Values) -> Values:
    return lax.stop_gradient(x) if isinstance(x, jax.Array) else x


def _series(coefficients: np.ndarray, x: Values) -> Values:
    total: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def _joined(small: Any, x: Values, coefficients: np.ndarray, closed: Values) -> Values:
    """A power series where ``small``, its closed form elsewhere (computed at a harmless x where small)."""
    xp = _library(x)
    return xp.where(small, _series(coefficients, xp.where(small, x, 0.0)), closed)


def _expm1_ratio(x: Values) -> Values:
    """(e^x - 1)/x for 0 <= x <= 1."""
    xp = _library(x)
    small = x < 0.5
    safe = xp.where(small, 1.0, x)
    return _joined(small, x, _EXPM1, xp.expm1(safe) / safe)


def _log1p_ratio(x: Values) -> Values:
    """log(1 + x)/x for x >= 0."""
    xp = _library(x)
    small = x < 0.05
    safe = xp.where(small, 1.0, x)
    return _joined(small, x, _LOG1P, xp.log1p(safe) / safe)


def _second_ratio(x: Values) -> Values:
    """(e^x - 1 - x)/x²."""
    xp = _library(x)
    small = xp.abs(x) < 1
    safe = xp.where(small, 1.0, x)
    return _joined(small, x, _SECOND, (xp.expm1(safe) - safe) / safe**2)


def _stirling(theta: Values) -> Values:
    """log Γ(k) - (k - 1/2) log k + k - log(2π)/2 for k = 1/θ."""
    xp = _library(theta)
    small = theta < 0.1
    k = 1 / xp.where(small, 1.0, theta)
    closed = (special if xp is np else jax_special).gammaln(k) - (k - 0.5) * xp.log(k) + k - np.log(2 * np.pi) / 2
    square = xp.where(small, theta, 0.0) ** 2
    return xp.where(small, theta * _series(_STIRLING, square), closed)


@_compiled()
def log_all_wrong(hazards: Float[Values, "... m"], theta: Float[Values, "..."]) -> Float[Values, "..."]:
    """Log β = -log(1 + Σ (α_i^{-θ} - 1))/θ, Σ log α_i at θ = 0, to a few rounding errors of it; smooth.

    Args:
        hazards: a_i = -log α_i >= 0.
        theta: θ >= 0.
    """
    xp = _library(theta)
    powers = theta[..., None] * hazards
    top = _constant(powers.max(axis=-1))
    small = top <= 1
    total = (hazards * _expm1_ratio(xp.where(small[..., None], powers, 0.0))).sum(axis=-1)
    near = -total * _log1p_ratio(xp.where(small, theta * total, 0.0))
    # e^-top (1 + Σ (e^{x_i} - 1)) as a sum of terms of one sign.
    terms = xp.exp(powers - top[..., None]) * -xp.expm1(-powers)
    far = -(top + xp.log(xp.exp(-top) + terms.sum(axis=-1))) / xp.where(small, 1.0, theta)
    return xp.where(small, near, far)


def log_hazard_ratios(hazards: Float[Values, " m"], theta: Float[Values, ""]) -> Float[Values, " m"]:
    """Log h_i = log((e^{θ a_i} - 1)/θ)."""
    xp = _library(theta)
    x = theta * hazards
    small = x < 0.5
    safe = xp.where(small, 1.0, x)
    far = safe + xp.log1p(-xp.exp(-safe)) - xp.log(safe)
    return xp.log(hazards) + xp.where(small, xp.log(_expm1_ratio(xp.where(small, x, 0.0))), far)


def _growth(theta: Values, n_models: int, y: Values) -> Values:
    """-(k + m) log cos(√θ y)."""
    xp = _library(theta)
    angle = xp.sqrt(theta) * y
    small = angle < 0.1
    safe = xp.where(small, 1.0, angle)
    ratio = _joined(small, angle**2, _LOGCOS, -xp.log(xp.cos(safe)) / safe**2)
    return (1 + n_models * theta) * y**2 * ratio


@_compiled(1, 2)
def proven_spacing(theta: Float[Values, ""], n_models: int, error: float) -> Float[Values, ""]:
    """A spacing in z = log(W)/√θ at which every pattern's probability is proven to a relative ``error`` (see above)."""
    xp = _library(theta)
    log_error = np.log(2.1 / error)
    furthest = xp.minimum(1.56 / xp.sqrt(theta), 2 * xp.sqrt(2 * log_error / (1 + n_models * theta)))
    y = _SHARES * furthest
    return (2 * np.pi * y / (log_error + _growth(theta, n_models, y))).max()


def _lower_reach(theta: Values, n_models: int) -> tuple[Values, Values]:
    """How far below the mode given all wrong a lattice begins, in log W; whether all hazards are negligible there."""
    xp = _library(theta)
    # The density falls as k(e^-d - 1 + d) >= k d²/(2 + d).
    c = _DROP * theta
    dropped, certain = (c + xp.sqrt(c * c + 8 * c)) / 2, _LOG_CERTAIN + np.log(n_models)
    return xp.minimum(dropped, certain), dropped > certain


@_compiled()
def lattice_range(hazards: Float[Values, " m"], theta: Float[Values, ""]) -> tuple[Values, Values, Values]:
    """The ends of a lattice in z, and its `proven_spacing`; below the lower end every model is wrong, or nothing is.

    The log integrand of every pattern is concave in log W; all wrong pulls its mode down most, all right up most, and
    beyond an end it has dropped by 45 (or all hazards are negligible).
    """
    xp = _library(theta)
    theta = xp.maximum(theta, TINY)
    root, m = xp.sqrt(theta), hazards.shape[-1]
    # Above it falls as k e^up (e^d - 1 - d), which is 45 at d = log(1 + c + √(2c)) at the latest.
    up = xp.log1p(m * theta)
    c = _DROP * theta * xp.exp(-up)
    low = theta * log_all_wrong(hazards, theta) - _lower_reach(theta, m)[0]
    high = up + xp.log1p(c + xp.sqrt(2 * c))
    return low / root, high / root, proven_spacing(theta, m, ERROR)


def needed_nodes(hazards: Float[Values, " m"], theta: Float[Values, ""]) -> int:
    """Nodes of a lattice that proves `ERROR`; one for θ = 0; a multiple of 256, so that few programs are compiled."""
    low, high, spacing = (float(x) for x in lattice_range(hazards, theta))
    return 256 * int(np.ceil(((high - low) / spacing + 3) / 256))


@_compiled(2)
def lattice(
    hazards: Float[Values, " m"], theta: Float[Values, ""], n_nodes: int
) -> tuple[Float[Values, " nodes"], Float[Values, "nodes m"]]:
    """Weights of nodes for W, and W h_i, the hazards there; the first node (hazard 0) is for all that lies below.

    All is nan where this many nodes do not prove a relative 1e-8. The nodes move with θ, so that derivatives lose no
    digits where θ is small; for θ below `TINY` they are to be taken at `TINY`.
    """
    xp = _library(theta)
    low, high, spacing = map(_constant, lattice_range(hazards, theta))
    step = (high - low) / (n_nodes - 2)
    proven = (step <= spacing) | (step <= proven_spacing(xp.maximum(_constant(theta), TINY), hazards.size, 1e-8))
    z = low + step * xp.arange(n_nodes - 1)
    root = xp.sqrt(theta)
    s = root * z
    # The density of log W in z: Γ(k) by Stirling's formula, whose leading terms cancel the density's own.
    weights = step / np.sqrt(2 * np.pi) * xp.exp(-z * z * _second_ratio(s) - _stirling(theta))
    # Where all hazards are negligible at the lower end, what lies below is a geometric series of ratio e^{-k step √θ}.
    certain = _lower_reach(_constant(theta), hazards.size)[1]
    decay = step / xp.where(certain, root, 1.0)
    below = xp.where(certain, weights[0] * xp.exp(-decay) / -xp.expm1(-decay), 0.0)
    weights = xp.append(below, weights)
    log_hazards = s[:, None] + log_hazard_ratios(hazards, theta)
    hazards = xp.exp(xp.minimum(log_hazards, 700.0))
    return xp.where(proven, weights, xp.nan), xp.pad(hazards, ((1, 0), (0, 0)))
