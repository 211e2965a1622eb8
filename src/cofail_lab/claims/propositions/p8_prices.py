"""P8.iv and P8.v: how many strong calls a quality floor takes, and when a better confidence can pay for itself."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import log, sqrt

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, equals, holds
from cofail_lab.claims.reference.cascade_populations import Population, population, rational
from cofail_lab.decisions import CriticalAuc, critical_auc

# Rounding of costs, and of two nested roots of normal distribution functions.
ROUNDING, ROOT_ERROR = Fraction(1, 10**12), 1e-9


# --- P8.iv


def edge_over_repair(who: Population, _floor: Fraction) -> Fraction:
    """(a_H - a_L)/P(H right|L wrong), whatever the score."""
    cheap, strong = who.mean(who.cheap), who.mean(who.strong)
    repaired = who.mean([(1 - low) * high for low, high in zip(who.cheap, who.strong, strict=True)])
    return (strong - cheap) * (1 - cheap) / repaired


def strong_calls_ratio(who: Population, floor: Fraction) -> Fraction | None:
    """The same where the score separates perfectly; elsewhere nothing is said."""
    separates = all(rate in (0, 1) for rate in who.cheap) and list(who.cheap) == sorted(who.cheap)
    return edge_over_repair(who, floor) if separates else None


def june_ratio(who: Population, _floor: Fraction) -> Fraction:
    """1 - a_L/a_H."""
    return 1 - who.mean(who.cheap) / who.mean(who.strong)


def ratio_is(formula: Callable, case: Case) -> Measured:
    """Least escalation by confidence over least escalation at random, in rationals; needs a_L < q <= a_H.

    The confidence is L's accuracy in the block: perfectly calibrated.
    """
    who, floor = population(case), rational(case["floor"])
    cheap, strong = who.mean(who.cheap), who.mean(who.strong)
    if not cheap < floor <= strong:
        raise ArithmeticError("the floor is not between the accuracies")
    claimed = formula(who, floor)
    if claimed is None:
        return at_least(1, 0)
    calls = who.least_escalation(floor)
    assert calls is not None  # noqa: S101  q <= a_H, which γ = 1 reaches
    return equals(calls * (strong - cheap) / (floor - cheap), claimed, 0)


def separated(trial: Trial) -> Iterable[Case]:
    """All of L's errors before all of its right answers; H right on some of each."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 85]))
    for wrong, repaired, kept in draw.integers([2, 2, 8], [7, 11, 11], size=(40, 3)).tolist():
        cheap, strong = Fraction(10 - wrong, 10), Fraction(wrong * repaired + (10 - wrong) * kept, 100)
        top = min(strong, cheap + Fraction(wrong * repaired, 100))
        if top > cheap:
            for share in (Fraction(1, 3), Fraction(1)):
                yield {
                    "mass": [wrong, 10 - wrong],
                    "cheap": [0, 1],
                    "strong": [repaired / 10, kept / 10],
                    "floor": str(cheap + share * (top - cheap)),
                }


CONSTANT_SCORE = {"mass": [1], "cheap": [0.7], "strong": 0.9, "floor": 0.85}
# a_L = .6, a_H = .8, P(H right|L wrong) = .6: the ratio is .333, not .250.
SEPARATING = {"mass": [0.4, 0.6], "cheap": [0, 1], "strong": [0.6, "14/15"], "floor": 0.75}
TWO_BLOCKS = Search(
    {"mass": Range(0.05, 1, size=2), "strong": Range(0, 1, size=2), "floor": Range(0.05, 1)},
    fixed={"cheap": [0, 1]},
    n_starts=128,
    n_polished=2,
    n_steps=40,
)


# --- P8.v


def june_critical(_cheap: float, strong: float, floor: float, price_ratio: float) -> CriticalAuc | None:
    """A critical AUC exists where c_L/c_H < q/a_H; elsewhere nothing is said."""
    return CriticalAuc(None, "exists") if price_ratio < floor / strong else None


def without_first(cheap: float, strong: float, floor: float, price_ratio: float) -> CriticalAuc:
    """The lab's rule with the condition c_L/c_H < a_L/a_H left out."""
    affordable = floor / strong - price_ratio
    exists = (floor - cheap) / (strong - cheap) > affordable
    return CriticalAuc(None, "exists" if exists else "always")


def without_second(cheap: float, strong: float, _floor: float, price_ratio: float) -> CriticalAuc:
    """The lab's rule with only that condition."""
    return CriticalAuc(None, "exists" if price_ratio < cheap / strong else "never")


