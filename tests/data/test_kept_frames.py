"""Data frames and arrays of every kind, whole: what becomes of each, or the words that refuse it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cofail_lab.data import frames
from cofail_lab.data.frames import _long_columns, array_grades, frame_grades
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.odd.outcomes import described
from tests.experiments.whole import keep

ANSWERS = {
    "Query": ["p", "p", "q", "q"],
    "query": ["x", "y", "z", "w"],
    "system": ["a", "b", "a", "b"],
    "score": [0.25, 0.75, None, 1.0],
    "correct": [1, 0, None, 1],
    "cost": [0.5, 0.25, 2.0, None],
    "dataset": ["d", "d", "e", "e"],
}
GRADES = {"id": ["p", "q", "r"], "a": [1, 0, 1], "b": ["yes", "error", ""], "hard": [3, 1, 2]}
FRAMES: dict[str, tuple[Any, dict[str, Any]]] = {
    "a row per answer": (pl.DataFrame(ANSWERS), {}),
    "another column of queries": (pl.DataFrame(ANSWERS), {"query": "query", "threshold": 0.5}),
    "another grade": (pl.DataFrame(ANSWERS), {"right": "score", "threshold": 0.5}),
    "another grade without a threshold": (pl.DataFrame(ANSWERS), {"right": "score"}),
    "another model": (pl.DataFrame(ANSWERS), {"model": "dataset", "right": "correct"}),
    "a model that is no column": (pl.DataFrame(ANSWERS), {"model": "llm"}),
    "a query that is no column": (pl.DataFrame(ANSWERS), {"query": "item", "right": "correct"}),
    "no grade": (pl.DataFrame(ANSWERS).drop("correct", "score"), {"model": "system"}),
    "no model": (pl.DataFrame(ANSWERS).drop("system"), {"right": "correct"}),
    "a row per query": (pl.DataFrame(GRADES), {}),
    "a row per query, named": (pd.DataFrame(GRADES).set_index("id"), {}),
    "a row per query, another column": (pl.DataFrame(GRADES), {"query": "hard"}),
    "a row per query, no such column": (pl.DataFrame(GRADES), {"query": "name"}),
    "numbers": (pd.DataFrame({"a": [0.25, 1.0], "b": [np.nan, 0.5]}), {"threshold": 0.5}),
    "values of several types": (pd.DataFrame({"a": [1, "no", None], "b": [True, 0.0, float("nan")]}), {}),
    "a date": (pl.DataFrame({"id": ["p"], "a": pl.Series(["2026-01-01"]).str.to_date()}), {}),
    "a column of lists": (pl.DataFrame({"id": ["p"], "a": [[1]]}), {}),
    "a blank name": (pd.DataFrame([["p", 1, 0]], columns=["id", "a", " "]), {}),
    "no columns": (pl.DataFrame(), {}),
    "no rows": (pl.DataFrame({"id": [], "a": []}), {}),
    "a stream of Arrow": (pa.RecordBatch.from_pydict(GRADES), {}),
    "a list": ([1, 0], {}),
}
ARRAYS: dict[str, Any] = {
    "numbers": np.array([[1, 0, np.nan], [0, 1, 1]]),
    "truth values": np.array([[True, False]]),
    "masked": np.ma.masked_array([[1, 0], [0, 1]], mask=[[0, 1], [0, 0]]),
    "objects": np.array([[1, None], [True, 0.0]], object),
    "objects that are no numbers": np.array([[1, "x"]], object),
    "a third value": np.array([[1, 0], [1, 0.5]]),
    "below 0": np.array([[1, -1]]),
    "one dimension": np.array([1, 0]),
    "nothing": np.zeros((0, 3)),
    "texts": np.array([["1", "0"]]),
    "complex numbers": np.array([[1j]]),
}


def said(make: Callable[[], Grades]) -> list[str]:
    try:
        return list(described(make()))
    except InputError as error:
        return [f"refused: {error}"]


def test_what_becomes_of_a_frame(tmp_path: Path) -> None:
    kept = []
    for title, (frame, keys) in FRAMES.items():
        kept += [f"{title}:", *(f"  {line}" for line in said(lambda f=frame, k=keys: frame_grades(f, **k)))]
    keep("frames", kept, tmp_path, exact=True)


def test_what_becomes_of_an_array(tmp_path: Path) -> None:
    kept = []
    for title, array in ARRAYS.items():
        kept += [f"{title}:", *(f"  {line}" for line in said(lambda a=array: array_grades(a)))]
    keep("arrays", kept, tmp_path, exact=True)


def test_the_cells_of_a_frame_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"id": ["p", "q", "r"], "a": [1, 0, 1], "b": [1, 0, 0]})
    monkeypatch.setattr(frames, "MAX_TEXT_CELLS", 9)
    assert frame_grades(frame).cells.shape == (3, 2)
    monkeypatch.setattr(frames, "MAX_TEXT_CELLS", 8)
    with pytest.raises(InputError, match=r"^data frame: 3 rows x 3 columns; use a NumPy array$"):
        frame_grades(frame)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_costs_may_be_missing_in_a_frame_of_any_library(library: Callable[[Any], Any]) -> None:
    cost = frame_grades(library(ANSWERS)).per_cell["cost"]
    assert cost.tolist()[0] == [0.5, 0.25] and np.isnan(cost[1]).all()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["MODEL", "model", "QUERY", "query", "score", "correct"], ("QUERY", "MODEL", "correct")),  # the first of each
        (["id", "query", "system", "model", "score"], ("query", "model", "score")),  # the most telling
        (["model", "correct"], None),
        (["query", "correct"], None),
        (["query", "model"], None),
        (["query", "model", "Correct"], None),
    ],
)
def test_which_columns_make_a_row_per_answer(names: list[str], found: tuple[str, str, str] | None) -> None:
    assert _long_columns(names, None, None, None) == found
