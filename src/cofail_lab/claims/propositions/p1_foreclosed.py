"""P1.ix: the share of the best model's errors that no selector can mend, and its exact limits."""

from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from cofail_lab.bounds.binomial import clopper_pearson_lower
from cofail_lab.bounds.foreclosed import foreclosed_lower, foreclosed_range, foreclosed_upper
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law
from cofail_lab.claims.reference.foreclosed_coverage import covered

# --- what it is


def shares(error_rates: list[Fraction], all_wrong: Fraction) -> list[Fraction]:
    """β/α_i, the chance that an error of model i is everyone's; the foreclosed share is the greatest."""
    return [all_wrong / rate for rate in error_rates]


def binomial_given_errors(formula: Callable, case: Case) -> Measured:
    """P(K = k | e_i = e) by going through all sequences of queries, in rationals; at every k, e and model.

    Also β/(1 - a_sb) against the greatest of the claimed shares.
    """
    wrong, probs = joint_law(case)
    rates = exact_error_rates(wrong, probs)
    if not min(rates):
        raise ZeroDivisionError("the best model never errs")
    claimed = formula(rates, probs[-1])
    pairs = [(probs[-1] / min(rates), max(claimed))]
    for i, share in enumerate(claimed):
        # (K, e_i) after each query; the law of one query is summed pattern by pattern.
        law: dict[tuple[int, int], Fraction] = {(0, 0): Fraction(1)}
        for _ in range(case["n"]):
            longer: dict[tuple[int, int], Fraction] = {}
            for (k, e), p in law.items():
                for row, q in zip(wrong.tolist(), probs, strict=True):
                    after = k + all(row), e + row[i]
                    longer[after] = longer.get(after, Fraction(0)) + p * q
            law = longer
        for e in range(case["n"] + 1):
            total = sum((p for (_, errors), p in law.items() if errors == e), Fraction(0))
            if total:
                pairs += [
                    (law.get((k, e), Fraction(0)) / total, comb(e, k) * share**k * (1 - share) ** (e - k))
                    for k in range(e + 1)
                ]
    value, expected = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    return equals(value, expected, 0)


# --- its limits: errors (outcomes, m), all_wrong (outcomes,), n, δ -> limits (outcomes,)


def upper(errors: np.ndarray, all_wrong: np.ndarray, _n: int, delta: float) -> np.ndarray:
    """max_i CP_hi(K; e_i, δ)."""
    return np.asarray(foreclosed_upper(all_wrong, errors, delta))


def lower(errors: np.ndarray, all_wrong: np.ndarray, _n: int, delta: float) -> np.ndarray:
    """max_i CP_lo(K; e_i, δ/m)."""
    return np.asarray(foreclosed_lower(all_wrong, errors, delta))


