"""P2.a, P2.i, P2.ii: what a one-factor read of the pairs makes of a common shock."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from math import exp, inf
from typing import Any

import numpy as np

from cofail_lab.claims import exchangeable
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals
from cofail_lab.claims.p1_ceiling import patterns
from cofail_lab.claims.simulated import share_is
from cofail_lab.errors import InputError
from cofail_lab.models import CommonShock

# The trapezoidal sums of `exchangeable` agree with themselves at twice the nodes to this, in logs.
QUADRATURE = 1e-10

SHOCKS: tuple[Case, ...] = tuple(
    {"shock": w, "base": a} for w, a in ((0.05, 0.3), (0.01, 0.2), (0.3, 0.6), (0.001, 0.9))
)
_BOX = {"shock": Range(1e-3, 0.6, log=True), "base": Range(0.02, 0.95)}


def shocks(trial: Trial) -> Iterable[Case]:
    """The named shocks, and the law of the run where there is one."""
    yield from SHOCKS
    if trial.law is not None:
        if not isinstance(trial.law, CommonShock) or np.ptp(np.asarray(trial.law.base_error_rates)) > 0:
            raise InputError(
                f"law: {type(trial.law).__name__}; P2 is about a common shock of one base error rate (law=common_shock)"
            )
        yield {"shock": float(trial.law.shock), "base": float(trial.law.base_error_rates[0])}


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
    found = error_rate, pair, probs[-1], covariance / (error_rate * (1 - error_rate))
    pairs = list(zip(found, formula(shock, base, m), strict=True))
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
    found = exp(exchangeable.one_factor(*matched(case), 1e300).log_all_wrong)
    return equals(found, formula(0), 1e-9)


# --- P2.ii


def increases(rule: Case, case: Case) -> Measured:
    """The least of log ratio(m+1) - log ratio(m) over the sizes for which the rule says that it grows."""
    points, weights = [Fraction(x) for x in case["points"]], [Fraction(x) for x in case["weights"]]
    total = sum(weights)
    if not total:
        raise ZeroDivisionError("all weights are 0")

    def moment(m: int) -> Fraction:
        return sum((w * x**m for x, w in zip(points, weights, strict=True)), Fraction(0)) / total

    error_rate, pair = moment(1), moment(2)
    spread = pair - error_rate**2
    if not spread or not moment(1) < 1:
        raise ZeroDivisionError("a law without spread has no shock to match")
    # The shock with the same α and p.
    base = (error_rate - pair) / (1 - error_rate)
    shock = (error_rate - base) / (1 - base)

    def growth(m: int) -> Fraction:
        ours = (shock + (1 - shock) * base ** (m + 1)) / (shock + (1 - shock) * base**m)
        return ours - moment(m + 1) / moment(m)

    least = min(growth(m) for m in range(rule["from"], case["up_to"]))
    if all(x in (base, 1) or w == 0 for x, w in zip(points, weights, strict=True)):
        raise ZeroDivisionError("the law is the shock itself")
    return at_least(rule["sign"] * least, Fraction(1, 10**40))


def slack_of_growth(points: Any, weights: Any, up_to: int) -> Any:
    """The same in JAX, to follow its gradient: the least growth of the log ratio."""
    import jax.numpy as jnp

    w = weights / weights.sum()
    m = jnp.arange(1, up_to + 1)
    moments = (w * points ** m[:, None]).sum(axis=1)
    base = (moments[0] - moments[1]) / (1 - moments[0])
    shock = (moments[0] - base) / (1 - base)
    ours = jnp.log(shock + (1 - shock) * base**m)
    # Relative to the spread between the laws: otherwise the nearest law to the shock would always be the worst.
    growth = jnp.diff(ours - jnp.log(moments))[1:]
    return jnp.min(growth / jnp.arange(2, up_to))


def majorizes(interpolate: Callable, case: Case) -> Measured:
    """The proof's certificate: (q - f)/((x-α0)²(1-x)) has no negative coefficient, so q ≥ f on [0, 1]; in rationals."""
    base, shock, m = Fraction(case["base"]), Fraction(case["shock"]), case["m"]

    def rate(k: int) -> Fraction:
        return shock + (1 - shock) * base**k

    b = rate(m + 1) / rate(m)
    f = [Fraction(0)] * m + [-b, Fraction(1)]  # x^m (x - b), lowest power first
    q = interpolate(f, base)
    difference = [qc - fc for qc, fc in zip(q + [Fraction(0)] * (len(f) - len(q)), f, strict=True)]
    divisor = [base**2, -2 * base - base**2, 1 + 2 * base, Fraction(-1)]  # (x - α0)² (1 - x)
    quotient, remainder = _divide(difference, divisor)
    if any(remainder):
        return equals(-1, 1, 0)
    return at_least(min(quotient), 0)


def hermite(f: list[Fraction], at: Fraction) -> list[Fraction]:
    """The quadratic that meets f at 1, and f and its slope at ``at``."""

    def value(x: Fraction) -> Fraction:
        return sum((c * x**k for k, c in enumerate(f)), Fraction(0))

    slope = sum((k * c * at ** (k - 1) for k, c in enumerate(f) if k), Fraction(0))
    bend = ((value(Fraction(1)) - value(at)) / (1 - at) - slope) / (1 - at)
    return [value(at) - slope * at + bend * at**2, slope - 2 * bend * at, bend]


