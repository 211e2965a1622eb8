"""P7.i: the price of variance."""

from collections.abc import Callable
from functools import cache
from math import pi, sqrt

import numpy as np
from scipy.special import ndtri

from cofail_lab import decisions
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals, holds
from cofail_lab.claims.propositions.p6_members import best_size
from cofail_lab.claims.reference.exact import worst


def price(error_rate: float, variance: float) -> float:
    """λ(V) = μ/(2V^{3/2})·φ(μ/√V)."""
    return decisions.variance_shadow_price(error_rate, variance)


@cache
def _slope() -> Callable:
    """-∂/∂V Φ(μ/√V) as JAX derives it."""
    import jax
    import jax.numpy as jnp

    import cofail_lab.numerics  # noqa: F401 - 64-bit numbers

    return jax.jit(jax.grad(lambda variance, mu: -jax.scipy.stats.norm.cdf(mu / jnp.sqrt(variance))))


def automatic(formula: Callable, case: Case) -> Measured:
    """The derivative by automatic differentiation, in units of its size; its sign is that of ½ - α."""
    alpha, variance = case["alpha"], case["variance"]
    slope = float(_slope()(variance, -float(ndtri(alpha))))
    claimed = formula(alpha, variance)
    if np.sign(claimed) != np.sign(0.5 - alpha) and abs(alpha - 0.5) > 1e-12:
        return holds(False)
    scale = abs(slope) or 1.0
    return equals(slope / scale, claimed / scale, 1e-11)


def with_digits(formula: Callable, case: Case) -> Measured:
    """The derivative by differences with 40 digits."""
    import mpmath

    with mpmath.workdps(40):
        mu = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(case["alpha"]))
        slope = -mpmath.diff(lambda v: mpmath.ncdf(mu / mpmath.sqrt(v)), mpmath.mpf(case["variance"]))
        scale = float(abs(slope)) or 1.0
    return equals(float(slope) / scale, formula(case["alpha"], case["variance"]) / scale, 1e-11)


def none_pays(formula: Callable, case: Case) -> Measured:
    """At and above α = ½: the price and k* are not positive, and exhaustive search stays with one member."""
    alpha, rho, cost = case["alpha"], case["rho"], case["cost"]
    star = decisions.growth_threshold(formula(alpha, 1.0), rho, cost)
    return worst(equals(best_size(alpha, rho, cost), 1, 0), at_most(star, 0), at_most(formula(alpha, 1.0), 1e-16))


PRICES = tuple({"alpha": a, "variance": v} for a in (1e-6, 0.05, 0.3, 0.5, 0.7, 0.95) for v in (0.05, 0.3, 1.0, 2.0))
UNPAID = tuple({"alpha": a, "rho": r, "cost": c} for a in (0.5, 0.7, 0.9) for r, c in ((0.0, 1e-6), (0.2, 1e-3)))


CLAIMS = (
    Claim(
        id="P7.i",
        releases=("june", "sept"),
        statement=(
            "Accuracy per unit of variance has a closed form. It is positive for members right more often than not, "
            "zero at one half, and beyond it no second member ever pays."
        ),
        symbols="λ(V) = μ/(2V^{3/2})·φ(μ/√V) = -∂/∂V Φ(μ/√V); sign λ = sign(½ - α)",
        hypothesis="Single-factor probit, mean of scores.",
        expected="confirmed",
        formula=price,
        checks=(
            Check(
                "automatic differentiation",
                "exact",
                automatic,
                PRICES,
                Search({"alpha": Range(1e-6, 0.999), "variance": Range(0.01, 4)}, n_starts=64),
                with_digits,
            ),
            Check(
                "no second member at or above one half",
                "exact",
                none_pays,
                UNPAID,
                Search(
                    {"alpha": Range(0.5, 0.99), "rho": Range(0, 0.99), "cost": Range(1e-6, 1e-2, log=True)}, n_starts=32
                ),
            ),
        ),
        control=Control("+∂P/∂V", "refuted", lambda a, v: -price(a, v)),
        mutants={
            "V for V^{3/2}": lambda a, v: price(a, v) * sqrt(v),
            "the 2 forgotten": lambda a, v: 2 * price(a, v),
            "φ(μ/V) for φ(μ/√V)": lambda a, v: float(
                -ndtri(a) / (2 * v**1.5) * np.exp(-((ndtri(a) / v) ** 2) / 2) / sqrt(2 * pi)
            ),
        },
        universal=True,
    ),
)
