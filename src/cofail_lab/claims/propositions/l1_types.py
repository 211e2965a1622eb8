"""L1: what a router that sees the type of a query can gain."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals, holds
from cofail_lab.claims.reference.exact import worst
from cofail_lab.claims.reference.exact_routing import BOX, N_MODELS, N_TYPES, Program, program, searched


def oracle(problem: Program) -> Fraction:
    """E_t max_i q_i(t)."""
    return problem.mean(max(row) for row in problem.quality)


def single_best(problem: Program) -> Fraction:
    """max_i E_t q_i(t)."""
    return max(problem.mean(column) for column in zip(*problem.quality, strict=True))


def stochastic(case: Case, problem: Program) -> list[list[Fraction]]:
    """π(i|t) from the weights ``case['policy']``, rows summing to one."""
    width = len(problem.quality[0])
    rows = [list(map(Fraction, case["policy"][i : i + width])) for i in range(0, len(case["policy"]), width)]
    return [[w / sum(row) for w in row] for row in rows]


def policies_below(formula: Callable, case: Case) -> Measured:
    """A stochastic policy stays below; the best deterministic one, of all there are, attains."""
    problem = program(case)
    shares = stochastic(case, problem)
    value = problem.mean(
        sum(p * q for p, q in zip(*rows, strict=True)) for rows in zip(shares, problem.quality, strict=True)
    )
    best = max(problem.mean(choice) for choice in product(*problem.quality))
    return worst(at_most(value, formula(problem)), equals(best, formula(problem), 0))


def gain_is_positive(problem: Program) -> bool:
    """No model is the best, or one of the best, on every type."""
    return not any(all(row[i] == max(row) for row in problem.quality) for i in range(len(problem.quality[0])))


def positive_when(formula: Callable, case: Case) -> Measured:
    """G > 0 in rationals, against the condition on the qualities."""
    problem = program(case)
    return holds((oracle(problem) > single_best(problem)) == formula(problem))


def refined(gain: Fraction) -> tuple[Any, Any]:
    """Where the gain under a refinement may lie, given the gain without."""
    return gain, inf


def refinement(weighted: bool) -> Callable:
    """A check of the gain on types against that after merging them; a merged quality is the weighted mean."""

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
            "quality": draw.integers(0, 3, 12).tolist(),
            "prices": [0, 0, 0],
            "prior": draw.integers(1, 6, 4).tolist(),
            "policy": draw.integers(1, 9, 12).tolist(),
            "merge": draw.integers(0, 2, 4).tolist(),
        }
    # Two types alike: merging them loses nothing, so no more can be claimed.
    yield {
        "quality": [2, 0, 2, 0, 0, 1, 0, 1],
        "prices": [0, 0],
        "prior": [1, 1, 1, 1],
        "policy": [1] * 8,
        "merge": [0, 0, 1, 1],
    }
    # Ties: another model is as good as the uniformly best one on the second type.
    yield {
        "quality": [2, 1, 2, 2],
        "prices": [0, 0],
        "prior": [1, 2],
        "policy": [1, 1, 1, 1],
        "merge": [0, 0],
    }


POLICY = {"policy": Range(1, 9, integer=True, size=N_TYPES * N_MODELS)}
_TIES = {**BOX, "quality": Range(0, 2, integer=True, size=N_TYPES * N_MODELS)}

CLAIMS = (
    Claim(
        id="L1",
        releases=("june", "sept"),
        statement=(
            "No router that sees the type is right more often than the mean of the best qualities, which one attains."
        ),
        symbols="V(π) ≤ V° = E_t max_i q_i(t)",
        hypothesis="Any qualities, prior and stochastic policy.",
        expected="confirmed",
        formula=oracle,
        checks=(
            Check(
                "every deterministic policy, and a stochastic one",
                "exact",
                policies_below,
                gains,
                searched({**BOX, **POLICY}),
            ),
        ),
        control=Control("the single best", "refuted", single_best),
        mutants={
            "types counted equally": lambda problem: Fraction(sum(map(max, problem.quality)), len(problem.quality)),
            "the best quality of any type": lambda problem: Fraction(max(map(max, problem.quality))),
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
        checks=(Check("the gain in rationals", "exact", positive_when, gains, searched(_TIES)),),
        control=Control(
            "no model strictly best on every type",
            "refuted",
            lambda problem: (
                not any(
                    all(row[i] > max(row[:i] + row[i + 1 :]) for row in problem.quality)
                    for i in range(len(problem.quality[0]))
                )
            ),
        ),
        mutants={
            "the types' first best models differ": lambda problem: (
                len({row.index(max(row)) for row in problem.quality}) > 1
            ),
            "no model best on average": lambda *_: False,
            "qualities differ between types": lambda problem: any(row != problem.quality[0] for row in problem.quality),
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
        checks=(
            Check(
                "types against merged types",
                "exact",
                refinement(True),
                gains,
                searched(_TIES, merge=[0, 0, 1]),
            ),
        ),
        control=Control(
            "merged types with the unweighted mean: no coarsening",
            "refuted",
            refined,
            (
                Check(
                    "types against types merged without weights",
                    "exact",
                    refinement(False),
                    ({"quality": [10, 0, 0, 1, 0, 5], "prices": [0, 0], "prior": [1, 9, 10], "merge": [0, 0, 1]},),
                ),
            ),
        ),
        mutants={
            "never raises it": lambda gain: (-inf, gain),
            "always raises it by a tenth": lambda gain: (gain * Fraction(11, 10), inf),
        },
        universal=True,
    ),
)
