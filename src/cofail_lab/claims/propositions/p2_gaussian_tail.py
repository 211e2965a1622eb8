"""P2.i, P2.iii, P2.iv: how fast the one-factor Gaussian prediction falls as the pool grows."""

from collections.abc import Callable
from math import lgamma, log, sqrt
from typing import Any

from scipy.special import log_ndtr, ndtri

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals
from cofail_lab.claims.propositions.p2_common_shock import QUADRATURE
from cofail_lab.claims.reference import exchangeable


def regular_variation(error_rate: float, r: float, m: float) -> float:
    """Karamata's Tauberian theorem: β_sf(m) ~ Γ(1+χ) P(1 - p < 1/m), whose log is -χ log m + O(√log m)."""
    chi = (1 - r) / r
    u = -float(ndtri(1 / m))
    return lgamma(1 + chi) + float(log_ndtr((ndtri(error_rate) - sqrt(1 - r) * u) / sqrt(r)))


def with_exponent(exponent: Callable[[float], float]) -> Callable[[float, float, float], float]:
    """The claimed rate with another exponent of m in the place of χ."""
    return lambda error_rate, r, m: regular_variation(error_rate, r, m) + ((1 - r) / r - exponent(r)) * log(m)


def tail_rate(formula: Callable, case: Case) -> Measured:
    """log β_sf(m) less the claimed rate: it must shrink like 1/√log m, here below c/√log m."""
    log_all_wrong = exchangeable.one_factor(case["error_rate"], case["r"], case["m"]).log_all_wrong
    claimed = formula(case["error_rate"], case["r"], case["m"])
    return equals(log_all_wrong, claimed, case["within"] / sqrt(log(case["m"])), QUADRATURE * abs(log_all_wrong))


def ratio_limit(bound: Callable, case: Case) -> Measured:
    """1 - β_sf(m+1)/β_sf(m): what is left to 1, which the bound on the limit of the ratio must not exceed."""
    drop = exchangeable.one_factor(case["error_rate"], case["r"], case["m"]).drop
    return Measured(drop * (1 - 1e-8), drop * (1 + 1e-8), *bound(case))


def tail_dependence(bound: Callable, case: Case) -> Measured:
    """log Φ2(t,t;r)/Φ(t) by mpmath, as the mean of Φ((t - r x)/√(1-r²)) over x < t."""
    import mpmath

    t, r = mpmath.mpf(case["t"]), mpmath.mpf(case["r"])
    scale = mpmath.sqrt(1 - r * r)

    def height(x: Any) -> Any:
        return mpmath.npdf(x) * mpmath.ncdf((t - r * x) / scale)

    width = 1 / (1 + abs(t))
    inside = mpmath.quad(height, [t - 40 * width, t - 10 * width, t - 3 * width, t - width, t])
    return at_most(float(mpmath.log(inside / mpmath.ncdf(t))), bound(case["t"], case["r"]), 1e-9)


def dependence_bound(t: float, r: float) -> float:
    """log 2Φ(t √((1-r)/(1+r))), which falls without end with t: d/dt Φ2(t,t;r) = 2 φ(t) Φ(t √((1-r)/(1+r)))."""
    return log(2) + float(log_ndtr(t * sqrt((1 - r) / (1 + r))))


_RATES: tuple[Case, ...] = tuple(
    {"error_rate": a, "r": r, "m": m, "within": c}
    for a, r, c in ((0.335, 0.172, 2.8), (0.4, 0.5, 0.13), (0.1, 0.3, 3.2), (0.4, 0.8, 0.035), (0.9, 0.5, 0.55))
    for m in (1e6, 1e10, 1e30, 1e100, 1e300)
)

CLAIMS = (
    Claim(
        id="P2.i.b",
        releases=("sept",),
        statement=(
            "The one-factor prediction falls to 0 like m^-χ, but slowly: a factor e^O(√log m) is still visible at "
            "1e100, so the rate is tested with it."
        ),
        symbols="β_sf(m) = m^(-χ+o(1)), χ = (1-r)/r; sharper: β_sf(m) ~ Γ(1+χ) P(1-p < 1/m)",
        hypothesis="One-factor Gaussian, exchangeable, 0 < r < 1.",
        expected="confirmed",
        formula=regular_variation,
        checks=(Check("quadrature up to m = 1e300, gap within c/√log m", "quadrature", tail_rate, _RATES),),
        control=Control("the exponent r/(1-r)", "refuted", with_exponent(lambda r: r / (1 - r))),
        mutants={
            "the exponent upside down": with_exponent(lambda r: r / (1 - r)),
            "half the exponent": with_exponent(lambda r: (1 - r) / (2 * r)),
            "the raw power law without its factor": lambda _, r, m: -(1 - r) / r * log(m),
            "the exponent (1-r)/(1+r)": with_exponent(lambda r: (1 - r) / (1 + r)),
        },
        note="The gap to the sharper form shrinks like 1/√log m, with a constant that depends on α and r.",
    ),
    Claim(
        id="P2.iii",
        releases=("june",),
        statement="Proof step: the ratio of successive one-factor predictions tends to a limit below 1.",
        symbols="lim β_sf(m+1)/β_sf(m) < 1",
        hypothesis="One-factor Gaussian, exchangeable.",
        expected="refuted",
        formula=lambda case: (case["floor"], 1.0),
        checks=(
            Check(
                "1 less the ratio, at a size where it is below any stated gap",
                "quadrature",
                ratio_limit,
                tuple(
                    {"error_rate": 0.335, "r": 0.172, "floor": floor, "m": 100 / floor} for floor in (1e-12, 1e-6, 1e-3)
                ),
            ),
        ),
        control=Control(
            "it tends to 1, like 1 - χ/m", "confirmed", lambda case: (0.9 * 4.81 / case["m"], 1.15 * 4.82 / case["m"])
        ),
        note="The ratio rises with m (log-convexity of moments), so passing 1 - g once excludes a limit of 1 - g.",
    ),
    Claim(
        id="P2.iv",
        releases=("june", "sept"),
        statement="The Gaussian copula has no lower tail dependence for r < 1.",
        symbols="Φ2(t,t;r)/Φ(t) → 0 as t → -∞; sharper: it is at most 2 Φ(t √((1-r)/(1+r)))",
        hypothesis="-1 < r < 1.",
        expected="confirmed",
        formula=dependence_bound,
        checks=(
            Check(
                "mpmath quadrature against a bound that falls to 0, in logs",
                "quadrature",
                tail_dependence,
                tuple({"t": t, "r": r} for t in (-1.0, -5.0, -20.0) for r in (-0.5, 0.0, 0.5, 0.95)),
                Search({"t": Range(-30, -0.5), "r": Range(-0.9, 0.99)}, n_starts=8, n_polished=1, n_steps=12),
            ),
        ),
        control=Control(
            "a bound that would suit upper tail dependence", "refuted", lambda t, r: dependence_bound(t, -r)
        ),
        mutants={
            "the factor 2 dropped": lambda t, r: dependence_bound(t, r) - log(2),
            "the ratio under the root upside down": lambda t, r: dependence_bound(t, -r),
            "Φ(t), as if independent": lambda t, _: float(log_ndtr(t)),
        },
        universal=True,
    ),
)
