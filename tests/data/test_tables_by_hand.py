"""Small files whose rows, columns and cells are told apart, and what is said of them."""

import codecs
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data.dialect import check_text, find_dialect
from cofail_lab.data.digits import _grades
from cofail_lab.data.parquet import read_parquet
from cofail_lab.data.published import published_pools
from cofail_lab.data.readers import record_files
from cofail_lab.data.readers.raters import _are_labels
from cofail_lab.data.released import _parts, find_released
from cofail_lab.data.tables import Sheet, coded, read_columns, read_rows
from cofail_lab.errors import InputError
from cofail_lab.exact_counts import count_dtype
from cofail_lab.grades import Cell, Grades


def test_rows_of_a_sheet_are_counted_with_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = Sheet(["query", "right"], [["a", "1"], ["b", ""]])
    monkeypatch.setattr(record_files, "read_sheet", lambda path: sheet)
    found = [*record_files.read_file(Path("log.xlsx"), None, None)]
    assert [(record.where, record.fields) for record in found] == [
        ("log.xlsx: line 2", {"query": "a", "right": "1"}),
        ("log.xlsx: line 3", {"query": "b"}),
    ]


def test_a_column_of_structs_is_refused_and_one_of_repeated_texts_is_not(tmp_path: Path) -> None:
    texts = pa.array(["x", "x", "y"]).dictionary_encode()
    for name, column in (("texts", texts), ("structs", pa.array([{"a": 1}] * 3))):
        pq.write_table(pa.table({"query": ["p", "q", "r"], "m": column}), tmp_path / f"{name}.parquet")
    assert read_parquet(tmp_path / "texts.parquet", most_cells=6)["m"].to_pylist() == ["x", "x", "y"]
    with pytest.raises(InputError, match=r"^structs\.parquet: column 'm' holds struct<a: int64>, not numbers or text$"):
        read_parquet(tmp_path / "structs.parquet", most_cells=6)
    with pytest.raises(InputError, match=r"3 rows x 2 columns; at most 5 cells"):
        read_parquet(tmp_path / "texts.parquet", most_cells=5)


def test_a_dataset_has_every_model_that_answered_some_of_it() -> None:
    """b lacks one query of the second dataset, and c all of it: the dataset has two models and two queries."""
    right, wrong, missing = Cell.RIGHT, Cell.WRONG, Cell.MISSING
    rows = [[right, wrong, right], [wrong, right, wrong], [right, wrong, missing], [wrong, wrong, missing]]
    cells = np.array([*rows, [right, missing, missing]], np.int8)
    dataset = {"dataset": np.array(["one", "one", "two", "two", "two"], object)}
    parts = dict(_parts(Grades(cells, tuple("pqrst"), tuple("abc"), "made", dataset), "f.json"))
    two = parts["f.json, dataset two"]
    assert (two.models, two.queries, two.n_all_wrong) == (("a", "b"), ("r", "s"), 1)
    assert parts["f.json, dataset one"].models == ("a", "b", "c") and parts["f.json"].queries == ("p", "q")


def test_trained_digits_are_counted_by_digit() -> None:
    arrays = {
        "cells": np.zeros((5, 4), np.int8),
        "queries": np.array(list("abcde")),
        "models": np.array(list("wxyz")),
        "features": np.zeros((5, 64)),
        "dataset": np.array(["digit 1", "digit 2", "digit 3", "digit 1", "digit 2"]),
        "family": np.array(["f", "f", "g", "g"]),
        "confidence": np.ones((5, 4)),
        "cost": np.ones((5, 4)),
        "samples": np.ones((5, 4, 2), bool),
    }
    assert _grades(arrays, "made").notes[0] == (
        "A pool of 4 scikit-learn classifiers of 2 families, trained on 75 of the bundled digits and graded on the "
        "other 5; made."
    )


def test_counts_are_exact_in_the_smaller_type_up_to_its_last_whole_number() -> None:
    assert [count_dtype(n) for n in (2**24 - 1, 2**24)] == [np.float32, np.float64]
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"query,a\nx,1\n", True),
        (codecs.BOM_UTF16_LE + "query,a".encode("utf-16-le"), True),
        (codecs.BOM_UTF16_BE + "query,a".encode("utf-16-be"), True),
        ("query,a".encode("utf-16-le"), False),
        (codecs.BOM_UTF32_LE + "query,a".encode("utf-32-le"), False),
        (b"query\0a", False),
    ],
)
def test_bytes_that_are_zero_are_text_only_in_utf_16_with_its_mark(tmp_path: Path, content: bytes, text: bool) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    if text:
        check_text(tmp_path / "t.csv")
    else:
        with pytest.raises(InputError, match="not a text table: it has bytes that are zero"):
            check_text(tmp_path / "t.csv")


def test_texts_are_numbered_in_the_order_in_which_rows_have_them() -> None:
    """Whatever the order of a dictionary is, and though it holds a text twice, or one that no row has."""
    column = pa.DictionaryArray.from_arrays(pa.array([2, 0, None, 3, 2]), pa.array(["b", "odd", "a", "b"]))
    codes, texts = coded(column, "made")
    assert (codes.tolist(), texts) == ([0, 1, 2, 1, 0], ["a", "b", ""])
    codes, texts = coded(["z", "y", "z"], "made")
    assert (codes.tolist(), texts) == ([0, 1, 0], ["z", "y"])


def test_rows_of_a_text_have_the_lines_of_their_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('sep=;\nquery;a\n\nx;"1\n2"\ny;3\n')
    assert [*read_rows(path)] == [(2, ["query", "a"]), (5, ["x", "1\n2"]), (6, ["y", "3"])]
    path.write_text("query,a\nx,1,2\n")
    with pytest.raises(InputError, match=r"^t\.csv: line 2 has 3 cells, the header has 2; "):
        list(read_rows(path))


@pytest.mark.parametrize(("mark", "form"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")])
def test_both_orders_of_utf_16_are_read(tmp_path: Path, mark: bytes, form: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(mark + "query\tä\nx\t1\n".encode(form))
    assert find_dialect(path) == ("\t", "utf-16", False)
    assert [row for _, row in read_rows(path)] == [["query", "ä"], ["x", "1"]]
    assert {name: column.to_pylist() for name, column in read_columns(path, {"ä"}).items()} == {"ä": ["1"]}


def test_queries_are_no_labels_of_raters() -> None:
    assert _are_labels([("yes", ""), (" no ", "")], [["yes", "no"], ["no ", "yes"]])
    assert not _are_labels([("yes", ""), ("q1", "")], [["yes", "no"], ["no", "yes"]]) and not _are_labels([], [["yes"]])


def test_two_models_are_a_cascade_where_the_first_has_confidences(tmp_path: Path) -> None:
    rows = {f"q{i}": {"dataset": "d", "models": {m: {"correct": i % 2} for m in "ab"}} for i in range(4)}
    (tmp_path / "two.json").write_text(json.dumps(rows))
    found = find_released(str(tmp_path), published_pools(), 0.048)
    assert found.cascades == () and found.others == ("two.json: 2 models, 4 queries, none of the published pools",)
