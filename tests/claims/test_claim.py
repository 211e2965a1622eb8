"""Measurements and their status."""

import math
from fractions import Fraction

from cofail_lab.claims import at_least, equals


def test_an_interval_across_the_claimed_value_is_undecided() -> None:
    assert equals(1.0, 1.05, 0.01, 0.1).status == "undecided"
    assert equals(1.0, 1.05, 0.2, 0.1).status == "confirmed"
    assert equals(1.0, 2.0, 0.2, 0.1).status == "refuted"
    assert equals(math.nan, 2.0, 0.2).status == "undecided"
    assert at_least(Fraction(1, 3), Fraction(1, 3)).status == "confirmed"
