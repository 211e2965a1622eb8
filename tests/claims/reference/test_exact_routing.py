"""The exact routing program by hand."""

from fractions import Fraction

import pytest

from cofail_lab.claims.reference.exact_routing import corners, exact_value, program, right_price


def test_corners_of_a_program_by_hand():
    # One type: models (price, quality) (0, 0), (1, 4), (2, 5), (1, 1) under the hull, and (3, 5), dearer for nothing.
    case = {"quality": [0, 4, 5, 1, 5], "prices": [0, 1, 2, 1, 3], "prior": [1]}
    hull = corners(program(case))
    assert hull == [(0, 0), (1, 4), (2, 5)]
    assert exact_value(hull, Fraction(3, 2)) == Fraction(9, 2)
    assert [right_price(hull, Fraction(b)) for b in (0, 1, 2)] == [4, 1, 0]
    with pytest.raises(ZeroDivisionError, match="below the cheapest"):
        exact_value(hull, Fraction(-1))