def deal_of(case: Case) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """a_L, a_H, q and c_L/c_H of a case; ArithmeticError unless a_L < q <= a_H."""
    cheap, strong, floor, ratio = (rational(case[name]) for name in ("cheap", "strong", "floor", "price_ratio"))
    if not 0 < cheap < floor <= strong < 1:
        raise ArithmeticError("a_L < q <= a_H is needed")
    return cheap, strong, floor, ratio


def regime_is(formula: Callable, case: Case) -> Measured:
    """Costs at AUC ½ and 1 against H alone, in rationals; what a regime says of them is its least advantage.

    An AUC* in between needs random escalation to lose and perfect separation to win (each up to a tie).
    """
    cheap, strong, floor, ratio = deal_of(case)
    threshold = formula(*(float(x) for x in (cheap, strong, floor, ratio)))
    if threshold is None:
        return at_least(1, 0)
    alone = floor / strong
    at_random = alone - ratio - (floor - cheap) / (strong - cheap)
    separating = alone - ratio - (floor - cheap) / strong
    says = {"exists": min(-at_random, separating), "always": at_random, "never": -separating}
    advantage = says[threshold.regime]
    # At a tie of costs float64 may fall on either side, and both are right.
    return at_least(advantage if abs(advantage) > ROUNDING else 0, 0)


def calls_at(auc: float, cheap: float, strong: float, floor: float) -> float:
    """Strong calls that reach the floor in the binormal family, from the threshold whose quality is the floor."""
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    distance = sqrt(2) * float(ndtri(auc))

    def tail(threshold: float) -> tuple[float, float]:
        right, wrong = cheap * float(ndtr(threshold - distance)), (1 - cheap) * float(ndtr(threshold))
        return right + wrong, cheap + wrong - (right + wrong) * (1 - strong)

    # Q is concave in γ. It rises while L errs on more of the queries at the threshold than H does, up to here:
    top = distance + 40
    if distance > 0:
        top = min(top, distance / 2 - log((1 - strong) * cheap / (strong * (1 - cheap))) / distance)
    if tail(top)[1] <= floor:
        return 1.0
    return tail(float(brentq(lambda t: tail(t)[1] - floor, -40.0, top, xtol=1e-13)))[0]  # type: ignore[arg-type]


def indifferent_at(formula: Callable, case: Case) -> Measured:
    """At AUC* the cheapest cascade that meets the floor costs what H alone does; vacuous where none exists."""
    cheap, strong, floor, ratio = (float(x) for x in deal_of(case))
    threshold = formula(cheap, strong, floor, ratio)
    if threshold.regime != "exists":
        return at_least(1, 0)
    if threshold.value is None or not 0.5 <= threshold.value <= 1:
        return holds(False)
    if threshold.value == 1:
        # AUC* is so close to 1 that floats round it: L's wrong and right answers overlap by less than this.
        return equals((floor - cheap) / strong + ratio, floor / strong, 1e-8, ROOT_ERROR)
    return equals(calls_at(threshold.value, cheap, strong, floor) + ratio, floor / strong, 2 * ROOT_ERROR, ROOT_ERROR)


