"""P4.iii and P4.iv: the prices of a budget, and of several resources."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from math import inf
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals, holds
from cofail_lab.claims.propositions.p4_frontier import LP_ERROR, SHARE, SOLVED, budget_at
from cofail_lab.claims.reference.exact import worst
from cofail_lab.claims.reference.exact_routing import (
    BOX,
    budget_of,
    corners,
    exact_value,
    float_program,
    program,
    random_programs,
    right_price,
    searched,
)
from cofail_lab.decisions import budget_frontier, solve_budget
from cofail_lab.errors import InputError

# --- P4.iii

# Rounding of a budget and of the costs of corners, relative to themselves; rounding of a slope.
BLUR, SLACK = Fraction(4, 10**12), Fraction(1, 10**9)


def price_range(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> tuple[float, float]:
    """[λ⁻, λ⁺] at a budget."""
    return budget_frontier(quality, prices, prior).price_range(budget)


def slopes(formula: Callable, case: Case) -> Measured:
    """Prices at a budget against exact one-sided slopes of V, by enumeration of policies.

    A budget in floats stands for every budget within its rounding: each price may be any that V has there. Where no
    corner is so near, and at a corner with no other beside it, that leaves one value.
    """
    problem = program(case)
    hull = corners(problem)
    budget = budget_of(case, hull)
    given = float(budget)
    # A sum of prices that are 0 is 0, without rounding.
    nudged = given + case.get("ulps", 0) * np.spacing(given) if given else given
    lower, upper = formula(*problem.floats, nudged)
    below, above = max(budget * (1 - BLUR), hull[0][0]), budget * (1 + BLUR)
    prices = Measured(lower, lower, right_price(hull, above) - SLACK, right_price(hull, budget) + SLACK)
    if below == hull[0][0]:
        return worst(prices, holds(upper == inf))
    return worst(prices, Measured(upper, upper, left_price(hull, budget) - SLACK, left_price(hull, below) + SLACK))


def left_price(hull: list[tuple[Fraction, Fraction]], budget: Fraction) -> Fraction:
    """The slope of V to the left of a budget above the least cost."""
    step = min(abs(cost - budget) for cost, _ in hull if cost != budget) / 2
    return (exact_value(hull, budget) - exact_value(hull, budget - step)) / step


def solver_price_between(formula: Callable, case: Case) -> Measured:
    """CVXPY's dual price of the budget."""
    tables = float_program(case)
    frontier = budget_frontier(*tables)
    budget = budget_at(frontier, case)
    lower, upper = formula(*tables, budget)
    price = float(solve_budget(*tables, budget).shadow_prices[0])
    return Measured(price - LP_ERROR, price + LP_ERROR, lower - 2 * LP_ERROR, upper + 2 * LP_ERROR)


def concave(formula: Callable, case: Case) -> Measured:
    """V by enumeration at three budgets: never falls, lies above its chords, and a chord's slope is between prices."""
    problem = program(case)
    hull = corners(problem)
    low, high = sorted(budget_of({"share": share}, hull) for share in case["shares"])
    first, middle, last = (exact_value(hull, b) for b in (low, (low + high) / 2, high))
    if last < first or 2 * middle < first + last:
        return holds(False)
    if low == high:
        return holds(True)
    chord = (last - first) / (high - low)
    most, left = formula(*problem.floats, float(low))
    least, _ = formula(*problem.floats, float(high))
    # A kink within rounding above the lower budget leaves out an end of the chord that is this steep.
    left_out = right_price(hull, low) * low * BLUR / (high - low)
    return Measured(chord, chord, least - SLACK, most + SLACK + left_out if left < inf else inf)


def refused(formula: Callable, case: Case) -> Measured:
    """A budget no policy meets ends in one clear line with the least cost."""
    problem = program(case)
    least = float(corners(problem)[0][0])
    try:
        formula(*problem.floats, least - 0.01)
    except InputError as error:
        return holds(str(error).startswith("budget: ") and f"{least:.12g}" in str(error) and "\n" not in str(error))
    return holds(False)


