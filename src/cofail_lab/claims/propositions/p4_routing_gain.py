"""P4.vi: the gain of a perfect router on pure noise, exactly and by rule of thumb, and what regret it can bear."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import log, sqrt

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals, holds
from cofail_lab.claims.propositions.l1_types import gains, oracle, single_best, stochastic
from cofail_lab.claims.reference.exact_routing import program
from cofail_lab.decisions import expected_routing_gain, routing_gain_heuristic


@cache
def mean_maximum(n_models: int) -> tuple[float, float]:
    """e_m = ∫_0^∞ 1 - Φ(x)^m - Φ(-x)^m dx by SciPy's adaptive quadrature, with its error."""
    from scipy.integrate import quad
    from scipy.special import log_ndtr

    def tail(x: float) -> float:
        return -np.expm1(n_models * log_ndtr(x)) - np.exp(n_models * log_ndtr(-x))

    middle = sqrt(2 * log(n_models) + 1)
    parts = [quad(tail, a, b, epsabs=1e-13, epsrel=1e-13) for a, b in ((0, middle), (middle, middle + 12))]
    return sum(p[0] for p in parts), sum(p[1] for p in parts)


def exact_gain(spread: float, n_models: int, n_types: int) -> float:
    """s·e_m·(1 - 1/√|T|)."""
    value = expected_routing_gain(spread, n_models, n_types).value
    return float("nan") if value is None else value


def by_tails(formula: Callable, case: Case) -> Measured:
    """The mean of the best of m, and of the best of m means over |T| types, from tail integrals."""
    best, error = mean_maximum(case["n_models"])
    value = case["spread"] * (best - best / sqrt(case["n_types"]))
    return equals(value, formula(case["spread"], case["n_models"], case["n_types"]), 1e-10, case["spread"] * error)


def simulated_gain(formula: Callable, case: Case) -> Measured:
    """Qualities drawn anew each time.

    G changes by at most 2/√|T| of a change in the standardized cells (in Euclidean length), so the mean over n draws is
    within (2s/√|T|)·√(2 ln(2/level)/n) of E[G] but with that probability (concentration of Lipschitz functions).
    """
    draw = np.random.Generator(np.random.Philox(key=[case["seed"], 44]))
    n, m, t, s = 8000, case["n_models"], case["n_types"], case["spread"]
    quality = s * draw.standard_normal((n, t, m))
    gain = float((quality.max(axis=2).mean(axis=1) - quality.mean(axis=1).max(axis=1)).mean())
    error = 2 * s / sqrt(t) * sqrt(2 * log(2 / case["level"]) / n)
    return equals(gain, formula(s, m, t), 2 * error, error)


def excess(formula: Callable, case: Case) -> Measured:
    """How much too large the heuristic is, as a share of the exact gain, against the share stated."""
    best, _ = mean_maximum(case["n_models"])
    types = case["n_types"]
    exact = best * (1 - (1 / sqrt(types) if types else 0))
    return equals(formula(1.0, case["n_models"]) / exact - 1, case["stated"], 5e-5)


def beats(regret: Fraction, gain: Fraction) -> bool:
    """ρ < G."""
    return regret < gain


def router_beats(formula: Callable, case: Case) -> Measured:
    """Value of a stochastic router against the single best's, in rationals."""
    problem = program(case)
    tables = zip(stochastic(case, problem), problem.quality, strict=True)
    value = problem.mean(sum(p * q for p, q in zip(shares, qs, strict=True)) for shares, qs in tables)
    top, best = oracle(problem), single_best(problem)
    return holds((value > best) == formula(top - value, top - best))


def always_the_best(formula: Callable, case: Case) -> Measured:
    """A router that always sends to the single best: its regret is G, and it does not beat it."""
    problem = program(case)
    gain = oracle(problem) - single_best(problem)
    return holds(not formula(gain, gain))


