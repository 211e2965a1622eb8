"""P6: how many members pay for themselves, at a fixed price of variance and at the model's own."""

from collections.abc import Callable
from fractions import Fraction
from math import floor, sqrt
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from cofail_lab import decisions
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals, holds
from cofail_lab.claims.reference.exact import worst


def threshold(price: Any, correlation: Any, cost: Any, variance: Any) -> Any:
    """k* = ½(-1 + √(1 + 4λσ²(1-ρ)/c))."""
    return decisions.growth_threshold(price, correlation, cost, variance)


def gain_of_one_more(k: int, case: Case) -> Fraction:
    """λ(V(k) - V(k+1)) - c at a fixed λ, in rationals."""
    price, rho, cost, variance = (Fraction(case[name]) for name in ("price", "rho", "cost", "variance"))
    at, following = (variance * (rho + (1 - rho) / n) for n in (k, k + 1))
    return price * (at - following) - cost


def pays_up_to(formula: Callable, case: Case) -> Measured:
    """One more member pays at the last whole k below k* and not at the first above; k* itself to twelve digits."""
    star = formula(case["price"], case["rho"], case["cost"], case["variance"])
    # λσ²(1-ρ)/(k(k+1)) = c, solved for k by bisection in the rationals' nearest floats.
    price, rho, cost, variance = (Fraction(case[name]) for name in ("price", "rho", "cost", "variance"))
    ratio = float(price * variance * (1 - rho) / cost)
    low, high = 0.0, ratio + 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * (middle + 1) < ratio else (low, middle)
    root = equals(low, star, 1e-12 * max(1e-3, low))
    last = floor(low - 1e-9)
    signs = (last < 1 or gain_of_one_more(last, case) > 0) and gain_of_one_more(floor(low + 1e-9) + 1, case) < 0
    return root if signs else holds(False)


def falls(formula: Callable, case: Case) -> Measured:
    """k* at a higher correlation and at a higher cost is lower; at correlation 1 it is 0."""
    price, rho, cost, variance = (case[name] for name in ("price", "rho", "cost", "variance"))
    at = formula(price, rho, cost, variance)
    dearer, closer = formula(price, rho, 1.5 * cost, variance), formula(price, (1 + rho) / 2, cost, variance)
    return worst(
        at_most(dearer, at * (1 - 1e-3)),
        at_most(closer, at * (1 - 1e-3)),
        equals(formula(price, 1.0, cost, variance), 0, 1e-12),
    )


def best_size(error_rate: float, correlation: float, cost: float) -> int:
    """Exhaustive search of the accuracy of the mean score less the cost of its members; ties to the smaller."""
    most = _most_members(error_rate, correlation, cost)
    k = np.arange(1, most + 1)
    error = np.exp(log_ndtr(float(ndtri(error_rate)) / np.sqrt(correlation + (1 - correlation) / k)))
    return int(np.argmin(error + cost * k)) + 1


def _most_members(error_rate: float, correlation: float, cost: float) -> int:
    """All the accuracy there is to gain would not pay for more members than this."""
    gain = float(error_rate - ndtr(float(ndtri(error_rate)) / sqrt(max(correlation, 1e-300))))
    return max(2, int(max(gain, 0.0) / cost) + 2)


def nowhere_rising(size: int) -> int:
    """∂k*/∂ρ < 0: at a higher correlation the optimum is no larger."""
    return size


def own_price(formula: Callable, case: Case) -> Measured:
    """Optimum at two correlations, λ being P7's: by exhaustive search."""
    lower, higher = (best_size(case["alpha"], rho, case["cost"]) for rho in _ordered(case))
    return at_most(higher, formula(lower))


def own_price_exactly(formula: Callable, case: Case) -> Measured:
    """The same with 50 digits, on sizes around the best one: the objective is concave in k."""
    import mpmath

    with mpmath.workdps(50):
        mu = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(case["alpha"]))

        def objective(k: int, rho: float) -> Any:
            return (
                mpmath.ncdf(mu / mpmath.sqrt(mpmath.mpf(rho) + (1 - mpmath.mpf(rho)) / k))
                - mpmath.mpf(case["cost"]) * k
            )

        sizes = []
        for rho in _ordered(case):
            near = best_size(case["alpha"], rho, case["cost"])
            around = range(max(1, near - 5), near + 6)
            sizes.append(max(around, key=lambda k, rho=rho: (objective(k, rho), -k)))
    return at_most(sizes[1], formula(sizes[0]))


