"""P1.v and P1.vii: certificates from the queries on which a model can still be beaten."""

from collections.abc import Callable

import numpy as np

from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most
from cofail_lab.claims.propositions.p1_certificates import (
    MIRROR,
    POOL,
    ROWS,
    TWO_MODELS,
    certificate_reads,
    lower,
    separate_limits,
    upper,
)
from cofail_lab.claims.reference.binomial_coverage import (
    DELTA,
    independent_coverage,
    two_model_coverage,
    two_model_coverage_below,
)


def paired_limits(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.v: the least upper limit of R_i, each at δ/m."""
    return upper(n - correct - all_wrong[:, None], n, delta / correct.shape[1]).min(axis=1)


def reference_limit(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.v for a model named in advance, here the first: its upper limit of R at δ bounds the gain over it, hence G."""
    return upper(n - correct[:, 0] - all_wrong, n, delta)


def lower_gain(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """P1.vii: the least lower limit of R_i, each at δ."""
    return lower(n - correct - all_wrong[:, None], n, delta).min(axis=1)


def paired_no_wider(rule: Callable, case: Case) -> Measured:
    """P1.v less P1.iv on one row; what the rule says it may be at most."""
    correct, k = np.full((1, case["m"]), case["correct"]), np.array([case["all_wrong"]])
    difference = paired_limits(correct, k, case["n"], DELTA) - separate_limits(correct, k, case["n"], DELTA)
    return at_most(float(difference[0]), rule(case))


_ODD_ROW = {"m": 67, "n": 63, "correct": 5, "all_wrong": 18}


CLAIMS = (
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
                ({**MIRROR, "n": 40},),
                TWO_MODELS,
            ),
            Check(
                "exact law of the minimum of independent models",
                "exact",
                independent_coverage,
                tuple({**POOL, "error_rate": rate} for rate in (0.05, 0.1, 0.3)),
            ),
            Check(
                "the published pool of MATH-500",
                "exact",
                certificate_reads,
                ({**ROWS[0], "printed": 0.045, "unit": 1e-3},),
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
                ({**MIRROR, "n": 40},),
                TWO_MODELS,
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
            Check("the published rows and the odd one", "exact", paired_no_wider, (*ROWS, _ODD_ROW)),
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
                    {**MIRROR, "n": 40},
                    {"weights": [4, 1, 5, 0], "n": 40, "delta": 0.05},
                    {"weights": [9, 0, 1, 0], "n": 40, "delta": 0.05},
                ),
                TWO_MODELS,
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