# Shares of the exact gain, by the tail integrals; None stands for endlessly many types.
STATED = tuple(
    {"n_models": m, "n_types": t, "stated": share}
    for m, t, share in (
        (2, None, 1.0869),
        (10, None, 0.3946),
        (67, None, 0.2283),
        (10**6, None, 0.0809),
        (67, 9, 0.8424),
        (67, 100, 0.3647),
        (10, 25, 0.7433),
    )
)
NOISE = tuple({"spread": s, "n_models": m, "n_types": t} for s, m, t in ((0.1, 6, 9), (1.0, 2, 4), (0.3, 20, 25)))

CLAIMS = (
    Claim(
        id="P4.vi",
        releases=("june", "sept"),
        statement="Rule of thumb for the router's gain on noise: s√(2 ln m), whatever the number of types.",
        symbols="G ≈ s√(2 ln m) for iid N(μ, s²) qualities",
        hypothesis="Stated error: 109% too large at m = 2, 39% at 10, 23% at 67, 8% at 10^6 with endlessly many types; "
        "36% at m = 67 with 100 types.",
        expected="reported",
        formula=routing_gain_heuristic,
        checks=(Check("excess over the exact gain, to its last printed digit", "quadrature", excess, STATED),),
        control=Control("s·√(ln m)", "refuted", lambda s, m: s * sqrt(log(m))),
        mutants={"ln for √ln": lambda s, m: s * 2 * log(m)},
        note="Too large for every m and |T|, as e_m < √(2 ln m): a heuristic, never confirmed.",
    ),
    Claim(
        id="P4.vi.b",
        releases=("lab",),
        statement="On pure noise a perfect router gains s·e_m less what the single best owes to luck on |T| types.",
        symbols="E[G] = s·e_m·(1 - 1/√|T|), e_m the mean of the largest of m standard normals",
        hypothesis="Qualities iid N(μ, s²), types equally likely.",
        expected="confirmed",
        formula=exact_gain,
        checks=(
            Check(
                "tail integrals",
                "quadrature",
                by_tails,
                NOISE,
                Search(
                    {
                        "spread": Range(0.01, 1),
                        "n_models": Range(2, 200, integer=True),
                        "n_types": Range(1, 400, integer=True),
                    },
                    n_starts=32,
                    n_polished=1,
                    n_steps=20,
                ),
            ),
            Check("simulated qualities", "monte_carlo", simulated_gain, NOISE),
        ),
        control=Control("the single best's luck forgotten", "refuted", lambda s, m, _t: exact_gain(s, m, 10**12)),
        mutants={
            "1/|T| for 1/√|T|": lambda s, m, t: exact_gain(s, m, t * t),
            "the heuristic √(2 ln m) for e_m": lambda s, m, t: s * sqrt(2 * log(m)) * (1 - 1 / sqrt(t)),
            "s² for s": lambda s, m, t: exact_gain(s * s, m, t),
        },
        universal=True,
    ),
    Claim(
        id="P4.vi.c",
        releases=("june", "sept"),
        statement="A router beats the single best exactly if its regret against the oracle is less than the gain.",
        symbols="V(π) > max_i q̄_i ⟺ V° - V(π) < G",
        hypothesis="Any router that sees the type.",
        expected="confirmed",
        formula=beats,
        checks=(
            Check(
                "stochastic routers",
                "exact",
                router_beats,
                gains,
                Search(
                    {
                        "quality": Range(0, 4, integer=True, size=9),
                        "prior": Range(1, 6, integer=True, size=3),
                        "policy": Range(1, 20, integer=True, size=9),
                    },
                    fixed={"prices": [0, 0, 0]},
                    n_starts=64,
                ),
            ),
            Check("a router that always takes the single best", "exact", always_the_best, gains),
        ),
        control=Control("regret at most the gain", "refuted", lambda regret, gain: regret <= gain),
        mutants={
            "half of the gain": lambda regret, gain: regret < gain / 2,
            "twice the gain": lambda regret, gain: regret < 2 * gain,
        },
        universal=True,
    ),
)
