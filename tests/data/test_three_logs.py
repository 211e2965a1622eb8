"""Three logs of the same cells, of which each brings its own samples; and the star of a path alone."""

import numpy as np

from cofail_lab.data.joining import join_grades
from cofail_lab.data.paths import FieldPath
from cofail_lab.grades import Cell, Grades


def test_samples_of_three_logs_stand_one_after_the_other() -> None:
    right, wrong, error, missing = Cell.RIGHT, Cell.WRONG, Cell.ERROR, Cell.MISSING
    parts = [
        Grades(np.array([[first], [second]], np.int8), ("p", "q"), ("m",), f"{name}.json")
        for name, first, second in (("a", right, missing), ("b", wrong, wrong), ("c", error, right))
    ]
    other = Grades(np.array([[right], [wrong]], np.int8), ("p", "q"), ("n",), "d.json")
    whole = join_grades([*parts, other])
    assert whole.per_cell["samples"][:, 0].tolist() == [[right, wrong, error], [wrong, right, missing]]
    assert whole.cells.tolist() == [[right, right], [wrong, wrong]]
    assert whole.per_cell["frac"].tolist() == [[0.5, 1], [0.5, 0]]
    assert whole.per_query["n_logs"].tolist() == [4, 4]


def test_a_star_alone_is_every_value() -> None:
    assert FieldPath("*", "k").value({"a": 1, "b": 2}) == [1, 2]
    assert FieldPath("a", "k").value({"a": [1]}) == [1]
