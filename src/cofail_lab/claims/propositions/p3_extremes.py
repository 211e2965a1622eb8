"""P3.v: which laws are the extremes of what error rates and pairs allow."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import exp, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from cofail_lab.bounds import extendible_envelope, wrong_count_range
from cofail_lab.bounds.moments import (
    dawson_sankoff,
    right_moments,
)
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, at_most, equals, holds
from cofail_lab.claims.reference.exact import worst


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
    r: Any = brentq(lambda r: float(density @ np.exp(2 * log_wrong(r))) - pair, 0.0, 0.999, xtol=1e-14)
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
    limits = wrong_count_range(moments, case["n_models"])
    return limits.lower_certificate.bound, limits.upper_certificate.bound


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
    most=lambda shock, _base: shock,
    least=lambda *_: 0,
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
    value = float(np.logaddexp.reduce(-z * z / 2 + m * log_wrong)) + log((z[1] - z[0]) / sqrt(2 * pi))
    limit = formula.gaussian(alpha, r, m)
    # And the limit itself goes to 0: by a third at least for every hundredfold pool, from m = 10^4 on.
    falls = m < 10**4 or formula.gaussian(alpha, r, 100 * m) < limit / 1.5
    return at_most(value, log(limit)) if falls else holds(False)


SHOCKS = tuple({"shock": w, "base": b} for w, b in ((0.05, 0.3), (0.41, 0.45), (0.001, 0.9), (0.25, 0.01)))
_ANY_SHOCK = Search(
    {"shock": Range(0.01, 0.5), "base": Range(0.01, 0.9), "n_models": Range(3, 40, integer=True)},
    n_starts=16,
    n_polished=2,
    n_steps=25,
)


CLAIMS = (
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
        note=(
            "Published case: m = 67, ω = .05, α0 = .3, shock .0500 against the sharp range [0, .0559712]; P3.iv has it."
        ),
    ),
    Claim(
        id="P3.v",
        releases=("lab",),
        statement=(
            "As pools grow without end the shock's ω and 0 are the extremes, and the matched Gaussian tends to the "
            "lower one; finite pools exceed ω by about α0/((1-α0) m)."
        ),
        symbols="0 ≤ β_max(m) - ω ≤ (1-ω)α0/(1 + (m-1)(1-α0)); β_Gauss(m) → 0",
        hypothesis="Laws of pools that can be extended without end; the rates hold for finite exchangeable pools too.",
        expected="confirmed",
        formula=ENDLESS,
        checks=(
            Check(
                "greatest β of m models by the program in C",
                "exact",
                finite_pools_close_in,
                tuple({**s, "n_models": m} for s in SHOCKS for m in (67, 3, 1000)),
                _ANY_SHOCK,
            ),
            Check(
                "laws of the difficulty with an atom at 1",
                "exact",
                endless_laws_inside,
                (
                    {"points": [0.1, 0.5, 0.9], "weights": [4, 3, 2, 1]},
                    {"points": [0, 0.3, 0.3], "weights": [0, 1, 1, 1]},
                ),
                Search({"points": Range(0, 0.99, size=3), "weights": Range(0.01, 1, size=4)}, n_polished=2),
            ),
            Check("the two-point law at the lower edge", "exact", lower_edge_vanishes, SHOCKS[:2]),
            Check(
                "the matched Gaussian for m = 100 to 10^10",
                "quadrature",
                gaussian_vanishes,
                tuple(
                    {"alpha": a, "correlation": r, "n_models": 10**k}
                    for a, r in ((0.335, 0.165), (0.1, 0.3), (0.4, 0.5))
                    for k in (2, 4, 6, 8, 10)
                ),
            ),
        ),
        control=Control(
            "the Cantelli limit without pairs, α",
            "refuted",
            ENDLESS._replace(most=lambda shock, base: shock + (1 - shock) * base),
        ),
        mutants={
            "room of order 1/m²": ENDLESS._replace(room=lambda w, b, m: (1 - w) * b / (1 + (m - 1) * (1 - b)) ** 2),
            "1/(1-α0) for 1-α0 in the room": ENDLESS._replace(room=lambda w, b, m: (1 - w) * b / (1 + m / (1 - b))),
            "the shock's own β of one model as the limit": ENDLESS._replace(most=lambda w, b: w * b),
            "the Gaussian falls exponentially": ENDLESS._replace(gaussian=lambda a, _r, m: float(a ** min(m, 700))),
        },
        universal=True,
    ),
)
