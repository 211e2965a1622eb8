"""Formulas of `decisions` in the language: functions of numbers alone, of no law (theory P5 to P8, C1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isqrt, log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from cofail_lab import decisions
from cofail_lab.errors import InputError
from cofail_lab.language import values
from cofail_lab.language.values import Values

# Values of a formula that lie further apart than this, relative to their size, are worth computing at the ends.
_ROUNDED = 1e-15


class Formula(NamedTuple):
    """One formula.

    Attributes:
        arguments: what it takes, in order.
        meaning: for the table in docs/check.md.
        compute: of floats; None where it does not exist. Raises InputError outside its domain.
        error: bound on its relative error; 0 for whole numbers.
        whole: arguments that are whole numbers.
        exact: values that stand for a case of their own and have no error.
    """

    arguments: tuple[str, ...]
    meaning: str
    compute: Callable[..., float | None]
    error: float = 1e-13
    whole: tuple[str, ...] = ()
    exact: tuple[float, ...] = ()


def evaluate(formula: Formula, arguments: tuple[Values, ...]) -> Values:
    """The formula at n points. Where arguments are not floats, the values at their ends say what that moves."""
    ends = [argument.floats() for argument in arguments]
    middles = [(low + high) / 2 for low, high in ends]
    value = _at(formula, middles)
    low, high = value.copy(), value.copy()
    for place, (least, most) in enumerate(ends):
        wide = np.flatnonzero((most - least) > _ROUNDED * np.abs(middles[place]))
        for end in (least, most):
            if wide.size:
                moved = [x[wide] for x in middles]
                moved[place] = end[wide]
                # Changes of several arguments add up.
                step = _at(formula, moved) - value[wide]
                low[wide] += np.minimum(step, 0.0)
                high[wide] += np.maximum(step, 0.0)
    spread = np.where(np.isin(value, formula.exact), 0.0, formula.error * np.abs(value))
    return values.within((low + high) / 2, np.where(low == high, 0.0, (high - low) / 2 * 1.01) + spread)


def _at(formula: Formula, arguments: list[np.ndarray]) -> np.ndarray:
    out = np.full(len(arguments[0]), np.nan)
    for point, given in enumerate(zip(*arguments, strict=True)):
        if not np.isfinite(given).all():
            continue
        numbers = [
            int(x) if name in formula.whole and float(x).is_integer() else float(x)
            for name, x in zip(formula.arguments, given, strict=True)
        ]
        try:
            found = formula.compute(*numbers)
        except (InputError, ZeroDivisionError, OverflowError):
            continue
        out[point] = np.nan if found is None else float(found)
    return out


def _majority(error_rate: float, correlation: float, k: int) -> float | None:
    return decisions.majority_accuracy(error_rate, correlation, k).value


def _mean_score(error_rate: float, correlation: float, k: int) -> float:
    return decisions.mean_score_accuracy(error_rate, decisions.equal_weight_variance(k, correlation))


def _best_at_price(price: float, correlation: float, cost: float) -> int:
    """The smallest k that maximizes -λV(k) - ck, in rationals: the first at which one more does not pay."""
    decisions.growth_threshold(price, correlation, cost)  # checks the ranges
    # One more pays where k(k + 1) < λ(1 - ρ)/c.
    pays_below = Fraction(max(price, 0.0)) * (1 - Fraction(correlation)) / Fraction(cost)
    k = max(1, isqrt(int(pays_below)) - 1)
    while k * (k + 1) < pays_below:
        k += 1
    return k


def _critical_auc(cheap: float, strong: float, floor: float, price_ratio: float) -> float | None:
    threshold = decisions.critical_auc(cheap, strong, floor, price_ratio)
    if threshold.value is None:
        return {"always": 0.5, "never": 1.0}.get(threshold.regime)
    # Where it rounds to an end it is no end.
    return min(max(threshold.value, np.nextafter(0.5, 1)), np.nextafter(1, 0))


def _strong_calls(auc: float, cheap: float, strong: float, floor: float) -> float | None:
    """The least γ with Q(γ) >= q of the binormal cascade, by the threshold whose quality is the floor."""
    from scipy.optimize import brentq

    decisions.critical_auc(cheap, strong, floor, 0.0)  # checks the ranges
    if not 0.5 <= auc <= 1:
        return None
    if auc == 1:
        return (floor - cheap) / strong
    distance = sqrt(2) * float(ndtri(auc))

    def tail(threshold: float) -> tuple[float, float]:
        right, wrong = cheap * float(ndtr(threshold - distance)), (1 - cheap) * float(ndtr(threshold))
        return right + wrong, cheap + wrong - (right + wrong) * (1 - strong)

    # Q is concave: it rises while L errs on more of the queries at the threshold than H does.
    top = distance + 40
    if distance > 0:
        top = min(top, distance / 2 - log((1 - strong) * cheap / (strong * (1 - cheap))) / distance)
    if tail(top)[1] < floor:
        return 1.0
    return tail(float(brentq(lambda t: tail(t)[1] - floor, -40.0, top, xtol=1e-13)))[0]  # type: ignore[arg-type]


def _tail_accuracy(auc: float, fraction: float, cheap: float) -> float | None:
    """a_L(γ) of the γ least confident: with H never right, what a cascade loses is what L has right there."""
    if not 0 < fraction <= 1:
        return None
    return (cheap - decisions.binormal_quality(fraction, auc, cheap, 0.0)) / fraction


FORMULAS: Mapping[str, Formula] = {
    "variance": Formula(
        ("k", "correlation"),
        "ρ + (1-ρ)/k, variance of the mean of k scores (P5.i)",
        lambda k, r: decisions.equal_weight_variance(k, r),
        1e-15,
        ("k",),
    ),
    "mean_score_accuracy": Formula(
        ("error_rate", "correlation", "k"),
        "Φ(μ/√V(k)), accuracy of the mean of k scores (P7)",
        _mean_score,
        1e-14,
        ("k",),
    ),
    "majority_accuracy": Formula(
        ("error_rate", "correlation", "k"),
        "accuracy of a majority of k members under one Gaussian factor, ties by a coin (P7.ii)",
        _majority,
        2e-13,
        ("k",),
    ),
    "large_majority_accuracy": Formula(
        ("error_rate", "correlation", "k"),
        "Φ(μ/√(ρ + (π/2)(1-ρ)/k)) (P7.ii, lab)",
        decisions.large_majority_accuracy,
        1e-14,
        ("k",),
    ),
    "error_floor": Formula(
        ("error_rate", "correlation"),
        "Φ(-μ/√ρ), below which no number of members gets (P5.ii)",
        decisions.majority_floor,
        1e-13,
    ),
    "shadow_price": Formula(
        ("error_rate", "variance"), "λ(V), accuracy per unit of variance (P7.i)", decisions.variance_shadow_price
    ),
    "growth_threshold": Formula(
        ("price", "correlation", "cost"),
        "k*, up to which one more member pays at a fixed λ (P6.i)",
        lambda price, r, cost: decisions.growth_threshold(price, r, cost),
        4e-15,
    ),
    "best_size_at_price": Formula(
        ("price", "correlation", "cost"), "k that maximizes -λV(k) - ck, in rationals (P6.ii)", _best_at_price, 0.0
    ),
    "best_size": Formula(
        ("error_rate", "correlation", "cost"),
        "k that maximizes Φ(μ/√V(k)) - ck, by search (P6, P7.iii)",
        decisions.optimal_cardinality,
        0.0,
    ),
    "critical_auc": Formula(
        ("cheap", "strong", "floor", "price_ratio"),
        "AUC* of the binormal family; ½ where random escalation pays already, 1 where nothing in it does (P8.v)",
        _critical_auc,
        1e-9,
        exact=(0.5, 1.0),
    ),
    "strong_calls": Formula(
        ("auc", "cheap", "strong", "floor"),
        "least share of queries that a binormal cascade escalates to reach the floor (P8)",
        _strong_calls,
        1e-9,
    ),
    "cascade_quality": Formula(
        ("fraction", "auc", "cheap", "strong"),
        "Q(γ) of the binormal cascade with a_H(γ) = a_H (P8.i)",
        decisions.binormal_quality,
        1e-12,
    ),
    "tail_accuracy": Formula(
        ("auc", "fraction", "cheap"),
        "a_L(γ), accuracy of the cheap model on the γ that it is least confident of (P8)",
        _tail_accuracy,
        1e-9,
    ),
}
"""By name."""
