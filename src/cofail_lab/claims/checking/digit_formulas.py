"""The formulas of `language.formulas` with many digits."""

from fractions import Fraction
from math import comb
from typing import Any, Protocol

import mpmath

from cofail_lab.language.formulas import FORMULAS

Real = Any
"""A Fraction, a number of mpmath within a quantity, or an interval of mpmath in a statement."""


# One more member is tried until it does not pay, at most this often.
_LONGEST_SEARCH = 10**6


class NoDigitsError(ArithmeticError):
    """A quantity that has no way to more digits."""


class Rounding(Protocol):
    """Keeps account of what is no longer exact: `digits.Digits`."""

    exact: bool
    relative: Any

    def real(self, value: Real) -> Any:
        """As a number of mpmath, rounded: no longer exact."""
        ...

    def threshold(self, alpha: Real) -> Any:
        """Φ^{-1}(α)."""
        ...


def formula(name: str, given: list[Real], digits: Rounding) -> Real:
    """The value of a formula. Raises NoDigitsError where there is no way to it."""
    if name == "variance":
        k, r = given[0], given[1]
        return r + quotient(1 - r, k, digits)
    if name == "best_size_at_price" and all(isinstance(x, Fraction) for x in given):
        return _best_at_price(*given)
    if name == "critical_auc":
        return _critical_auc(*given)
    x = [digits.real(value) for value in given]
    digits.exact = False
    match name:
        case "growth_threshold":
            return (mpmath.sqrt(1 + 4 * max(x[0], 0) * (1 - x[1]) / x[2]) - 1) / 2
        case "mean_score_accuracy":
            return mpmath.ncdf(-digits.threshold(given[0]) / mpmath.sqrt(x[1] + (1 - x[1]) / x[2]))
        case "majority_accuracy":
            return _majority(given, int(x[2]), digits)
        case "error_floor":
            return mpmath.ncdf(digits.threshold(given[0]) / mpmath.sqrt(x[1]))
        case "best_size":
            return _best_size(given, digits)
    raise NoDigitsError(name)


def quotient(a: Real, b: Real, digits: Rounding) -> Real:
    """a / b, in rationals where both are."""
    return a / b if isinstance(a, Fraction) and isinstance(b, Fraction) else digits.real(a) / digits.real(b)


def _majority(given: list[Real], k: int, digits: Rounding) -> Any:
    """The binomial sum over the shared part; even sizes are as good as one less."""
    k -= 1 - k % 2
    mu, r = -digits.threshold(given[0]), digits.real(given[1])
    if k > 61 or not 0 < r < 1:
        raise NoDigitsError("a long sum")

    def right(u: Any) -> Any:
        p = mpmath.ncdf((mu + mpmath.sqrt(r) * u) / mpmath.sqrt(1 - r))
        return mpmath.npdf(u) * sum(comb(k, j) * p**j * (1 - p) ** (k - j) for j in range(k // 2 + 1, k + 1))

    digits.relative = max(digits.relative, mpmath.mpf(1e-15))
    with mpmath.workdps(20):
        return mpmath.quad(right, [-12, -8, -4, -2, -1, 0, 1, 2, 4, 8, 12])


def _best_size(given: list[Real], digits: Rounding) -> Fraction:
    """The best k next to the one that `decisions` finds: the objective is concave in k."""
    mu, r, cost = -digits.threshold(given[0]), digits.real(given[1]), digits.real(given[2])
    near = FORMULAS["best_size"].compute(*(float(x) for x in given))

    def objective(k: int) -> Any:
        return mpmath.ncdf(mu / mpmath.sqrt(r + (1 - r) / k)) - cost * k

    around = range(max(1, int(near or 1) - 5), int(near or 1) + 6)
    return Fraction(max(around, key=lambda k: (objective(k), -k)))


def _best_at_price(price: Fraction, correlation: Fraction, cost: Fraction) -> Fraction:
    """By exhaustion: the gain of one more member falls with every member."""
    k = 1
    while price * (1 - correlation) * (Fraction(1, k) - Fraction(1, k + 1)) > cost:
        k += 1
        if k > _LONGEST_SEARCH:
            raise NoDigitsError("a long search")
    return Fraction(k)


def _critical_auc(cheap: Real, strong: Real, floor_: Real, ratio: Real) -> Fraction:
    """Whether nothing in the family pays, or random escalation does, in rationals; AUC* itself has no more digits."""
    alone = floor_ / strong - ratio
    if (floor_ - cheap) / strong >= alone:
        return Fraction(1)
    if (floor_ - cheap) / (strong - cheap) <= alone:
        return Fraction(1, 2)
    raise NoDigitsError("critical_auc")
