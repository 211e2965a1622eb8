"""P2.vi and P2.vii: the sharp envelope of endless pools, and the smile of the implied correlation."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import log
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from cofail_lab.bounds.count_lp import wrong_count_range
from cofail_lab.bounds.envelope import extendible_envelope
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals
from cofail_lab.claims.propositions.p2_common_shock import SHOCKS, matched, shocks
from cofail_lab.claims.propositions.p2_growth import mixture, moment, random_mixtures
from cofail_lab.claims.reference import exchangeable
from cofail_lab.claims.reference.many_digits import shock_log_ratio

# --- P2.vi


def two_ends(error_rate: Any, pair: Any, m: int) -> tuple[Any, Any]:
    """Least and greatest E[p^m]: α^(2-m) p^(m-1), and ω + (1-ω) α0^m of the matched shock."""
    base = (error_rate - pair) / (1 - error_rate)
    shock = (pair - error_rate**2) / (1 - 2 * error_rate + pair)
    return pair ** (m - 1) / error_rate ** (m - 2), shock + (1 - shock) * base**m


def inside(ends: Callable, case: Case) -> Measured:
    """E[p^m] of a mixing law in rationals, at the size where it comes closest to an end."""
    law = mixture(case)
    error_rate, pair = moment(law, 1), moment(law, 2)
    moments = [Measured(moment(law, m), moment(law, m), *ends(error_rate, pair, m)) for m in range(2, case["up_to"], 3)]
    return min(moments, key=lambda measured: measured.slack)


def attained(ends: Callable, case: Case) -> Measured:
    """A linear program over mixing laws on a grid that contains the two extreme laws' own points."""
    from scipy.optimize import linprog

    shock, base, m = case["shock"], case["base"], case["m"]
    error_rate, pair = shock + (1 - shock) * base, shock + (1 - shock) * base**2
    grid = np.unique(np.r_[np.linspace(0, 1, 201), base, pair / error_rate])
    sign = 1 if case["end"] == "lower" else -1
    solution = linprog(
        sign * grid**m, A_eq=np.array([grid**0, grid, grid**2]), b_eq=[1, error_rate, pair], method="highs"
    )
    if not solution.success:
        raise ArithmeticError(solution.message)
    lower, upper = ends(error_rate, pair, m)
    return equals(sign * solution.fun, lower if sign == 1 else upper, 1e-7, 1e-8)


def enclosing(nodes_of: Callable, case: Case) -> Measured:
    """The proof: x^m less its Hermite quadratic at nodes (a, a, b) is (x-a)²(x-b) times a polynomial, by division.

    That polynomial has no negative coefficient, and the factor is ≤ 0 on [0, 1] for the majorant ({α0, α0, 1}), ≥ 0
    for the minorant ({0, h, h}). Both quadratics touch x^m where the extreme law lives, so they prove the bound.
    """
    base, shock, m = Fraction(case["base"]), Fraction(case["shock"]), case["m"]
    error_rate, pair = shock + (1 - shock) * base, shock + (1 - shock) * base**2
    nodes = nodes_of(case["end"], base, pair / error_rate)
    rest = [Fraction(0)] * m + [Fraction(1)]
    for node in nodes:
        # Synthetic division, highest power first: the quotient's coefficients and the remainder.
        carried, column = Fraction(0), []
        for c in reversed(rest):
            carried = c + node * carried
            column.append(carried)
        rest = column[-2::-1]
    sign = -1 if case["end"] == "upper" else 1
    grid = [Fraction(k, 40) for k in range(41)]
    factors = [sign * (x - nodes[0]) * (x - nodes[1]) * (x - nodes[2]) for x in grid]
    return at_least(min(*rest, *factors), 0)


