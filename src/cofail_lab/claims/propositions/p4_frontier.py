"""P4.v: the value of every budget from one sort."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals
from cofail_lab.claims.reference.exact_routing import (
    BOX,
    budget_of,
    corners,
    exact_value,
    float_program,
    program,
    random_programs,
    searched,
)
from cofail_lab.decisions import Frontier, budget_frontier, solve_budget

LP_ERROR = 1e-8


def budget_at(frontier: Frontier, case: Case) -> float:
    """A share of the way from the cheapest policy to the cheapest oracle, or a corner."""
    if "corner" in case:
        return float(frontier.costs[case["corner"]])
    return frontier.least_cost + case["share"] * (frontier.oracle_cost - frontier.least_cost)


def merged(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> float:
    """V(B) from the merged hulls."""
    return float(budget_frontier(quality, prices, prior).value(budget))


def equals_enumeration(formula: Callable, case: Case) -> Measured:
    """V by enumeration of policies, in rationals; the frontier works in floats."""
    problem = program(case)
    hull = corners(problem)
    budget = float(budget_of(case, hull))
    exact = exact_value(hull, max(Fraction(budget), hull[0][0]))
    return equals(exact, formula(*problem.floats, budget), 1e-11)


def equals_program(formula: Callable, case: Case) -> Measured:
    """V by CVXPY on larger programs."""
    tables = float_program(case)
    budget = budget_at(budget_frontier(*tables), case)
    return equals(solve_budget(*tables, budget).value, formula(*tables, budget), 2 * LP_ERROR, LP_ERROR)


def by_price(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> float:
    """The same upgrades bought in the order of their cost, not of their slope."""
    frontier = budget_frontier(quality, prices, prior)
    runs, rises = np.diff(frontier.costs), np.diff(frontier.values)
    order = np.argsort(runs)
    costs = frontier.costs[0] + np.append(0, np.cumsum(runs[order]))
    return float(np.interp(budget, costs, frontier.values[0] + np.append(0, np.cumsum(rises[order]))))


def corner_below(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> float:
    """No mixing: the last whole upgrade that the budget pays for."""
    frontier = budget_frontier(quality, prices, prior)
    return float(frontier.values[np.searchsorted(frontier.costs, budget, side="right") - 1])


SHARE = {"share": Range(0, 1.2)}
SOLVED = (
    {"key": 5, "share": 0.15},
    {"key": 6, "share": 0.6, "ties": True},
    {"key": 7, "share": 1.1},
    {"key": 8, "share": 0.4, "n_types": 12, "n_models": 8},
    {"key": 9, "corner": 3},
)


CLAIMS = (
    Claim(
        id="P4.v",
        releases=("lab",),
        statement=(
            "Merging the upper hulls of all types in one sort of their slopes gives V(B) for every budget at once."
        ),
        symbols="V = hull of (c_i(t), q_i(t)) per type, edges weighted by p(t) and sorted by slope",
        hypothesis="Finitely many types and models, prices ≥ 0.",
        expected="confirmed",
        formula=merged,
        checks=(
            Check(
                "V by enumeration of policies",
                "exact",
                equals_enumeration,
                lambda t: random_programs(t, 8),
                searched({**BOX, **SHARE}),
            ),
            Check("V by CVXPY", "lp", equals_program, SOLVED),
        ),
        control=Control("types counted equally", "refuted", lambda q, c, p, b: _unweighted(q, c, p, b)),
        mutants={
            "upgrades in the order of their cost": by_price,
            "no mixing between corners": corner_below,
            "every type's best model at any budget": lambda q, _c, p, _b: float(p @ q.max(axis=1)),
        },
        universal=True,
    ),
)


def _unweighted(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> float:
    frontier = budget_frontier(quality, prices, np.full_like(prior, 1 / len(prior)))
    return float(frontier.value(max(budget, frontier.least_cost)))
