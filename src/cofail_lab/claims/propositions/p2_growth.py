"""P2.ii: the underpricing of a common shock grows with every model, by a proof whose certificate is checked."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals
from cofail_lab.claims.propositions.p2_common_shock import BOX, QUADRATURE, SHOCKS, log_ratio, shocks
from cofail_lab.claims.reference import exchangeable
from cofail_lab.claims.reference.exact import worst
from cofail_lab.claims.reference.many_digits import shock_log_ratio


def mixture(case: Case) -> tuple[list[Fraction], list[Fraction]]:
    """Difficulties and their probabilities, from ``points`` and ``weights``."""
    weights = [Fraction(x) for x in case["weights"]]
    total = sum(weights)
    if not total:
        raise ZeroDivisionError("all weights are 0")
    return [Fraction(x) for x in case["points"]], [w / total for w in weights]


def moment(law: tuple[list[Fraction], list[Fraction]], m: int) -> Fraction:
    """E[p^m] of a `mixture`."""
    return sum((w * x**m for x, w in zip(*law, strict=True)), Fraction(0))


def increases(rule: Case, case: Case) -> Measured:
    """The least over the sizes for which the rule says that it grows of b_ours(m) - b(m), b = β(m+1)/β(m).

    The ratio of our rate to the other law's grows from m to m + 1 exactly where this is positive.
    """
    law = mixture(case)
    error_rate, pair = moment(law, 1), moment(law, 2)
    spread = pair - error_rate**2
    if not spread or not error_rate < 1:
        raise ZeroDivisionError("a law without spread has no shock to match")
    # The shock with the same α and p.
    base = (error_rate - pair) / (1 - error_rate)
    shock = (error_rate - base) / (1 - base)

    def growth(m: int) -> Fraction:
        ours = (shock + (1 - shock) * base ** (m + 1)) / (shock + (1 - shock) * base**m)
        return ours - moment(law, m + 1) / moment(law, m)

    least = min(growth(m) for m in range(rule["from"], case["up_to"]))
    if all(x in (base, 1) or w == 0 for x, w in zip(*law, strict=True)):
        raise ZeroDivisionError("the law is the shock itself")
    return at_least(rule["sign"] * least, Fraction(1, 10**40))


def slack_of_growth(points: Any, weights: Any, up_to: int) -> Any:
    """Where the adversary looks, in JAX to follow its gradient: the least growth of the log ratio per model."""
    import jax.numpy as jnp

    w = weights / weights.sum()
    m = jnp.arange(1, up_to + 1)
    moments = (w * points ** m[:, None]).sum(axis=1)
    base = (moments[0] - moments[1]) / (1 - moments[0])
    shock = (moments[0] - base) / (1 - base)
    ours = jnp.log(shock + (1 - shock) * base**m)
    # Per model, so that late sizes count although both laws hardly change there.
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


def grows_from_one(rule: Case, case: Case) -> Measured:
    """In many digits: the ratio is 1 at m = 2, and larger at each of a few sizes than at the one before."""
    ratios = [shock_log_ratio(case["shock"], case["base"], m) for m in (2, 3, 8)]
    start, error = float(ratios[0].value), float(ratios[0].error)
    steps = [equals(start, 0, 2 * error, error)]
    for before, after in pairwise(ratios):
        grown, blur = rule["sign"] * (after.value - before.value), before.error + after.error
        steps.append(Measured(float(grown - blur), float(grown + blur), 0, inf))
    return worst(*steps)


def ratio_beyond(_: Callable, case: Case) -> Measured:
    """The ratio passes any stated size in the end; here e^5 for a bound."""
    return at_least(log_ratio(case, 1e300), 5.0, QUADRATURE * 1e4)


_GAUSSIAN = tuple(
    {**shock, "m": m, "step": max(1, m // 4)} for shock in SHOCKS for m in (2, 3, 5, 12, 60, 500, 10**5, 10**9)
)
_MIXTURES = Search(
    {"points": Range(0.02, 0.98, size=4), "weights": Range(0.05, 1, size=4)},
    {"up_to": 30},
    n_starts=512,
    n_polished=4,
    slack=slack_of_growth,
)
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
        id="P2.ii",
        releases=("sept",),
        statement="The underpricing ratio is 1 at two models, grows without bound and, in the end, strictly.",
        symbols="β(2)/β_sf(2) = 1; β(m)/β_sf(m) → ∞, eventually strictly increasing",
        hypothesis=(
            "Common shock, 0 < ω < 1, 0 < α0 < 1, against the one-factor law calibrated by the tetrachoric correlation."
        ),
        expected="confirmed",
        formula=_UP,
        checks=(
            Check("quadrature over pool sizes", "quadrature", ratio_growth, _GAUSSIAN),
            Check("the start", "quadrature", ratio_at_two, SHOCKS, Search(BOX, n_starts=16, n_steps=10)),
            Check("the law of the run, in many digits", "quadrature", grows_from_one, shocks),
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
