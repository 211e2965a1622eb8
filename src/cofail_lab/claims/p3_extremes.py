"""P3.iv to P3.vi: bounds from more moments, who the extremes are, and closed forms for the ends of the interval."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import comb, exp, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri

from cofail_lab.bounds import binomial_moments, extendible_envelope, wrong_count_range
from cofail_lab.bounds.moments import (
    at_least_range,
    boros_prekopa,
    dawson_sankoff,
    gallot_kounias,
    hunter,
    kuai_alajaji_takahara,
    right_moments,
)
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, at_most, equals, holds
from cofail_lab.claims.exact import count_moments, laws_with_zeros, patterns, worst
from cofail_lab.claims.p3_identification import extreme_laws, float_rates

LP_ERROR = 1e-9

# --- P3.iv


def ladder(counts: list[Fraction], n_moments: int) -> tuple[float, float]:
    """Limits on β from the first K binomial moments of a law of C."""
    found = wrong_count_range(binomial_moments(counts, n_moments), len(counts) - 1)
    return found.lower, found.upper


def shock_counts(case: Case) -> list[Fraction]:
    """P(C = j) of the exchangeable common shock, in rationals; its parameters are read as decimal fractions."""
    shock, base, m = Fraction(str(case["shock"])), Fraction(str(case["base"])), case["n_models"]
    law = [(1 - shock) * comb(m, j) * base**j * (1 - base) ** (m - j) for j in range(m + 1)]
    law[m] += shock
    return law


def printed(formula: Callable, case: Case) -> Measured:
    """A printed limit, known to half its last digit."""
    limit = formula(shock_counts(case), case["n_moments"])[("lower", "upper").index(case["side"])]
    return equals(case["printed"], limit, 0.5 * 10.0 ** -case["digits"])


def certified(formula: Callable, case: Case) -> Measured:
    """The dual polynomials in C, count by count in rationals: on the event's side, and their mean is the limit."""
    law, k = shock_counts(case), case["n_moments"]
    m = len(law) - 1
    found = wrong_count_range(binomial_moments(law, k), m)
    means = []
    for certificate, sign in ((found.lower_certificate, -1), (found.upper_certificate, 1)):
        values = [sum(y * comb(j, i) for i, y in enumerate(certificate.coefficients)) for j in range(m + 1)]
        valid = all(sign * value >= sign * (j == m) for j, value in enumerate(values))
        means.append(sum(q * value for q, value in zip(law, values, strict=True)) if valid else float("nan"))
    # A limit is attained by the law its program found, whose moments and all-wrong rate are sums of its own.
    for attained, mean in ((found.lower_law, means[0]), (found.upper_law, means[1])):
        moments = zip(binomial_moments(attained, k), binomial_moments(law, k), strict=True)
        if abs(attained[-1] - mean) > 1e-12 or any(abs(a / b - 1) > 1e-9 for a, b in moments):
            return holds(False)
    return worst(*(equals(mean, limit, 1e-15) for mean, limit in zip(means, formula(law, k), strict=True)))


def nested(formula: Callable, case: Case) -> Measured:
    """Every rung contains β and lies inside the one before; the last is a point."""
    law = [Fraction(n, sum(case["counts"])) for n in case["counts"]]
    m = len(law) - 1
    rungs = [formula(law, k) for k in range(1, m + 1)]
    if any(after[0] < before[0] or after[1] > before[1] for before, after in pairwise(rungs)):
        return holds(False)
    inside = [at_most(low, law[m]) for low, _ in rungs] + [at_least(high, law[m]) for _, high in rungs]
    return worst(*inside, equals(rungs[-1][1] - rungs[-1][0], 0, 1e-15))


# --- P3.v


class Extremes(NamedTuple):
    """What is said to be the least and the greatest all-wrong rate."""

    least: float
    most: float


