"""Tables of labels, long and wide."""

import numpy as np
import pytest

from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import write

WIDE = "query,model,gold,j1,j2,j3\nq1,a,1,1,yes,0\nq1,b,0,,no,error\nq2,a,1,1,1,1\n"
LONG = "question_id,model,judge,verdict\nq1,a,j1,right\nq1,a,j2,wrong\nq2,a,j1,right\nq1,a,j1,right\nq2,b,j2,\n"


def test_wide_labels_and_what_is_missing(tmp_path):
    found = RatersSource(write(tmp_path, WIDE), truth="gold").load()
    assert (found.raters, found.queries, found.models) == (("j1", "j2", "j3"), ("q1", "q1", "q2"), ("a", "b", "a"))
    np.testing.assert_array_equal(found.votes, [[1, 1, 0], [-1, 0, -1], [1, 1, 1]])
    np.testing.assert_array_equal(found.true_votes, [1, 0, 1])
    np.testing.assert_array_equal(found.groups, [0, 0, 1])
    assert any("2 of 9 labels are missing" in note for note in found.notes)


def test_long_labels(tmp_path):
    found = RatersSource(write(tmp_path, LONG)).load()
    assert (found.raters, found.queries, found.models) == (("j1", "j2"), ("q1", "q2", "q2"), ("a", "a", "b"))
    np.testing.assert_array_equal(found.votes, [[1, 0], [1, -1], [-1, -1]])


def test_a_truth_that_some_rows_leave_out_is_that_of_the_others(tmp_path):
    rows = ["q1,j1,1,", "q1,j2,0,1", "q1,j3,1,1 ", "q2,j1,0,0", "q2,j2,0,", "q2,j3,1,"]
    path = write(tmp_path, "\n".join(["query,judge,verdict,truth", *rows]))
    np.testing.assert_array_equal(RatersSource(path, truth="truth").load().true_votes, [1, 0])
    path = write(tmp_path, "\n".join(["query,judge,verdict,truth", *rows, "q2,j4,1,1"]))
    with pytest.raises(InputError, match="'q2' has two truths, '0' and '1'"):
        RatersSource(path, truth="truth").load()


def test_a_matrix_of_a_rule(tmp_path):
    found = RatersSource(write(tmp_path, WIDE)).load()
    grades = found.grades(np.array([1, 0, -1]), "majority")
    np.testing.assert_array_equal(grades.cells, [[Cell.RIGHT, Cell.WRONG], [Cell.MISSING, Cell.MISSING]])
    assert (grades.queries, grades.models) == (("q1", "q2"), ("a", "b"))


def test_categories_scores_and_stated_labels(tmp_path):
    path = write(tmp_path, "item,r1,r2\n1,good,fair\n2,bad,\n3,good,good\n")
    plain = RatersSource(path).load()
    assert plain.right is None and plain.values == ("good", "fair", "bad") and plain.models is None
    with pytest.raises(InputError, match="do not say what is right"):
        _ = plain.votes
    with pytest.raises(InputError, match="no column of models"):
        plain.grades(np.array([1, 1, 1]), "majority")
    stated = RatersSource(path, right=["good", "fair"]).load()
    np.testing.assert_array_equal(stated.votes, [[1, 1], [0, -1], [1, 1]])
    scores = RatersSource(write(tmp_path, "item,r1,r2\n1,7,4.5\n2,5,9\n"), threshold=5).load()
    np.testing.assert_array_equal(scores.votes, [[1, 0], [1, 1]])


def test_right_in_capitals_or_not_is_one_label(tmp_path):
    path = write(tmp_path, "item,r1,r2\n1,Good,good\n2,bad,GOOD\n3,good,Bad\n")
    stated = RatersSource(path, right="good").load()
    np.testing.assert_array_equal(stated.votes, [[1, 1], [0, 1], [1, 0]])
    assert stated.values == ("Good", "bad")
    assert "Right means Good, every other label wrong (bad)." in stated.notes
    # Categories may differ by case alone: nothing says that they are one.
    assert RatersSource(path).load().values == ("Good", "good", "bad", "GOOD", "Bad")


