"""P3.vi.c to P3.vi.e: closed forms from every pair, and from the error rates alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.bounds.moments import (
    at_least_range,
    dawson_sankoff,
    gallot_kounias,
    hunter,
    kuai_alajaji_takahara,
    right_moments,
    rounding_margin,
)
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, at_most, equals
from cofail_lab.claims.propositions.p3_closed_forms import LP_ERROR
from cofail_lab.claims.propositions.p3_identification import extreme_laws, float_rates
from cofail_lab.claims.reference.exact import laws_with_zeros, patterns, worst


class PairLimits(NamedTuple):
    """Limits from individual pairs."""

    lower: float
    upper: float


def tree_and_rows(right: Any) -> PairLimits:
    """Hunter's tree below, Kuai-Alajaji-Takahara above."""
    return PairLimits(hunter(right), kuai_alajaji_takahara(right))


def outside_the_program(formula: Callable, case: Case) -> Measured:
    """Limits against the ends of the program over all patterns."""
    low, high = (float(law[-1]) for law in extreme_laws(case))
    limits = formula(right_moments(*float_rates(case)))
    return worst(
        at_least(low, limits.lower - 2 * LP_ERROR, LP_ERROR), at_most(high, limits.upper + 2 * LP_ERROR, LP_ERROR)
    )


def no_looser_than_sums(formula: Callable, case: Case) -> Measured:
    """Limits against those of the two sums alone."""
    right = right_moments(*float_rates(case))
    (lower, upper), limits = dawson_sankoff(right), formula(right)
    # Each is moved outwards by its own margin.
    rounding = 2 * rounding_margin(len(right.single), float(1 + right.both.sum()))
    return worst(at_most(lower, limits.lower + rounding), at_least(upper, limits.upper - rounding))


def better_of(formula: Callable, case: Case) -> Measured:
    """Which of the two upper limits is smaller on a law, by more than a tenth of a point."""
    right = right_moments(*float_rates(case))
    gap = formula(right) - kuai_alajaji_takahara(right)
    return at_most(gap, -1e-3) if case["smaller"] == "Gallot-Kounias" else at_least(gap, 1e-3)


def rates_alone(formula: Callable, case: Case) -> Measured:
    """P(at least k of m events) from their rates alone: the program over all patterns, by SciPy."""
    from scipy.optimize import linprog

    rates, k = np.array(case["rates"]), case["at_least"]
    wrong = patterns(len(rates))
    equations, right = np.vstack([np.ones(len(wrong)), wrong.T]), np.append(1.0, rates)
    event = (wrong.sum(axis=1) >= k).astype(float)
    low, high = (sign * linprog(sign * event, A_eq=equations, b_eq=right, method="highs").fun for sign in (1, -1))
    lower, upper = formula(rates, k)
    return worst(equals(low, lower, 1e-8, LP_ERROR), equals(high, upper, 1e-8, LP_ERROR))


def kuncheva(formula: Callable, case: Case) -> Measured:
    """Equal accuracies a: a majority of odd m is right at most min(1, a m/l) and at least max(0, (a m-l+1)/(m-l+1))."""
    m, accuracy = case["n_models"], case["accuracy"]
    majority = m // 2 + 1
    most = min(1.0, accuracy * m / majority)
    least = max(0.0, (accuracy * m - majority + 1) / (m - majority + 1))
    lower, upper = formula(np.full(m, 1 - accuracy), majority)
    return worst(equals(1 - least, upper, 1e-12), equals(1 - most, lower, 1e-12))


RATES = tuple(
    {"rates": r, "at_least": k}
    for r, k in (
        ([0.3, 0.3, 0.3], 2),
        ([0.1, 0.4, 0.45], 2),
        ([0.6, 0.7, 0.2, 0.9, 0.5], 3),
        ([0.05, 0.1, 0.2, 0.4, 0.3, 0.6], 4),
        ([0.9, 0.8, 0.7, 0.95], 3),
    )
)
_ANY_LAW = Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=32, n_polished=2, n_steps=30)


