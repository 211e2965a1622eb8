"""Names, layouts, dialects, frames, models and prices, each by hand and on both sides of its limits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import layout, model_info, names, prices, records
from cofail_lab.data.auto import AutoSource, _by_name
from cofail_lab.data.cells import TextColumns, read_texts
from cofail_lab.data.counts import CountsSource
from cofail_lab.data.dialect import _merit, find_dialect
from cofail_lab.data.frames import _is_nan, array_grades, frame_grades
from cofail_lab.data.systems import name_systems, told_apart
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import grades_of, write

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


def test_names_in_sentences() -> None:
    assert [names.shorten("x" * n, 5) for n in (4, 5, 6)] == ["xxxx", "xxxxx", "xxxx…"]
    assert [names.list_names([*"abcdef"][:n], 3) for n in (2, 3, 4)] == ["a, b", "a, b, c", "a, b, c, ..."]
    assert [names.counted(n, "query") for n in (0, 1, 2, 1200)] == [
        "0 queries",
        "1 query",
        "2 queries",
        "1,200 queries",
    ]
    assert names.counted(2, "pair") == "2 pairs"
    assert names.clean_text("a\ud800") == "a?" and names.clean_text("é") == "é"
    assert names.check_names(["a", " "], "column", "f", blank=True) == ("a", " ")
    for bad, why in (
        (["a", " "], "query number 2 has no name"),
        (["a", "a"], "appears twice"),
        (["a b", "a  b"], "white"),
    ):
        with pytest.raises(InputError, match=why):
            names.check_names(bad, "query", "f")


def table(*rows: str) -> tuple[list[str], TextColumns]:
    header, *cells = ([*row.split(",")] for row in rows)
    return header, TextColumns.of(cells, len(header))


def found(*rows: str, **more: Any) -> layout.Layout:
    header, cells = table(*rows)
    return layout.find_layout(header, cells, read_texts(cells, more.get("threshold")), "f.csv", **more)


@pytest.mark.parametrize(
    ("column", "threshold", "holds"),
    [
        ("1 0 1 x", None, True),
        ("1 0 x y", None, True),  # half
        ("1 x y", None, False),
        ("1 x  ", None, True),  # half of what is filled
        ("   ", None, None),
        ("0.5 0.2 1", None, True),
        ("0.5 0.2 0.7", None, False),
        ("0.5 0.2 0.7", 0.6, True),
        ("1 0 7", None, True),
        ("1 0 7 8", None, True),
        ("1 7 8", None, False),
        ("1 7 8", 0.5, False),
        ("1 7 8", 5.0, True),
        ("1 -1 0.5", 0.5, False),
    ],
)
def test_which_columns_hold_grades(column: str, threshold: float | None, *, holds: bool | None) -> None:
    cells = TextColumns.of([[text] for text in column.split(" ")], 1)
    assert layout._holds_grades(cells.codes[:, 0], read_texts(cells, threshold), 0, threshold) is holds


def test_where_things_are_in_a_wide_table() -> None:
    made = found("id,Category,question,m,n,tokens,note", "q,x,What?,1,0,7,y", "r,y,Why?,0,1,8,z")
    assert (made.query, made.dataset, made.prompt, made.models, made.aside) == (0, 1, 2, (3, 4), (5, 6))
    assert made.notes == (
        "Column 'id' was taken for the names of the queries.",
        "2 columns without grades set aside: tokens, note.",
        "Column 'Category' was taken for the dataset of a query.",
        "Column 'question' was taken for the prompt of a query.",
    )
    assert found("query,dataset,prompt,m,", "q,x,a,1,", "r,y,b,0,").notes == ()
    assert found("m,n", "1,0", "0,1").notes == (layout.NUMBERED,)
    assert found("who,m,n", "q,1,0", "r,0,1").notes == (
        "The first column, 'who', was taken for the names of the queries.",
    )
    by = found("id,dataset,m", "q,x,1", "q,y,0")
    assert by.by_dataset and by.notes == ("Column 'id', with the dataset, was taken for the names of the queries.",)
    wanted = found("id,dataset,m", "q,x,1", "q,y,0", query_column="id")
    assert (wanted.query, wanted.by_dataset, wanted.notes) == (0, True, ())
    # A word that may be called so for another reason names queries only where no two are alike.
    assert found("task,m,n", "x,1,0", "y,0,1").query == 0
    weak = found("task,m,n", "x,1,0", "x,0,1")
    assert (weak.query, weak.dataset, weak.notes[0]) == (None, 0, layout.NUMBERED)
    for rows, why in (
        (("id,m", "q,1", "q,0"), "column 'id' has 'q' 2 times"),
        (("id,m", "q,1", ",0"), "column 'id' is blank in 1 row"),
        (("a,b", "x,1", "x,0"), "no column names the queries"),
        (("1,0,1", "1,0,1"), "the first line, '1,0,1', holds grades"),
    ):
        with pytest.raises(InputError, match=why):
            found(*rows)


def test_a_published_accuracy_as_a_count() -> None:
    """83.6% of 330 is 275.55 to 276.21: 276; 84% is 275.55 to 278.85, of which the smallest is 276."""
    made = [CountsSource(17, 330, 67, best_accuracy=share).load() for share in (0.836, 0.84)]
    assert [one.best_correct for one in made] == [276, 276]
    assert made[0].notes == ("Accuracy 0.836 of 330 queries was read as 276 right answers.",)
    assert made[1].notes[0].endswith("276 right answers (up to 278 would round to it too; the smallest is used).")
    assert CountsSource(1, 10, 2, best_correct=7).load().notes == ()
    assert (
        CountsSource(0, 8, 2, best_accuracy=1.0).load().best_correct,
        CountsSource(0, 8, 2, best_accuracy=0.0).load().best_correct,
    ) == (8, 0)
    for wrong in ({"best_accuracy": 0.123}, {}, {"best_accuracy": 0.5, "best_correct": 5}):
        with pytest.raises(InputError):
            CountsSource(1, 10, 2, **wrong).load()  # type: ignore[arg-type]


def test_the_delimiter_that_splits_best(tmp_path: Path) -> None:
    text = "query;a,b;c\nq;1,5;0\nr;0,5;1\ns;1;0\nt;1,"
    assert find_dialect(Path(write(tmp_path, text))).delimiter == ";"
    # Of five rows the last may be cut: all four others have the two delimiters of the header.
    assert _merit(text, ";") == 2 and _merit(text, ",") == pytest.approx(1 * 3 / 4) and _merit(text, "|") == 0
    assert _merit("a,b", ",") == 1 and _merit("", ",") == 0
    assert _merit("a,b\nc,d\ne\nf,g\nh", ",") == pytest.approx(3 / 4)


def test_arrays_and_frames() -> None:
    found_ = array_grades(np.array([[1, 0], [np.nan, 1]]))
    assert (found_.queries, found_.models) == (("row 1", "row 2"), ("model 1", "model 2"))
    assert found_.cells.tolist() == [[RIGHT, WRONG], [MISSING, RIGHT]]
    masked = array_grades(np.ma.masked_array([[1, 0], [0, 1]], mask=[[0, 1], [0, 0]]))
    assert masked.cells.tolist() == [[RIGHT, MISSING], [WRONG, RIGHT]]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"m": [1, "error", float("nan")], "n": [0, 1, None]})
    made = frame_grades(frame)
    assert made.cells.tolist() == [[RIGHT, WRONG], [ERROR, RIGHT], [MISSING, MISSING]]
    assert made.queries == ("row 1", "row 2", "row 3")
    named = frame_grades(frame.set_index(pandas.Index(["x", "y", "z"], name="query")))
    assert named.queries == ("x", "y", "z")
    assert frame_grades(frame.set_index(pandas.Index([5, 6, 7]))).queries == made.queries
    assert [_is_nan(value) for value in (float("nan"), 0.0, "nan", None)] == [True, False, False, False]


def test_tables_that_no_reader_recognises(tmp_path: Path) -> None:
    csv = Path(write(tmp_path, "a,b\n1,0\n0,1\n", "t.csv"))
    assert _by_name(csv) == ("csv", "a table that no other reader recognises")
    assert _by_name(Path(write(tmp_path, "x", "t.txt"))) is None and _by_name(tmp_path / "absent.csv") is None
    parquet = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 0], "b": [0, 1]}), parquet)
    assert _by_name(parquet) == ("parquet", "a table that no other reader recognises")
    write(tmp_path, "query,model,correct\nq,a,1\nq,b,0\nr,a,0\nr,b,1\n", "long.csv")
    unknown = write(tmp_path, "hello", "notes.txt")
    # In a folder a stranger is passed over; one that is named itself is refused.
    assert AutoSource(str(tmp_path / "long.csv")).load().models == ("a", "b")
    with pytest.raises(InputError, match=r"notes\.txt: of no known format"):
        AutoSource([str(tmp_path / "long.csv"), unknown]).load()


def test_models_and_their_prices(tmp_path: Path) -> None:
    text = "name,price_in,price_out,released,tier\nlab/a,0,2.5,2024-01-01,big\nlab/b,,1,,\nother/b,1,1,,\n"
    info = model_info.read_model_info(write(tmp_path, text, "models.csv"))
    assert info["lab/a"] == {
        "usd_per_mtok_in": "0",
        "usd_per_mtok_out": "2.5",
        "release_date": "2024-01-01",
        "tier": "big",
    }
    grades = grades_of([[0, 1, 0]], "q", "abc", per_model={"tier": np.array(["", "own", ""], object)})
    made = model_info.attach(grades, str(tmp_path / "models.csv"))
    assert made.per_model["tier"].tolist() == ["big", "own", ""]
    np.testing.assert_array_equal(made.per_model["usd_per_mtok_in"], [0, np.nan, np.nan])
    assert made.notes[0] == "Looked up in models.csv without their provider: a as lab/a."
    assert made.notes[1].startswith("2 of 3 models are not in models.csv: b, c")
    for price in ("-1", "x", "inf", "nan"):
        with pytest.raises(InputError, match="is not a number of dollars"):
            model_info._check_price(price, "w")
    own, looked = np.array([1.0, np.nan]), np.array([7.0, 8.0])
    assert model_info._fill_unknown(own, looked).tolist() == [1, 8]
    assert model_info._fill_unknown(None, looked).tolist() == [7, 8]


def test_costs_from_tokens() -> None:
    """Two million tokens at 3 dollars and half a million at 10 are 11 dollars; a cost of the log is kept."""
    tokens = {"tokens_in": np.array([[2e6, 1e6], [np.nan, 1e6]]), "tokens_out": np.array([[5e5, 0], [1, 0]])}
    per_model = {"usd_per_mtok_in": np.array([3.0, 1.0]), "usd_per_mtok_out": np.array([10.0, 1.0])}
    cost = np.array([[np.nan, 0.25], [np.nan, np.nan]])
    grades = grades_of([[0, 1], [0, 1]], "qr", "ab", per_model=per_model, per_cell={**tokens, "cost": cost})
    made = prices.with_costs(grades, "a list")
    np.testing.assert_allclose(made.per_cell["cost"], [[11, 0.25], [np.nan, 1]])
    assert made.notes == ("2 costs were computed from tokens and the prices of a list.",)
    bare = replace(grades, per_model={})
    assert prices.with_costs(bare, "a list") is bare


def test_logs_of_one_model() -> None:
    logs = [
        grades_of([[0], [1]], "qr", "a", f"log{i}", settings={"a": {"temperature": t, "shots": "5"}})
        for i, t in enumerate(("0", "0", "1"))
    ]
    paths = [Path(f"x/{i}/log.json") for i in range(3)]
    made = name_systems(logs, paths)
    assert [part.models for part in made] == [("a (temperature=0)",), ("a (temperature=0)",), ("a (temperature=1)",)]
    assert made[0].notes == (
        "a: 2 logs or groups of logs with other settings, kept apart: (temperature=0), (temperature=1); "
        "data.name=model takes them for one.",
        "2 logs taken for repeated runs of a (temperature=0): 0/log.json, 1/log.json; data.name='{model} "
        "({folder}/{file})' keeps them apart.",
    )
    alike_ = name_systems(logs[:2], paths[:2])
    assert [part.models for part in alike_] == [("a",), ("a",)] and len(alike_[0].notes) == 1
    assert [part.models for part in name_systems(logs, paths, "folder")] == [("0",), ("1",), ("2",)]
    assert told_apart([Path("/a/x/f"), Path("/b/x/f")]) == ["a/x/f", "b/x/f"] and told_apart([Path("/a/f")]) == ["f"]


def test_samples_are_numbered_within_their_cell() -> None:
    first, sample = records._sample_numbers(np.array([5, 2, 5, 7, 2, 5]))
    assert sample.tolist() == [0, 0, 1, 0, 1, 2] and first.tolist() == [1, 0, 3]
    first, sample = records._sample_numbers(np.array([5, 2, 7]))
    assert (first.tolist(), sample.tolist()) == ([0, 1, 2], [0, 0, 0])
    held = records.Records()
    for query, state, number in (("q", ERROR, 1.0), ("q", RIGHT, 2.0), ("r", MISSING, 3.0), ("r", WRONG, 4.0)):
        held.add(query, "m", state, tokens_in=number, tokens_out=10 * number, prompt=f"p{number}")
    held.add("r", "n", RIGHT, tokens_out=5.0)
    made = held.grades(source="s", sha256="x", notes=("N.",), join="id")
    assert made.cells.tolist() == [[ERROR, MISSING], [WRONG, RIGHT]]
    np.testing.assert_array_equal(made.per_cell["tokens"], [[11, np.nan], [44, 5]])
    assert made.per_query["prompt"].tolist() == ["p1.0", "p3.0"]
    assert made.notes == (
        "N.",
        "1 cell with repeated samples (at most 2); a cell is its first sample.",
        "1 cell not graded in the first sample but in a later one: the first one counts.",
        "2 queries with different prompts in other records; the first is kept.",
    )
