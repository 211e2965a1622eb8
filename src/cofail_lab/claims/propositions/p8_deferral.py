"""P8.vi: deferring by what the strong model adds, against thresholds on the cheap model's confidence."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, at_most, holds
from cofail_lab.claims.reference.cascade_populations import Population, population, rational
from cofail_lab.decisions import optimal_deferral

# The library's rule compares differences of float64 rates with the price: ties may go either way at no loss.
ROUNDING = 1e-12


def value(who: Population, deferred: Sequence[int], price: Fraction) -> Fraction:
    """Accuracy less the price of what is deferred."""
    parts = zip(who.mass, who.cheap, who.strong, deferred, strict=True)
    return sum((m * (high - price if d else low) for m, low, high, d in parts), Fraction(0))


def thresholds(who: Population) -> list[list[bool]]:
    """Deferred blocks at every threshold on P(L right|x)."""
    levels = [Fraction(-1), *sorted(set(who.cheap))]
    return [[rate <= level for rate in who.cheap] for level in levels]


def rule_beats_every_set(formula: Callable, case: Case) -> Measured:
    """The rule's value in rationals, against all 2^n sets of blocks that could be deferred."""
    who, price = population(case), rational(case["price"])
    rule = formula(*(np.array([float(x) for x in rates]) for rates in (who.cheap, who.strong)), float(price))
    best = max(value(who, chosen, price) for chosen in product((0, 1), repeat=len(who.mass)))
    return at_least(value(who, list(rule), price), best - rational(ROUNDING))


def rule_beats_every_threshold(formula: Callable, case: Case) -> Measured:
    """The same against every threshold on the cheap model's probability of being right."""
    who, price = population(case), rational(case["price"])
    rule = formula(*(np.array([float(x) for x in rates]) for rates in (who.cheap, who.strong)), float(price))
    best = max(value(who, chosen, price) for chosen in thresholds(who))
    return at_least(value(who, list(rule), price), best - rational(ROUNDING))


def difference_falls(cheap: Sequence[Fraction], strong: Sequence[Fraction]) -> bool:
    """P(H right|x) - P(L right|x) is a non-increasing function of P(L right|x)."""
    pairs = sorted(zip(cheap, strong, strict=True))
    return all(
        (low == next_low and high == next_high) or (low < next_low and high - low >= next_high - next_low)
        for (low, high), (next_low, next_high) in pairwise(pairs)
    )


def regret_of_thresholds(formula: Callable, case: Case) -> Measured:
    """What the best threshold loses at the worst price: nothing if the rule says so, else something.

    Between two neighbouring differences the best set of blocks does not change: one price in each gap is enough.
    """
    who = population(case)
    differences = sorted({high - low for low, high in zip(who.cheap, who.strong, strict=True)})
    regret = Fraction(0)
    for low, high in pairwise(differences):
        price = (low + high) / 2
        best = sum(
            (m * max(x, y - price) for m, x, y in zip(who.mass, who.cheap, who.strong, strict=True)), Fraction(0)
        )
        regret = max(regret, best - max(value(who, chosen, price) for chosen in thresholds(who)))
    if formula(who.cheap, who.strong):
        return at_most(regret, 0)
    return holds(regret > 0)


def priced(trial: Trial) -> Iterable[Case]:
    """Random populations of six blocks at four prices of an escalation."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 89]))
    for price in (-0.25, 0.05, 0.15, 0.35):
        mass, cheap, strong = draw.integers([[1], [0], [0]], [[10], [11], [11]], size=(3, 6)).tolist()
        yield {"mass": mass, "cheap": [c / 10 for c in cheap], "strong": [h / 10 for h in strong], "price": price}


def ordered(trial: Trial) -> Iterable[Case]:
    """Populations on which the difference falls in the cheap model's rate, and the same with two blocks exchanged."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 90]))
    for _ in range(8):
        cheap = sorted(draw.integers(0, 11, size=4).tolist())
        falls = sorted(draw.integers(-4, 5, size=4).tolist(), reverse=True)
        strong = [min(max(low + fall, 0), 10) for low, fall in zip(cheap, falls, strict=True)]
        for order in ([0, 1, 2, 3], [0, 2, 1, 3]):
            yield {
                "mass": draw.integers(1, 10, size=4).tolist(),
                "cheap": [low / 10 for low in cheap],
                "strong": [strong[b] / 10 for b in order],
            }


FOUR = {"mass": Range(0.05, 1, size=4), "cheap": Range(0, 1, size=4), "strong": Range(0, 1, size=4)}

CLAIMS = (
    Claim(
        id="P8.vi",
        releases=("lab",),
        statement=(
            "Deferring a query just when the strong model adds more than its price is worth at least as much as any "
            "other choice of queries, and so as any threshold on confidence."
        ),
        symbols="defer iff P(H right|x) - P(L right|x) > price",
        hypothesis="Both probabilities are known; the value is accuracy less the price of what is deferred.",
        expected="confirmed",
        formula=optimal_deferral,
        checks=(
            Check(
                "every set of queries in rationals",
                "exact",
                rule_beats_every_set,
                priced,
                Search({**FOUR, "price": Range(-0.5, 0.5)}, n_starts=64, n_polished=2, n_steps=40),
            ),
            Check("every threshold on confidence", "exact", rule_beats_every_threshold, priced),
        ),
        control=Control(
            "a threshold on confidence in the rule's place",
            "refuted",
            lambda cheap, strong, price: cheap < np.mean(strong) - price,
        ),
        mutants={
            "price added": lambda cheap, strong, price: strong - cheap > -price,
            "strong model alone: P(H right|x) > price": lambda _cheap, strong, price: strong > price,
            "cheap model alone: P(L right|x) < ½": lambda cheap, _strong, _price: cheap < 0.5,
        },
        universal=True,
    ),
    Claim(
        id="P8.vi.b",
        releases=("lab",),
        statement=(
            "Thresholds on the cheap model's confidence are optimal at every price just when what the strong model "
            "adds falls as that confidence rises."
        ),
        symbols="thresholding optimal at every price ⇔ P(H right|x) - P(L right|x) non-increasing in P(L right|x)",
        hypothesis="The confidence is P(L right|x).",
        expected="confirmed",
        formula=difference_falls,
        checks=(
            Check(
                "regret of the best threshold at every price",
                "exact",
                regret_of_thresholds,
                ordered,
                Search(FOUR, n_starts=64, n_polished=2, n_steps=40),
            ),
        ),
        control=Control(
            "P(H right|x) non-increasing in its place",
            "refuted",
            lambda cheap, strong: all(a[1] >= b[1] for a, b in pairwise(sorted(zip(cheap, strong, strict=True)))),
        ),
        mutants={
            "always optimal": lambda *_: True,
            "the difference rises": lambda cheap, strong: difference_falls(
                cheap, [2 * low - high for low, high in zip(cheap, strong, strict=True)]
            ),
            "the strong model is better everywhere": lambda cheap, strong: all(
                high >= low for low, high in zip(cheap, strong, strict=True)
            ),
        },
        universal=True,
    ),
)
