"""P14.i: what a vote of three repairs and spoils."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals, holds
from cofail_lab.claims.reference.cascade_populations import rational
from cofail_lab.decisions import three_vote_gain

# Rounding of sums of some hundred products in float64.
ROUNDING = 1e-12

Law = dict[tuple[int, ...], Fraction]
"""Who is right, 1 for right, with its probability."""


def law_of(case: Case) -> Law:
    """The joint law of three members from the masses of the eight patterns, 000 first."""
    mass = [rational(m) for m in case["mass"]]
    if not sum(mass):
        raise ZeroDivisionError("all masses are 0")
    return {who: m / sum(mass) for who, m in zip(product((0, 1), repeat=3), mass, strict=True)}


def independent(rates: Sequence[Fraction]) -> Law:
    """Members that are right independently."""
    return {
        who: prod((a if hit else 1 - a for a, hit in zip(rates, who, strict=True)), start=Fraction(1))
        for who in product((0, 1), repeat=len(rates))
    }


def gain_of(law: Law) -> Fraction:
    """Votes counted pattern by pattern: majority right, less the first member right."""
    return sum((p * (int(sum(who) >= 2) - who[0]) for who, p in law.items()), Fraction(0))


def repaired_less_spoilt(law: Law) -> Fraction:
    """P(1 wrong, 2 and 3 right) - P(1 right, 2 and 3 wrong)."""
    return law[0, 1, 1] - law[1, 0, 0]


def gain_is(formula: Callable, case: Case) -> Measured:
    """The gain of any joint law, in rationals."""
    law = law_of(case)
    return equals(gain_of(law), formula(law), 0)


def library_agrees(formula: Callable, case: Case) -> Measured:
    """`decisions.three_vote_gain` of the same law."""
    law = law_of(case)
    gain = three_vote_gain(np.array(list(law)), np.array([float(p) for p in law.values()]))
    return equals(gain.gain, float(formula(law)), ROUNDING)


def pays(rates: Sequence[Fraction]) -> bool:
    """The odds of the other two multiply to more than the odds of the first."""
    first, second, third = (a / (1 - a) for a in rates)
    return second * third > first


def pays_exactly(formula: Callable, case: Case) -> Measured:
    """The sign of the gain of independent members, in rationals."""
    rates = [rational(a) for a in case["accuracies"]]
    if not all(0 < a < 1 for a in rates):
        raise ArithmeticError("accuracies in (0, 1) are needed")
    return holds(formula(rates) == (gain_of(independent(rates)) > 0))


def joint_laws(trial: Trial) -> Iterable[Case]:
    """Masses of the eight patterns, many of them 0."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 141]))
    for mass in draw.integers(-3, 8, size=(12, 8)).clip(min=0).tolist():
        if sum(mass):
            yield {"mass": mass}


def trios(trial: Trial) -> Iterable[Case]:
    """Accuracies in twentieths; an exact tie of the odds, .8 against 2/3 twice, first."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 142]))
    yield {"accuracies": ["4/5", "2/3", "2/3"]}
    for accuracies in draw.integers(2, 20, size=(40, 3)).tolist():
        yield {"accuracies": [a / 20 for a in accuracies]}


CLAIMS = (
    Claim(
        id="P14.i",
        releases=("lab",),
        statement=(
            "A majority of three gains over its first member what it repairs, where the other two are right and the "
            "first is wrong, less what it spoils, where it is the other way round."
        ),
        symbols="P(majority right) - a_1 = P(1 wrong, 2 and 3 right) - P(1 right, 2 and 3 wrong)",
        hypothesis="Any joint law of three members.",
        expected="confirmed",
        formula=repaired_less_spoilt,
        checks=(
            Check(
                "votes counted in rationals",
                "exact",
                gain_is,
                joint_laws,
                Search({"mass": Range(0, 1, size=8)}, n_starts=64, n_polished=2, n_steps=40),
            ),
            Check("the library's count", "exact", library_agrees, joint_laws),
        ),
        control=Control(
            "as if members were independent",
            "refuted",
            lambda law: gain_of(
                independent([sum((p for who, p in law.items() if who[i]), Fraction(0)) for i in range(3)])
            ),
        ),
        mutants={
            "the two added": lambda law: law[0, 1, 1] + law[1, 0, 0],
            "the two exchanged": lambda law: law[1, 0, 0] - law[0, 1, 1],
            "nothing spoilt": lambda law: law[0, 1, 1],
            "P(1 right, 2 or 3 wrong)": lambda law: law[0, 1, 1] - law[1, 0, 0] - law[1, 0, 1] - law[1, 1, 0],
        },
        universal=True,
    ),
    Claim(
        id="P14.i.b",
        releases=("lab",),
        statement=(
            "Three independent members' majority pays just when the odds of the other two multiply to more than the "
            "odds of the first."
        ),
        symbols="gain > 0 iff a_2/(1 - a_2)·a_3/(1 - a_3) > a_1/(1 - a_1)",
        hypothesis="Three independent members of accuracies in (0, 1).",
        expected="confirmed",
        formula=pays,
        checks=(
            Check(
                "sign of the gain in rationals",
                "exact",
                pays_exactly,
                trios,
                Search({"accuracies": Range(0.02, 0.98, size=3)}, n_starts=256, n_polished=2, n_steps=40),
            ),
        ),
        control=Control("the other two are right more than half of the time", "refuted", lambda a: a[1] + a[2] > 1),
        mutants={
            "odds added": lambda a: a[1] / (1 - a[1]) + a[2] / (1 - a[2]) > a[0] / (1 - a[0]),
            "accuracies multiplied": lambda a: a[1] * a[2] > a[0],
            ">= for >": lambda a: a[1] * a[2] * (1 - a[0]) >= a[0] * (1 - a[1]) * (1 - a[2]),
        },
        universal=True,
    ),
)
