"""Claims whose truth is plain, to test the machinery on."""

from fractions import Fraction

import numpy as np

from cofail_lab.claims import Check, Claim, Control, at_most, equals
from cofail_lab.claims.adversary import Range, Search


def toy(formula, expected="confirmed", **changes) -> Claim:
    """x(1-x) ≤ bound on [0, 1]; the greatest value is 1/4, at 1/2."""
    check = Check(
        "the parabola",
        "exact",
        lambda f, case: at_most(Fraction(case["x"]) * (1 - Fraction(case["x"])), f),
        ({"x": 0.125},),
        Search({"x": Range(0.0, 1.0)}, n_starts=8, n_polished=2, n_steps=40),
    )
    given = {
        "id": "T.i",
        "releases": ("lab",),
        "statement": "A parabola is bounded.",
        "symbols": "x(1-x) ≤ 1/4",
        "hypothesis": "0 ≤ x ≤ 1",
        "expected": expected,
        "formula": formula,
        "checks": (check,),
        "control": Control("a bound of 1/5", "refuted", Fraction(1, 5)),
        "mutants": {"1/5": Fraction(1, 5)},
    }
    return Claim(**(given | changes))


def coin(rate: float) -> Claim:
    """A simulated claim: a fair coin is claimed to come up with a given rate."""

    def thrown(claimed, case):
        from scipy.stats import norm

        draw = np.random.Generator(np.random.Philox(key=[case["seed"], 1])).binomial(40_000, 0.5) / 40_000
        half = float(norm.isf(case["level"] / 2)) * 0.5 / 200
        return equals(draw, claimed, 2.5 * half, half)

    check = Check("throws", "monte_carlo", thrown, ({},))
    return toy(rate, checks=(check,), control=Control("a bent coin", "refuted", 0.6), mutants={"bent": 0.6})