def test_raters_are_selected_and_other_columns_are_none(tmp_path):
    path = write(tmp_path, "query,reference,answer_a,ok_a,answer_b,ok_b\nq,A,A,1,B,1\nr,C,C,0,C,1\n")
    assert RatersSource(path, raters="ok_*").load().raters == ("ok_a", "ok_b")
    assert RatersSource(path, raters=["answer_b", "answer_a"]).load().raters == ("answer_a", "answer_b")
    assert "reference" not in RatersSource(path).load().raters


@pytest.mark.parametrize(
    ("table", "keys", "message"),
    [
        (WIDE, {"raters": "x*"}, "data.raters: 'x*' matches no rater of grades.csv; there are gold, j1, j2, j3"),
        (WIDE, {"raters": "j1"}, "grades.csv: 1 rater; at least 2 are needed"),
        (WIDE, {"truth": "gild"}, "data.truth: 'gild' is no column of grades.csv"),
        (WIDE, {"right": "maybe"}, "data.right: no label is 'maybe'; there are 1, "),
        (WIDE + "q2,a,1,1,1,1\n", {}, "grades.csv: 'q2' of 'a' has 2 rows; one row per item is accepted"),
        (LONG + "q1,a,j1,wrong\n", {}, "grades.csv: j1 gives 'q1' of 'a' two labels, 'right' and 'wrong'"),
        ("query,j1,j2\n", {}, "grades.csv: no item"),
        ("query,j1,j2\nq,,\n", {}, "grades.csv: 2 raters and no label"),
        ("thing,judge,verdict\nq,j,1\n", {}, "grades.csv: data.query= says which column it is, of thing, judge"),
        (
            "dataset,query,judge,verdict\nx,q1,j1,1\ny,q1,j2,0\n",
            {},
            "grades.csv: 'q1' has two texts in column 'dataset', 'x' and 'y'; every question needs its own name",
        ),
        (
            "query,model,prompt,j1,j2\nq1,a,1 + 1?,1,0\nq1,b,1  + 1?,1,1\nq2,a,a,1,1\nq2,b,b,0,1\n",
            {},
            "grades.csv: 'q2' has two texts in column 'prompt', 'a' and 'b'; every question needs its own name",
        ),
        ("query,judge,verdict\nq1,j1,1\n,j1,1\n,j2,0\n", {}, "grades.csv: query number 2 has no name"),
        ("query,judge,verdict\nq1,j1,1\nq1 ,j2,1\n", {}, "grades.csv: query names 'q1' and 'q1 ' differ only in white"),
        ("query,model,j1,j2\nq1,a,1,1\nq1,,1,0\n", {}, "grades.csv: model number 2 has no name"),
        ("j1,j2,j3\n1,0,1\n0,0,1\n", {}, "grades.csv: nothing names the items, and the first column, 'j1', holds"),
        (
            "query,j1,j2\nq1,9,8\nq2,3,eight\n",
            {"threshold": 7},
            "data.threshold: the label 'eight' of grades.csv is no number",
        ),
        (WIDE, {"threshold": 1, "right": "1"}, "data.threshold: data.right says which labels mean right already"),
        (WIDE, {"threshold": "x"}, "data.threshold: 'x' is not a finite number"),
    ],
)
def test_bad_tables_are_one_line(tmp_path, table, keys, message):
    with pytest.raises(InputError) as raised:
        RatersSource(write(tmp_path, table), **keys).load()
    assert str(raised.value).startswith(message), raised.value
    assert "\n" not in str(raised.value)


def test_an_absent_file(tmp_path):
    with pytest.raises(InputError, match=r"votes\.csv"):
        RatersSource(str(tmp_path / "votes.csv")).load()
    with pytest.raises(InputError, match="reads one table"):
        RatersSource(["a", "b"])  # type: ignore[arg-type]