CLAIMS = (
    Claim(
        id="P3.vi.c",
        releases=("lab",),
        statement=(
            "From individual pairs, Hunter's tree bounds the all-wrong rate below and Kuai, Alajaji and Takahara's "
            "row sums above; neither is looser than Dawson and Sankoff's from the sums."
        ),
        symbols="β ≥ 1 - S1 + max tree Σ a_ij; β ≤ 1 - Σ_i[θ_i a_i²/(b_i+(2-θ_i)a_i) + (1-θ_i)a_i²/(b_i+(1-θ_i)a_i)]",
        hypothesis="Any pool.",
        expected="confirmed",
        formula=tree_and_rows,
        checks=(
            Check("against the sums", "exact", no_looser_than_sums, laws_with_zeros, _ANY_LAW),
            Check(
                "against the program over all patterns",
                "lp",
                outside_the_program,
                lambda t: laws_with_zeros(t, (3, 3, 4, 4, 5)),
                Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=16, n_polished=1, n_steps=20),
            ),
        ),
        control=Control(
            "the sums' limits, moved outwards",
            "refuted",
            lambda right: PairLimits(dawson_sankoff(right)[0] - 0.01, dawson_sankoff(right)[1] + 0.01),
        ),
        mutants={
            "all pairs in place of a tree": lambda right: tree_and_rows(right)._replace(
                lower=float(1 - right.single.sum() + np.triu(right.both, 1).sum())
            ),
            "no pairs below": lambda right: tree_and_rows(right)._replace(lower=float(1 - right.single.sum())),
            "θ = 0 for the fractional part": lambda right: tree_and_rows(right)._replace(
                upper=_rows_without_theta(right)
            ),
            "row sums with the diagonal": lambda right: tree_and_rows(right)._replace(
                upper=kuai_alajaji_takahara(right._replace(both=right.both + np.diag(right.single)))
            ),
        },
        universal=True,
    ),
    Claim(
        id="P3.vi.d",
        releases=("lab",),
        statement="Gallot-Kounias and Kuai-Alajaji-Takahara are incomparable: each is the smaller on some law.",
        symbols="∃ laws with 1 - aᵀP⁺a < KAT, and with KAT < 1 - aᵀP⁺a",
        hypothesis="Two laws of three models.",
        expected="confirmed",
        formula=lambda right: gallot_kounias(right)[0],
        checks=(
            Check(
                "a law for each order",
                "exact",
                better_of,
                (
                    {"weights": [3, 1, 0, 3, 0, 0, 0, 0], "smaller": "Gallot-Kounias"},
                    {"weights": [0, 1, 0, 1, 0, 1, 0, 0], "smaller": "Kuai-Alajaji-Takahara"},
                ),
            ),
        ),
        control=Control(
            "the smaller of the two",
            "refuted",
            lambda right: min(gallot_kounias(right)[0], kuai_alajaji_takahara(right)),
        ),
        mutants={
            "the larger of the two": lambda right: max(gallot_kounias(right)[0], kuai_alajaji_takahara(right)),
            "Dawson-Sankoff for Gallot-Kounias": lambda right: dawson_sankoff(right)[1],
        },
    ),
    Claim(
        id="P3.vi.e",
        releases=("lab",),
        statement=(
            "The known limits on majority votes from accuracies alone (Kuncheva, Matan) are values of the same program."
        ),
        symbols="sharp [min, max] of P(C ≥ k) given α_i; equal rates: min(1, a m/l) and max(0, (a m-l+1)/(m-l+1))",
        hypothesis="Any rates, any k; l = ⌊m/2⌋ + 1.",
        expected="confirmed",
        formula=at_least_range,
        checks=(
            Check(
                "the program over all patterns by SciPy",
                "lp",
                rates_alone,
                RATES,
                Search(
                    {"rates": Range(0.01, 0.99, size=4)}, fixed={"at_least": 2}, n_starts=16, n_polished=1, n_steps=20
                ),
            ),
            Check(
                "pattern of success and pattern of failure",
                "exact",
                kuncheva,
                tuple({"n_models": m, "accuracy": a} for m in (3, 5, 9) for a in (0.2, 0.5, 0.6, 0.8)),
            ),
        ),
        control=Control("Markov's inequality", "refuted", lambda rates, k: (0.0, min(1.0, float(rates.sum() / k)))),
        mutants={
            "one event more": lambda rates, k: at_least_range(rates, min(k + 1, len(rates))),
            "the mean rate for every model": lambda rates, k: at_least_range(np.full_like(rates, rates.mean()), k),
        },
        universal=True,
    ),
)


def _rows_without_theta(right: Any) -> float:
    a = right.single[right.single > 0]
    row = (right.both.sum(axis=1) - right.single)[right.single > 0]
    return float(1 - (a**2 / (row + a)).sum())
