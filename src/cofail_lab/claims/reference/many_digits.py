"""An exchangeable common shock against its matched one-factor law, in as many digits as the law needs.

Where the base error rate or the shock is near 0 or 1, the two all-wrong rates differ in their 20th digit or later:
float64 knows nothing of it. Here every step is one of mpmath, the correlation comes from Owen's T function, and the
quadrature is a trapezoidal sum, whose error on such bells falls faster than any power of the spacing.
"""

from collections.abc import Callable
from functools import cache
from math import ceil, log10
from typing import Any, NamedTuple

import mpmath

# Steps of Newton's method, which doubles the digits of a root with each of its last ones.
_NEWTON = 500


class LogRatio(NamedTuple):
    """log β(m)/β_sf(m), with its error: what halving the spacing of the quadrature changed, and rounding.

    Attributes:
        value, error: mpmath numbers.
    """

    value: Any
    error: Any


@cache
def shock_log_ratio(shock: float, base: float, m: int) -> LogRatio:
    """log β(m)/β_sf(m) of the exchangeable common shock, at the matched tetrachoric correlation.

    Args:
        shock, base: ω and α0, in (0, 1), exact as given.
        m: pool size, at least 2; a few.
    """
    nearest = min(shock, 1 - shock, base, 1 - base)
    # The laws differ from m = 3 on only in triples: by the third power of a rate near an end.
    with mpmath.workdps(40 + ceil(-3 * log10(nearest))):
        w, a0 = mpmath.mpf(shock), mpmath.mpf(base)
        error_rate = w + (1 - w) * a0
        t = quantile(error_rate, (1 - w) * (1 - a0))
        coarse, fine = (log_one_factor(t, *loadings(t, (1 - w) * a0 * (1 - a0)), m, halvings) for halvings in (0, 1))
        value = mpmath.log(w + (1 - w) * a0**m) - fine
        # Owen's function gives what the pair rate leaves of α: a relative error of p is α/p of that.
        rounding = error_rate / (w + (1 - w) * a0**2) * mpmath.mpf(10) ** (6 - mpmath.mp.dps)
        return LogRatio(value, abs(fine - coarse) + rounding)


def quantile(below: Any, above: Any) -> Any:
    """Φ^{-1}; from the smaller of both tails."""
    sign, tail = (1, below) if below < above else (-1, above)
    # Mills' ratio bounds the tail, and log Φ is concave: Newton's steps on it do not leave the left side.
    x = -mpmath.sqrt(-2 * mpmath.log(tail)) if tail < mpmath.mpf("0.1") else mpmath.mpf(-1)
    for _ in range(_NEWTON):
        step = (mpmath.log(mpmath.ncdf(x)) - mpmath.log(tail)) * mpmath.ncdf(x) / mpmath.npdf(x)
        x -= step
        if abs(step) < mpmath.mpf(10) ** (3 - mpmath.mp.dps):
            return sign * x
    raise ArithmeticError(f"the quantile of {mpmath.nstr(tail)} was not found in {_NEWTON} steps")


def loadings(t: Any, only_one: Any) -> tuple[Any, Any]:
    """√r and √(1-r) of the r at which one of two like models alone is wrong this often; 0 < r < 1.

    Args:
        t: Φ^{-1}(α).
        only_one: P(i wrong, j right) = α - p.
    """
    slope = _owen_slope(t, only_one)
    return mpmath.sqrt((1 - slope**2) / (1 + slope**2)), mpmath.sqrt(2 * slope**2 / (1 + slope**2))


def _owen_slope(t: Any, only_one: Any) -> Any:
    """The a = √((1-r)/(1+r)) with 2 T(t, a) = P(i wrong, j right)."""

    def density(x: Any) -> Any:
        return mpmath.exp(-t * t * (1 + x * x) / 2) / (1 + x * x) / mpmath.pi

    # T is concave in a, so Newton's steps rise to the root. Each adds the integral from the last point on.
    a, reached = mpmath.mpf(0), mpmath.mpf(0)
    for _ in range(_NEWTON):
        step = (only_one - reached) / density(a)
        parts = mpmath.linspace(a, a + step, 2 + int(step * (1 + abs(t))))
        reached += mpmath.quad(density, parts)
        a += step
        if abs(step) < a * mpmath.mpf(10) ** (3 - mpmath.mp.dps):
            return a
    raise ArithmeticError(f"Owen's T did not reach {mpmath.nstr(only_one)} in {_NEWTON} steps")


def log_one_factor(t: Any, outer: Any, inner: Any, m: int, halvings: int) -> Any:
    """log P(all of m wrong) of the one-factor law with latent √r Z + √(1-r) ε_i; ``outer`` is √r, ``inner`` √(1-r).

    Summed over Z, or for r > ½ over the greatest of the m residuals: the integrand that has no steep side.
    """

    def over_factor(z: Any) -> Any:
        return mpmath.npdf(z) * mpmath.ncdf((t - outer * z) / inner) ** m

    def over_greatest(u: Any) -> Any:
        return m * mpmath.ncdf(u) ** (m - 1) * mpmath.npdf(u) * mpmath.ncdf((t - inner * u) / outer)

    height = over_factor if outer < inner else over_greatest
    spacing = mpmath.sqrt(2 * mpmath.pi**2 / ((2 + m) * mpmath.mp.dps * mpmath.log(10))) / 2 ** (halvings + 1)
    centre = _mode(height)
    floor = height(centre) * mpmath.mpf(10) ** (-mpmath.mp.dps - 2)
    total = height(centre)
    for side in (spacing, -spacing):
        z = centre + side
        while (term := height(z)) > floor:
            total += term
            z += side
    return mpmath.log(total * spacing)


def _mode(height: Callable) -> Any:
    """Where a log-concave function is greatest, roughly, by sections."""
    low, high = mpmath.mpf(-40), mpmath.mpf(40)
    for _ in range(60):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if height(a) > height(b) else (a, high)
    return (low + high) / 2
