"""A cascade against mixing its two models at the same dollars (theory P13).

The published comparison is random *escalation*: it pays L on every query, as the cascade does. Whoever mixes the
constants L and H pays for one model per query, and sends γ' = min(1, γc_H(γ)/(c_H - c_L)) of the queries to H for
the cascade's dollars, more than γ. Beyond γ' = 1 the cascade costs more than H alone.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.decisions.cascade import CascadeCurve, cascade_curve
from cofail_lab.decisions.cascade_prices import CriticalAuc, binormal_quality, critical_auc
from cofail_lab.errors import InputError


@dataclass(frozen=True)
class CascadeDollars:
    """Quality and cost of a cascade at every escalated fraction; `cascade_dollars` makes one.

    Attributes:
        curve: its quality.
        cheap_price, strong_price: c_L and c_H, mean cost of a query, >= 0.
        strong_spent: dollars per query that H costs among the γ least confident, at ``curve.fraction``, (ends,).
    """

    curve: CascadeCurve
    cheap_price: float
    strong_price: float
    strong_spent: Float[np.ndarray, " ends"]

    @property
    def prices(self) -> Literal["usual", "strong_cheaper", "cheap_better"]:
        """``strong_cheaper`` where c_H <= c_L, else ``cheap_better`` where a_H <= a_L, else ``usual``."""
        if self.strong_price <= self.cheap_price:
            return "strong_cheaper"
        return "cheap_better" if self.curve.strong_accuracy <= self.curve.cheap_accuracy else "usual"

    def cost(self, fraction: float) -> float:
        """c_L + γc_H(γ) per query, γ in [0, 1]; H's price is the one it has among the escalated queries."""
        return self.cheap_price + self._spent(fraction)

    def escalation_gap(self, fraction: float) -> float:
        """Q - Q_mix against random escalation of as many queries (P8.i); γ in [0, 1]."""
        return self.curve.quality(fraction) - self.curve.random_quality(fraction)

    def mixed_fraction(self, fraction: float) -> float | None:
        """γ', the share of H in a mix of the constants that costs as much, in [0, 1]; None unless c_H > c_L."""
        spent = self._spent(fraction)
        return None if self.prices == "strong_cheaper" else float(self._mixed(spent))

    def dollar_gap(self, fraction: float) -> float | None:
        """Q less the best that mixing the constants L and H buys for the cascade's dollars (P13.i).

        Where H is the worse of the two, that is L alone. None where H is no dearer than L: mixing them trades nothing.
        """
        mixed = self.mixed_fraction(fraction)
        return None if mixed is None else self.curve.quality(fraction) - self._mix_quality(mixed)

    @property
    def dollar_gaps(self) -> Float[np.ndarray, " ends"] | None:
        """The same at the blocks' ends, (blocks + 1,)."""
        if self.prices == "strong_cheaper":
            return None
        quality = self.curve.cheap_accuracy + self.curve.strong_right - self.curve.cheap_right
        return quality - self._mix_quality(self._mixed(self.strong_spent))

    def _mixed(self, spent: Any) -> Any:
        return np.minimum(1.0, spent / (self.strong_price - self.cheap_price))

    def _mix_quality(self, mixed: Any) -> Any:
        edge = self.curve.strong_accuracy - self.curve.cheap_accuracy
        return self.curve.cheap_accuracy + mixed * max(0.0, edge)

    def _spent(self, fraction: float) -> float:
        checks.share("fraction", fraction)
        return float(np.interp(fraction, self.curve.fraction, self.strong_spent))


