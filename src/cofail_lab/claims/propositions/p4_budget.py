"""P4.i and P4.ii: the price of a budget, and the policies that are optimal at it."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals, holds
from cofail_lab.claims.propositions.l1_types import POLICY, stochastic
from cofail_lab.claims.reference.exact_routing import (
    BOX,
    N_MODELS,
    N_TYPES,
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

LP_ERROR = 1e-8


def dual(quality: Any, prices: Any, mean: Callable, budget: Any, price: Any) -> Any:
    """λB + E_t max_i [q_i(t) - λ c_i(t)]; ``mean`` is E_t."""
    return price * budget + mean(
        [max(q - price * c for q, c in zip(*rows, strict=True)) for rows in zip(quality, prices, strict=True)]
    )


def exact_duality(formula: Callable, case: Case) -> Measured:
    """min over λ, at the slopes between models of a type, against V by enumeration of policies; rationals."""
    problem = program(case)
    hull = corners(problem)
    budget = budget_of(case, hull)
    prices = {Fraction(0)}
    for q, c in zip(problem.quality, problem.prices, strict=True):
        pairs = product(range(len(q)), repeat=2)
        prices |= {Fraction(q[i] - q[j], c[i] - c[j]) for i, j in pairs if c[i] > c[j] and q[i] > q[j]}
    least = min(formula(problem.quality, problem.prices, problem.mean, budget, price) for price in prices)
    return equals(exact_value(hull, budget), least, 0)


def solver_duality(formula: Callable, case: Case) -> Measured:
    """CVXPY's primal value against the dual function at CVXPY's own price of the budget."""
    quality, prices, prior = float_program(case)
    frontier = budget_frontier(quality, prices, prior)
    budget = frontier.least_cost + case["share"] * (frontier.oracle_cost - frontier.least_cost)
    solved = solve_budget(quality, prices, prior, budget)
    value = formula(quality, prices, lambda x: float(prior @ np.array(x)), budget, float(solved.shadow_prices[0]))
    return equals(solved.value, value, 2 * LP_ERROR, LP_ERROR)


def score(quality: Any, price: Any, cost: Any) -> Any:
    """q - λc, what an optimal policy maximizes."""
    return quality - price * cost


def shortfall_identity(formula: Callable, case: Case) -> Measured:
    """V(B) - value = λ_B (B - cost) + E_t[max score - score], for any policy; in rationals.

    Both terms are never negative for a policy within budget, so an optimal one has both 0: it spends the budget where
    that has a price, and sits on the best scores.
    """
    problem = program(case)
    hull = corners(problem)
    budget = budget_of(case, hull)
    price, policy = right_price(hull, budget), stochastic(case, problem)
    tables = list(zip(policy, problem.quality, problem.prices, strict=True))
    value = problem.mean(sum(p * q for p, q in zip(row, qs, strict=True)) for row, qs, _ in tables)
    cost = problem.mean(sum(p * c for p, c in zip(row, cs, strict=True)) for row, _, cs in tables)
    scores = [[formula(Fraction(q), price, c) for q, c in zip(qs, cs, strict=True)] for _, qs, cs in tables]
    off = problem.mean(
        max(row) - sum(p * s for p, s in zip(shares, row, strict=True))
        for shares, row in zip(policy, scores, strict=True)
    )
    return equals(exact_value(hull, budget) - value - price * (budget - cost), off, 0)


def off_the_best_scores(formula: Callable, case: Case) -> Measured:
    """The most mass an optimal policy can have elsewhere: a second program, by SciPy."""
    from scipy.optimize import linprog

    quality, prices, prior = float_program(case)
    frontier = budget_frontier(quality, prices, prior)
    budget = frontier.least_cost + case["share"] * (frontier.oracle_cost - frontier.least_cost)
    solved = solve_budget(quality, prices, prior, budget)
    scores = formula(quality, float(solved.shadow_prices[0]), prices)
    off = scores < scores.max(axis=1, keepdims=True) - 1e-6
    weight = prior[:, None] * np.ones_like(quality)
    solution = linprog(
        -(weight * off).ravel(),
        A_ub=[(weight * prices).ravel(), -(weight * quality).ravel()],
        b_ub=[budget, -(solved.value - 1e-10)],
        A_eq=np.kron(np.eye(len(prior)), np.ones(quality.shape[1])),
        b_eq=np.ones(len(prior)),
        method="highs",
    )
    if not solution.success:
        raise ArithmeticError(solution.message)
    return at_most(-solution.fun, 2e-6, 1e-6)


def mixing_policy(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> np.ndarray:
    """π(i|t) of the frontier's policy: one model per type, but for one type between two."""
    optimum = budget_frontier(quality, prices, prior).policy(budget)
    policy = np.zeros_like(quality)
    policy[np.arange(len(quality)), optimum.model] = 1
    if optimum.mixed_type is not None:
        policy[optimum.mixed_type] *= 1 - optimum.share
        policy[optimum.mixed_type, optimum.mixed_model] += optimum.share
    return policy


