"""A violation seen with float64 is looked at again: in rationals, in many digits, or by the law's own methods."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, NamedTuple

import mpmath
import numpy as np

from cofail_lab.claims.checking.digit_formulas import NoDigitsError
from cofail_lab.claims.checking.digits import Digits, ends
from cofail_lab.claims.checking.minimise import Case, stacked
from cofail_lab.claims.checking.proposition import Proposition
from cofail_lab.errors import ConvergenceError, InputError
from cofail_lab.language.evaluate import Evaluator
from cofail_lab.language.pools import AbstractPool, BuiltPool, ClosedPool
from cofail_lab.language.tree import LOGICAL, Node, Operation

How = Literal["rationals", "many digits", "a second path", "its own error"]
_DIGITS = 40


class Second(NamedTuple):
    """A second look at a point.

    Attributes:
        when, says: true, false or None for undecided.
        how: what it was done with.
        digits: of the numbers compared; None where they are float64 or rationals.
    """

    when: bool | None
    says: bool | None
    how: How
    digits: int | None = None

    @property
    def violated(self) -> bool:
        """Whether the hypothesis is true and the statement false."""
        return self.when is True and self.says is False


def second_look(proposition: Proposition, case: Case) -> Second:
    """The proposition at one point, computed another way."""
    try:
        return _with_digits(proposition, case)
    except (NoDigitsError, ZeroDivisionError, ValueError, ArithmeticError, KeyError):
        return _by_methods(proposition, case)


def _with_digits(proposition: Proposition, case: Case) -> Second:
    if any(isinstance(x, list) for x in case.values()):
        raise NoDigitsError("unlike models")
    laws = proposition.laws
    with mpmath.workdps(_DIGITS):
        mpmath.iv.dps = _DIGITS
        digits = Digits(case, laws.alias, laws.driver, laws.match)  # type: ignore[arg-type]
        when = True if proposition.when is None else _truth(digits, proposition.when, proposition.tolerance)
        says = _truth(digits, proposition.says, proposition.tolerance)
    how: How = "rationals" if digits.exact else "many digits" if digits.relative < 1e-12 else "a second path"
    return Second(when, says, how, _DIGITS if how == "many digits" else None)


def _truth(digits: Digits, node: Node, tolerance: float | None) -> bool | None:
    """True, false, or None where both sides are as close as their errors."""
    if not isinstance(node, Operation):
        raise NoDigitsError("no statement")
    if node.symbol in LOGICAL:
        parts = [_truth(digits, part, tolerance) for part in node.parts]
        if node.symbol == "not":
            return None if parts[0] is None else not parts[0]
        if node.symbol == "implies":
            parts[0] = None if parts[0] is None else not parts[0]
        decisive = node.symbol != "and"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    a, b = (digits.number(part) for part in node.parts)
    apart = digits.operation("-", [a, b])
    if node.symbol == "==":
        apart = digits.operation("-", [abs(apart), Fraction(repr(tolerance or 0.0))])
    low, high = (apart, apart) if isinstance(apart, Fraction) else ends(apart)
    if node.symbol in (">", ">="):
        low, high = -high, -low
    if node.symbol in ("<", ">"):
        return True if high < 0 else False if low >= 0 else None
    return True if high <= 0 else False if low > 0 else None


def _by_methods(proposition: Proposition, case: Case) -> Second:
    """The laws as objects of `models`, whose methods are other code than the closed forms here."""
    points = stacked([case])
    try:
        with np.errstate(all="ignore"):
            pools = {name: _rebuilt(pool, points) for name, pool in proposition.laws.pools(points).items()}
            evaluator = Evaluator(points, pools, proposition.tolerance)
            says = evaluator.truth(proposition.says)
            when = None if proposition.when is None else evaluator.truth(proposition.when)
    except (InputError, ConvergenceError):
        return Second(None, None, "its own error")
    how: How = "a second path" if any(isinstance(p, BuiltPool) for p in pools.values()) else "its own error"
    return Second(True if when is None else _word(when), _word(says), how)


def _rebuilt(pool: AbstractPool, points: dict[str, np.ndarray]) -> AbstractPool:
    size = int(np.max(points.get("m", points.get("k", np.array([2.0])))))
    if not isinstance(pool, ClosedPool) or size > 1000:
        return pool
    return BuiltPool([pool.law(0, max(2, size + 1 if pool.alike else int(pool.width)))], pool.alike)


def _word(truth: object) -> bool | None:
    true, false = bool(truth.true[0]), bool(truth.false[0])  # type: ignore[attr-defined]
    return True if true else False if false else None
