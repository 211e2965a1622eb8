"""P1.iii and P1.iv: what a finite sample certifies about the ceiling, from β and the best model apart."""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import betaincinv

from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals
from cofail_lab.claims.reference.binomial_coverage import (
    DELTA,
    independent_coverage,
    least_coverage,
    two_model_coverage,
)

# --- the certificates under test: correct (outcomes, models), all_wrong (outcomes,), n, δ -> limits (outcomes,)


def lower(k: np.ndarray, n: int, delta: float) -> np.ndarray:
    """`clopper_pearson_lower`, looked up: the same few counts come again in every outcome of a multinomial sum."""
    return _limits(clopper_pearson_lower, n, delta)[k]


def upper(k: np.ndarray, n: int, delta: float) -> np.ndarray:
    """`clopper_pearson_upper`, likewise."""
    return _limits(clopper_pearson_upper, n, delta)[k]


@cache
def _limits(limit: Callable, n: int, delta: float) -> np.ndarray:
    return limit(np.arange(n + 1), n, delta)


def separate_limits(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.iv, September: (1 - β_lo at δ/2) - the best lower limit, each at δ/(2m)."""
    m = correct.shape[1]
    best = lower(correct, n, delta / (2 * m)).max(axis=1)
    return (1 - lower(all_wrong, n, delta / 2)) - best


def upper_limit_of_best(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.iv, June: (1 - β_lo at δ/2) - the upper limit of the in-sample best at δ/2."""
    best = upper(correct.max(axis=1), n, delta / 2)
    return (1 - lower(all_wrong, n, delta / 2)) - best


def uncorrected_maximum(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.iv, June's tool: (1 - β_lo at δ) - the in-sample maximum as it stands."""
    return (1 - lower(all_wrong, n, delta)) - correct.max(axis=1) / n


# --- published figures


def limit_reads(lower: Callable, case: Case) -> Measured:
    """A published limit, to its last printed digit."""
    return equals(float(lower(case["k"], case["n"], case["delta"])), case["printed"], case["unit"] / 2)


def certificate_reads(bound: Callable, case: Case) -> Measured:
    """A published row: m, n, right answers of the best model, K."""
    correct = np.full((1, case["m"]), case["correct"])
    certified = float(bound(correct, np.array([case["all_wrong"]]), case["n"], DELTA)[0])
    return equals(certified, case["printed"], case["unit"] / 2)


TWO_MODELS = Search({"weights": Range(0, 30, integer=True, size=4)}, {"n": 24, "delta": 0.05}, n_starts=64, n_steps=40)
MIRROR = {"weights": [0, 9, 1, 0], "delta": 0.05}  # E_2 = 1 - E_1, a_sb = .9
POOL = {"n": 330, "m": 67, "delta": 0.05}
ROWS = (
    {"m": 67, "n": 330, "correct": 326, "all_wrong": 0},
    {"m": 52, "n": 42, "correct": 37, "all_wrong": 0},
    {"m": 15, "n": 480, "correct": 462, "all_wrong": 0},
)
_LIMIT_CASES = tuple({"n": n, "delta": d} for n, d in ((1, 0.05), (10, 0.05), (63, 0.05), (330, 0.05), (200, 0.01)))


def _printed(values: tuple[float, ...]) -> tuple[Case, ...]:
    return tuple({**row, "printed": value, "unit": 1e-3} for row, value in zip(ROWS, values, strict=True))


CLAIMS = (
    Claim(
        id="P1.iii",
        releases=("june", "sept"),
        statement="The one-sided Clopper-Pearson lower limit of β covers with at least the nominal probability.",
        symbols="P(β ≥ β_lo(K, n, δ)) ≥ 1 - δ for every β and n",
        hypothesis="Independent queries.",
        expected="confirmed",
        formula=clopper_pearson_lower,
        checks=(
            Check(
                "exact binomial sums at the left limits of the jumps",
                "exact",
                least_coverage,
                _LIMIT_CASES,
                Search(
                    {"n": Range(1, 400, integer=True), "delta": Range(0.005, 0.3, log=True)}, n_starts=16, n_steps=10
                ),
            ),
            Check(
                "the limit that June's tool prints",
                "exact",
                limit_reads,
                ({"k": 17, "n": 330, "delta": 0.05, "printed": 0.0331, "unit": 1e-4},),
            ),
        ),
        control=Control("the observed rate as its own lower limit", "refuted", lambda k, n, _: k / n),
        mutants={
            "twice the error probability": lambda k, n, delta: clopper_pearson_lower(k, n, 2 * delta),
            "beta parameters off by one": lambda k, n, delta: betaincinv(k + 1, n - k + 1e-12, delta),
            "the normal approximation": lambda k, n, _delta: k / n - 1.645 * np.sqrt(k * (n - k) / n**3),
        },
        universal=True,
    ),
    Claim(
        id="P1.iv",
        releases=("june",),
        statement="In the certificate, a_sb may be replaced by its own upper confidence limit, by a union bound.",
        symbols="G ≤ (1 - β_lo(δ/2)) - a_sb^up(δ/2) with probability ≥ 1 - δ",
        hypothesis="Independent queries.",
        expected="refuted",
        formula=upper_limit_of_best,
        checks=(
            Check("exact sums over two complementary models", "exact", two_model_coverage, ({**MIRROR, "n": 100},)),
        ),
        control=Control("the lower limits of September", "confirmed", separate_limits),
        note="Its exact coverage is .0206 at a nominal .95 (n = 100, E_2 = 1 - E_1, a_sb = .9).",
    ),
    Claim(
        id="P1.iv.b",
        releases=("june",),
        statement="The in-sample maximum may stand for a_sb in the certificate, uncorrected.",
        symbols="G ≤ (1 - β_lo(δ)) - max_i â_i with probability ≥ 1 - δ",
        hypothesis="Independent queries.",
        expected="refuted",
        formula=uncorrected_maximum,
        checks=(
            Check(
                "exact law of the maximum of independent models",
                "exact",
                independent_coverage,
                ({"n": 100, "m": 20, "delta": 0.05, "error_rate": 0.1},),
            ),
        ),
        control=Control("the lower limits of September", "confirmed", separate_limits),
        note="Twenty independent models of accuracy .9 and 100 queries: the exact coverage is 6e-6.",
    ),
    Claim(
        id="P1.iv",
        releases=("sept",),
        statement="With the lower limit of a_sb, δ/2 for β and δ/2 shared by the m models, the certificate covers.",
        symbols="G ≤ (1 - β_lo(δ/2)) - max_i a_i^lo(δ/2m) with probability ≥ 1 - δ",
        hypothesis="Independent queries.",
        expected="confirmed",
        formula=separate_limits,
        checks=(
            Check(
                "exact multinomial sums over two models",
                "exact",
                two_model_coverage,
                ({**MIRROR, "n": 40},),
                TWO_MODELS,
            ),
            Check(
                "exact law of the maximum of independent models",
                "exact",
                independent_coverage,
                tuple({**POOL, "error_rate": rate} for rate in (0.05, 0.1, 0.3)),
            ),
            Check("published certificates", "exact", certificate_reads, _printed((0.048, 0.358, 0.070))),
        ),
        control=Control("June's upper limit", "refuted", upper_limit_of_best),
        mutants={
            "the Bonferroni factor dropped": lambda correct, k, n, delta: (
                1 - lower(k, n, delta / 2) - lower(correct.max(axis=1), n, delta / 2)
            ),
            "the in-sample maximum": uncorrected_maximum,
            "δ for both parts": lambda correct, k, n, delta: separate_limits(correct, k, n, 8 * delta),
            "the worst model for the best": lambda correct, k, n, delta: separate_limits(n - correct, k, n, delta),
        },
        universal=True,
    ),
)
