"""How many strong calls a quality floor needs, and how good a confidence must be to pay off (theory P8.iv, P8.v, C1).

Throughout a_L < q <= a_H: the cheap model alone misses the floor q, the strong one meets it.
"""

from math import sqrt
from typing import Literal, NamedTuple

from scipy.special import ndtr, ndtri

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.errors import InputError

# Beyond this separation Φ(-d/2) is 0 in float64: L's right and wrong answers no longer overlap.
_APART = 80.0


class StrongCalls(NamedTuple):
    """Fractions of queries that must go to H to reach a floor.

    Attributes:
        cascade: under perfect separation, (q - a_L)/h, in [0, 1].
        mixing: at random, (q - a_L)/(a_H - a_L), in [0, 1].
        ratio: cascade/mixing = (a_H - a_L)/h, at most 1 - a_L.
    """

    cascade: float
    mixing: float
    ratio: float


class CriticalAuc(NamedTuple):
    """The least AUC at which the binormal cascade is cheaper than H alone.

    Attributes:
        value: AUC* in (½, 1), as a float possibly rounded to an end of it; None unless one exists.
        regime: ``exists``; ``always`` if random mixing (AUC ½) already is cheaper; ``never`` if not even perfect
            separation is.
    """

    value: float | None
    regime: Literal["exists", "always", "never"]


def required_strong_calls(
    cheap_accuracy: float, strong_accuracy: float, strong_given_cheap_wrong: float, floor: float
) -> StrongCalls:
    """Strong calls *required* for a floor under perfect separation (P8.iv, lab).

    Escalation then meets L's errors alone, each repaired with probability h = P(H right | L wrong). Perfect
    calibration is not enough for it: a constant score a_L is calibrated and separates nothing.

    Args:
        cheap_accuracy, strong_accuracy: a_L < a_H in (0, 1).
        strong_given_cheap_wrong: h in (0, 1]; a joint law exists iff (1-a_L)h <= a_H <= a_L + (1-a_L)h.
        floor: q in (a_L, a_H].

    Raises:
        InputError: a value outside its range, or accuracies that no joint law of L and H has.
    """
    _check_floor(cheap_accuracy, strong_accuracy, floor)
    h = strong_given_cheap_wrong
    checks.share("strong_given_cheap_wrong", h)
    repaired = (1 - cheap_accuracy) * h
    # Decimal inputs on the boundary may miss it by rounding.
    if not repaired - 1e-12 <= strong_accuracy <= cheap_accuracy + repaired + 1e-12:
        low = max(0.0, (strong_accuracy - cheap_accuracy) / (1 - cheap_accuracy))
        high = min(1.0, strong_accuracy / (1 - cheap_accuracy))
        raise InputError(
            f"strong_given_cheap_wrong: {h!r} with accuracies {cheap_accuracy:g} and {strong_accuracy:g}; "
            f"between {low:.6g} and {high:.6g} is possible"
        )
    cascade = (floor - cheap_accuracy) / h
    mixing = (floor - cheap_accuracy) / (strong_accuracy - cheap_accuracy)
    return StrongCalls(cascade, mixing, (strong_accuracy - cheap_accuracy) / h)


def binormal_quality(fraction: float, auc: float, cheap_accuracy: float, strong_accuracy: float) -> float:
    """Q(γ) of the binormal cascade with a_H(γ) = a_H: confidence N(d, 1) where L is right, N(0, 1) where it is wrong.

    AUC = Φ(d/√2). The likelihood ratio is monotone, so w(γ) falls in γ and Q is concave.

    Args:
        fraction: γ in [0, 1].
        auc: in [½, 1].
        cheap_accuracy, strong_accuracy: a_L in (0, 1), a_H in [0, 1].

    Raises:
        InputError: a value outside its range.
    """
    checks.share("fraction", fraction)
    checks.probability("cheap_accuracy", cheap_accuracy)
    checks.share("strong_accuracy", strong_accuracy)
    number("auc", auc, least=0.5)
    checks.share("auc", auc)
    distance = min(sqrt(2) * float(ndtri(auc)), _APART)
    return _quality(fraction, distance, cheap_accuracy, strong_accuracy)


