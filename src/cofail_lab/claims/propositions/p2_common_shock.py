"""P2.a and P2.i: what a one-factor read of the pairs makes of a common shock."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.propositions.p1_ceiling import patterns
from cofail_lab.claims.reference import exchangeable
from cofail_lab.claims.reference.simulated import share_is
from cofail_lab.errors import InputError
from cofail_lab.models import CommonShock

# The trapezoidal sums of `exchangeable` agree with themselves at twice the nodes to this, in logs.
QUADRATURE = 1e-10

# Rates below this would need more digits, hence more time, than a sweep has.
LEAST = 1e-20

SHOCKS: tuple[Case, ...] = tuple(
    {"shock": w, "base": a} for w, a in ((0.05, 0.3), (0.01, 0.2), (0.3, 0.6), (0.001, 0.9))
)
BOX = {"shock": Range(1e-3, 0.6, log=True), "base": Range(0.02, 0.95)}


def shocks(trial: Trial) -> Iterable[Case]:
    """A named shock, and the law of the run where there is one; both are measured in many digits.

    Raises:
        InputError: a law that is no shock of one base error rate, or whose shock or base is out of reach.
    """
    yield SHOCKS[0]
    if trial.law is None:
        return
    if not isinstance(trial.law, CommonShock) or np.ptp(np.asarray(trial.law.base_error_rates)) > 0:
        raise InputError(
            f"law: {type(trial.law).__name__}; P2 is about a common shock of one base error rate (law=common_shock)"
        )
    case = {"shock": float(trial.law.shock), "base": float(trial.law.base_error_rates[0])}
    for name, field in (("shock", "shock"), ("base", "base_error_rates")):
        if case[name] < LEAST:
            raise InputError(f"law.{field}: {case[name]:g}; P2 is about a rate above 0, checked from {LEAST:g} on")
    yield case


def matched(case: Case) -> tuple[float, float]:
    """Error rate and tetrachoric correlation of an exchangeable common shock."""
    error_rate = case["shock"] + (1 - case["shock"]) * case["base"]
    pair = case["shock"] + (1 - case["shock"]) * case["base"] ** 2
    return error_rate, exchangeable.tetrachoric(error_rate, pair)


def log_ratio(case: Case, m: float) -> float:
    """log β(m)/β_sf(m) at the matched tetrachoric correlation."""
    error_rate, r = matched(case)
    return (
        exchangeable.log_common_shock(case["shock"], case["base"], m)
        - exchangeable.one_factor(error_rate, r, m).log_all_wrong
    )


# --- P2.a


def closed_forms(shock: Any, base: Any, m: int) -> tuple[Any, Any, Any, Any]:
    """α, p, β(m) and ρ̄ of the exchangeable common shock."""
    error_rate, pair = shock + (1 - shock) * base, shock + (1 - shock) * base**2
    return error_rate, pair, shock + (1 - shock) * base**m, (pair - error_rate**2) / (error_rate * (1 - error_rate))


def enumerated(formula: Callable, case: Case) -> Measured:
    """The four figures from all 2^m patterns in rationals; what is measured is the one that is farthest off."""
    shock, base, m = Fraction(str(case["shock"])), Fraction(str(case["base"])), case["m"]
    wrong = patterns(m)
    probs = [
        (1 - shock) * base ** int(row.sum()) * (1 - base) ** int(m - row.sum()) + (shock if row.all() else 0)
        for row in wrong
    ]
    error_rate = sum((p for p, row in zip(probs, wrong, strict=True) if row[0]), Fraction(0))
    pair = sum((p for p, row in zip(probs, wrong, strict=True) if row[0] and row[1]), Fraction(0))
    covariance = sum(
        (p * (int(row[0]) - error_rate) * (int(row[1]) - error_rate) for p, row in zip(probs, wrong, strict=True)),
        Fraction(0),
    )
    measured = error_rate, pair, probs[-1], covariance / (error_rate * (1 - error_rate))
    pairs = list(zip(measured, formula(shock, base, m), strict=True))
    value, claimed = max(pairs, key=lambda both: abs(both[0] - both[1]))
    return equals(value, claimed, 0)


def sampled(formula: Callable, case: Case) -> Measured:
    """β(m) as the lab's sampler draws it."""
    import jax

    n, m = 400_000, case["m"]
    law = CommonShock(shock=case["shock"], base_error_rates=[case["base"]] * m)
    k = int(law.count_wrong(jax.random.key(case["seed"]), n)[m])
    return share_is(k, n, case["level"], float(formula(case["shock"], case["base"], m)[2]))


