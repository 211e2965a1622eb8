"""P12.iii: the labels that the claim compares."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from cofail_lab.claims.propositions.p12_labels import (
    Population,
    best_right,
    best_right_else_first,
    first_column,
    worst_right,
)

ACCURACIES = [Fraction(2, 10), Fraction(7, 10), Fraction(5, 10)]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (first_column, (0, 1, 2, 0)),
        (best_right, (1, 1, 2, 1)),
        (best_right_else_first, (1, 1, 2, 0)),
        (worst_right, (0, 2, 2, 1)),
    ],
)
def test_which_model_is_the_label(label: Callable, expected: tuple[int, ...]) -> None:
    """Of three that are all right; of the last two, of the last; and of none."""
    right = [(True, True, True), (False, True, True), (False, False, True), (False, False, False)]
    assert tuple(label(row, ACCURACIES) for row in right) == expected


def test_a_router_gains_what_the_commonest_label_is_better_than_the_best() -> None:
    """Tenths in which nobody is wrong, the second, the first: they are right on .6 and .7 of the queries."""
    who = Population({"weights": [3, 3, 4, 0]})
    assert who.accuracies == [Fraction(6, 10), Fraction(7, 10)]
    assert (who.commonest(first_column), who.gain(first_column)) == (0, Fraction(-1, 10))
    assert (who.commonest(best_right), who.gain(best_right)) == (1, 0)