def fixed_price_falls(formula: Callable, case: Case) -> Measured:
    """The same with λ held at that of a single member: exhaustive search of -λV(k) - ck."""
    price, k = decisions.variance_shadow_price(case["alpha"], 1.0), np.arange(1, 4000)
    lower, higher = (int(np.argmax(-price * (rho + (1 - rho) / k) - case["cost"] * k)) + 1 for rho in _ordered(case))
    return at_most(higher, formula(lower))


def _ordered(case: Case) -> list[float]:
    return sorted((case["rho"], case["other_rho"]))


def exact_optimum(error_rate: float, correlation: float, cost: float) -> int:
    """The k that maximizes P(V(k)) - ck."""
    return decisions.optimal_cardinality(error_rate, correlation, cost)


def optimum_by_search(formula: Callable, case: Case) -> Measured:
    """Accuracy given up against the best size of an exhaustive search, in units of the cost of one member."""
    k, best = formula(case["alpha"], case["rho"], case["cost"]), best_size(case["alpha"], case["rho"], case["cost"])
    errors = [
        float(ndtr(float(ndtri(case["alpha"])) / sqrt(decisions.equal_weight_variance(n, case["rho"]))))
        for n in (k, best)
    ]
    return equals((errors[0] - errors[1]) / case["cost"] + k - best, 0, 1e-9)


def published_hump(formula: Callable, case: Case) -> Measured:
    """The published sizes, which rise and fall again."""
    return equals(case["published"], formula(case["alpha"], case["rho"], case["cost"]), 0)


def floor_plus_one(star: float) -> int:
    """⌊k*⌋ + 1."""
    return floor(star) + 1


def nearest_integer(star: float) -> int:
    """The feasible integer nearest k*."""
    return max(1, floor(star + 0.5))


def regret_of_rule(rule: Callable, case: Case) -> Measured:
    """What the rule's size loses against the best of an exhaustive search, in units of c and in rationals."""
    star = decisions.growth_threshold(case["price"], case["rho"], case["cost"], case["variance"])
    k = rule(star)
    most = max(k, floor(star)) + 3
    gains = [gain_of_one_more(n, case) for n in range(1, most)]
    # Objective at n less objective at 1; the gain of one more falls with n, so nothing beyond can be better.
    values, total = [Fraction(0)], Fraction(0)
    for gain in gains:
        total += gain
        values.append(total)
    regret = (max(values) - values[k - 1]) / Fraction(case["cost"])
    return equals(regret, 0, Fraction(1, 10**9)) if gains[-1] < 0 else holds(False)


PRICED = {"price": Range(0.01, 2), "rho": Range(0, 0.99), "cost": Range(1e-3, 0.1, log=True), "variance": Range(0.5, 2)}
FIXED = tuple(
    {"price": p, "rho": r, "cost": c, "variance": v}
    for p, r, c, v in (
        (0.4, 0.3, 0.001, 1.0),
        (0.5, 0.0, 0.25, 1.0),
        (1.0, 0.5, 0.25, 1.0),
        (0.25, 0.9, 0.01, 2.0),
        (2.0, 0.99, 0.1, 0.5),
    )
)
HUMP = tuple(
    {"alpha": 0.1, "rho": r, "cost": 1e-4, "published": k}
    for r, k in zip((0.0, 0.1, 0.3, 0.5, 0.9), (8, 15, 28, 27, 11), strict=True)
)
_OWN = Search(
    {
        "alpha": Range(0.02, 0.45),
        "rho": Range(0, 0.95),
        "other_rho": Range(0, 0.95),
        "cost": Range(1e-4, 1e-2, log=True),
    },
    n_starts=32,
    n_polished=2,
    n_steps=40,
)