def both(errors: np.ndarray, all_wrong: np.ndarray, _n: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """The pair at δ/2 each."""
    low, high = foreclosed_range(all_wrong, errors, delta)
    return np.asarray(low), np.asarray(high)


def solves(side: str) -> Callable:
    """A check: the greatest over models of the root of SciPy's binomial tail."""

    def measure(formula: Callable, case: Case) -> Measured:
        k, errors, delta = case["all_wrong"], case["errors"], case["delta"]
        each = delta if side == "above" else delta / len(errors)

        def limit(e: int) -> float:
            if side == "above":
                return 1.0 if e in (0, k) else _root(lambda p: binom.cdf(k, e, p) - each)
            return 0.0 if k == 0 else _root(lambda p: binom.sf(k - 1, e, p) - each)

        ours = formula(np.array([errors]), np.array([k]), case["n"], delta)
        return equals(max(limit(e) for e in errors), float(ours[0]), 1e-9)

    return measure


def _root(function: Callable[[float], float]) -> float:
    return float(brentq(function, 0, 1, xtol=1e-14))  # type: ignore[arg-type]


# --- false variants


def worst_model(limit: Callable) -> Callable:
    """The least limit in the place of the greatest: that of the model with most errors."""
    return lambda errors, k, n, delta: limit(np.repeat(errors.max(axis=1)[:, None], errors.shape[1], 1), k, n, delta)


def uncorrected(errors: np.ndarray, all_wrong: np.ndarray, _n: int, delta: float) -> np.ndarray:
    """max_i CP_lo(K; e_i, δ)."""
    return clopper_pearson_lower(all_wrong[:, None], errors, delta).max(axis=1)


def observed(errors: np.ndarray, all_wrong: np.ndarray, _n: int, _delta: float) -> np.ndarray:
    """K over the fewest errors, as if it were known."""
    return all_wrong / np.maximum(errors.min(axis=1), 1)


def bootstrap(quantile: float) -> Callable:
    """A percentile of K/min_i e_i over resampled queries, exact for two models."""

    def limit(errors: np.ndarray, all_wrong: np.ndarray, n: int, _delta: float) -> np.ndarray:
        from scipy.special import gammaln, xlogy

        cells = np.stack([n - errors.sum(1) + all_wrong, errors[:, 1] - all_wrong, errors[:, 0] - all_wrong, all_wrong])
        values = observed(errors, all_wrong, n, 0)
        order = np.argsort(values, kind="stable")
        ways = gammaln(n + 1) - gammaln(cells + 1).sum(axis=0)
        ends = []
        for seen in cells.T / n:
            below = np.cumsum(np.exp(ways + xlogy(cells, seen[:, None]).sum(axis=0))[order])
            ends.append(values[order][min(np.searchsorted(below, quantile), len(order) - 1)])
        return np.array(ends)

    return limit


def none_seen(errors: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
    """No error of the best in the sample read as no share."""
    return np.where(errors.min(axis=1) == 0, 0.0, upper(errors, all_wrong, n, delta))


_LAWS = (
    {"weights": [5, 2, 2, 1], "n": 5},
    {"weights": [0, 3, 1, 2], "n": 5},
    {"weights": [3, 1, 0, 2, 1, 0, 2, 1], "n": 4},
)
_TIED_PAIR = {"pool": "two", "weights": [6, 1, 1, 2], "n": 24, "delta": 0.05}
_TIED = {"pool": "tied", "n": 80, "m": 40, "shock": 0.1, "base": 0.4, "delta": 0.05}
_SEPARATE = {"pool": "separate", "n": 330, "m": 2, "error_rate": 0.3, "share": 0.4, "delta": 0.05}
_RARELY = {"pool": "separate", "n": 40, "m": 2, "error_rate": 0.02, "share": 0.4, "delta": 0.05}
_POOLS = (
    _TIED_PAIR,
    {**_TIED_PAIR, "weights": [15, 4, 4, 1]},
    _TIED,
    {**_TIED, "shock": 0.02},
    _SEPARATE,
    {**_SEPARATE, "m": 5, "share": 0.05},
    _RARELY,
    {**_RARELY, "share": 1.0},
)
_ANY_PAIR = Search(
    {"weights": Range(0, 30, integer=True, size=4)},
    {"pool": "two", "n": 16, "delta": 0.05},
    n_starts=32,
    n_polished=2,
    n_steps=20,
)
_COUNTS = tuple(
    {"all_wrong": k, "errors": errors, "n": 330, "delta": 0.05}
    for k, errors in ((9, [40, 25, 31]), (0, [0, 3]), (0, [4, 6]), (5, [5, 9]), (1, [1, 1, 1]), (60, [61, 200]))
)
_LIMITS = "Independent queries; the best model errs with some probability, α_best > 0."


def _claim(part: str, side: str, statement: str, symbols: str, formula: Callable, **rest: Any) -> Claim:
    """One of the three statements about limits: they are checked on the same pools."""
    solved = () if side == "both" else (Check("the binomial tails, model by model", "exact", solves(side), _COUNTS),)
    return Claim(
        id=part,
        releases=("lab",),
        statement=statement,
        symbols=symbols,
        hypothesis=_LIMITS,
        expected="confirmed",
        formula=formula,
        checks=(Check("exact sums over pools and outcomes", "exact", covered(side), _POOLS, _ANY_PAIR), *solved),
        universal=True,
        **rest,
    )


CLAIMS = (
    Claim(
        id="P1.ix",
        releases=("lab",),
        statement=(
            "The foreclosed share of the best model's errors is the greatest of the shares β/α_i, and the all-wrong "
            "count given a model's errors is binomial with its share."
        ),
        symbols="f = β/(1 - a_sb) = max_i β/α_i; K given e_i ~ Binomial(e_i, β/α_i)",
        hypothesis=_LIMITS,
        expected="confirmed",
        formula=shares,
        checks=(
            Check(
                "enumeration of all sequences in rationals",
                "exact",
                binomial_given_errors,
                _LAWS,
                Search({"weights": Range(0, 9, integer=True, size=4)}, {"n": 4}, n_starts=16, n_polished=1, n_steps=15),
            ),
        ),
        control=Control("β itself", "refuted", lambda rates, beta: [beta for _ in rates]),
        mutants={
            "β/(1-α_i)": lambda rates, beta: [beta / (1 - rate) for rate in rates],
            "of the worst model": lambda rates, beta: [beta / max(rates) for _ in rates],
            "of the mean error rate": lambda rates, beta: [beta * len(rates) / sum(rates) for _ in rates],
        },
        universal=True,
        note="f does not exist where the best model never errs.",
    ),
    _claim(
        "P1.ix.b",
        "above",
        "The greatest upper limit of β/α_i over the models bounds the foreclosed share, without a correction for them.",
        "f ≤ max_i CP_hi(K; e_i, δ) with probability ≥ 1 - δ; CP_hi = 1 where e_i is 0 or K",
        upper,
        control=Control("the least upper limit", "refuted", worst_model(upper)),
        mutants={
            "min for max": worst_model(upper),
            "the percentile bootstrap": bootstrap(0.95),
            "the observed share": observed,
            "lower limits for upper": lower,
            "three times the error probability": lambda e, k, n, delta: upper(e, k, n, 3 * delta),
            "0 where the best makes no error in the sample": none_seen,
            "β's limit over the observed error rate": lambda e, k, n, delta: (
                upper(np.full_like(e, n), k, n, delta) * n / np.maximum(e.min(axis=1), 1)
            ),
        },
    ),
    _claim(
        "P1.ix.c",
        "below",
        "The greatest lower limit of β/α_i bounds it from below, each at δ/m.",
        "f ≥ max_i CP_lo(K; e_i, δ/m) with probability ≥ 1 - δ",
        lower,
        control=Control("δ for δ/m", "refuted", uncorrected),
        mutants={
            "δ for δ/m": uncorrected,
            "the percentile bootstrap": bootstrap(0.05),
            "the observed share": observed,
            "upper limits for lower": upper,
        },
    ),
    _claim(
        "P1.ix.d",
        "both",
        "Both limits at δ/2 each hold together.",
        "max_i CP_lo(K; e_i, δ/2m) ≤ f ≤ max_i CP_hi(K; e_i, δ/2) with probability ≥ 1 - δ",
        both,
        control=Control("each at δ", "refuted", lambda e, k, n, delta: both(e, k, n, 2 * delta)),
        mutants={
            "each at δ": lambda e, k, n, delta: both(e, k, n, 2 * delta),
            "the ends exchanged": lambda e, k, n, delta: both(e, k, n, delta)[::-1],
            "the percentile bootstrap": lambda e, k, n, delta: tuple(
                bootstrap(q)(e, k, n, delta) for q in (delta / 2, 1 - delta / 2)
            ),
            "the pair of the model with most errors": worst_model(both),
        },
    ),
)
