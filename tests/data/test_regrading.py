"""The part that two gradings share, which everything about them is computed on."""

import numpy as np

from cofail_lab.data.regrading import common_part
from cofail_lab.grades import Grades


def test_names_are_matched_not_positions() -> None:
    one = Grades(np.array([[0, 1], [1, 0]], np.int8), ("p", "q"), ("a", "b"), "one")
    two = Grades(np.array([[0, 1], [1, 0]], np.int8), ("q", "p"), ("b", "a"), "two")
    first, second, unshared = common_part(one, two)
    assert second.cells.tolist() == one.cells.tolist() == first.cells.tolist()
    assert unshared == []
