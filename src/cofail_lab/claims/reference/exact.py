"""Small joint laws and linear equations in rational arithmetic, and the worst of several measurements."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np

from cofail_lab.claims.claim import Case, Measured, Trial


def worst(*parts: Measured) -> Measured:
    """The measurement that leaves least room: a statement about several quantities holds only if it does for all."""
    return min(parts, key=lambda part: part.slack if part.low <= part.high else -np.inf)


def patterns(m: int) -> np.ndarray:
    """All 2^m patterns of who is wrong, one a row; the last is all wrong."""
    return np.array(list(product((0, 1), repeat=m)))


def pattern_law(case: Case) -> list[Fraction]:
    """Probabilities of the patterns from ``case['weights']``, in the order of `patterns`."""
    weights = [Fraction(weight) for weight in case["weights"]]
    total = sum(weights)
    if not total:
        raise ZeroDivisionError("all weights are 0")
    return [weight / total for weight in weights]


def joint_rates(case: Case) -> tuple[list[Fraction], list[list[Fraction]]]:
    """α_i and p_ij of the law of a case, summed pattern by pattern."""
    law = pattern_law(case)
    wrong = patterns((len(law) - 1).bit_length()).tolist()
    m = len(wrong[0])
    pairs = [
        [sum((q for q, row in zip(law, wrong, strict=True) if row[i] and row[j]), Fraction(0)) for j in range(m)]
        for i in range(m)
    ]
    return [pairs[i][i] for i in range(m)], pairs


def laws_with_zeros(trial: Trial, sizes: Iterable[int] = (3, 3, 3, 4, 4)) -> Iterable[Case]:
    """Random joint laws of this many models, about half of their weights zero."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 31]))
    for m in sizes:
        weights = draw.integers(1, 10, size=2**m) * draw.integers(0, 2, size=2**m)
        weights[1] += 1
        yield {"weights": weights.tolist()}


def elimination(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """A solution of a consistent square system by elimination; unknowns without a pivot are 0."""
    rows = [[*map(Fraction, row), Fraction(value)] for row, value in zip(matrix, right, strict=True)]
    n, pivots = len(rows), []
    for column in range(n):
        at = next((r for r in range(len(pivots), n) if rows[r][column]), None)
        if at is None:
            continue
        top = len(pivots)
        rows[top], rows[at] = rows[at], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for r in range(n):
            if r != top and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[top], strict=True)]
        pivots.append(column)
    solution = [Fraction(0)] * n
    for row, column in enumerate(pivots):
        solution[column] = rows[row][-1]
    return solution


def count_moments(counts: Sequence[int], n_moments: int) -> list[Fraction]:
    """p_k = E[C(C, k)]/C(m, k), k = 1..K, of the law of C with such weights."""
    m, total = len(counts) - 1, sum(counts)
    return [
        Fraction(sum(comb(j, k) * n for j, n in enumerate(counts)), total * comb(m, k)) for k in range(1, n_moments + 1)
    ]


def joint_law(case: Case) -> tuple[np.ndarray, list[Fraction]]:
    """Patterns and their exact probabilities from integer weights in the order of `patterns`."""
    law = pattern_law(case)
    return patterns((len(law) - 1).bit_length()), law


def exact_error_rates(wrong: np.ndarray, probs: list[Fraction]) -> list[Fraction]:
    """α_i, summed pattern by pattern."""
    return [sum((p for p, row in zip(probs, wrong, strict=True) if row[i]), Fraction(0)) for i in range(wrong.shape[1])]
