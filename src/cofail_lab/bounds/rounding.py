"""From exact rationals to floats without crossing them: a bound must stay a bound."""

from fractions import Fraction
from math import inf, nextafter


def round_down(value: Fraction) -> float:
    """The largest float <= value."""
    nearest = float(value)
    return nearest if Fraction(nearest) <= value else nextafter(nearest, -inf)


def round_up(value: Fraction) -> float:
    """The smallest float >= value."""
    nearest = float(value)
    return nearest if Fraction(nearest) >= value else nextafter(nearest, inf)