def published_ratio(_: Callable, case: Case) -> Measured:
    """β(m)/β_sf(m) at the tetrachoric correlation, as published."""
    return equals(exp(log_ratio(case, case["m"])), case["printed"], case["unit"] / 2)


# --- P2.i


def falls_to(formula: Callable, case: Case) -> Measured:
    """β(m) - ω in rationals: positive, and below what the formula leaves."""
    shock, base = Fraction(str(case["shock"])), Fraction(str(case["base"]))
    left = [shock + (1 - shock) * base**m - formula(shock) for m in range(1, 200)]
    # Falling to the limit: positive, decreasing, and in the end as small as one likes.
    fits = all(x > y > 0 for x, y in pairwise(left)) and left[-1] < Fraction(1, 10**6)
    return equals(int(fits), 1, 0)


def prediction_vanishes(formula: Callable, case: Case) -> Measured:
    """β_sf(1e300), calibrated to the shock, against the limit without one."""
    all_wrong = exp(exchangeable.one_factor(*matched(case), 1e300).log_all_wrong)
    return equals(all_wrong, formula(0), 1e-9)


CLAIMS = (
    Claim(
        id="P2.a",
        releases=("june", "sept"),
        statement="Error rate, pair rate, all-wrong rate and Pearson correlation of the exchangeable common shock.",
        symbols="α = ω+(1-ω)α0, p = ω+(1-ω)α0², β(m) = ω+(1-ω)α0^m, ρ̄ = (p-α²)/(α(1-α))",
        hypothesis="Common shock, exchangeable, 0 < ω < 1, 0 < α0 < 1.",
        expected="confirmed",
        formula=closed_forms,
        checks=(
            Check(
                "exact enumeration of patterns",
                "exact",
                enumerated,
                tuple({**shock, "m": m} for shock in SHOCKS for m in (2, 4, 6)),
            ),
            Check(
                "draws of the lab's sampler", "monte_carlo", sampled, tuple({**shock, "m": 4} for shock in SHOCKS[:3])
            ),
            Check(
                "published ratios at the tetrachoric correlation",
                "quadrature",
                published_ratio,
                tuple(
                    {"shock": w, "base": a, "m": m, "printed": value, "unit": unit}
                    for w, a, m, value, unit in (
                        (0.05, 0.3, 3, 1.208013, 1e-6),
                        (0.05, 0.3, 10, 26.98205, 1e-5),
                        (0.05, 0.3, 67, 117041.4, 0.1),
                        (0.01, 0.2, 67, 1.994192e12, 1e6),
                    )
                ),
            ),
        ),
        control=Control(
            "the shock left out of β", "refuted", lambda w, a, m: (*closed_forms(w, a, m)[:2], (1 - w) * a**m, 0)
        ),
        mutants={
            "β with m + 1 models": lambda w, a, m: (
                *closed_forms(w, a, m)[:2],
                w + (1 - w) * a ** (m + 1),
                closed_forms(w, a, m)[3],
            ),
            "ρ̄ without (1-α)": lambda w, a, m: (
                *closed_forms(w, a, m)[:3],
                closed_forms(w, a, m)[3] * (1 - closed_forms(w, a, m)[0]),
            ),
            "α without the factor 1-ω": lambda w, a, m: (w + a, *closed_forms(w, a, m)[1:]),
        },
    ),
    Claim(
        id="P2.i",
        releases=("june", "sept"),
        statement="As the pool grows, the all-wrong rate of a common shock falls to ω, the one-factor prediction to 0.",
        symbols="β(m) ↓ ω, β_sf(m) ↓ 0",
        hypothesis="Common shock, exchangeable, 0 < ω < 1, 0 < α0 < 1.",
        expected="confirmed",
        formula=lambda shock: shock,
        checks=(
            Check("exact sequence in rationals", "exact", falls_to, SHOCKS[:3]),
            Check("the one-factor prediction at m = 1e300", "quadrature", prediction_vanishes, SHOCKS),
        ),
        control=Control("the limit 0 of independent models", "refuted", lambda _: 0),
        mutants={
            "the limit 0": lambda _: 0,
            "the limit 2ω": lambda shock: 2 * shock,
            "the limit ω²": lambda shock: shock**2,
        },
    ),
)
