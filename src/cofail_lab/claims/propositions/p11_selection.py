"""P11: what a search for a good set of models hides, what greedy choice misses, and what a model adds."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations, permutations

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.reference.binomial_coverage import binomial, coverage_at_least, two_model_outcomes
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law, worst
from cofail_lab.decisions.selection import best_set, coverage_value, greedy_set, selection_limits, unsolved

ROUNDING = 1e-12

# --- P11.i, P11.ii: limits(least, n, n_sets, delta) of the best set


def best_lower(least: int, n: int, n_sets: int, delta: float) -> float:
    """CP_lo(min K_S; n, δ)."""
    return selection_limits(least, least, n, n_sets, delta).best_lower


def chosen_upper(least: int, n: int, n_sets: int, delta: float) -> float:
    """CP_hi(min K_S; n, δ / number of sets)."""
    return selection_limits(least, least, n, n_sets, delta).chosen_upper


def naive_upper(least: int, n: int, n_sets: int, delta: float) -> float:
    """CP_hi(min K_S; n, δ): without the search."""
    return selection_limits(least, least, n, n_sets, delta).naive_upper


def two_sets(side: str) -> Callable:
    """A check: coverage with two sets of any joint law, over every outcome of n queries.

    From below the least rate must be covered, from above that of the set with the fewest failures (ties: the first).
    """

    def measure(formula: Callable, case: Case) -> Measured:
        n, delta = case["n"], case["delta"]
        rates = np.array([float(rate) for rate in exact_error_rates(*joint_law(case))])
        outcomes = two_model_outcomes(case)
        least = outcomes.errors.min(axis=1)
        limits = np.array([formula(k, n, 2, delta) for k in range(n + 1)])[least]
        truth = rates.min() if side == "below" else rates[outcomes.errors.argmin(axis=1)]
        return _covers(side, limits, truth, outcomes.mass, delta)

    return measure


def many_sets(side: str) -> Callable:
    """A check: coverage with many independent sets of one rate, from the law of their least count."""

    def measure(formula: Callable, case: Case) -> Measured:
        n, sets, rate, delta = (case[name] for name in ("n", "sets", "rate", "delta"))
        at_least = np.append(np.cumsum(binomial(n, rate)[::-1])[::-1], 0.0)
        least = at_least[:-1] ** sets - at_least[1:] ** sets
        limits = np.array([formula(k, n, sets, delta) for k in range(n + 1)])
        return _covers(side, limits, rate, least, delta)

    return measure


def _covers(side: str, limits: np.ndarray, truth: np.ndarray | float, mass: np.ndarray, delta: float) -> Measured:
    """Whether outcomes of this mass have a limit below (or above) the truth with probability 1 - δ."""
    inside = limits <= truth + ROUNDING if side == "below" else limits >= truth - ROUNDING
    return coverage_at_least(float(mass[inside].sum()), delta)


TWO = ({"weights": [3, 1, 1, 5], "n": 20, "delta": 0.05}, {"weights": [1, 4, 4, 0], "n": 15, "delta": 0.2})
MANY = (
    {"n": 300, "sets": 1140, "rate": 0.064, "delta": 0.05},
    {"n": 40, "sets": 10, "rate": 0.4, "delta": 0.1},
)
ANY_TWO = Search(
    {"weights": Range(0, 9, integer=True, size=4)}, fixed={"n": 14, "delta": 0.1}, n_starts=64, n_polished=2, n_steps=30
)
ANY_MANY = Search(
    {"rate": Range(0.01, 0.99)}, fixed={"n": 30, "sets": 20, "delta": 0.05}, n_starts=64, n_polished=2, n_steps=40
)

# --- P11.iii


def exact_choice(wrong: np.ndarray, k: int) -> tuple[int, int]:
    """Fewest queries that k models leave, and number of sets that leave as few."""
    found = best_set(wrong, k)
    return found.n_unsolved, found.n_optimal or 0


def greedy_choice(wrong: np.ndarray, k: int) -> tuple[int, int]:
    """The same with the greedy set for the best one."""
    return unsolved(wrong, greedy_set(wrong, k)), exact_choice(wrong, k)[1]


def all_sets(formula: Callable, case: Case) -> Measured:
    """Every set, query by query."""
    wrong, k = _table(case), case["k"]
    counts = [sum(all(row[i] for i in chosen) for row in wrong) for chosen in combinations(range(len(wrong[0])), k)]
    least, ties = formula(np.array(wrong, dtype=bool), k)
    return worst(equals(min(counts), least, 0), equals(counts.count(min(counts)), ties, 0))


def _table(case: Case) -> list[list[int]]:
    wrong = case["wrong"]
    if isinstance(wrong[0], list):
        return wrong
    m = case["m"]
    return [wrong[q : q + m] for q in range(0, len(wrong), m)]


def tables(trial: Trial) -> Iterable[Case]:
    """The blocks that greedy choice misses, and random tables."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 111]))
    yield BLOCKS
    for k in (1, 2, 3):
        yield {"wrong": draw.integers(0, 2, size=(9, 5)).tolist(), "k": k}


# Blocks 1 to 6 of queries; A solves 1, 2, 4, 5, B 1 to 3, C 4 to 6.
BLOCKS = {
    "wrong": [[int(b not in solved) for solved in ((1, 2, 4, 5), (1, 2, 3), (4, 5, 6))] for b in range(1, 7)],
    "k": 2,
}
ANY_TABLE = Search(
    {"wrong": Range(0, 1, integer=True, size=24)}, fixed={"m": 4, "k": 2}, n_starts=64, n_polished=2, n_steps=30
)