CLAIMS = (
    Claim(
        id="P6.i",
        releases=("june", "sept"),
        statement=(
            "At a fixed price of variance one more member pays exactly up to k*, which falls in the correlation and "
            "in the cost and ends at 0."
        ),
        symbols="k → k+1 pays ⟺ k ≤ k* = ½(-1 + √(1 + 4λσ²(1-ρ)/c)); ∂k*/∂ρ < 0, ∂k*/∂c < 0, k* → 0 as ρ → 1",
        hypothesis="λ > 0 held fixed.",
        expected="confirmed",
        formula=threshold,
        checks=(
            Check(
                "gain of one more member in rationals, and the root",
                "exact",
                pays_up_to,
                FIXED,
                Search(PRICED, n_starts=64),
            ),
            Check("a higher correlation, a higher cost", "exact", falls, FIXED, Search(PRICED, n_starts=64)),
        ),
        control=Control("ρ for 1-ρ", "refuted", lambda p, rho, c, v: threshold(p, 1 - rho, c, v)),
        mutants={
            "2 for 4 under the root": lambda p, rho, c, v: threshold(p / 2, rho, c, v),
            "+1 for -1": lambda p, rho, c, v: threshold(p, rho, c, v) + 1,
            "σ for σ²": lambda p, rho, c, v: threshold(p, rho, c, sqrt(v)),
        },
        universal=True,
    ),
    Claim(
        id="P6.i.b",
        releases=("june", "sept"),
        statement=(
            "The optimal number of members falls in the correlation, with the price of variance that the model implies."
        ),
        symbols="∂k*/∂ρ < 0 with λ = λ(V) of P7.i",
        hypothesis="Single-factor probit; λ at the operating point, as both releases leave it.",
        expected="refuted",
        formula=nowhere_rising,
        checks=(Check("exhaustive search at two correlations", "exact", own_price, (), _OWN, own_price_exactly),),
        control=Control(
            "λ held at that of a single member",
            "confirmed",
            nowhere_rising,
            (Check("exhaustive search at two correlations, λ fixed", "exact", fixed_price_falls, (), _OWN),),
        ),
        universal=True,
        note="α = .1, c = 1e-4: k = 8, 15, 28, 27, 11 at ρ = 0, .1, .3, .5, .9 (P6.i.c).",
    ),
    Claim(
        id="P6.i.c",
        releases=("lab",),
        statement=(
            "With the model's own price the exact optimum rises and falls again in the correlation; the first member "
            "that does not pay ends the search for it."
        ),
        symbols=(
            "argmax_k Φ(μ/√V(k)) - ck, hump-shaped in ρ: 8, 15, 28, 27, 11 at ρ = 0, .1, .3, .5, .9 (α = .1, c = 1e-4)"
        ),
        hypothesis="Single-factor probit, mean of scores.",
        expected="confirmed",
        formula=exact_optimum,
        checks=(
            Check("published sizes", "exact", published_hump, HUMP),
            Check(
                "exhaustive search",
                "exact",
                optimum_by_search,
                HUMP,
                Search(
                    {"alpha": Range(0.02, 0.7), "rho": Range(0, 0.99), "cost": Range(1e-5, 1e-2, log=True)}, n_starts=64
                ),
            ),
        ),
        control=Control(
            "λ of a single member", "refuted", lambda a, r, c: decisions.rule_cardinality(a, r, c, "single")
        ),
        mutants={
            "λ at the present size": lambda a, r, c: decisions.rule_cardinality(a, r, c, "current"),
            "one member fewer": lambda a, r, c: max(1, exact_optimum(a, r, c) - 1),
            "twice the cost": lambda a, r, c: exact_optimum(a, r, 2 * c),
        },
        universal=True,
    ),
    Claim(
        id="P6.ii",
        releases=("june",),
        statement="The optimal number of members is the feasible integer nearest k*.",
        symbols="k_opt = max(1, round k*)",
        hypothesis="λ > 0 held fixed.",
        expected="refuted",
        formula=nearest_integer,
        checks=(Check("exhaustive search in rationals", "exact", regret_of_rule, (), Search(PRICED, n_starts=32)),),
        control=Control("⌊k*⌋ + 1", "confirmed", floor_plus_one),
        universal=True,
    ),
    Claim(
        id="P6.ii",
        releases=("sept",),
        statement="The optimal number of members is the whole number after k*.",
        symbols="k_opt = ⌊k*⌋ + 1; at a whole k*, k* does as well",
        hypothesis="λ > 0 held fixed.",
        expected="confirmed",
        formula=floor_plus_one,
        checks=(Check("exhaustive search in rationals", "exact", regret_of_rule, FIXED, Search(PRICED, n_starts=64)),),
        control=Control("the nearest integer, as in June", "refuted", nearest_integer),
        mutants={
            "⌊k*⌋": lambda star: max(1, floor(star)),
            "⌊k*⌋ + 2": lambda star: floor(star) + 2,
            "the nearest integer and one": lambda star: floor(star + 0.5) + 1,
        },
        universal=True,
    ),
)
