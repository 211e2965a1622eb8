"""L1 and P4.i, P4.ii: what an informed router can gain, the price of a budget, and policies that are optimal at it."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals, holds
from cofail_lab.claims.exact import worst
from cofail_lab.claims.exact_routing import (
    BOX,
    N_MODELS,
    N_TYPES,
    Program,
    budget_of,
    corners,
    exact_value,
    float_program,
    program,
    random_programs,
    right_price,
)
from cofail_lab.decisions import budget_frontier, solve_budget

LP_ERROR = 1e-8

# --- L1


def oracle(found: Program) -> Fraction:
    """E_t max_i q_i(t)."""
    return found.mean(max(row) for row in found.quality)


def single_best(found: Program) -> Fraction:
    """max_i E_t q_i(t)."""
    return max(found.mean(column) for column in zip(*found.quality, strict=True))


def stochastic(case: Case, found: Program) -> list[list[Fraction]]:
    """π(i|t) from the weights ``case['policy']``, rows summing to one."""
    width = len(found.quality[0])
    rows = [list(map(Fraction, case["policy"][i : i + width])) for i in range(0, len(case["policy"]), width)]
    return [[w / sum(row) for w in row] for row in rows]


def policies_below(formula: Callable, case: Case) -> Measured:
    """A stochastic policy stays below; the best deterministic one, of all there are, attains."""
    found = program(case)
    shares = stochastic(case, found)
    value = found.mean(sum(p * q for p, q in zip(*rows, strict=True)) for rows in zip(shares, found.quality, strict=True))
    best = max(found.mean(choice) for choice in product(*found.quality))
    return worst(at_most(value, formula(found)), equals(best, formula(found), 0))


def gain_is_positive(found: Program) -> bool:
    """No model is the best, or one of the best, on every type."""
    return not any(all(row[i] == max(row) for row in found.quality) for i in range(len(found.quality[0])))


def positive_when(formula: Callable, case: Case) -> Measured:
    """G > 0 in rationals, against the condition on the qualities."""
    found = program(case)
    return holds((oracle(found) > single_best(found)) == formula(found))


def refined(gain: Fraction) -> tuple[Any, Any]:
    """Where the gain under a refinement may lie, given the gain without."""
    return gain, inf


def refinement(weighted: bool) -> Callable:
    """A check of the gain on types against the gain after merging them; merged qualities are the types' weighted means."""

    def measure(formula: Callable, case: Case) -> Measured:
        fine = program(case)
        groups = [[t for t, label in enumerate(case["merge"]) if label == g] for g in sorted(set(case["merge"]))]
        weights = [sum(fine.prior[t] for t in group) for group in groups]
        columns = list(zip(*fine.quality, strict=True))
        merged: list[list[Any]] = [
            [
                sum((fine.prior[t] if weighted else 1) * Fraction(column[t]) for t in group)
                / (weight if weighted else len(group))
                for column in columns
            ]
            for group, weight in zip(groups, weights, strict=True)
        ]
        coarse = Program(merged, [], weights, fine.total)
        gain = oracle(fine) - single_best(fine)
        return Measured(gain, gain, *formula(oracle(coarse) - single_best(coarse)))

    return measure


