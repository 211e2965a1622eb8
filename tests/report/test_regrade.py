"""The sentences of a second grading."""

import pyarrow as pa

from cofail_lab.data.regrading import Figures, Flips, Variant
from cofail_lab.report import regrade
from tests.report.by_hand import rows_of


def test_a_second_grading() -> None:
    changed = [
        {"model": "a", "n_graded_twice": 40, "right_to_wrong": 6, "wrong_to_right": 2},
        {"model": "b", "n_graded_twice": 50, "right_to_wrong": 1, "wrong_to_right": 3},
    ]
    counts = {"n_right_to_wrong": 7, "n_wrong_to_right": 5, "n_graded_twice": 90, "n_graded_to_not": 1}
    flips = Flips(counts | {"n_not_to_graded": 2}, pa.table({}), pa.Table.from_pylist(changed), ("q",), ())
    before, after = Figures(all_wrong=0.11, oracle_gain=0.13), Figures(all_wrong=0.14, oracle_gain=0.1)
    said = regrade.headline([Variant("before", before), Variant("after", after)], flips, 0)
    assert said == (
        "The second grading flips 12 of 90 cells: β goes from 11.0% to 14.0%, the oracle gain from 13.0 to 10.0 points."
    )
    made = regrade._flip_section(flips)
    found = rows_of(made.rows)
    assert found["a"] == ("20.0%", "6 lost, 2 gained") and found["b"] == ("8.0%", "1 lost, 3 gained")
    assert found["right to wrong"][0] == "7" and found["newly graded"][0] == "2"
    assert made.sentences == ("1 queries no longer defeat everyone (q).",)


def test_rows_of_a_grading() -> None:
    figures = Figures(100, 11, 0.11, 0.056, 0.188, 0.76, 0.13, 0.25, 0.21, 0.07)
    assert rows_of(tuple(regrade.figure_rows(figures))) == {
        "β": ("11.0%", "11 of 100, 95% 5.6% to 18.8%"),
        "G": ("13.0 points", "certified 7.0 to 21.0 points, each end by itself"),
    }
