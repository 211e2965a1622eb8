"""Long tables: what is read, and one clear line for what cannot be."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.readers.long import LongSource
from cofail_lab.errors import InputError
from tests.data.cells import ERROR, LONG, MISSING, RIGHT, UNSCORED, WRONG, assert_same, write


def test_long_tables_hold_every_state_repeats_and_numbers(tmp_path: Path) -> None:
    grades = LongSource(write(tmp_path, LONG.replace("q2,b,unscored,y", "q2,b,unscored,x"), "long.csv")).load()
    assert grades.queries == ("q1", "q2", "q3")
    assert grades.cells.tolist() == [[RIGHT, WRONG], [ERROR, UNSCORED], [MISSING, MISSING]]
    assert grades.per_cell["samples"][0, 0].tolist() == [RIGHT, WRONG]
    np.testing.assert_array_equal(grades.per_cell["cost"], [[0.5, np.nan], [0, np.nan], [np.nan, np.nan]])
    assert grades.per_cell["at_limit"].tolist() == [[False, True], [False, False], [False, False]]
    assert list(grades.per_query["prompt"]) == ["one", "two", ""]
    assert "6 answers, graded by column 'correct'." in grades.notes


def test_long_parquet_is_the_same_as_long_csv(tmp_path: Path) -> None:
    text = LongSource(write(tmp_path, LONG, "long.csv")).load()
    table = pa.table(
        {
            "query": pa.array(["q1", "q1", "q2", "q2", "q1", "q3"]).dictionary_encode(),
            "model": pa.array(["a", "b", "a", "b", "a", "b"], pa.large_string()),
            "correct": ["1", "0", "error", "unscored", "0", None],
            "dataset": ["x", "x", "x", "y", "x", "x"],
            "cost": [0.5, None, 0, None, 9.0, float("nan")],
            "tokens_out": pa.array([10, 20, None, None, 9, None], pa.int32()),
            "prompt": ["one", "one", "two", "two", "one", None],
            "at_limit": [False, True, None, None, None, None],
        }
    )
    pq.write_table(table, tmp_path / "long.parquet")
    assert_same(text, LongSource(str(tmp_path / "long.parquet")).load())


def test_scores_are_graded_by_a_stated_rule(tmp_path: Path) -> None:
    path = write(tmp_path, "query,model,score,f1\nq1,a,.7,1\nq1,b,.2,0\nq2,a,.9,1\nq2,b,,1\n", "long.csv")
    with pytest.raises(InputError, match=r"query 'q1', model 'a', column 'score': score '.7' is neither 0 nor 1"):
        LongSource(path).load()
    grades = LongSource(path, threshold=0.5).load()
    assert grades.cells.tolist() == [[RIGHT, WRONG], [RIGHT, MISSING]]
    np.testing.assert_array_equal(grades.per_cell["score"], [[0.7, 0.2], [0.9, np.nan]])
    assert any("column 'score', right from 0.5 on" in note for note in grades.notes)
    assert LongSource(path, scorer="f1").load().cells.tolist() == [[RIGHT, WRONG], [RIGHT, RIGHT]]
    assert load_outcomes(path, scorer="f1").n_queries == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("query,model\nq,a\n", "no column 'correct' or 'score'"),
        ("query,correct\nq,1\n", "no column 'model'"),
        ("query,model,correct\nq,a,1\n,a,1\n", "row 2 has no query"),
        ("query,model,correct\nq,a,1\nq, ,1\n", "row 2 has no model"),
        ("query,model,correct\nq,a,maybe\n", "query 'q', model 'a', column 'correct': 'maybe' is not a score"),
        ("query,model,correct,cost\nq,a,1,-2\n", "column 'cost': -2 is not a number >= 0"),
        ("query,model,correct,cost\nq,a,1,inf\n", "column 'cost': 'inf' is not a finite number"),
        ("query,model,correct,cost\nq,a,1,cheap\n", "column 'cost': 'cheap' is not a finite number"),
        ("query,model,correct\nq,a,1\nq,b\n", "line 3 has 2 cells, the header has 3"),
        ("query,model,correct,query\nq,a,1,z\n", "column 'query' appears twice"),
        ("query,model,correct\n", "no graded answer in it"),
        (b"query,model,correct\nq\xff,a,1\n", "not UTF-8 text (byte 0xff)"),
        (
            "query,model,correct,dataset\nq,a,1,x\nq,b,1,y\nq,c,1,\n",
            "'q' without a dataset is ambiguous, because queries of that name are in x, y",
        ),
    ],
)
def test_long_tables_that_cannot_be_read(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(InputError) as error:
        LongSource(write(tmp_path, text, "long.csv")).load()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_text_that_is_stored_once_stays_stored_once(tmp_path: Path) -> None:
    """A Parquet bomb: a 2 MB prompt on 5,000 rows would be 10 GB as plain text."""
    n = 5000
    prompt = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array(["x" * 2_000_000]))
    table = pa.table(
        {
            "query": [f"q{i % 2500}" for i in range(n)],
            "model": ["ab"[i // 2500] for i in range(n)],
            "correct": [1] * n,
            "prompt": prompt,
        }
    )
    pq.write_table(table, tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 3e6
    grades = LongSource(str(tmp_path / "bomb.parquet")).load()
    assert len(grades.per_query["prompt"]) == 2500
    assert len({id(text) for text in grades.per_query["prompt"]}) == 1


def test_correct_decides_before_a_score_wherever_it_stands() -> None:
    source = LongSource("x.csv")
    assert source._grade(["query", "model", "score", "correct"], "x.csv") == "correct"
    assert source._grade(["score", "model", "query"], "x.csv") == "score"
