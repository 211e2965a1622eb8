"""Exact rationals to floats: on the right side, and the nearest there."""

from fractions import Fraction
from math import inf, nextafter

import pytest

from cofail_lab.bounds.rounding import round_down, round_up


@pytest.mark.parametrize(
    "value", [Fraction(1, 3), Fraction(2, 3), Fraction(-1, 3), Fraction(1, 10), Fraction(7, 10**9)]
)
def test_the_two_neighbours_of_a_rational(value: Fraction) -> None:
    low, high = round_down(value), round_up(value)
    assert Fraction(low) < value < Fraction(high) and nextafter(low, inf) == high


@pytest.mark.parametrize("value", [0.0, 0.5, -0.25, 1.0, 0.1, 1e-300])
def test_a_float_stays_itself(value: float) -> None:
    assert round_down(Fraction(value)) == value == round_up(Fraction(value))