def gains(trial: Trial) -> Iterable[Case]:
    """Qualities with many ties, policies, and types to merge."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 42]))
    for _ in range(6):
        yield {
            "quality": draw.integers(0, 3, 12).tolist(), "prices": [0, 0, 0], "prior": draw.integers(1, 6, 4).tolist(),
            "policy": draw.integers(1, 9, 12).tolist(), "merge": draw.integers(0, 2, 4).tolist(),
        }  # fmt: skip
    # Two types alike: merging them loses nothing, so no more can be claimed.
    yield {
        "quality": [2, 0, 2, 0, 0, 1, 0, 1], "prices": [0, 0], "prior": [1, 1, 1, 1], "policy": [1] * 8,
        "merge": [0, 0, 1, 1],
    }  # fmt: skip
    # Ties: another model is as good as the uniformly best one on the second type.
    yield {
        "quality": [2, 1, 2, 2], "prices": [0, 0], "prior": [1, 2], "policy": [1, 1, 1, 1], "merge": [0, 0],
    }  # fmt: skip


# --- P4.i


def dual(quality: Any, prices: Any, mean: Callable, budget: Any, price: Any) -> Any:
    """λB + E_t max_i [q_i(t) - λ c_i(t)]; ``mean`` is E_t."""
    return price * budget + mean(
        [max(q - price * c for q, c in zip(*rows, strict=True)) for rows in zip(quality, prices, strict=True)]
    )


def exact_duality(formula: Callable, case: Case) -> Measured:
    """min over λ, at the slopes between models of a type, against V by enumeration of policies; rationals."""
    found = program(case)
    hull = corners(found)
    budget = budget_of(case, hull)
    prices = {Fraction(0)}
    for q, c in zip(found.quality, found.prices, strict=True):
        pairs = product(range(len(q)), repeat=2)
        prices |= {Fraction(q[i] - q[j], c[i] - c[j]) for i, j in pairs if c[i] > c[j] and q[i] > q[j]}
    least = min(formula(found.quality, found.prices, found.mean, budget, price) for price in prices)
    return equals(exact_value(hull, budget), least, 0)


def solver_duality(formula: Callable, case: Case) -> Measured:
    """CVXPY's primal value against the dual function at CVXPY's own price of the budget."""
    quality, prices, prior = float_program(case)
    frontier = budget_frontier(quality, prices, prior)
    budget = frontier.least_cost + case["share"] * (frontier.oracle_cost - frontier.least_cost)
    solved = solve_budget(quality, prices, prior, budget)
    value = formula(quality, prices, lambda x: float(prior @ np.array(x)), budget, float(solved.shadow_prices[0]))
    return equals(solved.value, value, 2 * LP_ERROR, LP_ERROR)


# --- P4.ii


def score(quality: Any, price: Any, cost: Any) -> Any:
    """q - λc, what an optimal policy maximizes."""
    return quality - price * cost


def shortfall_identity(formula: Callable, case: Case) -> Measured:
    """V(B) - value = λ_B (B - cost) + E_t[max score - score], for any policy; in rationals.

    Both terms are never negative for a policy within budget, so an optimal one has both 0: it spends the budget where
    that has a price, and sits on the best scores.
    """
    found = program(case)
    hull = corners(found)
    budget = budget_of(case, hull)
    price, policy = right_price(hull, budget), stochastic(case, found)
    tables = list(zip(policy, found.quality, found.prices, strict=True))
    value = found.mean(sum(p * q for p, q in zip(row, qs, strict=True)) for row, qs, _ in tables)
    cost = found.mean(sum(p * c for p, c in zip(row, cs, strict=True)) for row, _, cs in tables)
    scores = [[formula(Fraction(q), price, c) for q, c in zip(qs, cs, strict=True)] for _, qs, cs in tables]
    off = found.mean(
        max(row) - sum(p * s for p, s in zip(shares, row, strict=True)) for shares, row in zip(policy, scores, strict=True)
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
    found = linprog(
        -(weight * off).ravel(),
        A_ub=[(weight * prices).ravel(), -(weight * quality).ravel()],
        b_ub=[budget, -(solved.value - 1e-10)],
        A_eq=np.kron(np.eye(len(prior)), np.ones(quality.shape[1])),
        b_eq=np.ones(len(prior)),
        method="highs",
    )
    if not found.success:
        raise ArithmeticError(found.message)
    return at_most(-found.fun, 2e-4, 1e-4)


def mixing_policy(quality: np.ndarray, prices: np.ndarray, prior: np.ndarray, budget: float) -> np.ndarray:
    """π(i|t) of the frontier's policy: one model per type, but for one type between two."""
    found = budget_frontier(quality, prices, prior).policy(budget)
    policy = np.zeros_like(quality)
    policy[np.arange(len(quality)), found.model] = 1
    if found.mixed_type is not None:
        policy[found.mixed_type] *= 1 - found.share
        policy[found.mixed_type, found.mixed_model] += found.share
    return policy


def policy_is_optimal(formula: Callable, case: Case) -> Measured:
    """Its value against V by enumeration; it must be affordable, and mix in one type only, and only if all is spent."""
    found = program(case)
    hull = corners(found)
    budget = float(budget_of(case, hull))
    quality, prices, prior = found.floats
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


_POLICY = {"policy": Range(1, 9, integer=True, size=N_TYPES * N_MODELS)}
_SHARE = {"share": Range(0, 1.2)}
_NET = {"n_starts": 32, "n_polished": 2, "n_steps": 40}
_TIES = {**BOX, "quality": Range(0, 2, integer=True, size=N_TYPES * N_MODELS)}
SOLVED = tuple({"key": k, "share": s, "ties": bool(k % 2)} for k, s in ((1, 0.2), (2, 0.5), (3, 0.8), (4, 0.35)))

