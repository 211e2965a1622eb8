"""P1.vi and P1.viii: certificates that are looked at after every query, and how many queries to plan for."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.confidence_sequence import log_evidence_below
from cofail_lab.bounds.planner import least_queries
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_most, equals
from cofail_lab.claims.reference.binomial_coverage import DELTA, ROUNDING
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law

# --- P1.vi: limits that are looked at after every query


def crossing(excludes: Callable, case: Case) -> Measured:
    """Exact probability that the limit ever excludes the true p: a recursion over counts still alive.

    The lower limit of p is the mirror image of the upper limit of 1 - p.
    """
    p, delta = case["p"] if case["side"] == "upper" else 1 - case["p"], case["delta"]
    alive, crossed = np.ones(1), 0.0
    for n in range(1, case["horizon"] + 1):
        alive = np.append(alive * (1 - p), 0.0) + np.append(0.0, alive * p)
        out = excludes(np.arange(n + 1), n, p, delta)
        crossed += float(alive[out].sum())
        alive[out] = 0.0
    return at_most(crossed, case.get("bound", delta) + ROUNDING)


def mixture_excludes(k: np.ndarray, n: int, p: float, delta: float) -> np.ndarray:
    """The beta-binomial mixture's evidence against p reaches 1/δ."""
    return log_evidence_below(k, np.array(n), np.array(p)) >= -np.log(delta)


def fixed_excludes(k: np.ndarray, n: int, p: float, delta: float) -> np.ndarray:
    """Clopper-Pearson's upper limit, recomputed at n, falls below p."""
    return clopper_pearson_upper(k, n, delta) < p


# --- P1.viii: the planner


def first_sufficient(queries: Callable, case: Case) -> Measured:
    """The least n at which no failure seen certifies gain <= ε: (1 - ε)^n <= δ/m in rationals, by counting up."""
    epsilon, share = Fraction(str(case["gain"])), Fraction(str(DELTA)) / case["m"]
    n, left = 0, Fraction(1)
    while left > share:
        n, left = n + 1, left * (1 - epsilon)
    return equals(n, queries(case["gain"], case["m"], DELTA), 0)


def subpool_gain(bound: Callable, case: Case) -> Measured:
    """Greatest gain over model 0 in any sub-pool that contains it, less what its R allows; in rationals."""
    wrong, probs = joint_law(case)
    m, most = wrong.shape[1], Fraction(0)
    for members in range(1, 2**m, 2):
        pool = [i for i in range(m) if members >> i & 1]
        most = max(
            most, sum((p for p, row in zip(probs, wrong, strict=True) if row[0] and not row[pool].all()), Fraction(0))
        )
    return at_most(most, bound(exact_error_rates(wrong, probs), probs[-1]))


_PUBLISHED = {"p": 0.05, "horizon": 330, "delta": 0.05}

CLAIMS = (
    Claim(
        id="P1.vi",
        releases=("lab",),
        statement="The mixture confidence sequence covers at every sample size at once.",
        symbols="P(∃ n: p outside its limit) ≤ δ on either side; at most .04 by n = 330 at p = .05",
        hypothesis="Independent queries, looked at one by one.",
        expected="confirmed",
        formula=mixture_excludes,
        checks=(
            Check(
                "exact recursion over counts",
                "exact",
                crossing,
                (
                    *({**_PUBLISHED, "side": side, "bound": 0.04} for side in ("lower", "upper")),
                    *({"p": p, "horizon": 200, "delta": 0.05, "side": "upper"} for p in (0.01, 0.2, 0.5, 0.9)),
                ),
                Search(
                    {"p": Range(0.005, 0.99), "delta": Range(0.01, 0.3, log=True)},
                    {"horizon": 120, "side": "upper"},
                    n_starts=8,
                    n_steps=8,
                ),
            ),
        ),
        control=Control("Clopper-Pearson recomputed after every query (crossing .22)", "refuted", fixed_excludes),
        mutants={
            "Clopper-Pearson after every query": fixed_excludes,
            "evidence of 1/(8δ) for 1/δ": lambda k, n, p, delta: mixture_excludes(k, n, p, min(8 * delta, 0.999)),
            "the prior's weight dropped": lambda k, n, p, delta: (
                log_evidence_below(k, np.array(n), np.array(p)) + np.log(n + 1) >= -np.log(delta)
            ),
        },
        universal=True,
    ),
    Claim(
        id="P1.vi.b",
        releases=("lab",),
        statement="Clopper-Pearson recomputed after every query does not cover: it crosses with probability .22.",
        symbols="P(∃ n ≤ 330: p < L_n^CP) = .22 at p = .05, nominal .05",
        hypothesis="Independent queries, looked at one by one.",
        expected="confirmed",
        formula=lambda: 0.22,
        checks=(
            Check(
                "exact recursion over counts",
                "exact",
                lambda printed, case: equals(float(crossing(fixed_excludes, case).low), printed(), 0.005),
                ({**_PUBLISHED, "side": "lower"},),
            ),
        ),
        control=Control("the nominal rate", "refuted", lambda: 0.05),
        mutants={"the nominal rate": lambda: 0.05},
    ),
    Claim(
        id="P1.viii",
        releases=("lab",),
        statement="With no resolvable failure seen, certifying a gain of at most ε takes ln(δ/m)/ln(1-ε) queries.",
        symbols="n ≥ ln(δ/m) / ln(1 - ε): 141, 357, 717 for m = 67 and ε = .05, .02, .01",
        hypothesis="Independent queries.",
        expected="confirmed",
        formula=least_queries,
        checks=(
            Check(
                "counting up in rationals",
                "exact",
                first_sufficient,
                tuple({"gain": gain, "m": m} for gain, m in ((0.05, 67), (0.02, 67), (0.01, 67), (0.1, 1), (0.3, 5))),
            ),
            Check(
                "the published sizes",
                "exact",
                lambda queries, case: equals(queries(case["gain"], 67, DELTA), case["printed"], 0),
                tuple({"gain": gain, "printed": n} for gain, n in ((0.05, 141), (0.02, 357), (0.01, 717))),
            ),
        ),
        control=Control(
            "the rule of three, without m", "refuted", lambda gain, _, delta: least_queries(gain, 1, delta)
        ),
        mutants={
            "the Bonferroni share dropped": lambda gain, _, delta: least_queries(gain, 1, delta),
            "ε for -ln(1 - ε)": lambda gain, m, delta: int(np.ceil(np.log(m / delta) / gain)),
            "rounded down": lambda gain, m, delta: least_queries(gain, m, delta) - 1,
        },
    ),
    Claim(
        id="P1.viii.b",
        releases=("lab",),
        statement="R_i, hence its upper limit, also bounds the gain over model i in every sub-pool that contains i.",
        symbols="(1 - β_S) - a_i ≤ R_i for every S ∋ i",
        hypothesis="Any joint law.",
        expected="confirmed",
        formula=lambda rates, all_wrong: rates[0] - all_wrong,
        checks=(
            Check(
                "every sub-pool in rationals",
                "exact",
                subpool_gain,
                ({"weights": [1, 2, 3, 4, 5, 6, 7, 8]}, {"weights": [1, 0, 0, 5, 5, 0, 0, 1]}),
                Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=64, n_steps=40),
            ),
        ),
        control=Control(
            "the gain over the best of the pool", "refuted", lambda rates, all_wrong: min(rates) - all_wrong
        ),
        mutants={
            "the gain over the best of the pool": lambda rates, all_wrong: min(rates) - all_wrong,
            "β counted twice": lambda rates, all_wrong: rates[0] - 2 * all_wrong,
        },
        universal=True,
    ),
)