@cache
def gaussian_all_wrong(alpha: float, pair: float, n_models: int) -> float:
    """β of the exchangeable Gaussian with these rates, a trapezoidal sum over its factor; r by bisection."""
    from scipy.optimize import brentq

    threshold = float(ndtri(alpha))
    z = np.linspace(-9, 9, 2001)
    density = np.exp(-z * z / 2)
    density /= density.sum()

    def log_wrong(r: float) -> np.ndarray:
        return log_ndtr((threshold - np.sqrt(r) * z) / np.sqrt(1 - r))

    if pair <= alpha**2:
        return alpha**n_models
    r = brentq(lambda r: float(density @ np.exp(2 * log_wrong(r))) - pair, 0.0, 0.999, xtol=1e-14)
    return float(density @ np.exp(n_models * log_wrong(r)))


def shock_and_gaussian(shock: float, base: float, n_models: int) -> Extremes:
    """The common shock on top, the matched Gaussian below."""
    alpha, pair = (shock + (1 - shock) * base**k for k in (1, 2))
    return Extremes(gaussian_all_wrong(alpha, pair, n_models), shock + (1 - shock) * base**n_models)


def sharp_in_sums(shock: float, base: float, n_models: int) -> Extremes:
    """The sharp interval in closed form (P3.vi)."""
    alpha, pair = (shock + (1 - shock) * base**k for k in (1, 2))
    right = right_moments(np.full(n_models, alpha), np.where(np.eye(n_models, dtype=bool), alpha, pair))
    return Extremes(*dawson_sankoff(right))


def _exact_ends(case: Case) -> tuple[Fraction, Fraction]:
    shock, base = Fraction(case["shock"]), Fraction(case["base"])
    moments = [shock + (1 - shock) * base**k for k in (1, 2)]
    found = wrong_count_range(moments, case["n_models"])
    return found.lower_certificate.bound, found.upper_certificate.bound


def greatest_is(formula: Callable, case: Case) -> Measured:
    """The greatest β, from the program in C with its exact dual."""
    return equals(_exact_ends(case)[1], formula(**_parameters(case)).most, 1e-9)


def least_is(formula: Callable, case: Case) -> Measured:
    """The least β, likewise."""
    return equals(_exact_ends(case)[0], formula(**_parameters(case)).least, 1e-9)


def _parameters(case: Case) -> dict[str, Any]:
    return {name: case[name] for name in ("shock", "base", "n_models")}


class EndlessExtremes(NamedTuple):
    """The limits as m grows, and how far off finite pools can be.

    Attributes:
        most, least: functions of (ω, α0).
        room: of (ω, α0, m), how much a finite pool of m may exceed ``most``.
        gaussian: of (α, r, m), an upper limit on the matched Gaussian's β.
    """

    most: Callable
    least: Callable
    room: Callable
    gaussian: Callable


def gaussian_limit(alpha: float, correlation: float, n_models: float) -> float:
    """P(p > 1-x) + (1-x)^m at x = ln(m)^1.5/m, p the failure probability given the factor: falls to 0 with m."""
    x = log(n_models) ** 1.5 / n_models
    own = np.sqrt(1 - correlation)
    return float(ndtr((ndtri(alpha) + own * ndtri(x)) / np.sqrt(correlation)) + exp(-n_models * x))


ENDLESS = EndlessExtremes(
    most=lambda shock, base: shock,  # noqa: ARG005
    least=lambda shock, base: 0,  # noqa: ARG005
    room=lambda shock, base, m: (1 - shock) * base / (1 + (m - 1) * (1 - base)),
    gaussian=gaussian_limit,
)


def finite_pools_close_in(formula: EndlessExtremes, case: Case) -> Measured:
    """Greatest β of m models, from the program in C, less its limit: within the room stated, in rationals."""
    shock, base = Fraction(case["shock"]), Fraction(case["base"])
    over = _exact_ends(case)[1] - formula.most(shock, base)
    room = Fraction(formula.room(shock, base, case["n_models"]))
    return equals(over, room / 2, room / 2)


def endless_laws_inside(formula: EndlessExtremes, case: Case) -> Measured:
    """Limit of β under a random law of the difficulty: its mass at 1, between the extremes of its own rates."""
    points, weights = [*map(Fraction, case["points"]), Fraction(1)], list(map(Fraction, case["weights"]))
    alpha, pair = (sum(w * x**k for w, x in zip(weights, points, strict=True)) / sum(weights) for k in (1, 2))
    shock, base = (pair - alpha**2) / (1 - 2 * alpha + pair), (alpha - pair) / (1 - alpha)
    atom = weights[-1] / sum(weights)
    return worst(at_most(atom, formula.most(shock, base)), at_least(atom, formula.least(shock, base)))


