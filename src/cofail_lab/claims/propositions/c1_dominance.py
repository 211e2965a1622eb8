"""C1: what a cascade needs to be cheaper than the strong model alone: an edge on the tail, and an AUC in one family."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least
from cofail_lab.claims.propositions.p8_prices import DEAL, ROOT_ERROR, calls_at, deal_of
from cofail_lab.claims.reference.cascade_populations import Population, population, rational
from cofail_lab.decisions import CriticalAuc, critical_auc


def affordable(who: Population, floor: Fraction, ratio: Fraction) -> Fraction:
    """Fewer strong calls than q/a_H - c_L/c_H make a cascade cheaper than H alone."""
    cheap, strong = who.mean(who.cheap), who.mean(who.strong)
    if not 0 < cheap < floor <= strong < 1:
        raise ArithmeticError("0 < a_L < q <= a_H < 1 is needed")
    return floor / strong - ratio


def dominating(case: Case) -> tuple[Population, Fraction | None]:
    """The population and the least escalation that meets the floor, None unless that is cheaper than H alone."""
    who, floor, ratio = population(case), rational(case["floor"]), rational(case["price_ratio"])
    most = affordable(who, floor, ratio)
    calls = who.least_escalation(floor)
    return who, calls if calls is not None and calls < most else None


def critical(who: Population, case: Case) -> CriticalAuc:
    """AUC* of the binormal family for the population's accuracies."""
    deal = (who.mean(who.cheap), who.mean(who.strong), rational(case["floor"]), rational(case["price_ratio"]))
    return critical_auc(*(float(x) for x in deal))


def edge(who: Population, fraction: Fraction) -> Fraction:
    """a_H(γ) - a_L(γ) on the escalated tail."""
    return who.tail(who.strong, fraction) - who.tail(who.cheap, fraction)


def edge_is_needed(formula: Callable, case: Case) -> Measured:
    """Where a cascade dominates: what it is said to need on the tail it escalates."""
    who, calls = dominating(case)
    return at_least(1, 0) if calls is None else at_least(formula(who, calls), 0)


def auc_is_needed(formula: Callable, case: Case) -> Measured:
    """Where a cascade dominates: its AUC in rationals, at least the AUC it is said to need."""
    who, calls = dominating(case)
    if calls is None:
        return at_least(1, 0)
    return at_least(who.separation(who.cheap).auc, formula(who, case), ROOT_ERROR)


def critical_value(who: Population, case: Case) -> float:
    """AUC*; ½ where random escalation dominates, 1 where nothing in the family does."""
    threshold = critical(who, case)
    return (
        threshold.value
        if threshold.value is not None
        else {"always": 0.5, "never": 1.0, "exists": 1.0}[threshold.regime]
    )


def dominates_above(formula: Callable, case: Case) -> Measured:
    """Advantage of the binormal cascade over H alone; its sign is that of AUC - AUC*."""
    cheap, strong, floor, ratio = (float(x) for x in deal_of(case))
    threshold = formula(cheap, strong, floor, ratio)
    wins = threshold.regime == "always" or (threshold.regime == "exists" and case["auc"] > threshold.value)
    advantage = floor / strong - ratio - calls_at(case["auc"], cheap, strong, floor)
    return at_least(advantage if wins else -advantage, -2 * ROOT_ERROR, ROOT_ERROR)


def suffices(formula: Callable, case: Case) -> Measured:
    """Strong calls to spare where a rule about edge and AUC says that the cascade dominates."""
    who, floor, ratio = population(case), rational(case["floor"]), rational(case["price_ratio"])
    most = affordable(who, floor, ratio)
    above = who.separation(who.cheap).auc > critical_value(who, case)
    calls = who.least_escalation(floor)
    if not formula(edge(who, most) > 0, above):
        return at_least(1, 0)
    return at_least(most - (1 if calls is None else calls), 0)


def priced_blocks(trial: Trial) -> Iterable[Case]:
    """Random populations of three blocks that some cascade serves for less than H alone."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 87]))
    n_pairs = 0
    while n_pairs < 12:
        mass, cheap, strong = draw.integers([[1], [0], [0]], [[10], [11], [11]], size=(3, 3)).tolist()
        case = {
            "mass": mass,
            "cheap": [rate / 10 for rate in cheap],
            "strong": [rate / 10 for rate in strong],
            "floor": int(draw.integers(1, 100)) / 100,
            "price_ratio": int(draw.integers(0, 50)) / 100,
        }
        try:
            n_pairs += dominating(case)[1] is not None
        except ArithmeticError:
            continue
        if dominating(case)[1] is not None:
            yield case


# Errors on the first sixth, then every success, then the other errors: AUC 5/9.
ERRORS_FIRST = {
    "mass": ["1/6", "7/10", "2/15"],
    "cheap": [0, 1, 0],
    "strong": 0.9,
    "floor": 0.85,
    "price_ratio": 0.6,
}
# A constant score and a strong model that is better everywhere.
EDGE_ALONE = {"mass": [1], "cheap": [0.7], "strong": 0.9, "floor": 0.85, "price_ratio": 0.6}
# All errors below all successes, but on the first of them the strong model errs too.
AUC_ALONE = {"mass": [2, 1, 7], "cheap": [0, 0, 1], "strong": [0, 1, 1], "floor": 0.75, "price_ratio": 0.8}
# Where the cheap model is least sure, the strong one is worse; it is better on the tail as a whole (γ = .35).
LATE_EDGE = {"mass": [1, 3, 6], "cheap": [1, 0, 1], "strong": [0, 1, 1], "floor": 0.85, "price_ratio": 0.5}
BOTH = {"mass": [3, 7], "cheap": [0, 1], "strong": 0.9, "floor": 0.85, "price_ratio": 0.6}

THREE_BLOCKS = {
    "mass": Range(0, 1, size=3),
    "cheap": Range(0, 1, size=3),
    "strong": Range(0, 1, size=3),
    "floor": Range(0.05, 1),
    "price_ratio": Range(0, 0.9),
}
ANY_PRICED = Search(THREE_BLOCKS, n_starts=256, n_polished=2, n_steps=40)
ANY_CONSTANT = Search({**THREE_BLOCKS, "strong": Range(0, 1)}, n_starts=256, n_polished=2, n_steps=60)
ANY_BINORMAL = Search({**DEAL, "auc": Range(0.5, 0.999)}, n_starts=256, n_polished=3, n_steps=60)


def binormal_deals(trial: Trial) -> Iterable[Case]:
    """The published accuracies on both sides of AUC* = .768, then random ones."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 88]))
    for auc in (0.55, 0.76, 0.775, 0.95):
        yield {"cheap": 0.7, "strong": 0.9, "floor": 0.85, "price_ratio": 0.6, "auc": auc}
    for _ in range(30):
        cheap, floor, strong = np.sort(draw.uniform(0.3, 0.99, 3)).round(3).tolist()
        if cheap < floor < strong:
            price_ratio, auc = draw.uniform([0, 0.5], [1, 1]).round(3).tolist()
            yield {"cheap": cheap, "strong": strong, "floor": floor, "price_ratio": price_ratio, "auc": min(auc, 0.999)}


