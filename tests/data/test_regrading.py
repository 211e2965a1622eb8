"""The part that two gradings share, which everything about them is computed on."""

import numpy as np

from cofail_lab.data.regrading import common_part, compare_cells
from cofail_lab.grades import Grades
from tests.data.cells import ERROR, MISSING, RIGHT, WRONG, grades_of


def test_names_are_matched_not_positions() -> None:
    one = Grades(np.array([[0, 1], [1, 0]], np.int8), ("p", "q"), ("a", "b"), "one")
    two = Grades(np.array([[0, 1], [1, 0]], np.int8), ("q", "p"), ("b", "a"), "two")
    first, second, unshared = common_part(one, two)
    assert second.cells.tolist() == one.cells.tolist() == first.cells.tolist()
    assert unshared == []


def test_every_change_of_state_is_counted_in_its_kind() -> None:
    """One cell of every kind; cells without a grade in both are in none."""
    before = grades_of([[RIGHT, WRONG, WRONG, MISSING, MISSING, ERROR]], "q", "abcdef")
    after = grades_of([[WRONG, RIGHT, MISSING, WRONG, ERROR, ERROR]], "q", "abcdef")
    flips = compare_cells(before, after)
    assert flips.counts == {
        "n_graded_twice": 2,
        "n_right_to_wrong": 1,
        "n_wrong_to_right": 1,
        "n_graded_to_not": 1,
        "n_not_to_graded": 1,
    }
    assert [row["model"] for row in flips.cells.to_pylist()] == list("abcde")
    assert flips.models["not_to_graded"].to_pylist() == [0, 0, 0, 1, 0, 0]
