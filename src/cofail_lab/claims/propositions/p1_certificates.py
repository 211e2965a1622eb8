"""P1.iii, P1.iv, P1.v, P1.vii: what a finite sample certifies about the ceiling."""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import betaincinv

from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals
from cofail_lab.claims.reference.binomial_coverage import (
    DELTA,
    independent_coverage,
    least_coverage,
    two_model_coverage,
    two_model_coverage_below,
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


def paired_limits(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.v: the least upper limit of R_i, each at δ/m."""
    return upper(n - correct - all_wrong[:, None], n, delta / correct.shape[1]).min(axis=1)


def reference_limit(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.v for a model named in advance, here the first: its upper limit of R at δ bounds the gain over it, hence G."""
    return upper(n - correct[:, 0] - all_wrong, n, delta)


def lower_gain(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.vii: the least lower limit of R_i, each at δ."""
    return lower(n - correct - all_wrong[:, None], n, delta).min(axis=1)


# --- published figures


def limit_reads(lower: Callable, case: Case) -> Measured:
    """A published limit, to its last printed digit."""
    return equals(float(lower(case["k"], case["n"], case["delta"])), case["printed"], case["unit"] / 2)


def certificate_reads(bound: Callable, case: Case) -> Measured:
    """A published row: m, n, right answers of the best model, K."""
    correct = np.full((1, case["m"]), case["correct"])
    certified = float(bound(correct, np.array([case["all_wrong"]]), case["n"], DELTA)[0])
    return equals(certified, case["printed"], case["unit"] / 2)


def paired_no_wider(rule: Callable, case: Case) -> Measured:
    """P1.v less P1.iv on one row; what the rule says it may be at most."""
    correct, k = np.full((1, case["m"]), case["correct"]), np.array([case["all_wrong"]])
    difference = paired_limits(correct, k, case["n"], DELTA) - separate_limits(correct, k, case["n"], DELTA)
    return at_most(float(difference[0]), rule(case))


_TWO_MODELS = Search({"weights": Range(0, 30, integer=True, size=4)}, {"n": 24, "delta": 0.05}, n_starts=64, n_steps=40)
_MIRROR = {"weights": [0, 9, 1, 0], "delta": 0.05}  # E_2 = 1 - E_1, a_sb = .9
_POOL = {"n": 330, "m": 67, "delta": 0.05}
_ROWS = (
    {"m": 67, "n": 330, "correct": 326, "all_wrong": 0},
    {"m": 52, "n": 42, "correct": 37, "all_wrong": 0},
    {"m": 15, "n": 480, "correct": 462, "all_wrong": 0},
)
_ODD_ROW = {"m": 67, "n": 63, "correct": 5, "all_wrong": 18}
_LIMIT_CASES = tuple({"n": n, "delta": d} for n, d in ((1, 0.05), (10, 0.05), (63, 0.05), (330, 0.05), (200, 0.01)))


def _printed(values: tuple[float, ...]) -> tuple[Case, ...]:
    return tuple({**row, "printed": value, "unit": 1e-3} for row, value in zip(_ROWS, values, strict=True))


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
            Check("exact sums over two complementary models", "exact", two_model_coverage, ({**_MIRROR, "n": 100},)),
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
                ({**_MIRROR, "n": 40},),
                _TWO_MODELS,
            ),
            Check(
                "exact law of the maximum of independent models",
                "exact",
                independent_coverage,
                tuple({**_POOL, "error_rate": rate} for rate in (0.05, 0.1, 0.3)),
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
    Claim(
        id="P1.v",
        releases=("lab",),
        statement="The least upper limit of the resolvable rates R_i, each at δ/m, certifies the gain from above.",
        symbols="G = min_i R_i ≤ min_i U_i(δ/m) with probability ≥ 1 - δ",
        hypothesis="Independent queries.",
        expected="confirmed",
        formula=paired_limits,
        checks=(
            Check(
                "exact multinomial sums over two models",
                "exact",
                two_model_coverage,
                ({**_MIRROR, "n": 40},),
                _TWO_MODELS,
            ),
            Check(
                "exact law of the minimum of independent models",
                "exact",
                independent_coverage,
                tuple({**_POOL, "error_rate": rate} for rate in (0.05, 0.1, 0.3)),
            ),
            Check(
                "the published pool of MATH-500",
                "exact",
                certificate_reads,
                ({**_ROWS[0], "printed": 0.045, "unit": 1e-3},),
            ),
        ),
        control=Control(
            "the Bonferroni factor dropped (coverage .125 in the pool of 67)",
            "refuted",
            lambda correct, k, n, delta: upper(n - correct.max(axis=1) - k, n, delta),
        ),
        mutants={
            "the Bonferroni factor dropped": lambda correct, k, n, delta: upper(n - correct.max(axis=1) - k, n, delta),
            "lower limits for upper": lambda correct, k, n, delta: lower(
                n - correct.max(axis=1) - k, n, delta / correct.shape[1]
            ),
            "the observed resolvable rate": lambda correct, k, n, _: (n - correct.max(axis=1) - k) / n,
        },
        universal=True,
    ),
    Claim(
        id="P1.v.b",
        releases=("lab",),
        statement="For a model named in advance, its upper limit of R at δ needs no Bonferroni factor.",
        symbols="G ≤ R_ref ≤ U_ref(δ) with probability ≥ 1 - δ",
        hypothesis="Independent queries; the model is chosen without looking at them.",
        expected="confirmed",
        formula=reference_limit,
        checks=(
            Check(
                "exact multinomial sums over two models",
                "exact",
                two_model_coverage,
                ({**_MIRROR, "n": 40},),
                _TWO_MODELS,
            ),
        ),
        control=Control(
            "the model chosen after looking",
            "refuted",
            lambda correct, k, n, delta: upper(n - correct.max(axis=1) - k, n, delta),
        ),
        mutants={
            "three times the error probability": lambda correct, k, n, delta: reference_limit(correct, k, n, 3 * delta),
            "β's failures not counted": lambda correct, k, n, delta: upper(
                np.maximum(n - correct[:, 0] - 2 * k - 2, 0), n, delta
            ),
        },
        universal=True,
    ),
    Claim(
        id="P1.v.c",
        releases=("lab",),
        statement="The paired certificate is tighter than P1.iv on the published rows, but not on every row.",
        symbols="min_i U_i < (1 - β_lo) - max_i a_i^lo there; not at m = 67, n = 63, best wrong on 58, K = 18",
        hypothesis="None: arithmetic on counts.",
        expected="confirmed",
        formula=lambda case: -1e-4 if case["all_wrong"] == 0 else 5e-4,
        checks=(
            Check("the published rows and the odd one", "exact", paired_no_wider, (*_ROWS, _ODD_ROW)),
            Check(
                "both on the odd row",
                "exact",
                lambda _, case: certificate_reads(
                    {"paired": paired_limits, "separate": separate_limits}[case["which"]], case
                ),
                (
                    {**_ODD_ROW, "which": "paired", "printed": 0.8117, "unit": 1e-4},
                    {**_ODD_ROW, "which": "separate", "printed": 0.8114, "unit": 1e-4},
                ),
            ),
        ),
        control=Control("tighter on every row", "refuted", lambda _: 0.0),
        mutants={"tighter on every row": lambda _: 0.0},
    ),
    Claim(
        id="P1.vii",
        releases=("lab",),
        statement="The least lower limit of the R_i, each at δ without Bonferroni, certifies the gain from below.",
        symbols="G ≥ min_i L_i(δ) with probability ≥ 1 - δ, since min L ≤ L_{i*}",
        hypothesis="Independent queries.",
        expected="confirmed",
        formula=lower_gain,
        checks=(
            Check(
                "exact multinomial sums over two models",
                "exact",
                two_model_coverage_below,
                (
                    {**_MIRROR, "n": 40},
                    {"weights": [4, 1, 5, 0], "n": 40, "delta": 0.05},
                    {"weights": [9, 0, 1, 0], "n": 40, "delta": 0.05},
                ),
                _TWO_MODELS,
            ),
        ),
        control=Control(
            "the greatest of the lower limits",
            "refuted",
            lambda correct, k, n, delta: lower(n - correct.min(axis=1) - k, n, delta),
        ),
        mutants={
            "the greatest lower limit": lambda correct, k, n, delta: lower(n - correct.min(axis=1) - k, n, delta),
            "upper limits for lower": lambda correct, k, n, delta: upper(n - correct.max(axis=1) - k, n, delta),
            "four times the error probability": lambda correct, k, n, delta: lower_gain(correct, k, n, 4 * delta),
        },
        universal=True,
    ),
)
