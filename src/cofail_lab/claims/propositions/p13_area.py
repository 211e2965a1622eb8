"""P13.iii: the sign of a cascade's average gain is not that of its AUC less one half."""

from collections.abc import Callable

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least
from cofail_lab.claims.reference.cascade_populations import HALF, Population, population


def sign_of_area(formula: Callable, case: Case) -> Measured:
    """The area, with the sign that the rule gives it: never negative if the rule decides it."""
    who = population(case)
    return at_least(who.gap_area() * (1 if formula(who) else -1), 0)


def auc_above_half(who: Population) -> bool:
    """AUC_L >= ½."""
    return who.separation(who.cheap).auc >= HALF


def identity(who: Population) -> bool:
    """a_L(1 - a_L)(AUC_L - ½) >= a_H(1 - a_H)(AUC_H - ½)."""
    cheap, strong = who.separation(who.cheap), who.separation(who.strong)
    spread = [s.accuracy * (1 - s.accuracy) * (s.auc - HALF) for s in (cheap, strong)]
    return spread[0] >= spread[1]


# AUC_L .558, and H fails where L does: the area is -.0035, much as on QwQ-32B -> gpt-4o.
LIKE_QWQ = {"mass": [0.5, 0.5], "cheap": [0.667, 0.761], "strong": [0.74, 0.862]}
ANY_BLOCKS = Search(
    {"mass": Range(0.05, 1, size=3), "cheap": Range(0, 1, size=3), "strong": Range(0, 1, size=3)},
    n_starts=128,
    n_polished=2,
    n_steps=40,
)

CLAIMS = (
    Claim(
        id="P13.iii",
        releases=("june", "sept"),
        statement="Averaged over all budgets a cascade gains just when the cheap model's AUC is at least ½.",
        symbols="∫₀¹ (Q - Q_mix) dγ >= 0 iff AUC_L >= ½",
        hypothesis="None: H may do worse where L does.",
        expected="refuted",
        formula=auc_above_half,
        checks=(Check("sign of the area in rationals", "exact", sign_of_area, (LIKE_QWQ,), ANY_BLOCKS),),
        control=Control("the identity of P8.ii", "confirmed", identity),
        universal=True,
        note=(
            "On medagents_zeroshot QwQ-32B-Preview -> gpt-4o, the cheap model's tokens as confidence, has AUC .558 and "
            "area -.00337. Where H is alike everywhere the statement holds (P8.ii)."
        ),
    ),
)
