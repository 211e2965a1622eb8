"""Small files whose rows, columns and cells are told apart, and what is said of them."""

import codecs
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data.dialect import check_text
from cofail_lab.data.digits import _grades
from cofail_lab.data.parquet import read_parquet
from cofail_lab.data.readers import record_files
from cofail_lab.data.released import _parts
from cofail_lab.data.tables import Sheet
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
