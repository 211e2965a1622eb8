"""Exact arithmetic that the checks measure with."""

from fractions import Fraction

from cofail_lab.claims import equals
from cofail_lab.claims.reference.exact import count_moments, elimination, joint_rates, worst


def test_the_worst_of_several_measurements():
    good, bad, none = equals(1, 1, 1), equals(3, 1, 1), equals(float("nan"), 1, 1)
    assert worst(good, bad) == bad
    assert worst(good, none).status == worst(none, bad).status == "undecided"


def test_elimination_solves_singular_systems_that_have_a_solution():
    matrix = [[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]]
    x = elimination(matrix, [Fraction(3), Fraction(6)])
    assert [sum(a * b for a, b in zip(row, x, strict=True)) for row in matrix] == [3, 6]
    assert elimination([[Fraction(0), Fraction(2)], [Fraction(3), Fraction(1)]], [Fraction(4), Fraction(5)]) == [1, 2]


def test_rates_of_a_small_law():
    alpha, pairs = joint_rates({"weights": [1, 1, 0, 2]})
    assert alpha == [Fraction(1, 2), Fraction(3, 4)]
    assert pairs[0][1] == Fraction(1, 2)


def test_binomial_moments_of_a_count_by_hand() -> None:
    """None or all three wrong, half of the time each: so is every set. Two of three wrong: 2/3, 1/3."""
    assert count_moments([1, 0, 0, 1], 3) == [Fraction(1, 2)] * 3
    assert count_moments([0, 0, 5, 0], 3) == [Fraction(2, 3), Fraction(1, 3), 0]
