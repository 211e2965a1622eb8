"""Ratings, tables that are written and read, and columns of every kind: small inputs without two equal numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.data.cells import TextColumns, read_texts
from cofail_lab.data.layout import _holds_grades
from cofail_lab.data.ratings import MISSING, Ratings
from cofail_lab.data.readers.raters import _matching, _values
from cofail_lab.data.readers.record_files import _only_list, _plain, stem
from cofail_lab.data.readers.suggestion import suggest
from cofail_lab.data.readers.wide import _kept_scores, _queries_in_rows, wide_grades
from cofail_lab.data.tables import Sheet, numbers
from cofail_lab.data.wide_writer import wide_tables
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

RATED = Ratings(
    ("q2", "q2", "q1", "q1"),
    ("b", "a", "b", "a"),
    ("ann", "bob"),
    np.array([[0, 1], [MISSING, 2], [2, 0], [1, 1]]),
    ("no", "yes", "well"),
    np.array([False, True, True]),
    np.array([1, 0, MISSING, 2]),
    "votes.csv",
)


def test_votes_groups_and_the_matrix_of_ratings() -> None:
    assert RATED.votes.tolist() == [[0, 1], [MISSING, 1], [1, 0], [1, 1]]
    assert RATED.true_votes is not None and RATED.true_votes.tolist() == [1, 0, MISSING, 1]
    assert RATED.groups.tolist() == [0, 0, 1, 1]
    grades = RATED.grades(np.array([1, 0, MISSING, 1]), "majority")
    right, wrong, missing = Cell.RIGHT, Cell.WRONG, Cell.MISSING
    assert (grades.queries, grades.models, grades.source) == (("q2", "q1"), ("b", "a"), "votes.csv (majority)")
    assert grades.cells.tolist() == [[right, wrong], [missing, right]]
    assert replace(RATED, right=None).true_votes is None and replace(RATED, truth=None).true_votes is None
    with pytest.raises(InputError, match="labels such as 'no' do not say what is right"):
        _ = replace(RATED, right=None).votes


def test_labels_in_any_case_and_raters_by_pattern() -> None:
    place, values = _values(["Yes", "yes", "", "NO"], any_case=True)
    assert (place.tolist(), values) == ([0, 0, MISSING, 1], ("Yes", "NO"))
    place, values = _values(["Yes", "yes", "n/a"], any_case=False)
    assert (place.tolist(), values) == ([0, 1, MISSING], ("Yes", "yes"))
    names = ["ann", "bob", "rater*", "rater1"]
    assert _matching(names, ["r*", "ann"], Path("v.csv")) == ["ann", "rater*", "rater1"]
    assert _matching(names, "rater*", Path("v.csv")) == ["rater*", "rater1"]


def test_records_of_a_document() -> None:
    rows = [{"a": 1}]
    assert _only_list(rows, "f") is rows
    assert _only_list({"about": "x", "results": rows, "names": ["x"]}, "f") == rows
    assert _only_list({"a": 1}, "f") == [{"a": 1}]
    for document in ({"a": rows, "b": rows}, 3):
        with pytest.raises(InputError, match=r"^f: data\.records= must be the path"):
            _only_list(document, "f")
    assert [stem(Path(name)) for name in ("gpt-4.1.jsonl.gz", "a.JSON", "b.tsv.gz", "c")] == ["gpt-4.1", "a", "b", "c"]
    assert _plain(pa.scalar("1.50").cast(pa.decimal128(3, 2)).as_py()) == 1.5 and _plain(b"x") == "b'x'"


def test_a_mapping_is_suggested_from_the_first_value_of_each_field() -> None:
    said = suggest(
        ("query", "model"), "f.json", [{"task": {"id": 7}, "x": {"y": {"z": {"deep": 1}}}}, {"task": {"id": 8}}]
    )
    assert said == (
        "f.json: data.query=, data.model= must name a field; these look like: data.query=task.id data.model=@folder; "
        "fields: task.id (7), x.y.z.deep (1)"
    )
    assert "look like" not in suggest(("right",), "f", [{"a": 1}])


def test_a_table_of_models_in_rows_is_turned() -> None:
    sheet, notes = _queries_in_rows(Sheet(["Model", "q1", "q2"], [["a", "1", "0"], ["b", "", "1"], ["c", "0", "0"]]))
    assert (sheet.header, sheet.rows) == (["query", "a", "b", "c"], [["q1", "1", "", "0"], ["q2", "0", "1", "0"]])
    assert notes and "first column is 'Model'" in notes[0]
    numbered = wide_grades(Sheet(["a", "b"], [["1", "0"], ["", "1"]]), "t.csv")
    assert numbered.queries == ("row 1", "row 2") and numbered.cells[1, 0] == Cell.MISSING
    empty = wide_grades(Sheet(["query", "a", "b"], [["x", "error", "0"], ["y", "", "0"]]), "t.csv")
    assert [note for note in empty.notes if "no graded cell" in note] == ["Column 'a' has no graded cell."]


@pytest.mark.parametrize(
    ("cells", "threshold", "kept"),
    [
        ([["0.2", "1"]], 0.5, {"frac": [[0.2, 1]]}),
        ([["0.2", "1.5"]], 0.5, {"score": [[0.2, 1.5]]}),
        ([["-0.2", "1"]], 0.5, {"score": [[-0.2, 1]]}),
        ([["0.2", "1"]], None, {}),
        ([["x", ""]], 0.5, {}),
    ],
)
def test_numbers_are_kept_as_rates_where_they_can_be_such(cells: list, threshold: float | None, kept: dict) -> None:
    table = TextColumns.of(cells, 2)
    found, said = _kept_scores(table, read_texts(table, threshold).scores, threshold)
    assert {name: values.tolist() for name, values in found.items()} == kept
    assert len(said) == len(kept)


@pytest.mark.parametrize(
    ("column", "threshold", "holds"),
    [
        (["1", "0", "x", "y"], None, True),  # half of them
        (["1", "x", "y"], None, False),
        (["", "", ""], None, None),
        (["1", "0.5", "0.7", ""], None, True),  # of shares one is enough
        (["1", "5", "7"], None, False),
        (["0.5", "0.7"], None, False),
        (["0.5", "0.7"], 0.6, True),
        (["0.5", "7"], 0.6, False),  # no share, with a threshold that is one
        (["5", "7"], 6, True),
    ],
)
def test_which_columns_hold_grades(column: list[str], threshold: float | None, holds: bool | None) -> None:
    table = TextColumns.of([[text] for text in column], 1)
    assert _holds_grades(table.codes[:, 0], read_texts(table, threshold), 0, threshold) is holds


def test_columns_of_numbers_and_of_texts_of_numbers() -> None:
    for values in ([1, None, 3], [1.0, None, 3.0], ["1", "", "3"], ["1", " ", "3"]):
        column = pa.chunked_array([values[:1], values[1:]])
        assert np.array_equal(numbers(column, "w"), [1, np.nan, 3], equal_nan=True)
    for values in ([1.0, np.inf], ["1", "inf"], ["1", "x"]):
        with pytest.raises(InputError, match=r"^w: (infinity|'inf'|'x')"):
            numbers(pa.chunked_array([values]), "w")


def test_a_matrix_is_written_with_every_state_and_column() -> None:
    right, wrong, error, missing = Cell.RIGHT, Cell.WRONG, Cell.ERROR, Cell.MISSING
    samples = np.array([[[right, wrong], [error, missing]], [[missing, missing], [wrong, right]]], np.int8)
    grades = Grades(
        samples[..., 0],
        ("p", "q"),
        ("a", "b"),
        "made",
        per_query={"dataset": np.array(["d", "e"], object), "n_logs": np.array([2, 1]), "odd": np.array([1, 2])},
        per_model={"family": np.array(["f", float("nan")], object), "price": np.array([1.5, np.nan])},
        per_cell={
            "answer": np.array([["A", "B"], ["C", "D"]], object),
            "samples": samples,
            "cost": np.array([[1.0, np.nan], [3.0, 4.0]]),
        },
    )
    tables, left = wide_tables(grades)
    assert {name: table.to_pydict() for name, table in tables.items()} == {
        "grades": {"query": ["p", "q"], "dataset": ["d", "e"], "a": [1, None], "b": ["error", "0"]},
        "grades.costs": {"query": ["p", "q"], "a": [1.0, 3.0], "b": [None, 4.0]},
        "grades.samples": {"query": ["p", "q"], "a": ["1 0", ""], "b": ["error", "0 1"]},
        "grades.answers": {"query": ["p", "q"], "a": ["A", "C"], "b": ["B", "D"]},
        "grades.models": {"model": ["a", "b"], "family": ["f", ""], "price": [1.5, None]},
        "grades.logs": {"query": ["p", "q"], "n_logs": [2, 1]},
    }
    assert left == ["odd"]