def deals(trial: Trial) -> Iterable[Case]:
    """Random accuracies, floors and price ratios; the published case first, and a floor of a_H now and then."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 86]))
    yield PUBLISHED_DEAL
    for k in range(40):
        cheap, floor, strong = np.sort(draw.uniform(0.3, 0.99, 3)).round(3).tolist()
        ratio = round(float(draw.random()), 3)
        if cheap < floor < strong:
            yield {"cheap": cheap, "strong": strong, "floor": strong if k % 4 == 3 else floor, "price_ratio": ratio}


PUBLISHED_DEAL = {"cheap": 0.7, "strong": 0.9, "floor": 0.85, "price_ratio": 0.79}
DEAL = {
    "cheap": Range(0.05, 0.95),
    "strong": Range(0.05, 0.99),
    "floor": Range(0.05, 0.99),
    "price_ratio": Range(0, 1),
}
ANY_DEAL = Search(DEAL, n_starts=256, n_polished=3, n_steps=60)


def _moved(threshold: CriticalAuc, move: Callable[[float], float]) -> CriticalAuc:
    return threshold if threshold.value is None else threshold._replace(value=move(threshold.value))


def _of_distance(auc: float) -> float:
    """Φ(d) for Φ(d/√2)."""
    from scipy.special import ndtr, ndtri

    return float(ndtr(sqrt(2) * ndtri(auc)))


def _iv(identifier: str, statement: str, hypothesis: str, case: Case, note: str) -> Claim:
    """June's and September's ratio; which reading of it differs by what the score is."""
    return Claim(
        id=identifier,
        releases=("june", "sept"),
        statement=statement,
        symbols="γ_cas/γ_mix = 1 - a_L/a_H for every q in (a_L, a_H]",
        hypothesis=hypothesis,
        expected="refuted",
        formula=june_ratio,
        checks=(Check("least escalations in rationals", "exact", ratio_is, (case,), TWO_BLOCKS),),
        control=Control("the lab's ratio, under its hypotheses", "confirmed", strong_calls_ratio),
        universal=True,
        note=note,
    )


CLAIMS = (
    _iv(
        "P8.iv",
        "With a perfectly calibrated confidence a cascade needs 1 - a_L/a_H of the strong calls of random escalation.",
        "Perfect calibration.",
        CONSTANT_SCORE,
        "A constant confidence a_L is perfectly calibrated, and its cascade is random escalation: the ratio is 1.",
    ),
    _iv(
        "P8.iv.b",
        "The same with perfect separation for perfect calibration: escalation meets errors alone until there are none.",
        "All of the cheap model's errors score below all of its right answers.",
        SEPARATING,
        "The ratio needs P(H right|L wrong) = a_H. The quoted .333 against .222 has no joint law: a_L = .7 and "
        "P(H right|L wrong) = .6 allow a_H <= .88, not .9. With a_L = .6, a_H = .8 it is .333 against .250.",
    ),
    Claim(
        id="P8.iv",
        releases=("lab",),
        statement=(
            "Under perfect separation the share of strong calls required is the edge of the strong model over the rate "
            "at which it repairs the cheap one's errors."
        ),
        symbols="γ_cas/γ_mix = (a_H - a_L)/P(H right|L wrong)",
        hypothesis="Perfect separation; a_L < q <= a_H.",
        expected="confirmed",
        formula=strong_calls_ratio,
        checks=(
            Check("least escalations in rationals", "exact", ratio_is, separated, TWO_BLOCKS),
            Check("a score that does not separate", "exact", ratio_is, (CONSTANT_SCORE,)),
        ),
        control=Control("1 - a_L/a_H, as published", "refuted", june_ratio),
        note="Escalated errors suffice if q <= a_L + (1 - a_L)P(H right|L wrong), which q <= a_H implies.",
        mutants={
            "a_H for P(H right|L wrong)": lambda who, floor: (
                None if strong_calls_ratio(who, floor) is None else june_ratio(who, floor)
            ),
            "P(H right|L right) for P(H right|L wrong)": lambda who, floor: (
                None
                if strong_calls_ratio(who, floor) is None
                else (who.mean(who.strong) - who.mean(who.cheap)) / who.strong[-1]
            ),
            "also without perfect separation": edge_over_repair,
        },
        universal=True,
    ),
    Claim(
        id="P8.v",
        releases=("june", "sept"),
        statement="If the cheap model costs less than q/a_H of the strong one, a good enough confidence makes it pay.",
        symbols="c_L/c_H < q/a_H ⇒ a critical AUC* exists",
        hypothesis="a_L < q <= a_H.",
        expected="refuted",
        formula=june_critical,
        checks=(Check("costs at AUC ½ and 1 in rationals", "exact", regime_is, deals, ANY_DEAL),),
        control=Control("the lab's two conditions", "confirmed", critical_auc),
        universal=True,
        note="At a_L = .7, a_H = .9, q = .85 and a price ratio of .79 not even perfect separation pays: .79 > a_L/a_H.",
    ),
    Claim(
        id="P8.v",
        releases=("lab",),
        statement=(
            "A critical AUC exists just when the price ratio is below a_L/a_H and random escalation does not pay; if "
            "only the latter fails, random escalation already wins, and else nothing does."
        ),
        symbols="AUC* ∈ (½, 1) iff c_L/c_H < a_L/a_H and (q - a_L)/(a_H - a_L) > q/a_H - c_L/c_H",
        hypothesis="Binormal confidence, a_H(γ) = a_H, a_L < q <= a_H.",
        expected="confirmed",
        formula=critical_auc,
        checks=(
            Check("costs at AUC ½ and 1 in rationals", "exact", regime_is, deals, ANY_DEAL),
            Check("indifference at AUC*", "quadrature", indifferent_at, deals, ANY_DEAL),
        ),
        control=Control("the published condition", "refuted", june_critical),
        mutants={
            "c_L/c_H < a_L/a_H left out": without_first,
            "the condition on random escalation left out": without_second,
            "AUC = Φ(d) for Φ(d/√2)": lambda *deal: _moved(critical_auc(*deal), _of_distance),
            "AUC* + .001": lambda *deal: _moved(critical_auc(*deal), lambda auc: min(auc + 0.001, 1 - 1e-12)),
        },
        universal=True,
    ),
)
