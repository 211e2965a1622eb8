"""Densities of a factor that need not be Gaussian, Student's or skewed, each over a variable that suits a lattice.

Model i is wrong where ℓ_i Z + √(1-ℓ_i²) ε_i < t_i, ε_i standard normal: low values of the factor Z are hard queries.

- Student: Z has Student's t law with ν degrees of freedom, in its usual scale (variance ν/(ν-2) for ν > 2, none
  otherwise). ν enters as its inverse: at 0 the factor is Gaussian.
- Skewed: Z is -D, the difficulty D a gamma variable shifted and scaled to mean 0 and variance 1 (Pearson's type III).
  Its skewness is 2ε. Above 0 the hard side has the long tail (2: D + 1 is exponential), below 0 the easy side; at 0 the
  factor is Gaussian, and everything is smooth there.

The functions take NumPy's or JAX's namespace, so that fits and differentiable laws share them.
"""

from typing import Any

import numpy as np

_LOG_ROOT_2PI = float(np.log(2 * np.pi)) / 2

SHARE = 1 - float(np.exp(-1))
"""p of the map of the skewed factor: its slope is 1 at the mean and 1/p far out on the long side."""


def student(x: Any, inverse: Any, stretch: Any, xp: Any = np) -> tuple[Any, Any]:
    """Z = A sinh(sinh(x/A)) and the log density of x.

    Args:
        x: |x| at most about A asinh 230.
        inverse: 1/ν, 0 to 4.
        stretch: A. Up to about A, Z is x; far beyond it grows so fast that any power of it falls off.
        xp: NumPy or JAX.
    """
    inner = xp.sinh(x / stretch)
    z = stretch * xp.sinh(inner)
    square = z * z
    log_slope = _log_cosh(inner, xp) + _log_cosh(x / stretch, xp)
    log_kernel = -(1 + inverse) / 2 * square * _log1p_ratio(inverse * square, xp)
    return z, _log_student_constant(inverse, xp) + log_kernel + log_slope


def skewed(x: Any, epsilon: Any, xp: Any = np) -> tuple[Any, Any]:
    """Z = -log(1 + p (e^{εx/p} - 1))/ε and the log density of x; x > 0 is the hard side.

    Args:
        x: of the sign of ε about linear in Z, else log(distance from the end of the range).
        epsilon: half the skewness, -2 to 2.
        xp: NumPy or JAX.
    """
    delta = epsilon * x / SHARE
    grown = SHARE * xp.expm1(delta)
    z = -x * _log1p_ratio(grown, xp) * _expm1_ratio(delta, xp)
    y = -epsilon * z
    # With G/k = 1 + y: k (log(1 + y) - y), which is -z²/2 at ε = 0. Near the end of the range log(1 + y) is taken from
    # the map: 1 + y = log(1 + (e-1) e^δ).
    near_end = y < -0.5
    safe_y = xp.where(near_end, 0.0, y)
    safe_delta = xp.where(near_end, delta, 0.0)
    safe_epsilon = xp.where(near_end, epsilon, 1.0)
    log_share = xp.where(near_end, xp.log(xp.log1p((np.e - 1) * xp.exp(safe_delta))), xp.log1p(safe_y))
    exponent = xp.where(near_end, (log_share - y) / safe_epsilon**2, z * z * _log1p_second(safe_y, xp))
    log_slope = delta - xp.log1p(grown)
    return z, -_LOG_ROOT_2PI - stirling(epsilon * epsilon, xp) + exponent - log_share + log_slope


def stirling(inverse: Any, xp: Any = np) -> Any:
    """log Γ(a) - (a - 1/2) log a + a - log √(2π) for a = 1/``inverse`` > 0.1; 0 at a = ∞. Error about 2e-15."""
    small = inverse > 0.1
    # Ten steps of Γ(a + 1) = a Γ(a) lead to where the series is good.
    a = 1 / xp.where(small, inverse, 1.0)
    steps = sum(xp.log(a + j) for j in range(10))
    shift = (a + 9.5) * xp.log(a + 10) - 10 - steps - (a - 0.5) * xp.log(a)
    return xp.where(small, shift, 0.0) + _series(xp.where(small, 1 / (a + 10), inverse))


def _series(i: Any) -> Any:
    s = i * i
    return i * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360360)))))


def _log_student_constant(inverse: Any, xp: Any) -> Any:
    """log Γ((ν+1)/2) - log Γ(ν/2) - log √(νπ)."""
    # With a = ν/2: a log(1 + 1/(2a)) - 1/2 and the two remainders of Stirling's formula.
    i = 2 * inverse
    return _log1p_ratio(i / 2, xp) / 2 - 0.5 - _LOG_ROOT_2PI + stirling(i / (1 + i / 2), xp) - stirling(i, xp)


def _log_cosh(x: Any, xp: Any) -> Any:
    size = xp.abs(x)
    return size + xp.log1p(xp.exp(-2 * size)) - np.log(2)


def _log1p_ratio(x: Any, xp: Any) -> Any:
    """log(1 + x)/x."""
    small = xp.abs(x) < 1e-4
    y = xp.where(small, x, 0.0)
    series = 1 - y * (1 / 2 - y * (1 / 3 - y * (1 / 4 - y / 5)))
    safe = xp.where(small, 1.0, x)
    return xp.where(small, series, xp.log1p(safe) / safe)


def _expm1_ratio(x: Any, xp: Any) -> Any:
    """(e^x - 1)/x."""
    small = xp.abs(x) < 1e-4
    y = xp.where(small, x, 0.0)
    series = 1 + y * (1 / 2 + y * (1 / 6 + y * (1 / 24 + y / 120)))
    safe = xp.where(small, 1.0, x)
    return xp.where(small, series, xp.expm1(safe) / safe)


def _log1p_second(x: Any, xp: Any) -> Any:
    """(log(1 + x) - x)/x² for x > -1."""
    near = xp.abs(x) < 0.5
    inside = xp.where(near, x, 0.0)
    # log(1 + x) = 2 atanh(s), s = x/(2 + x): the terms of x² are collected before anything cancels.
    s = inside / (2 + inside)
    square = s * s
    rest = 0.0
    for k in range(14, 0, -1):
        rest = 2 / (2 * k + 1) + square * rest
    series = -0.5 + s * (0.5 + rest / (2 + inside) ** 2)
    outside = xp.where(near, 1.0, x)
    return xp.where(near, series, (xp.log1p(outside) - outside) / outside**2)