def critical_auc(cheap_accuracy: float, strong_accuracy: float, floor: float, price_ratio: float) -> CriticalAuc:
    """AUC* above which the binormal cascade reaches a floor for less than H alone (P8.v, lab).

    H alone reaches q most cheaply by answering a share q/a_H of the queries, at c_H·q/a_H; the cascade is cheaper iff
    it needs fewer strong calls than γ0 = q/a_H - c_L/c_H. Perfect separation needs (q-a_L)/a_H, random mixing
    (q-a_L)/(a_H-a_L): AUC* exists iff γ0 lies between, that is iff c_L/c_H < a_L/a_H and
    (q-a_L)/(a_H-a_L) > q/a_H - c_L/c_H. It is a property of this family: scores of another shape and lower AUC can pay.

    Args:
        cheap_accuracy, strong_accuracy: a_L < a_H in (0, 1).
        floor: q in (a_L, a_H].
        price_ratio: c_L/c_H >= 0.

    Raises:
        InputError: a value outside its range.
    """
    _check_floor(cheap_accuracy, strong_accuracy, floor)
    number("price_ratio", price_ratio, least=0)
    if price_ratio >= cheap_accuracy / strong_accuracy:
        return CriticalAuc(None, "never")
    # (q-a_L)/(a_H-a_L) <= q/a_H - c_L/c_H, without its cancellation where q is near a_H.
    spare = cheap_accuracy * (strong_accuracy - floor) / (strong_accuracy * (strong_accuracy - cheap_accuracy))
    if price_ratio <= spare:
        return CriticalAuc(None, "always")

    from scipy.optimize import brentq

    kept = (strong_accuracy - floor) / strong_accuracy + price_ratio

    def surplus(distance: float) -> float:
        if kept < 0.5:
            right = _right_among_kept(kept, distance, cheap_accuracy)
            return strong_accuracy - floor + right - kept * strong_accuracy
        repaired = _wrong_among_escalated(1 - kept, distance, cheap_accuracy)
        return repaired - (1 - kept) * (1 - strong_accuracy) - (floor - cheap_accuracy)

    # Q at a fixed fraction rises with d. Where both conditions hold by a rounding error only, there is no root.
    if surplus(0.0) >= 0:
        return CriticalAuc(None, "always")
    if surplus(_APART) <= 0:
        return CriticalAuc(None, "never")
    distance = float(brentq(surplus, 0.0, _APART, xtol=1e-14, rtol=1e-14))  # type: ignore[arg-type]
    return CriticalAuc(float(ndtr(distance / sqrt(2))), "exists")


def _quality(fraction: float, distance: float, cheap_accuracy: float, strong_accuracy: float) -> float:
    """a_L + (mass of L's errors escalated) - γ(1 - a_H)."""
    if fraction <= 0 or fraction >= 1:
        return cheap_accuracy if fraction <= 0 else strong_accuracy
    wrong = _wrong_among_escalated(fraction, distance, cheap_accuracy)
    return cheap_accuracy + wrong - fraction * (1 - strong_accuracy)


def _wrong_among_escalated(fraction: float, distance: float, cheap_accuracy: float) -> float:
    """Mass of L's errors among the γ least confident."""
    from scipy.optimize import brentq

    def escalated(threshold: float) -> float:
        right, wrong = ndtr(threshold - distance), ndtr(threshold)
        return float(cheap_accuracy * right + (1 - cheap_accuracy) * wrong) - fraction

    threshold = float(brentq(escalated, -40.0, distance + 40.0, xtol=1e-14, rtol=1e-14))  # type: ignore[arg-type]
    # Taken from L's right answers where those are the rarer ones of the tail, so that their rounding counts less.
    return fraction - cheap_accuracy * float(ndtr(threshold - distance))


def _right_among_kept(kept: float, distance: float, cheap_accuracy: float) -> float:
    """Mass of L's right answers among the 1 - γ most confident: the same, from the other end."""
    return _wrong_among_escalated(kept, distance, 1 - cheap_accuracy)


def _check_floor(cheap_accuracy: float, strong_accuracy: float, floor: float) -> None:
    checks.probability("cheap_accuracy", cheap_accuracy)
    checks.probability("strong_accuracy", strong_accuracy)
    if strong_accuracy <= cheap_accuracy:
        raise InputError(f"strong_accuracy: {strong_accuracy!r} is not above cheap_accuracy, {cheap_accuracy!r}")
    number("floor", floor)
    if not cheap_accuracy < floor <= strong_accuracy:
        raise InputError(
            f"floor: {floor!r} is outside (cheap_accuracy, strong_accuracy] = ({cheap_accuracy:g}, {strong_accuracy:g}]"
        )