CLAIMS = (
    Claim(
        id="L1.a",
        releases=("june", "sept"),
        statement="No router that sees the type is right more often than the mean of the best qualities, which one attains.",
        symbols="V(π) ≤ V° = E_t max_i q_i(t)",
        hypothesis="Any qualities, prior and stochastic policy.",
        expected="confirmed",
        formula=oracle,
        checks=(Check("every deterministic policy, and a stochastic one", "exact", policies_below, gains,
                      Search({**BOX, **_POLICY}, **_NET)),),
        control=Control("the single best", "refuted", single_best),
        mutants={
            "types counted equally": lambda found: Fraction(sum(map(max, found.quality)), len(found.quality)),
            "the best quality of any type": lambda found: Fraction(max(map(max, found.quality))),
        },
        universal=True,
    ),
    Claim(
        id="L1.b",
        releases=("june", "sept"),
        statement="Seeing the type gains something exactly if no single model is among the best on every type.",
        symbols="G = V° - max_i E_t q_i(t) > 0 ⟺ ∄ i: q_i(t) = max_j q_j(t) ∀ t",
        hypothesis="Every type occurs.",
        expected="confirmed",
        formula=gain_is_positive,
        checks=(Check("the gain in rationals", "exact", positive_when, gains, Search(_TIES, **_NET)),),
        control=Control("no model strictly best on every type", "refuted", lambda found: not any(
            all(row[i] > max(row[:i] + row[i + 1 :]) for row in found.quality) for i in range(len(found.quality[0])))),
        mutants={
            "the types' first best models differ": lambda found: len({row.index(max(row)) for row in found.quality}) > 1,
            "no model best on average": lambda found: False,  # noqa: ARG005
            "qualities differ between types": lambda found: any(row != found.quality[0] for row in found.quality),
        },
        universal=True,
    ),
    Claim(
        id="L1.c",
        releases=("june", "sept"),
        statement="Telling types apart more finely never lowers the gain.",
        symbols="G(t′) ≥ G(t) where t is a function of t′",
        hypothesis="Merged types have the weighted mean of their qualities.",
        expected="confirmed",
        formula=refined,
        checks=(Check("types against merged types", "exact", refinement(True), gains,
                      Search(_TIES, fixed={"merge": [0, 0, 1]}, **_NET)),),
        control=Control("merged types with the unweighted mean: no coarsening", "refuted", refined,
                        (Check("types against types merged without weights", "exact", refinement(False), (
                            {"quality": [6, 0, 0, 6], "prices": [0, 0], "prior": [5, 1], "merge": [0, 0]},
                            {"quality": [6, 0, 0, 9, 0, 5], "prices": [0, 0], "prior": [1, 9, 5], "merge": [0, 0, 1]})),)),
        mutants={
            "never raises it": lambda gain: (-inf, gain),
            "always raises it by a tenth": lambda gain: (gain * Fraction(11, 10), inf),
        },
        universal=True,
    ),
    Claim(
        id="P4.i",
        releases=("june", "sept"),
        statement="What a budget buys is the least, over prices, of the budget at that price plus the best net qualities.",
        symbols="V(B) = min_{λ≥0} λB + E_t max_i[q_i(t) - λc_i(t)], attained at the program's dual price λ_B",
        hypothesis="A budget that some policy meets.",
        expected="confirmed",
        formula=dual,
        checks=(
            Check("V by enumeration of policies", "exact", exact_duality, random_programs, Search({**BOX, **_SHARE}, **_NET)),
            Check("CVXPY's primal value and dual price", "lp", solver_duality, SOLVED),
        ),
        control=Control("the expectation of the maximum exchanged", "refuted", lambda q, c, mean, b, price: price * b + max(
            mean([x - price * y for x, y in zip(qs, cs, strict=True)]) for qs, cs in zip(
                zip(*q, strict=True), zip(*c, strict=True), strict=True))),
        mutants={
            "-λB": lambda q, c, mean, b, price: dual(q, c, mean, b, price) - 2 * price * b,
            "λB left out": lambda q, c, mean, b, price: dual(q, c, mean, b, price) - price * b,
            "half of the price in the net qualities": lambda q, c, mean, b, price: price * b + dual(
                q, c, mean, 0, price / 2),
        },
        universal=True,
    ),
    Claim(
        id="P4.ii.a",
        releases=("june", "sept"),
        statement="Every optimal policy gives every type to models of the best score, quality less price times cost.",
        symbols="π optimal at B ⟹ π(i|t) > 0 only where q_i(t) - λ_B c_i(t) is greatest",
        hypothesis="A budget that some policy meets; λ_B the price at it.",
        expected="confirmed",
        formula=score,
        checks=(
            Check("complementary slackness as an identity", "exact", shortfall_identity, with_policies,
                  Search({**BOX, **_SHARE, **_POLICY}, **_NET)),
            Check("mass of optimal policies off the best scores", "lp", off_the_best_scores, SOLVED[:3]),
        ),
        control=Control("quality alone", "refuted", lambda q, price, c: q),  # noqa: ARG005
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
        statement="Some optimal policy splits at most one type between two models, and none unless the budget is spent.",
        symbols="∃ π optimal: |{t : 0 < π(i|t) < 1 for some i}| ≤ 1, and 0 where cost(π) < B",
        hypothesis="A budget that some policy meets.",
        expected="confirmed",
        formula=mixing_policy,
        checks=(Check("its cost, types split and value against V by enumeration", "exact", policy_is_optimal,
                      lambda t: random_programs(t, 8), Search({**BOX, **_SHARE}, **_NET)),),
        control=Control("every type given whole, within budget", "refuted", rounded(up=False)),
        mutants={
            "every type given whole, over budget": rounded(up=True),
            "all types half and half with the best": lambda q, c, p, b: (  # noqa: ARG005
                mixing_policy(q, c, p, b) + np.eye(q.shape[1])[q.argmax(axis=1)]) / 2,
        },
        universal=True,
    ),
)  # fmt: skip