def touching(end: str, base: Fraction, high: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Nodes of the two quadratics."""
    return (base, base, Fraction(1)) if end == "upper" else (Fraction(0), high, high)


def endless_only(ends: Callable, case: Case) -> Measured:
    """The sharp range of finite pools of m models with the same α and p: its top, exact by linear programming."""
    shock, base, m = Fraction(case["shock"]), Fraction(case["base"]), case["m"]
    error_rate, pair = shock + (1 - shock) * base, shock + (1 - shock) * base**2
    limits = wrong_count_range((error_rate, pair), m)
    return Measured(limits.upper, limits.upper, *(float(end) for end in ends(error_rate, pair, m)))


# --- P2.vii


def smile(direction: Callable, case: Case) -> Measured:
    """log β(m') less what the correlation implied at m < m' predicts for m'; r itself is implied at m = 2.

    β_sf grows with r, so this has the sign of the change of the implied correlation.
    """
    error_rate, r = matched(case)
    start, end = (exchangeable.log_common_shock(case["shock"], case["base"], case[key]) for key in ("from", "to"))
    implied = r if case["from"] == 2 else exchangeable.implied(error_rate, start, case["from"])
    return at_least(direction() * (end - exchangeable.one_factor(error_rate, implied, case["to"]).log_all_wrong), 1e-9)


def smile_starts(direction: Callable, case: Case) -> Measured:
    """The same from two models to three, in many digits."""
    ratio = shock_log_ratio(case["shock"], case["base"], 3)
    return at_least(float(direction() * ratio.value), 0, float(ratio.error))


def smile_end(_: Callable, case: Case) -> Measured:
    """1 less the implied correlation, in units of 1/log m: bounded, so the correlation goes to 1."""
    error_rate, _r = matched(case)
    m = case["m"]
    left = 1 - exchangeable.implied(error_rate, exchangeable.log_common_shock(case["shock"], case["base"], m), m)
    return Measured(left * log(m), left * log(m), 0.1, 4)


def heterogeneous_implied(shock: float, base: list[float]) -> float:
    """Implied correlation of a heterogeneous pool, by a plain trapezoidal sum."""
    base_rates = np.array(base)
    target = shock + (1 - shock) * base_rates.prod()
    t = ndtri(shock + (1 - shock) * base_rates)
    z = np.linspace(-12, 12, 4801)
    weight = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])

    def excess(r: float) -> float:
        return float(weight @ ndtr((t - np.sqrt(r) * z[:, None]) / np.sqrt(1 - r)).prod(axis=1)) - target

    return float(brentq(excess, 1e-12, 1 - 1e-6, xtol=1e-12))  # type: ignore[arg-type]


def nested_rise(direction: Callable, case: Case) -> Measured:
    """The implied correlation of a pool with one more model less that of the pool."""
    pools = [heterogeneous_implied(case["shock"], case["base"][:k]) for k in (case["size"], case["size"] + 1)]
    return at_least(direction() * (pools[1] - pools[0]), 0, 1e-9)


def published_smile(_: Callable, case: Case) -> Measured:
    """The published implied correlations of nested pools."""
    return equals(heterogeneous_implied(case["shock"], case["base"]), case["printed"], 5e-4)


_FALLING = {"shock": 0.41, "base": [0.45, 0.989, 0.373, 0.896]}
_GRID = tuple({**shock, "m": m, "end": end} for shock in SHOCKS[:3] for m in (3, 5, 9) for end in ("lower", "upper"))
_PROOFS = tuple(
    {"shock": w, "base": a, "m": m, "end": end}
    for w, a, m in (("1/20", "3/10", 3), ("1/3", "1/7", 8), ("9/10", "99/100", 15))
    for end in ("lower", "upper")
)
_STEPS = tuple(
    {**shock, "from": a, "to": b} for shock in SHOCKS[:3] for a, b in ((2, 3), (3, 4), (4, 20), (20, 400), (400, 1e6))
)


def _finite(_: Trial) -> Iterable[Case]:
    yield {"shock": "1/20", "base": "3/10", "m": 67}


CLAIMS = (
    Claim(
        id="P2.vi",
        releases=("lab",),
        statement="Of all endless pools with given α and p a shock has the highest all-wrong rate, {0, p/α} the least.",
        symbols="α^(2-m) p^(m-1) ≤ E[p^m] ≤ ω + (1-ω) α0^m for every m",
        hypothesis="Mixing (infinitely extendible) laws.",
        expected="confirmed",
        formula=two_ends,
        checks=(
            Check(
                "random mixing laws in rationals",
                "exact",
                inside,
                random_mixtures,
                Search(
                    {"points": Range(0.02, 0.98, size=3), "weights": Range(0.05, 1, size=3)},
                    {"up_to": 12},
                    n_starts=32,
                    n_polished=2,
                    n_steps=30,
                ),
            ),
            Check("linear program over a grid of difficulties", "lp", attained, _GRID),
            Check("the proof's quadratics in rationals", "exact", lambda _, case: enclosing(touching, case), _PROOFS),
            Check(
                "the bounds the lab uses",
                "exact",
                lambda ends, case: equals(
                    float(extendible_envelope(case["a"], case["p"]).upper.all_wrong(case["m"])),
                    float(ends(case["a"], case["p"], case["m"])[1]),
                    1e-13,
                ),
                tuple({"a": 0.335, "p": 0.1355, "m": m} for m in (2, 3, 67)),
            ),
        ),
        control=Control(
            "finite exchangeable pools, which can exceed it (m = 67)",
            "refuted",
            two_ends,
            (Check("linear program over counts", "lp", endless_only, _finite),),
        ),
        mutants={
            "the ends exchanged": lambda a, p, m: two_ends(a, p, m)[::-1],
            "the minimum with α^(1-m)": lambda a, p, m: (p ** (m - 1) / a ** (m - 1), two_ends(a, p, m)[1]),
            "the minimum of independence": lambda a, p, m: (a**m * (p / a**2), two_ends(a, p, m)[1]),
            "the shock without its base": lambda a, p, m: (two_ends(a, p, m)[0], (p - a * a) / (1 - 2 * a + p)),
        },
        universal=True,
    ),
    Claim(
        id="P2.vii",
        releases=("lab",),
        statement="Under a common shock the implied correlation exceeds r from three models on, and rises to 1.",
        symbols="r < r_imp(m) < r_imp(m+1) for m ≥ 3, r_imp(m) → 1",
        hypothesis="Common shock, exchangeable, 0 < ω < 1, 0 < α0 < 1.",
        expected="confirmed",
        formula=lambda: 1,
        checks=(
            Check(
                "roots of the one-factor quadrature",
                "quadrature",
                smile,
                _STEPS,
                Search(
                    {
                        "shock": Range(0.005, 0.6, log=True),
                        "base": Range(0.05, 0.9),
                        "from": Range(2, 60, log=True, integer=True),
                    },
                    {"to": 90},
                    n_starts=16,
                    n_polished=1,
                    n_steps=15,
                ),
            ),
            Check(
                "the end, in units of 1/log m",
                "quadrature",
                smile_end,
                tuple({**shock, "m": m} for shock in SHOCKS[:2] for m in (1e3, 1e6, 1e12)),
            ),
            Check("the law of the run, in many digits", "quadrature", smile_starts, shocks),
        ),
        control=Control("it falls", "refuted", lambda: -1),
        mutants={"it falls": lambda: -1, "it is flat: one correlation prices every pool": lambda: 0},
        universal=True,
    ),
    Claim(
        id="P2.vii.b",
        releases=("lab",),
        statement="The implied correlation also rises along nested pools of models with different error rates.",
        symbols="r_imp(S) ≤ r_imp(S ∪ {i})",
        hypothesis="Common shock, heterogeneous base error rates.",
        expected="refuted",
        formula=lambda: 1,
        checks=(
            Check(
                "roots of the quadrature on nested pools",
                "quadrature",
                nested_rise,
                tuple({**_FALLING, "size": k} for k in (2, 3)),
            ),
        ),
        control=Control(
            "the published values .206, .555, .528",
            "confirmed",
            lambda: 1,
            (
                Check(
                    "roots of the quadrature",
                    "quadrature",
                    published_smile,
                    tuple(
                        {"shock": 0.41, "base": _FALLING["base"][:k], "printed": value}
                        for k, value in ((2, 0.206), (3, 0.555), (4, 0.528))
                    ),
                ),
            ),
        ),
    ),
)