def lower_edge_vanishes(formula: EndlessExtremes, case: Case) -> Measured:
    """The law {0, p/α} has these rates, and its β at m = 10^6 is already the lower extreme."""
    shock, base = case["shock"], case["base"]
    alpha, pair = (shock + (1 - shock) * base**k for k in (1, 2))
    return equals(float(extendible_envelope(alpha, pair).lower.all_wrong(10**6)), formula.least(shock, base), 1e-12)


def gaussian_vanishes(formula: EndlessExtremes, case: Case) -> Measured:
    """ln β of the matched Gaussian, by a sum over its factor, below that of the limit stated."""
    alpha, r, m = case["alpha"], case["correlation"], case["n_models"]
    z = np.linspace(-38, 9, 20_001)
    log_wrong = log_ndtr((ndtri(alpha) - np.sqrt(r) * z) / np.sqrt(1 - r))
    value = float(logsumexp(-z * z / 2 + m * log_wrong)) + log((z[1] - z[0]) / sqrt(2 * pi))
    limit = formula.gaussian(alpha, r, m)
    # And the limit itself goes to 0: by a third at least for every hundredfold pool, from m = 10^4 on.
    falls = m < 10**4 or formula.gaussian(alpha, r, 100 * m) < limit / 1.5
    return at_most(value, log(limit)) if falls else holds(False)


# --- P3.vi


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
    """A check of closed-form limits against the exact program in C with that many moments."""

    def measure(formula: Callable, case: Case) -> Measured:
        moments = count_moments(case["counts"], 3)
        found = wrong_count_range(moments[:n_moments], len(case["counts"]) - 1)
        lower, upper = formula(right_sums(case["counts"]))
        return worst(
            equals(found.lower_certificate.bound, lower, 1e-13), equals(found.upper_certificate.bound, upper, 1e-13)
        )

    return measure


def right_sums(counts: list[int]) -> Sums:
    """The sums of the number of right models, exactly."""
    m, total = len(counts) - 1, sum(counts)
    return Sums(*(Fraction(sum(comb(m - j, k) * n for j, n in enumerate(counts)), total) for k in (1, 2, 3)), m)


def float_program(n_moments: int) -> Callable:
    """The same by SciPy, which knows nothing of the exact program."""

    def measure(formula: Callable, case: Case) -> Measured:
        from scipy.optimize import linprog

        m = len(case["counts"]) - 1
        right = [float(p) for p in count_moments(case["counts"], n_moments)]
        rows = [[comb(j, k) / comb(m, k) for j in range(m + 1)] for k in range(n_moments + 1)]
        event = np.append(np.zeros(m), 1.0)
        found = [
            linprog(sign * event, A_eq=rows, b_eq=[1.0, *right], method="highs").x[-1] for sign in (1, -1)
        ]
        limits = formula(right_sums(case["counts"]))
        return worst(*(equals(x, limit, 1e-8, LP_ERROR) for x, limit in zip(found, limits, strict=True)))

    return measure