def cascade_dollars(
    score: Float[np.ndarray, " n"],
    cheap_right: Float[np.ndarray, " n"],
    strong_right: Float[np.ndarray, " n"],
    cheap_cost: Float[np.ndarray, " n"],
    strong_cost: Float[np.ndarray, " n"],
) -> CascadeDollars:
    """The cascade that escalates by confidence, lowest first, with what it costs.

    Args:
        score: L's confidence, finite, (n,); only its order matters, ties are escalated in part.
        cheap_right, strong_right: whether, or with what probability, L and H are right, in [0, 1], (n,).
        cheap_cost, strong_cost: dollars of each model's answer, finite and >= 0, (n,).

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    curve = cascade_curve(score, cheap_right, strong_right)
    cheap, strong = (
        _costs(name, cost, np.shape(score)) for name, cost in (("cheap_cost", cheap_cost), ("strong_cost", strong_cost))
    )
    rank = np.unique(np.asarray(score, dtype=float), return_inverse=True)[1]
    spent = np.concatenate([[0.0], np.cumsum(np.bincount(rank, strong))]) / len(strong)
    return CascadeDollars(curve, float(cheap.mean()), float(spent[-1]), spent)


def mixing_surcharge(fraction: float, cheap_accuracy: float, strong_accuracy: float, price_ratio: float) -> float:
    """(γ' - γ)(a_H - a_L) >= 0: by how much the gap is less at equal dollars than at equal escalation (P13.ii).

    With constant prices: γ(a_H - a_L)c_L/(c_H - c_L) up to γ = 1 - c_L/c_H, and (1 - γ)(a_H - a_L) beyond.

    Args:
        fraction: γ in [0, 1].
        cheap_accuracy, strong_accuracy: a_L < a_H in [0, 1].
        price_ratio: c_L/c_H in [0, 1).

    Raises:
        InputError: a value outside its range.
    """
    checks.share("fraction", fraction)
    checks.share("cheap_accuracy", cheap_accuracy)
    checks.share("strong_accuracy", strong_accuracy)
    if strong_accuracy <= cheap_accuracy:
        raise InputError(f"strong_accuracy: {strong_accuracy!r} is not above cheap_accuracy, {cheap_accuracy!r}")
    _check_ratio(price_ratio)
    mixed = min(1.0, fraction / (1 - price_ratio))
    return (mixed - fraction) * (strong_accuracy - cheap_accuracy)


def critical_auc_for_mixing(
    cheap_accuracy: float, strong_accuracy: float, floor: float, price_ratio: float
) -> CriticalAuc:
    """AUC* above which the binormal cascade reaches a floor for less than mixing the constants L and H (P13.ii, lab).

    Mixing reaches q at the cost of a cascade that escalates γ = (q - a_L)/(a_H - a_L)·(1 - c_L/c_H). Random escalation
    needs more than that unless L is free, perfect separation less iff c_L/c_H < a_L/a_H: AUC* exists just between.
    There mixing beats thinning H out, so that AUC* is above that of P8.v for q < a_H, and equal to it at a_H.

    Args:
        cheap_accuracy, strong_accuracy: a_L < a_H in (0, 1).
        floor: q in (a_L, a_H].
        price_ratio: c_L/c_H in [0, 1).

    Raises:
        InputError: a value outside its range.
    """
    from scipy.optimize import brentq

    _check_ratio(price_ratio)
    # The ranges of accuracies and floor are those of P8.v.
    critical_auc(cheap_accuracy, strong_accuracy, floor, price_ratio)
    if price_ratio == 0:
        return CriticalAuc(None, "always")
    if price_ratio >= cheap_accuracy / strong_accuracy:
        return CriticalAuc(None, "never")
    fraction = (floor - cheap_accuracy) / (strong_accuracy - cheap_accuracy) * (1 - price_ratio)

    def surplus(auc: float) -> float:
        return binormal_quality(fraction, auc, cheap_accuracy, strong_accuracy) - floor

    # Where a condition holds by a rounding error only, an end is the root.
    if surplus(0.5) >= 0:
        return CriticalAuc(0.5, "exists")
    if surplus(1.0) <= 0:
        return CriticalAuc(1.0, "exists")
    return CriticalAuc(float(brentq(surplus, 0.5, 1.0, xtol=1e-14, rtol=1e-14)), "exists")  # type: ignore[arg-type]


def _costs(name: str, cost: object, shape: tuple[int, ...]) -> np.ndarray:
    column = np.asarray(cost, dtype=float)
    if column.shape != shape:
        raise InputError(f"{name}: shape {column.shape}; {shape} is needed, as score has it")
    if not (inside := (column >= 0) & np.isfinite(column)).all():
        raise InputError(f"{name}: {column[~inside][0]} is not a finite number >= 0")
    return column


def _check_ratio(price_ratio: float) -> None:
    number("price_ratio", price_ratio, least=0)
    if price_ratio >= 1:
        raise InputError(
            f"price_ratio: {price_ratio!r} is not below 1; where H is no dearer than L, mixing trades nothing"
        )