def chord(f: list[Fraction], at: Fraction) -> list[Fraction]:
    """A wrong interpolant, for the control: through 0, ``at`` and 1, without the slope."""
    values = [sum((c * x**k for k, c in enumerate(f)), Fraction(0)) for x in (Fraction(0), at, Fraction(1))]
    first = (values[1] - values[0]) / at
    bend = (values[2] - values[0] - first) / (1 - at)
    return [values[0], first - bend * at, bend]


def _divide(numerator: list[Fraction], divisor: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    rest, quotient = list(numerator), []
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        quotient.append(factor)
        for k, c in enumerate(divisor):
            rest[len(rest) - len(divisor) + k] -= factor * c
        rest.pop()
    return quotient[::-1], rest


def random_mixtures(trial: Trial) -> Iterable[Case]:
    """Mixing laws on two to five points, as exact decimals."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 21]))
    for size in (2, 2, 3, 4, 5):
        points = np.sort(draw.choice(np.arange(1, 100), size, replace=False)) / 100
        yield {"points": [str(x) for x in points], "weights": [str(w) for w in draw.integers(1, 20, size)], "up_to": 40}


def ratio_growth(rule: Case, case: Case) -> Measured:
    """The same for the Gaussian mixing law, whose moments need quadrature."""
    m = case["m"]
    grown = log_ratio(case, m + case["step"]) - log_ratio(case, m)
    error = QUADRATURE * (1 + abs(exchangeable.log_common_shock(case["shock"], case["base"], m + case["step"])))
    if m < rule["from"]:
        return equals(0, 0, 0)
    return Measured(rule["sign"] * grown - error, rule["sign"] * grown + error, 0, inf)


def ratio_at_two(_: Callable, case: Case) -> Measured:
    """The ratio is 1 at m = 2, by calibration."""
    return equals(log_ratio(case, 2), 0, 1e-9)


def ratio_beyond(_: Callable, case: Case) -> Measured:
    """The ratio passes any stated size in the end; here e^5 for a bound."""
    return at_least(log_ratio(case, 1e300), 5.0, QUADRATURE * 1e4)


_GAUSSIAN = tuple(
    {**shock, "m": m, "step": max(1, m // 4)} for shock in SHOCKS for m in (2, 3, 5, 12, 60, 500, 10**5, 10**9)
)
_MIXTURES = Search(
    {"points": Range(0.02, 0.98, size=4), "weights": Range(0.05, 1, size=4)}, {"up_to": 30}, n_starts=512, n_polished=4,
    slack=slack_of_growth,
)  # fmt: skip
_PROOFS = tuple(
    {"shock": w, "base": a, "m": m}
    for w, a, m in (
        ("1/20", "3/10", 2),
        ("1/20", "3/10", 9),
        ("1/3", "1/7", 5),
        ("9/10", "99/100", 12),
        ("1/500", "1/2", 20),
    )
)
_UP = {"from": 2, "sign": 1}


CLAIMS = (
    Claim(
        id="P2.a",
        releases=("june", "sept"),
        statement="Error rate, pair rate, all-wrong rate and Pearson correlation of the exchangeable common shock.",
        symbols="α = ω+(1-ω)α0, p = ω+(1-ω)α0², β(m) = ω+(1-ω)α0^m, ρ̄ = (p-α²)/(α(1-α))",
        hypothesis="Common shock, exchangeable.",
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
        hypothesis="Common shock, exchangeable.",
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
    Claim(
        id="P2.ii",
        releases=("sept",),
        statement="The underpricing ratio is 1 at two models, grows without bound and, in the end, strictly.",
        symbols="β(2)/β_sf(2) = 1; β(m)/β_sf(m) → ∞, eventually strictly increasing",
        hypothesis="Common shock against the one-factor law calibrated by the tetrachoric correlation.",
        expected="confirmed",
        formula=_UP,
        checks=(
            Check("quadrature over pool sizes", "quadrature", ratio_growth, _GAUSSIAN),
            Check("the start", "quadrature", ratio_at_two, shocks, Search(_BOX, n_starts=16, n_steps=10)),
            Check("the end, at m = 1e300", "quadrature", ratio_beyond, SHOCKS),
        ),
        control=Control("decreasing", "refuted", {"from": 2, "sign": -1}),
        mutants={"decreasing": {"from": 2, "sign": -1}},
    ),
    Claim(
        id="P2.ii",
        releases=("lab",),
        statement="The ratio increases strictly from m = 2 on, against every other mixing law with the same α and p.",
        symbols="β_shock(m)/E[p^m] strictly increasing for m ≥ 2",
        hypothesis="Any mixing law (infinitely extendible pool) other than the shock itself.",
        expected="confirmed",
        formula=_UP,
        checks=(
            Check("random mixing laws in rationals", "exact", increases, random_mixtures, _MIXTURES),
            Check("the Gaussian law by quadrature", "quadrature", ratio_growth, _GAUSSIAN),
            Check("the proof's majorant in rationals", "exact", lambda _, case: majorizes(hermite, case), _PROOFS),
        ),
        control=Control(
            "a quadratic that does not touch",
            "refuted",
            chord,
            (Check("the proof's majorant in rationals", "exact", majorizes, _PROOFS),),
        ),
        mutants={
            "decreasing": {"from": 2, "sign": -1},
            "strictly from m = 1 on": {"from": 1, "sign": 1},
        },
        universal=True,
    ),
)
