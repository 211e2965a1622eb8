"""Data frames and arrays give the matrix that a file of the same table gives."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cofail_lab as cl
from cofail_lab.data import frames
from cofail_lab.errors import InputError

TABLE = {
    "id": ["q1", "q2", "q3", "q4"],
    "a": [1, 0, 1, 0],
    "b": [False, False, True, False],
    "c": [1.0, None, 0.0, 0.0],
}
MIXED = {**TABLE, "b": [0, "no", True, "wrong"]}
ANSWERS = [(query, model, TABLE[model][i]) for i, query in enumerate(TABLE["id"]) for model in "abc"]
LONG = {
    "query": [query for query, _, _ in ANSWERS],
    "model": [model for _, model, _ in ANSWERS],
    "correct": [None if right is None else int(right) for _, _, right in ANSWERS],
}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(TABLE),
        pd.DataFrame(TABLE).set_index("id"),
        pd.DataFrame(TABLE).set_index(pd.Index(TABLE["id"])).drop(columns="id"),
        pl.DataFrame(TABLE),
        pa.table(TABLE),
        pd.DataFrame(MIXED),
        pl.LazyFrame(TABLE),
        nw.from_native(pd.DataFrame(TABLE)),
        nw.from_native(pl.LazyFrame(TABLE)),
        pa.RecordBatch.from_pydict(TABLE),
        pd.DataFrame(TABLE).convert_dtypes(),
        pd.DataFrame(TABLE).convert_dtypes(dtype_backend="pyarrow"),
        pd.DataFrame(TABLE).astype("category"),
        pd.DataFrame({**TABLE, "c": [1, pd.NA, 0, False]}),
        pl.DataFrame(TABLE).with_columns(pl.col("c").fill_null(float("nan"))),
        pd.DataFrame(LONG),
        pl.DataFrame(LONG),
        pd.DataFrame(LONG).set_index(["query", "model"]),
        pd.DataFrame(LONG).pivot(index="query", columns="model", values="correct"),
    ],
    ids=[
        *("pandas", "named index", "nameless index", "polars", "arrow", "mixed", "lazy", "narwhals", "lazy narwhals"),
        *("record batch", "nullable", "arrow in pandas", "category", "NA", "nan in polars"),
        *("long", "long polars", "long index", "pivot"),
    ],
)
def test_every_frame_gives_the_same_outcomes(frame: Any) -> None:
    outcomes = cl.load_outcomes(frame)
    assert (outcomes.queries, outcomes.models) == (("q1", "q3", "q4"), ("a", "b", "c"))
    assert outcomes.wrong.tolist() == [[False, True, False], [False, False, True], [True, True, True]]
    assert outcomes.left_out is not None
    assert outcomes.left_out.n_queries == 1
    assert cl.certify(frame, delta=0.1) == cl.certify(outcomes, delta=0.1)
    assert cl.from_dataframe(frame, models=["a", "b"]).n_queries == 4


def test_a_frame_may_need_words() -> None:
    shares = pd.DataFrame({"name": ["x", "y"], "a": [0.2, 0.9], "b": [1, 0.4]})
    with pytest.raises(InputError, match=r"data frame: .*data.threshold="):
        cl.load_outcomes(shares)
    outcomes = cl.from_dataframe(shares, "name", threshold=0.5)
    assert outcomes.wrong.tolist() == [[True, False], [False, True]]
    np.testing.assert_array_equal(outcomes.per_cell["frac"], [[0.2, 1], [0.9, 0.4]])
    for odd in (3, {"a": [1]}, pd.Series([1, 0])):
        with pytest.raises(InputError, match=r"data frame: a \w+ is none; accepted: pandas"):
            cl.certify(odd)
    with pytest.raises(InputError, match="data frame: no columns"):
        cl.load_outcomes(pd.DataFrame())


def test_arrays_say_which_value_is_right() -> None:
    right = np.array([[1, 0, np.nan], [0, 0, 0], [1, 1, 0]])
    outcomes = cl.load_outcomes(right)
    assert outcomes.queries == ("row 2", "row 3")
    assert outcomes.models == ("model 1", "model 2", "model 3")
    assert outcomes.wrong.tolist() == [[True, True, True], [False, False, True]]
    assert outcomes.notes[0] == "1 and True of the array were taken for right, 0 and False for wrong."
    assert cl.certify(right[1:].astype(bool)) == cl.certify(outcomes)
    with pytest.raises(InputError, match=r"array: row 1, column 0: 2 is not 1 \(right\)"):
        cl.load_outcomes(np.array([[1, 0], [2, 1]]))
    for shape in ((3,), (0, 2)):
        with pytest.raises(InputError, match="a row per query and a column per model"):
            cl.load_outcomes(np.ones(shape))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(np.array([[1, 0], [0, 0], [1, 1]])),
        pd.DataFrame([[1, 0], [0, 0], [1, 1]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
        pd.DataFrame({"a": pd.array([1, 0, 1], "Int64"), "b": [0, "no", True]}),
        pl.DataFrame({"a": pl.Series(["yes", "no", "yes"], dtype=pl.Categorical), "b": [0, 0, 1]}),
    ],
    ids=["numbered columns", "two levels", "nullable", "categorical"],
)
def test_odd_frames(frame: Any) -> None:
    assert cl.load_outcomes(frame).wrong.tolist() == [[False, True], [True, True], [False, False]]


def test_frames_that_cannot_be_read_say_so() -> None:
    twice = pd.DataFrame([[1, 0, 1]], columns=["a", "a", "b"])
    both = pd.DataFrame({1: [1, 0], "1": [0, 1]})
    for frame in (twice, both, pd.DataFrame({"a": [1]}, index=pd.Index(["q"], name="a"))):
        with pytest.raises(InputError, match="data frame: "):
            cl.load_outcomes(frame)
    with pytest.raises(InputError, match="threshold: 'x'"):
        cl.from_dataframe(pd.DataFrame({"a": [0.5, 1]}), threshold="x")  # type: ignore[arg-type]


def test_a_frame_with_a_row_per_answer_may_have_other_names() -> None:
    frame = pl.DataFrame(LONG).rename({"query": "item", "model": "llm", "correct": "grade"})
    frame = frame.with_columns(cost=pl.lit(0.5), noise=pl.lit("x"))
    outcomes = cl.from_dataframe(frame, model="llm", right="grade")
    assert outcomes.models == ("a", "b", "c")
    assert outcomes.wrong.tolist() == cl.from_dataframe(pd.DataFrame(TABLE)).wrong.tolist()
    assert (outcomes.per_cell["cost"] == 0.5).all()
    with pytest.raises(InputError, match="data frame: right= is needed too, one of the columns item, llm"):
        cl.from_dataframe(frame, model="llm")
    with pytest.raises(InputError, match="data frame: no column model='who' among item, llm"):
        cl.from_dataframe(frame, model="who", right="grade")
    # Two answers of one model to one query are two runs, as in a file.
    twice = pd.concat([pd.DataFrame(LONG), pd.DataFrame(LONG)])
    assert cl.from_dataframe(twice).per_cell["samples"].shape == (3, 3, 2)


def test_what_an_array_masks_or_lacks_is_missing_and_never_wrong() -> None:
    right = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    masked = np.ma.masked_array(right, mask=[[False, True], [False] * 2, [False] * 2, [False] * 2])
    objects = right.astype(object)
    objects[0, 1] = None
    for array in (masked, objects):
        outcomes = cl.load_outcomes(array)
        assert outcomes.queries == ("row 2", "row 3", "row 4")
        assert outcomes.wrong.tolist() == (right[1:] == 0).tolist()
    with pytest.raises(InputError, match="array: shape"):
        cl.load_outcomes(np.array([["yes", "no"]], dtype=object))


def test_options_of_files_are_refused_for_what_is_in_memory() -> None:
    for options in ({"format": "csv"}, {"join": "id"}, {"scorer": "b"}, {"filter": "x"}):
        with pytest.raises(InputError, match=f"{next(iter(options))}: only for files"):
            cl.load_outcomes(pd.DataFrame(TABLE), **options)
    with pytest.raises(InputError, match="threshold: only for files"):
        cl.load_outcomes(np.eye(3), threshold=0.5)


def test_errors_and_ungraded_answers_are_treated_each_as_told() -> None:
    frame = pd.DataFrame(
        {"query": ["1", "2", "3", "4"], "a": ["1", "0", "error", "unscored"], "b": ["1", "1", "1", "1"]}
    )
    assert frames.from_dataframe(frame).queries == ("1", "2")
    failed = frames.from_dataframe(frame, errors="wrong")
    assert (failed.queries, failed.wrong[:, 0].tolist()) == (("1", "2", "3"), [False, True, True])
    assert frames.from_dataframe(frame, unanswered="wrong").queries == ("1", "2", "4")


def test_columns_of_a_frame_with_a_row_per_answer_by_their_names() -> None:
    """The most telling name of each kind, wherever it stands; of grades `correct` before `score`."""
    found = frames._long_columns(["score", "correct", "id", "Query", "model_name", "model"], None, None, None)
    assert found == ("Query", "model", "correct")
    assert frames._long_columns(["query", "model", "score"], None, None, None) == ("query", "model", "score")
    assert frames._long_columns(["query", "gpt"], None, None, None) is None
    stated = frames._long_columns(["query", "model", "who", "correct", "hit", "item"], "item", "who", "hit")
    assert stated == ("item", "who", "hit")
