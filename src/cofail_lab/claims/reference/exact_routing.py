"""Small routing programs in whole numbers, solved in rationals by going through every deterministic policy."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Trial

N_TYPES, N_MODELS = 3, 3
BOX = {
    "quality": Range(0, 12, integer=True, size=N_TYPES * N_MODELS),
    "prices": Range(0, 9, integer=True, size=N_TYPES * N_MODELS),
    "prior": Range(1, 6, integer=True, size=N_TYPES),
}


def searched(box: Mapping[str, Range], **fixed: Any) -> Search:
    """A search short enough for rationals."""
    return Search(box, fixed=fixed, n_starts=32, n_polished=2, n_steps=40)


class Program(NamedTuple):
    """A case as tables: q_i(t) and c_i(t), rows are types, and the prior's weights with their sum."""

    quality: list[list[int]]
    prices: list[list[int]]
    prior: list[int]
    total: int

    @property
    def floats(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(quality, prices, prior) as the functions of `decisions` accept them."""
        return np.array(self.quality, float), np.array(self.prices, float), np.array(self.prior, float) / self.total

    def mean(self, per_type: Iterable) -> Fraction:
        """E_t of exact values, one per type."""
        return sum((w * Fraction(x) for w, x in zip(self.prior, per_type, strict=True)), Fraction(0)) / self.total


def program(case: Case) -> Program:
    """The program of a case; prices are one per model, or one per type and model."""
    prior, flat, prices = list(case["prior"]), list(case["quality"]), list(case["prices"])
    width = len(flat) // len(prior)
    if len(prices) == width:
        prices = prices * len(prior)
    rows = range(0, len(flat), width)
    return Program([flat[i : i + width] for i in rows], [prices[i : i + width] for i in rows], prior, sum(prior))


def corners(problem: Program) -> list[tuple[Fraction, Fraction]]:
    """(cost, value) of the corners of V: the upper hull of all deterministic policies, cheapest to best."""
    best: dict[int, int] = {}
    models = range(len(problem.quality[0]))
    for choice in product(models, repeat=len(problem.prior)):
        picks = list(zip(problem.prior, range(len(choice)), choice, strict=True))
        cost = sum(w * problem.prices[t][i] for w, t, i in picks)
        best[cost] = max(best.get(cost, -1), sum(w * problem.quality[t][i] for w, t, i in picks))
    hull: list[tuple[int, int]] = []
    for cost, value in sorted(best.items()):
        if hull and value <= hull[-1][1]:
            continue
        while len(hull) > 1 and _below(hull[-2], hull[-1], (cost, value)):
            hull.pop()
        hull.append((cost, value))
    return [(Fraction(cost, problem.total), Fraction(value, problem.total)) for cost, value in hull]


def _below(first: tuple[int, int], middle: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether the middle point is on or below the segment between the others."""
    rise, run = last[1] - first[1], last[0] - first[0]
    return (middle[1] - first[1]) * run <= rise * (middle[0] - first[0])


def budget_of(case: Case, hull: list[tuple[Fraction, Fraction]]) -> Fraction:
    """``case['share']`` of the way from cheapest policy to cheapest oracle, or the corner ``case['corner']``."""
    if "corner" in case:
        return hull[case["corner"] % len(hull)][0]
    span = hull[-1][0] - hull[0][0] or Fraction(1)
    return hull[0][0] + Fraction(case["share"]) * span


def exact_value(hull: list[tuple[Fraction, Fraction]], budget: Fraction) -> Fraction:
    """V(B) by interpolation; mixtures of two policies are all that an optimum needs."""
    if budget >= hull[-1][0]:
        return hull[-1][1]
    for (cost, value), (next_cost, next_value) in pairwise(hull):
        if cost <= budget < next_cost:
            return value + (next_value - value) * (budget - cost) / (next_cost - cost)
    raise ZeroDivisionError("the budget is below the cheapest policy")


def right_price(hull: list[tuple[Fraction, Fraction]], budget: Fraction) -> Fraction:
    """λ_B: the slope of V to the right of B."""
    for (cost, value), (next_cost, next_value) in pairwise(hull):
        if cost <= budget < next_cost:
            return (next_value - value) / (next_cost - cost)
    return Fraction(0)


def random_programs(trial: Trial, n: int = 4) -> Iterable[Case]:
    """Programs with ties, prices common to all types or not, and a budget somewhere between the ends."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 41]))
    for k in range(n):
        width = N_MODELS if k % 2 else N_TYPES * N_MODELS
        yield {
            "quality": draw.integers(0, 9, N_TYPES * N_MODELS).tolist(),
            "prices": draw.integers(0, 9, width).tolist(),
            "prior": draw.integers(1, 6, N_TYPES).tolist(),
            "share": round(float(draw.uniform(0.05, 1.1)), 3),
        }


def float_program(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A larger random program, (quality, prices, prior), from ``case['key']``; in tenths where it asks for ties."""
    draw = np.random.Generator(np.random.Philox(key=case["key"]))
    n_types, n_models = case.get("n_types", 6), case.get("n_models", 5)
    quality, prices = draw.random((n_types, n_models)), draw.random((n_types, n_models))
    if case.get("ties"):
        quality, prices = np.round(quality, 1), np.round(prices, 1)
    return quality, prices, draw.dirichlet(np.ones(n_types))