def at_corners(trial: Trial) -> Iterable[Case]:
    """Budgets at corners, within rounding of them, between them and beyond."""
    for k, case in enumerate(random_programs(trial, 6)):
        yield {**case, "corner": k, "ulps": (0, 2, -2)[k % 3]}
        yield {**case, "corner": -1, "ulps": (0, 2, -2)[k // 2]}
        yield case
        yield {**case, "share": 1 + 0.1 * k}
    yield ROUNDED


# Rounding puts the cost of the cheapest oracle, 7/6 here, on the wrong side of its kink.
ROUNDED = {
    "quality": [7, 4, 5, 1, 0, 8, 7, 1, 0],
    "prices": [0, 3, 0, 2, 6, 7, 0, 2, 2],
    "prior": [5, 2, 5],
    "share": 1,
}


# --- P4.iv


@cache
def resources(key: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A random program with two resources: quality, prices (2, types, models), prior, budgets, V by SciPy."""
    from scipy.optimize import linprog

    draw = np.random.Generator(np.random.Philox(key=[key, 43]))
    quality, prices, prior = draw.random((4, 3)), draw.random((2, 4, 3)), draw.dirichlet(np.ones(4))
    # A little more than the policy that is cheapest in both together.
    frugal = prices[:, np.arange(4), prices.sum(axis=0).argmin(axis=1)]
    budgets = frugal @ prior + 0.1
    weight = prior[:, None] * np.ones_like(quality)
    solution = linprog(
        -(weight * quality).ravel(),
        A_ub=[(weight * c).ravel() for c in prices],
        b_ub=budgets,
        A_eq=np.kron(np.eye(4), np.ones(3)),
        b_eq=np.ones(4),
        method="highs",
    )
    if not solution.success:
        raise ArithmeticError(solution.message)
    return quality, prices, prior, budgets, np.asarray(-solution.fun)


def vector_dual(quality: Any, prices: Any, prior: Any, budgets: Any, price: Any) -> float:
    """λ·B + E_t max_i [q_i(t) - λ·c_i(t)]."""
    return float(price @ budgets + prior @ (quality - np.tensordot(price, prices, 1)).max(axis=1))


def strong(formula: Callable, case: Case) -> Measured:
    """At CVXPY's vector of prices the dual equals SciPy's optimum; a resource with a price is used up."""
    quality, prices, prior, budgets, value = resources(case["key"])
    solved = solve_budget(quality, prices, prior, budgets)
    used = np.einsum("t,rti,ti->r", prior, prices, solved.policy)
    slackness = float(np.abs(solved.shadow_prices * (budgets - used)).max())
    bound = formula(quality, prices, prior, budgets, solved.shadow_prices)
    return worst(equals(float(value), bound, 2 * LP_ERROR, LP_ERROR), equals(slackness, 0, 2 * LP_ERROR, LP_ERROR))


def weak(formula: Callable, case: Case) -> Measured:
    """At any other prices it is not below."""
    quality, prices, prior, budgets, value = resources(case["key"])
    bound = formula(quality, prices, prior, budgets, np.array(case["price"]))
    return at_least(bound, float(value) - 2 * LP_ERROR, LP_ERROR)


CLAIMS = (
    Claim(
        id="P4.iii",
        releases=("june", "sept"),
        statement=(
            "The value of a budget never falls, is concave and piecewise linear; its slope is the price of the "
            "budget, at a "
            "kink any price between the two slopes, and 0 once the cheapest oracle is paid for. A budget that no "
            "policy meets is refused."
        ),
        symbols=(
            "V'(B) = λ_B off the kinks, [V'(B+), V'(B-)] = [λ⁻, λ⁺] at them; λ_B = 0 for B ≥ cost of the cheapest "
            "oracle"
        ),
        hypothesis="Finitely many types and models.",
        expected="confirmed",
        formula=price_range,
        checks=(
            Check(
                "one-sided slopes of V by enumeration",
                "exact",
                slopes,
                at_corners,
                searched({**BOX, **SHARE}),
            ),
            Check(
                "chords of V by enumeration",
                "exact",
                concave,
                lambda t: ({**c, "shares": s} for c in random_programs(t) for s in ([0.1, 0.9], [0.5, 1.3])),
                searched({**BOX, "shares": Range(0, 1.3, size=2)}),
            ),
            Check("CVXPY's dual price", "lp", solver_price_between, SOLVED),
            Check("budgets below the cheapest policy", "exact", refused, random_programs),
        ),
        control=Control(
            "the mean slope V(B)/B on both sides",
            "refuted",
            lambda q, c, p, b: (float(budget_frontier(q, c, p).value(b) / b) if b else inf,) * 2,
        ),
        mutants={
            "the slope to the left on both sides": lambda q, c, p, b: (price_range(q, c, p, b)[1],) * 2,
            "the slope to the right on both sides": lambda q, c, p, b: (price_range(q, c, p, b)[0],) * 2,
            "a price left beyond the oracle": lambda q, c, p, b: (
                max(price_range(q, c, p, b)[0], 1e-3),
                max(price_range(q, c, p, b)[1], 1e-3),
            ),
            "too small a budget is raised in silence": lambda q, c, p, b: price_range(
                q, c, p, max(b, float(budget_frontier(q, c, p).least_cost))
            ),
        },
        universal=True,
    ),
    Claim(
        id="P4.iv",
        releases=("june", "sept"),
        statement="With several resources, such as dollars and latency, each has its price and the score is q - λ·c.",
        symbols="V(B) = min_{λ≥0} λ·B + E_t max_i[q_i(t) - λ·c_i(t)], B, λ and c vectors",
        hypothesis="Budgets that some policy meets together.",
        expected="confirmed",
        formula=vector_dual,
        checks=(
            Check(
                "SciPy's optimum at CVXPY's prices, resources with a price used up",
                "lp",
                strong,
                tuple({"key": k} for k in (9, 10, 12, 1)),
            ),
            Check(
                "no prices give less",
                "lp",
                weak,
                ({"key": 9, "price": [0.5, 0.5]},),
                Search({"price": Range(0, 3, size=2)}, fixed={"key": 9}, n_starts=64),
            ),
        ),
        control=Control(
            "only the first resource has a price",
            "refuted",
            lambda q, c, p, b, price: vector_dual(q, c[:1], p, b[:1], price[:1]),
        ),
        mutants={
            "budgets not paid for": lambda q, c, p, b, price: vector_dual(q, c, p, 0 * b, price),
            "the dearer resource alone in the score": lambda q, c, p, b, price: float(
                price @ b + p @ (q - (price[:, None, None] * c).max(axis=0)).max(axis=1)
            ),
            "prices exchanged": lambda q, c, p, b, price: vector_dual(q, c, p, b, price[::-1]),
        },
        universal=True,
    ),
)
