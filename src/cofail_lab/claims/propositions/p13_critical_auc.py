"""P13.ii.b: from which AUC on a cascade reaches a floor for less than mixing its two models."""

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals
from cofail_lab.claims.propositions.p8_prices import ROOT_ERROR, calls_at, deal_of
from cofail_lab.decisions import CriticalAuc, critical_auc, critical_auc_for_mixing


def indifferent_at(formula: Callable, case: Case) -> Measured:
    """At AUC* the least cascade for the floor costs what the mix does; vacuous where none is claimed."""
    cheap, strong, floor, ratio = (float(x) for x in deal_of(case))
    threshold = formula(cheap, strong, floor, ratio)
    if threshold.regime != "exists":
        return at_least(1, 0)
    if threshold.value is None or not 0.5 < threshold.value < 1:
        raise ArithmeticError("AUC* rounds to an end of (½, 1)")
    share = (floor - cheap) / (strong - cheap)
    mix = share + (1 - share) * ratio
    return equals(calls_at(threshold.value, cheap, strong, floor) + ratio, mix, 2 * ROOT_ERROR, ROOT_ERROR)


def regime_is(formula: Callable, case: Case) -> Measured:
    """Costs at AUC ½ and 1 against the mix, in rationals: what a regime says of them is its least advantage."""
    cheap, strong, floor, ratio = deal_of(case)
    if ratio >= 1:
        raise ArithmeticError("c_L < c_H is needed")
    threshold = formula(*(float(x) for x in (cheap, strong, floor, ratio)))
    share = (floor - cheap) / (strong - cheap)
    mix = share + (1 - share) * ratio
    at_random = mix - ratio - share
    separating = mix - ratio - (floor - cheap) / strong
    says = {"exists": min(-at_random, separating), "always": at_random, "never": -separating}
    advantage = says[threshold.regime]
    return at_least(advantage if abs(advantage) > Fraction(1, 10**12) else 0, 0)


def above_thinning(formula: Callable, case: Case) -> Measured:
    """AUC* less that of P8.v, which thins H out; where there is no AUC* against mixing, none pays."""
    deal = [float(x) for x in deal_of(case)]
    if deal[3] >= 1:
        raise ArithmeticError("c_L < c_H is needed")
    mixing, thinning = formula(*deal), critical_auc(*deal)
    level = {"exists": lambda rule: rule.value, "always": lambda _: 0.5, "never": lambda _: 1.0}
    return at_least(level[mixing.regime](mixing) - level[thinning.regime](thinning), -ROOT_ERROR)


def deals(trial: Trial) -> Iterable[Case]:
    """Random accuracies, floors and price ratios."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 132]))
    yield {"cheap": 0.7, "strong": 0.9, "floor": 0.85, "price_ratio": 0.3}
    yield {"cheap": 0.7, "strong": 0.9, "floor": 0.85, "price_ratio": 0.79}
    for _ in range(30):
        cheap, floor, strong = np.sort(draw.uniform(0.3, 0.99, 3)).round(3).tolist()
        if cheap < floor < strong:
            yield {"cheap": cheap, "strong": strong, "floor": floor, "price_ratio": round(float(draw.random()), 3)}


ANY_DEAL = Search(
    {
        "cheap": Range(0.05, 0.95),
        "strong": Range(0.05, 0.99),
        "floor": Range(0.05, 0.99),
        "price_ratio": Range(0.001, 0.999),
    },
    n_starts=256,
    n_polished=3,
    n_steps=60,
)


def _higher(threshold: CriticalAuc) -> CriticalAuc:
    if threshold.value is None:
        return threshold
    return threshold._replace(value=min(threshold.value + 0.001, 1 - 1e-12))


CLAIMS = (
    Claim(
        id="P13.ii.b",
        releases=("lab",),
        statement=(
            "Against mixing a critical AUC exists just when 0 < c_L/c_H < a_L/a_H, and it is at least that against "
            "thinning out the strong model, with equality at q = a_H."
        ),
        symbols="AUC*_mixing ∈ (½, 1) iff 0 < c_L/c_H < a_L/a_H; AUC*_mixing >= AUC* of P8.v",
        hypothesis="Binormal confidence, a_H(γ) = a_H, a_L < q <= a_H, c_L < c_H.",
        expected="confirmed",
        formula=critical_auc_for_mixing,
        checks=(
            Check("costs at AUC ½ and 1 in rationals", "exact", regime_is, deals, ANY_DEAL),
            Check("indifference at AUC*", "quadrature", indifferent_at, deals, ANY_DEAL),
            Check("above the critical AUC of P8.v", "quadrature", above_thinning, deals, ANY_DEAL),
        ),
        control=Control("the critical AUC of P8.v", "refuted", critical_auc),
        mutants={
            "AUC* + .001": lambda *deal: _higher(critical_auc_for_mixing(*deal)),
            "the condition c_L/c_H < a_L/a_H left out": lambda cheap, strong, floor, ratio: (
                CriticalAuc(None, "exists")
                if ratio >= cheap / strong
                else critical_auc_for_mixing(cheap, strong, floor, ratio)
            ),
            "always": lambda *_: CriticalAuc(None, "always"),
        },
        universal=True,
    ),
)
