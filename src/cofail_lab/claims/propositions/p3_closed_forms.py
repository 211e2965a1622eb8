"""P3.vi and P3.vi.b: closed forms from sums over pairs and triples, against the program whose values they are."""

from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np

from cofail_lab.bounds import wrong_count_range
from cofail_lab.bounds.moments import (
    boros_prekopa,
    dawson_sankoff,
    right_moments,
    rounding_margin,
)
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals
from cofail_lab.claims.propositions.p3_ladder import random_counts
from cofail_lab.claims.reference.exact import count_moments, worst

LP_ERROR = 1e-9
# The most that one number in [0, 1] is rounded by.
_ULP = Fraction(1, 2**53)


class Sums(NamedTuple):
    """S_k = E[C(number right, k)] and the pool size."""

    s1: Fraction
    s2: Fraction
    s3: Fraction
    n_models: int


def from_two_sums(sums: Sums) -> tuple[float, float]:
    """Dawson-Sankoff limits."""
    m = sums.n_models
    single = float(sums.s1) / m
    pair = float(sums.s2) / comb(m, 2)
    both = np.where(np.eye(m, dtype=bool), single, pair)
    return dawson_sankoff(right_moments(np.full(m, 1 - single), 1 - 2 * single + both))


def from_three_sums(sums: Sums) -> tuple[float, float]:
    """Boros-Prékopa limits."""
    return boros_prekopa((sums.s1, sums.s2, sums.s3), sums.n_models)


def sums_limits(n_moments: int) -> Callable:
    """A check of closed-form limits against the exact program in C with that many moments.

    The limits are floats, moved outwards by the rounding that their own sums may have: that much, and no more, is
    allowed between them and the program, and only outwards where the moments are sums of floats.
    """

    def measure(formula: Callable, case: Case) -> Measured:
        moments = count_moments(case["counts"], 3)
        program = wrong_count_range(moments[:n_moments], len(case["counts"]) - 1)
        sums = right_sums(case["counts"])
        outwards, inwards = _rounding(sums, n_moments)
        lower, upper = (Fraction(limit) for limit in formula(sums))
        least, most = program.lower_certificate.bound, program.upper_certificate.bound
        return worst(
            Measured(least, least, lower - inwards, lower + outwards),
            Measured(most, most, upper - outwards, upper + inwards),
        )

    return measure


def _rounding(sums: Sums, n_moments: int) -> tuple[Fraction, Fraction]:
    """How far outside, and inside, of its exact value a limit may be rounded."""
    if n_moments > 2:
        # In rationals to the last step.
        return _ULP, _ULP
    # Twice the margin: for the rounding, and for the step outwards that makes good for it.
    margin = rounding_margin(sums.n_models, float(1 + sums.s1 + sums.s2 / sums.n_models))
    return 2 * Fraction(margin), Fraction(0)


def right_sums(counts: list[int]) -> Sums:
    """The sums of the number of right models, exactly."""
    m, total = len(counts) - 1, sum(counts)
    s1, s2, s3 = (Fraction(sum(comb(m - j, k) * n for j, n in enumerate(counts)), total) for k in (1, 2, 3))
    return Sums(s1, s2, s3, m)


def float_program(n_moments: int) -> Callable:
    """The same by SciPy, which knows nothing of the exact program."""

    def measure(formula: Callable, case: Case) -> Measured:
        from scipy.optimize import linprog

        m = len(case["counts"]) - 1
        right = [float(p) for p in count_moments(case["counts"], n_moments)]
        rows = [[comb(j, k) / comb(m, k) for j in range(m + 1)] for k in range(n_moments + 1)]
        event = np.append(np.zeros(m), 1.0)
        ends = [linprog(sign * event, A_eq=rows, b_eq=[1.0, *right], method="highs").x[-1] for sign in (1, -1)]
        limits = formula(right_sums(case["counts"]))
        return worst(*(equals(x, limit, 1e-8, LP_ERROR) for x, limit in zip(ends, limits, strict=True)))

    return measure


_ANY_COUNTS = Search({"counts": Range(1, 30, integer=True, size=7)}, n_starts=32, n_polished=2, n_steps=30)


CLAIMS = (
    Claim(
        id="P3.vi",
        releases=("lab",),
        statement=(
            "Dawson and Sankoff's limits are sharp given the mean number right and the mean number of right pairs."
        ),
        symbols="β_max = 1 - 2S1/(k+1) + 2S2/(k(k+1)), k = 1+⌊2S2/S1⌋; β_min = max(0, 1 - S1 + 2S2/m)",
        hypothesis="Any pool with these two sums, S1 = Σ a_i, S2 = Σ_{i<j} a_ij.",
        expected="confirmed",
        formula=from_two_sums,
        checks=(
            Check("the exact program in C", "exact", sums_limits(2), random_counts, _ANY_COUNTS),
            Check("the program in C by SciPy", "lp", float_program(2), random_counts),
        ),
        control=Control(
            "the first sum alone", "refuted", lambda s: (max(0.0, float(1 - s.s1)), float(1 - s.s1 / s.n_models))
        ),
        mutants={
            "k without the 1": lambda s: (from_two_sums(s)[0], _dawson_upper(s, max(1, 2 * s.s2 // s.s1))),
            "nearest integer for the floor": lambda s: (
                from_two_sums(s)[0],
                _dawson_upper(s, 1 + round(2 * s.s2 / s.s1)),
            ),
            "S2/m for 2 S2/m": lambda s: (max(0.0, float(1 - s.s1 + s.s2 / s.n_models)), from_two_sums(s)[1]),
        },
        universal=True,
    ),
    Claim(
        id="P3.vi.b",
        releases=("lab",),
        statement="Boros and Prékopa's limits are sharp given the first three sums.",
        symbols="P(some right) ≤ S1 - 2(2j-1)/(j(j+1)) S2 + 6/(j(j+1)) S3, j = 2+⌊3S3/S2⌋; below likewise",
        hypothesis="Any pool of at least three models with these sums, S_k = E C(number right, k).",
        expected="confirmed",
        formula=from_three_sums,
        checks=(
            Check("the exact program in C", "exact", sums_limits(3), random_counts, _ANY_COUNTS),
            Check("the program in C by SciPy", "lp", float_program(3), random_counts),
        ),
        control=Control("the first two sums", "refuted", from_two_sums),
        mutants={
            "S3 counted once more": lambda s: from_three_sums(s._replace(s3=s.s3 * Fraction(11, 10))),
            "a pool of one more": lambda s: from_three_sums(s._replace(n_models=s.n_models + 1)),
        },
        universal=True,
    ),
)


def _dawson_upper(sums: Sums, k: int) -> float:
    exact = 1 - 2 * sums.s1 / (k + 1) + 2 * sums.s2 / (k * (k + 1))
    return float(exact) + rounding_margin(sums.n_models, float(1 + sums.s1 + sums.s2 / sums.n_models))