def _shifted(by: float) -> Callable[..., CriticalAuc]:
    def rule(*deal: float) -> CriticalAuc:
        threshold = critical_auc(*deal)
        return threshold if threshold.value is None else threshold._replace(value=threshold.value + by)

    return rule


def _never_for_always(*deal: float) -> CriticalAuc:
    threshold = critical_auc(*deal)
    return CriticalAuc(None, "never") if threshold.regime == "always" else threshold


def _both(positive: bool, above: bool) -> Any:
    return positive and above


CLAIMS = (
    Claim(
        id="C1",
        releases=("june", "sept"),
        statement="A cascade beats the strong model alone only if that is the better one on the queries escalated.",
        symbols="dominance over H-only ⇒ a_H(γ) > a_L(γ)",
        hypothesis="Any joint law; a_L < q <= a_H.",
        expected="confirmed",
        formula=edge,
        checks=(Check("cascades that dominate, in rationals", "exact", edge_is_needed, priced_blocks, ANY_PRICED),),
        control=Control(
            "an edge on the first half of the tail already",
            "refuted",
            lambda who, g: edge(who, g / 2),
            (Check("a cascade that dominates, in rationals", "exact", edge_is_needed, (LATE_EDGE,)),),
        ),
        mutants={
            "the cheap model is the better one there": lambda who, g: -edge(who, g),
            "an edge above the average one": lambda who, g: edge(who, g) - edge(who, Fraction(1)),
            "the strong model is mostly right there": lambda who, g: who.tail(who.strong, g) - Fraction(1, 2),
        },
        universal=True,
    ),
    Claim(
        id="C1.b",
        releases=("june", "sept"),
        statement="A cascade beats the strong model alone only if the AUC of its confidence exceeds AUC*.",
        symbols="dominance over H-only ⇒ AUC > AUC*",
        hypothesis="a_H(γ) = a_H, any score.",
        expected="refuted",
        formula=critical_value,
        checks=(Check("cascades that dominate, in rationals", "exact", auc_is_needed, (ERRORS_FIRST,), ANY_CONSTANT),),
        control=Control(
            "inside the binormal family",
            "confirmed",
            critical_auc,
            (Check("advantage over H alone", "quadrature", dominates_above, binormal_deals),),
        ),
        universal=True,
        note=(
            "AUC* belongs to a family of scores. Errors first for mass 1/6, then all successes, then the other errors: "
            "AUC .556 against an AUC* of .768, and the floor .85 is met for less than by the strong model alone."
        ),
    ),
    Claim(
        id="C1.c",
        releases=("lab",),
        statement="Inside the binormal family a cascade beats the strong model alone just when its AUC exceeds AUC*.",
        symbols="dominance over H-only ⇔ AUC > AUC*",
        hypothesis="Binormal confidence, a_H(γ) = a_H, a_L < q <= a_H; AUC* is ½ or 1 where P8.v has none.",
        expected="confirmed",
        formula=critical_auc,
        checks=(Check("advantage over H alone", "quadrature", dominates_above, binormal_deals, ANY_BINORMAL),),
        control=Control("AUC* + .1", "refuted", _shifted(0.1)),
        mutants={
            "AUC* - .02": _shifted(-0.02),
            "nothing pays where random escalation does": _never_for_always,
        },
        universal=True,
    ),
    Claim(
        id="C1.d",
        releases=("june", "sept"),
        statement="Neither an edge on the tail nor an AUC above AUC* is enough for a cascade to pay.",
        symbols="a_H(γ) > a_L(γ) ⇏ dominance; AUC > AUC* ⇏ dominance",
        hypothesis="a_L < q <= a_H; the tail is the largest that costs less than H alone.",
        expected="confirmed",
        formula=_both,
        checks=(Check("populations with one condition or both", "exact", suffices, (EDGE_ALONE, AUC_ALONE, BOTH)),),
        control=Control("either is enough", "refuted", lambda positive, above: positive or above),
        mutants={
            "the edge is enough": lambda positive, _above: positive,
            "the AUC is enough": lambda _positive, above: above,
        },
    ),
)
