"""P8.vi: the thresholds that the claim compares with, and when a difference falls."""

from fractions import Fraction

import pytest

from cofail_lab.claims.propositions.p8_deferral import difference_falls, thresholds, value
from cofail_lab.claims.reference.cascade_populations import population

BLOCKS = {"mass": [1, 2, 1], "cheap": [0.5, 0.25, 0.5], "strong": [1, 1, 0.5]}


def test_thresholds_defer_nobody_or_all_blocks_up_to_a_rate() -> None:
    assert thresholds(population(BLOCKS)) == [[False] * 3, [False, True, False], [True] * 3]


def test_the_value_of_deferring_is_in_units_of_accuracy() -> None:
    """Of masses 1, 2, 1, the second block is deferred at a price of 1/8: (1/2 + 2·7/8 + 1/2)/4."""
    assert value(population(BLOCKS), [0, 1, 0], Fraction(1, 8)) == Fraction(11, 16)


@pytest.mark.parametrize(
    ("cheap", "strong", "falls"),
    [
        ([1, 2, 3], [5, 6, 7], True),
        ([3, 1, 2], [7, 5, 6], True),
        ([1, 2, 3], [5, 6, 8], False),
        ([1, 1], [5, 5], True),
        ([1, 1], [5, 4], False),  # no function of the cheap rate
        ([1, 1], [4, 5], False),
    ],
)
def test_a_difference_falls_as_a_function_of_the_cheap_rate(cheap: list[int], strong: list[int], falls: bool) -> None:
    assert difference_falls([Fraction(c) for c in cheap], [Fraction(s) for s in strong]) is falls