def random_counts(trial: Trial) -> Iterable[Case]:
    """Laws of C for 4 to 12 models, many of them with gaps."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 33]))
    for m in (4, 5, 6, 8, 12):
        counts = draw.integers(0, 12, m + 1) * draw.integers(0, 2, m + 1)
        counts[1] += 1
        counts[m] += 2
        yield {"counts": counts.tolist()}


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
    return worst(at_least(low, limits.lower - 2 * LP_ERROR, LP_ERROR), at_most(high, limits.upper + 2 * LP_ERROR, LP_ERROR))


def no_looser_than_sums(formula: Callable, case: Case) -> Measured:
    """Limits against those of the two sums alone."""
    right = right_moments(*float_rates(case))
    (lower, upper), limits = dawson_sankoff(right), formula(right)
    return worst(at_most(lower, limits.lower + 1e-13), at_least(upper, limits.upper - 1e-13))


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
    low, high = (
        sign * linprog(sign * event, A_eq=equations, b_eq=right, method="highs").fun for sign in (1, -1)
    )
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


RATES = tuple({"rates": r, "at_least": k} for r, k in (
    ([0.3, 0.3, 0.3], 2), ([0.1, 0.4, 0.45], 2), ([0.6, 0.7, 0.2, 0.9, 0.5], 3), ([0.05, 0.1, 0.2, 0.4, 0.3, 0.6], 4),
    ([0.9, 0.8, 0.7, 0.95], 3)))  # fmt: skip
SHOCKS = tuple({"shock": w, "base": b} for w, b in ((0.05, 0.3), (0.41, 0.45), (0.001, 0.9), (0.25, 0.01)))
PRINTED = tuple(
    {"shock": 0.05, "base": 0.3, "n_models": 67, "n_moments": k, "side": side, "printed": value, "digits": digits}
    for k, side, value, digits in (
        (2, "upper", 0.05597, 5), (3, "upper", 0.05181, 5), (4, "upper", 0.05008, 5), (8, "upper", 0.05, 5), (2, "upper", 0.0559712, 7),
        (1, "lower", 0, 5), (2, "lower", 0, 5), (3, "lower", 0, 5), (4, "lower", 0, 5), (6, "lower", 0.049, 4))
)  # fmt: skip
_ANY_SHOCK = Search(
    {"shock": Range(0.01, 0.5), "base": Range(0.01, 0.9), "n_models": Range(3, 40, integer=True)},
    n_starts=16, n_polished=2, n_steps=25,
)  # fmt: skip
_ANY_COUNTS = Search({"counts": Range(1, 30, integer=True, size=7)}, n_starts=32, n_polished=2, n_steps=30)
_ANY_LAW = Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=32, n_polished=2, n_steps=30)

CLAIMS = (
    Claim(
        id="P3.iv",
        releases=("lab",),
        statement="Bounds on the all-wrong rate from the first K binomial moments of C narrow to a point as K grows to m.",
        symbols="β ∈ [β_min(K), β_max(K)], nested in K, a point at K = m",
        hypothesis="Any law of C.",
        expected="confirmed",
        formula=ladder,
        checks=(
            Check("printed limits of the shock ω = .05, α0 = .3, m = 67", "exact", printed, PRINTED),
            Check("dual polynomials count by count, and laws that attain the limits", "exact", certified,
                  tuple({"shock": w, "base": b, "n_models": m, "n_moments": k} for w, b, m, k in (
                      (0.05, 0.3, 67, 2), (0.05, 0.3, 67, 5), (0.2, 0.6, 12, 4), (0.01, 0.1, 200, 3)))),
            Check("rungs nested and closing", "exact", nested, random_counts,
                  Search({"counts": Range(1, 30, integer=True, size=5)}, n_starts=8, n_polished=1, n_steps=12)),
        ),
        control=Control("one moment fewer than stated", "refuted", lambda law, k: ladder(law, max(1, k - 1))),
        mutants={
            "plain moments E[C^k]/m^k for binomial ones": lambda law, k: _from_plain_moments(law, k),
            "β_max of pairs at every K": lambda law, k: (ladder(law, k)[0], ladder(law, min(k, 2))[1]),
            "one moment more than stated": lambda law, k: ladder(law, min(k + 1, len(law) - 1)),
        },
        universal=True,
    ),
    Claim(
        id="P3.v",
        releases=("june", "sept"),
        statement="Common shock and the matched Gaussian are precisely the two extremes of the ambiguity.",
        symbols="β_max = ω + (1-ω)α0^m and β_min = β of the matched Gaussian, at every m",
        hypothesis="Exchangeable pools of m models with the shock's rates.",
        expected="refuted",
        formula=shock_and_gaussian,
        checks=(
            Check("greatest β by the program in C", "exact", greatest_is, (), _ANY_SHOCK),
            Check("least β by the program in C", "exact", least_is, (), _ANY_SHOCK),
        ),
        control=Control("the sharp closed form of P3.vi", "confirmed", sharp_in_sums),
        universal=True,
        note="Published case: m = 67, ω = .05, α0 = .3, shock .0500 against the sharp range [0, .0559712]; P3.iv has it.",
    ),
    Claim(
        id="P3.v",
        releases=("lab",),
        statement=(
            "As pools grow without end the shock's ω and 0 are the extremes, and the matched Gaussian tends to the lower "
            "one; finite pools exceed ω by about α0/((1-α0) m)."
        ),
        symbols="0 ≤ β_max(m) - ω ≤ (1-ω)α0/(1 + (m-1)(1-α0)); β_Gauss(m) → 0",
        hypothesis="Laws of pools that can be extended without end; the rates hold for finite exchangeable pools too.",
        expected="confirmed",
        formula=ENDLESS,
        checks=(
            Check("greatest β of m models by the program in C", "exact", finite_pools_close_in,
                  tuple({**s, "n_models": m} for s in SHOCKS for m in (3, 67, 1000)), _ANY_SHOCK),
            Check("laws of the difficulty with an atom at 1", "exact", endless_laws_inside,
                  ({"points": [0.1, 0.5, 0.9], "weights": [4, 3, 2, 1]}, {"points": [0, 0.3, 0.3], "weights": [0, 1, 1, 1]}),
                  Search({"points": Range(0, 0.99, size=3), "weights": Range(0.01, 1, size=4)}, n_polished=2)),
            Check("the two-point law at the lower edge", "exact", lower_edge_vanishes, SHOCKS[:2]),
            Check("the matched Gaussian for m = 100 to 10^10", "quadrature", gaussian_vanishes,
                  tuple({"alpha": a, "correlation": r, "n_models": 10**k}
                        for a, r in ((0.335, 0.165), (0.1, 0.3), (0.4, 0.5)) for k in (2, 4, 6, 8, 10))),
        ),
        control=Control("the Cantelli limit without pairs, α", "refuted",
                        ENDLESS._replace(most=lambda shock, base: shock + (1 - shock) * base)),
        mutants={
            "room of order 1/m²": ENDLESS._replace(room=lambda w, b, m: (1 - w) * b / (1 + (m - 1) * (1 - b)) ** 2),
            "room with 1 - ω left out of a smaller pool": ENDLESS._replace(
                room=lambda w, b, m: (1 - w) * b / (1 + m / (1 - b))),
            "the shock's own β of one model as the limit": ENDLESS._replace(most=lambda w, b: w * b),
            "the Gaussian falls exponentially": ENDLESS._replace(gaussian=lambda a, r, m: float(a ** min(m, 700))),  # noqa: ARG005
        },
        universal=True,
    ),
    Claim(
        id="P3.vi.a",
        releases=("lab",),
        statement="Dawson and Sankoff's limits are sharp given the mean number right and the mean number of right pairs.",
        symbols="β_max = 1 - 2S1/(k+1) + 2S2/(k(k+1)), k = 1+⌊2S2/S1⌋; β_min = max(0, 1 - S1 + 2S2/m)",
        hypothesis="Any pool with these two sums, S1 = Σ a_i, S2 = Σ_{i<j} a_ij.",
        expected="confirmed",
        formula=from_two_sums,
        checks=(
            Check("the exact program in C", "exact", sums_limits(2), random_counts, _ANY_COUNTS),
            Check("the program in C by SciPy", "lp", float_program(2), random_counts),
        ),
        control=Control("the first sum alone", "refuted", lambda s: (max(0.0, float(1 - s.s1)), float(1 - s.s1 / s.n_models))),
        mutants={
            "k without the 1": lambda s: (from_two_sums(s)[0], _dawson_upper(s, max(1, 2 * s.s2 // s.s1))),
            "nearest integer for the floor": lambda s: (from_two_sums(s)[0], _dawson_upper(s, 1 + round(2 * s.s2 / s.s1))),
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
    Claim(
        id="P3.vi.c",
        releases=("lab",),
        statement=(
            "From individual pairs, Hunter's tree bounds the all-wrong rate below and Kuai, Alajaji and Takahara's row sums "
            "above; neither is looser than Dawson and Sankoff's from the sums."
        ),
        symbols="β ≥ 1 - S1 + max tree Σ a_ij; β ≤ 1 - Σ_i[θ_i a_i²/(b_i+(2-θ_i)a_i) + (1-θ_i)a_i²/(b_i+(1-θ_i)a_i)]",
        hypothesis="Any pool.",
        expected="confirmed",
        formula=tree_and_rows,
        checks=(
            Check("against the sums", "exact", no_looser_than_sums, laws_with_zeros, _ANY_LAW),
            Check("against the program over all patterns", "lp", outside_the_program,
                  lambda t: laws_with_zeros(t, (3, 3, 4, 4, 5)),
                  Search({"weights": Range(0, 40, integer=True, size=8)}, n_starts=16, n_polished=1, n_steps=20)),
        ),
        control=Control("the sums' limits, moved outwards", "refuted", lambda right: PairLimits(
            dawson_sankoff(right)[0] - 0.01, dawson_sankoff(right)[1] + 0.01)),
        mutants={
            "all pairs in place of a tree": lambda right: tree_and_rows(right)._replace(
                lower=float(1 - right.single.sum() + np.triu(right.both, 1).sum())),
            "no pairs below": lambda right: tree_and_rows(right)._replace(lower=float(1 - right.single.sum())),
            "θ = 0 for the fractional part": lambda right: tree_and_rows(right)._replace(upper=_rows_without_theta(right)),
            "row sums with the diagonal": lambda right: tree_and_rows(right)._replace(upper=kuai_alajaji_takahara(
                right._replace(both=right.both + np.diag(right.single)))),
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
            Check("a law for each order", "exact", better_of, (
                {"weights": [3, 1, 0, 3, 0, 0, 0, 0], "smaller": "Gallot-Kounias"},
                {"weights": [0, 1, 0, 1, 0, 1, 0, 0], "smaller": "Kuai-Alajaji-Takahara"})),
        ),
        control=Control("the smaller of the two", "refuted", lambda right: min(
            gallot_kounias(right)[0], kuai_alajaji_takahara(right))),
        mutants={
            "the larger of the two": lambda right: max(gallot_kounias(right)[0], kuai_alajaji_takahara(right)),
            "Dawson-Sankoff for Gallot-Kounias": lambda right: dawson_sankoff(right)[1],
        },
    ),
    Claim(
        id="P3.vi.e",
        releases=("lab",),
        statement="The known limits on majority votes from accuracies alone (Kuncheva, Matan) are values of the same program.",
        symbols="sharp [min, max] of P(C ≥ k) given α_i; equal rates: min(1, a m/l) and max(0, (a m-l+1)/(m-l+1))",
        hypothesis="Any rates, any k; l = ⌊m/2⌋ + 1.",
        expected="confirmed",
        formula=at_least_range,
        checks=(
            Check("the program over all patterns by SciPy", "lp", rates_alone, RATES,
                  Search({"rates": Range(0.01, 0.99, size=4)}, fixed={"at_least": 2}, n_starts=16, n_polished=1, n_steps=20)),
            Check("pattern of success and pattern of failure", "exact", kuncheva,
                  tuple({"n_models": m, "accuracy": a} for m in (3, 5, 9) for a in (0.2, 0.5, 0.6, 0.8))),
        ),
        control=Control("Markov's inequality", "refuted", lambda rates, k: (0.0, min(1.0, float(rates.sum() / k)))),
        mutants={
            "one event more": lambda rates, k: at_least_range(rates, min(k + 1, len(rates))),
            "the mean rate for every model": lambda rates, k: at_least_range(np.full_like(rates, rates.mean()), k),
        },
        universal=True,
    ),
)  # fmt: skip


def _from_plain_moments(law: list[Fraction], k: int) -> tuple[float, float]:
    """Limits with E[(C/m)^k] in the place of p_k."""
    m = len(law) - 1
    moments = [sum(q * Fraction(j, m) ** i for j, q in enumerate(law)) for i in range(1, k + 1)]
    try:
        found = wrong_count_range(moments, m)
    except ValueError:
        return float("inf"), float("-inf")
    return found.lower, found.upper


def _dawson_upper(sums: Sums, k: int) -> float:
    return float(1 - 2 * sums.s1 / (k + 1) + 2 * sums.s2 / (k * (k + 1)))


def _rows_without_theta(right: Any) -> float:
    a = right.single[right.single > 0]
    row = (right.both.sum(axis=1) - right.single)[right.single > 0]
    return float(1 - (a**2 / (row + a)).sum())
