"""Numbers as text, in one way for the terminal summary, the HTML page and the figures."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import TypeGuard

from cofail_lab.estimate import Estimate

# Probabilities below 10 to minus this belong to degenerate laws, and their digits mean nothing.
_MAX_DIGITS = 9999
ABSENT = "—"
"""Shown in place of a number that does not exist (None or nan)."""


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as a percentage: ``0.0451 -> "4.5%"``.

    Digits are added where rounding would show exactly 0% or 100%: one failure among 12,000 is not none.
    """
    return _hundredfold(share, digits) + "%" if _exists(share) else ABSENT


def percent_of_log(log_share: float | None, digits: int = 1) -> str:
    """A share given by its natural log, as `percent`; below 1e-9 as a power of ten: ``-25.6 -> "10^-11"``."""
    if not _exists(log_share):
        return ABSENT
    if log_share < -_MAX_DIGITS * math.log(10):
        return f"below 10^-{_MAX_DIGITS}"
    return f"10^{log_share / math.log(10):.0f}" if log_share < math.log(1e-9) else percent(math.exp(log_share), digits)


def points(share: float | None, digits: int = 1) -> str:
    """A difference of shares, in [-1, 1], in percentage points: ``0.0451 -> "4.5 points"``. Digits as in `percent`."""
    if not _exists(share):
        return ABSENT
    # The small remainder of 1 - beta - accuracy after cancellation is rounding error, not a gain.
    return _hundredfold(0.0 if abs(share) < 1e-12 else share, digits) + " points"


def count(number: float | None) -> str:
    """A whole number with thousands separators: ``12032 -> "12,032"``."""
    return f"{round(number):,}" if _exists(number) else ABSENT


def ratio(value: float | None) -> str:
    """A ratio >= 0: ``3.1415 -> "3.14×"``; in scientific notation below 0.01 and from a million on."""
    if not _exists(value):
        return ABSENT
    if math.isinf(value):
        return "∞×"
    if value and not 0.01 <= value < 1e6:
        return f"{value:.2e}×"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}×"


def number(value: float | None, significant: int = 4) -> str:
    """Any number: a whole or a large one with thousands separators, another one with this many significant digits."""
    if not _exists(value):
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if 10**significant - 0.5 <= abs(value) < 1e15 or (abs(value) < 1e15 and value == round(value)):
        return count(value)
    return f"{value:.{significant}g}"


def fixed(value: float | None, decimals: int = 3) -> str:
    """A number of known scale, such as a correlation, with exactly this many decimals: ``0.5 -> "0.500"``."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}" if _exists(value) else ABSENT


def signed(value: float | None, decimals: int = 1) -> str:
    """A difference with its sign and exactly this many decimals: ``-0.05 -> "-0.1"``; what rounds to zero is "+0.0"."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}" if _exists(value) else ABSENT


def p_value(value: float) -> str:
    """A p-value: three decimals below .1, else two."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def interval(lower: float | None, upper: float | None, form: Callable[[float | None], str] = percent) -> str:
    """Two limits in one form: ``0.039, 0.072 -> "3.9% to 7.2%"``; points name their unit once."""
    if not (_exists(lower) or _exists(upper)):
        return ABSENT
    return f"{form(lower).removesuffix(' points')} to {form(upper)}"


def span(low: float | None, high: float | None) -> str:
    """An interval of any numbers: one number, two, or a bound; None and an infinity are no end."""
    low_, high_ = (value if _exists(value) and math.isfinite(value) else None for value in (low, high))
    if low_ is None or high_ is None:
        return f"at most {number(high_)}" if low_ is None else f"at least {number(low_)}"
    low_text, high_text = number(float(low_), 6), number(float(high_), 6)
    return low_text if low_text == high_text else f"{low_text} to {high_text}"


def parameter(value: object) -> str:
    """A parameter of a case as text: a list in brackets, its texts without quotation marks; at most 60 characters."""
    if isinstance(value, list | tuple):
        text = f"[{', '.join(map(parameter, value))}]"
    else:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def agreeing_digits(
    derive: Callable[..., float], form: Callable[[float | None], str], *shares: float, least: int = 1, most: int = 6
) -> int:
    """Digits of percentages from which a reader computes the same number as stands beside them.

    Args:
        derive: the number from the shares, such as their difference or quotient.
        form: how that number is shown.
        shares: in [0, 1].
        least, most: digits to choose from; ``most`` where none of them is enough.
    """
    for digits in range(least, most):
        seen = [float(percent(share, digits).rstrip("%")) / 100 for share in shares]
        with suppress(ZeroDivisionError):
            if form(derive(*seen)) == form(derive(*shares)):
                return digits
    return most


def plus_minus(estimate: Estimate) -> str:
    """Value and error of an estimate: ``0.0488 ± 2e-05``; the error is left out where it is exactly 0."""
    if estimate.value is None:
        return ABSENT
    value = number(estimate.value, significant=6)
    return f"{value} ± {estimate.error:.1g}" if estimate.error else value


def _exists(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)


def _hundredfold(share: float, digits: int) -> str:
    """100 times a share, with more digits if it would otherwise be rounded to exactly 0 or 100."""
    # Twelve digits: a gain of 0.1225 must look the same as a quotient of counts and as a difference of two floats.
    value = float(f"{100 * share:.12g}") + 0.0  # no minus sign before zero
    distance = min(abs(value), abs(100 - abs(value)))
    decimals = max(digits, math.ceil(-math.log10(distance))) if 1e-300 < distance < math.inf else digits
    if decimals <= 6:
        return f"{value:.{decimals}f}"
    return f"{value:.1e}" if abs(value) < 1 else f"{value:.{digits}f}"