# --- P11.iv


def closed_form(wrong: np.ndarray) -> np.ndarray:
    """E[1{i right} / number right]."""
    return coverage_value(wrong).shapley


def unique_solves(wrong: np.ndarray) -> np.ndarray:
    """The share of queries that only this model solves."""
    return coverage_value(wrong).unique / len(wrong)


def orders(formula: Callable, case: Case) -> Measured:
    """What each model adds to the models before it, averaged over all orders, in rationals; and Σφ = 1 - β."""
    wrong = _table(case)
    n, m = len(wrong), len(wrong[0])
    total = [Fraction(0)] * m
    ways = list(permutations(range(m)))
    for order in ways:
        for row in wrong:
            first = next((i for i in order if not row[i]), None)
            if first is not None:
                total[first] += Fraction(1, n * len(ways))
    claimed = [float(x) for x in formula(np.array(wrong, dtype=bool))]
    solved = sum(not all(row) for row in wrong) / n
    each = [equals(float(value), said, ROUNDING) for value, said in zip(total, claimed, strict=True)]
    return worst(*each, equals(solved, sum(claimed), ROUNDING))


def small_tables(trial: Trial) -> Iterable[Case]:
    """Random tables of four models, and one with a query that nobody solves."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 112]))
    yield {"wrong": [[0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]}
    for _ in range(4):
        yield {"wrong": draw.integers(0, 2, size=(7, 4)).tolist()}


CLAIMS = (
    Claim(
        id="P11.i",
        releases=("lab",),
        statement="No set of k models leaves less than the lower limit from the fewest failures seen, searched or not.",
        symbols="P(CP_lo(min_S K_S; n, δ) <= min_S β_S) >= 1 - δ",
        hypothesis="Queries are independent draws; any dependence between models.",
        expected="confirmed",
        formula=best_lower,
        checks=(
            Check("two sets of any joint law, every outcome", "exact", two_sets("below"), TWO, ANY_TWO),
            Check("many independent sets of one rate", "exact", many_sets("below"), MANY, ANY_MANY),
        ),
        control=Control("the upper limit in the lower one's place", "refuted", naive_upper),
        mutants={
            "a limit from one failure more": lambda k, n, s, d: best_lower(min(k + 1, n), n, s, d),
            "the rate itself": lambda k, n, _s, _d: k / n,
            "δ times twenty": lambda k, n, s, d: best_lower(k, n, s, min(20 * d, 0.999)),
        },
        universal=True,
    ),
    Claim(
        id="P11.ii",
        releases=("lab",),
        statement=(
            "The set that was searched for leaves at most the upper limit at δ over the number of sets; without the "
            "correction the limit hardly ever holds."
        ),
        symbols="P(β_Ŝ <= CP_hi(K_Ŝ; n, δ / C(m, k))) >= 1 - δ",
        hypothesis="Queries are independent draws; any dependence between models.",
        expected="confirmed",
        formula=chosen_upper,
        checks=(
            Check("two sets of any joint law, every outcome", "exact", two_sets("above"), TWO, ANY_TWO),
            Check("many independent sets of one rate", "exact", many_sets("above"), MANY, ANY_MANY),
        ),
        control=Control("the limit without the search", "refuted", naive_upper),
        mutants={
            "δ over the square root of the number of sets": lambda k, n, s, d: naive_upper(k, n, s, d / s**0.5),
            "a limit from one failure fewer": lambda k, n, s, d: chosen_upper(max(k - 1, 0), n, s, d),
        },
        universal=True,
    ),
    Claim(
        id="P11.iii",
        releases=("lab",),
        statement="Looking at all sets finds the fewest unsolved queries and all sets that reach it; greedy can miss.",
        symbols="six blocks, A = {1,2,4,5}, B = {1,2,3}, C = {4,5,6}, k = 2: greedy leaves one block, {B, C} none",
        hypothesis="Any matrix of outcomes.",
        expected="confirmed",
        formula=exact_choice,
        checks=(Check("every set, query by query", "exact", all_sets, tables, ANY_TABLE),),
        control=Control("greedy choice in its place", "refuted", greedy_choice),
        mutants={
            "one set more": lambda wrong, k: (exact_choice(wrong, k)[0], exact_choice(wrong, k)[1] + 1),
            "the most accurate models": lambda wrong, k: (
                unsolved(wrong, tuple(np.argsort(wrong.sum(axis=0), kind="stable")[:k])),
                exact_choice(wrong, k)[1],
            ),
        },
        universal=True,
    ),
    Claim(
        id="P11.iv",
        releases=("lab",),
        statement=(
            "A model's Shapley value in the coverage game is the mean of one over the number of models that are right, "
            "on the queries that it gets right; the values add up to the ceiling. Unique solves are no such value."
        ),
        symbols="φ_i = E[1{i right} / #right], Σφ_i = 1 - β",
        hypothesis="Any matrix of outcomes.",
        expected="confirmed",
        formula=closed_form,
        checks=(
            Check(
                "what each model adds in every order, in rationals",
                "exact",
                orders,
                small_tables,
                Search(
                    {"wrong": Range(0, 1, integer=True, size=20)}, fixed={"m": 4}, n_starts=64, n_polished=2, n_steps=20
                ),
            ),
        ),
        control=Control("unique solves in its place", "refuted", unique_solves),
        mutants={
            "accuracies": lambda wrong: (~wrong).mean(axis=0),
            "over the number of models": lambda wrong: (~wrong).mean(axis=0) / wrong.shape[1],
        },
        universal=True,
    ),
)