def policy_is_optimal(formula: Callable, case: Case) -> Measured:
    """Its value against V by enumeration; it must be affordable, and mix in one type only, and only if all is spent."""
    problem = program(case)
    hull = corners(problem)
    budget = float(budget_of(case, hull))
    quality, prices, prior = problem.floats
    policy = formula(quality, prices, prior, budget)
    cost = float(prior @ (prices * policy).sum(axis=1))
    n_mixed = int((np.count_nonzero(policy > 1e-12, axis=1) > 1).sum())
    if cost > budget + 1e-12 or n_mixed > 1 or (n_mixed and cost < budget - 1e-12):
        return holds(False)
    return equals(float(prior @ (quality * policy).sum(axis=1)), float(exact_value(hull, Fraction(budget))), 1e-12)


def rounded(up: bool) -> Callable:
    """The same policy with the mixed type given wholly to one of its two models."""

    def policy(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> np.ndarray:
        mixed = mixing_policy(quality, prices, prior, budget)
        row = int(np.argmax(np.count_nonzero(mixed > 0, axis=1)))
        used = np.flatnonzero(mixed[row] > 0)
        chosen = used[np.argsort(prices[row][used])[-1 if up else 0]]
        mixed[row] = np.eye(len(mixed[row]))[chosen]
        return mixed

    return policy


def with_policies(trial: Trial) -> Iterable[Case]:
    """Programs, each with a stochastic policy."""
    for k, case in enumerate(random_programs(trial, 6)):
        yield {**case, "policy": [1 + (7 * k + 3 * i) % 5 for i in range(N_TYPES * N_MODELS)]}


_SHARE = {"share": Range(0, 1.2)}
SOLVED = tuple({"key": k, "share": s, "ties": bool(k % 2)} for k, s in ((1, 0.2), (2, 0.5), (3, 0.8), (4, 0.35)))

CLAIMS = (
    Claim(
        id="P4.i",
        releases=("june", "sept"),
        statement=(
            "What a budget buys is the least, over prices, of the budget at that price plus the best net qualities."
        ),
        symbols="V(B) = min_{λ≥0} λB + E_t max_i[q_i(t) - λc_i(t)], attained at the program's dual price λ_B",
        hypothesis="A budget that some policy meets.",
        expected="confirmed",
        formula=dual,
        checks=(
            Check(
                "V by enumeration of policies",
                "exact",
                exact_duality,
                random_programs,
                searched({**BOX, **_SHARE}),
            ),
            Check("CVXPY's primal value and dual price", "lp", solver_duality, SOLVED),
        ),
        control=Control(
            "the expectation of the maximum exchanged",
            "refuted",
            lambda q, c, mean, b, price: (
                price * b
                + max(
                    mean([x - price * y for x, y in zip(qs, cs, strict=True)])
                    for qs, cs in zip(zip(*q, strict=True), zip(*c, strict=True), strict=True)
                )
            ),
        ),
        mutants={
            "-λB": lambda q, c, mean, b, price: dual(q, c, mean, b, price) - 2 * price * b,
            "λB left out": lambda q, c, mean, b, price: dual(q, c, mean, b, price) - price * b,
            "half of the price in the net qualities": lambda q, c, mean, b, price: (
                price * b + dual(q, c, mean, 0, price / 2)
            ),
        },
        universal=True,
    ),
    Claim(
        id="P4.ii",
        releases=("june", "sept"),
        statement="Every optimal policy gives every type to models of the best score, quality less price times cost.",
        symbols="π optimal at B ⟹ π(i|t) > 0 only where q_i(t) - λ_B c_i(t) is greatest",
        hypothesis="A budget that some policy meets; λ_B the price at it.",
        expected="confirmed",
        formula=score,
        checks=(
            Check(
                "complementary slackness as an identity",
                "exact",
                shortfall_identity,
                with_policies,
                searched({**BOX, **_SHARE, **POLICY}),
            ),
            Check("mass of optimal policies off the best scores", "lp", off_the_best_scores, SOLVED[:3]),
        ),
        control=Control("quality alone", "refuted", lambda q, _price, _c: q),
        mutants={
            "cost added": lambda q, price, c: q + price * c,
            "cost squared": lambda q, price, c: q - price * c * c,
            "half of the price": lambda q, price, c: q - price * c / 2,
        },
        universal=True,
    ),
    Claim(
        id="P4.ii.b",
        releases=("june", "sept"),
        statement=(
            "Some optimal policy splits at most one type between two models, and none unless the budget is spent."
        ),
        symbols="∃ π optimal: |{t : 0 < π(i|t) < 1 for some i}| ≤ 1, and 0 where cost(π) < B",
        hypothesis="A budget that some policy meets.",
        expected="confirmed",
        formula=mixing_policy,
        checks=(
            Check(
                "its cost, types split and value against V by enumeration",
                "exact",
                policy_is_optimal,
                lambda t: random_programs(t, 8),
                searched({**BOX, **_SHARE}),
            ),
        ),
        control=Control("every type given whole, within budget", "refuted", rounded(up=False)),
        mutants={
            "every type given whole, over budget": rounded(up=True),
            "all types half and half with the best": lambda q, c, p, b: (
                (mixing_policy(q, c, p, b) + np.eye(q.shape[1])[q.argmax(axis=1)]) / 2
            ),
        },
        universal=True,
    ),
)
