"""Wide files: what is read, and one clear line for what cannot be."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.counts import CountsSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import RIGHT, WRONG, write


def test_wide_files_join_and_keep_columns(tmp_path: Path) -> None:
    write(tmp_path, "query,a\nq1,1\nq2,0\n", "one.csv")
    write(tmp_path, "query,b\nq1,0\nq2,1\n", "two.csv")
    write(tmp_path, "model,family\nb,G\n", "two.models.csv")
    write(tmp_path, "query,b\nq1,3\nq2,4\n", "two.costs.csv")
    write(tmp_path, "query,b\nq2,\nq1,07\n", "two.answers.csv")
    write(tmp_path, "query,key\nq1,07\nq2,1\n", "two.key.csv")
    grades = WideSource(str(tmp_path)).load()
    assert grades.cells.tolist() == [[RIGHT, WRONG], [WRONG, RIGHT]]
    assert list(grades.per_model["family"]) == ["", "G"]
    np.testing.assert_array_equal(grades.per_cell["cost"], [[np.nan, 3], [np.nan, 4]])
    # Answers and keys stay texts, whatever they look like.
    assert grades.per_cell["answer"].tolist() == [["", "07"], ["", ""]]
    assert grades.per_query["key"].tolist() == ["07", "1"]


def test_companions_keep_to_their_ranges(tmp_path: Path) -> None:
    path = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "g.csv")
    for kind, bad, says in (
        ("costs", "-1", "'-1' is not a number >= 0 or empty"),
        ("frac", "1.2", r"'1.2' is not a number in \[0, 1\] or empty"),
        ("tokens", "inf", "'inf' is not a number >= 0"),
        ("scores", "x", "'x' is not a number or empty"),
        ("samples", "1 2", "'2' is not a sample"),
        ("samples", "1 1", "1 cells differ from their first sample"),
    ):
        companion = Path(write(tmp_path, f"query,a,b\nq1,1,{bad}\nq2,0,1\n", f"g.{kind}.csv"))
        with pytest.raises(InputError, match=says):
            WideSource(path).load()
        companion.unlink()


GOOD = "query,dataset,a,b\nq1,x,1,0\nq2,x,0,0\nq3,y,0,1\n"


def test_reads_every_state(tmp_path: Path) -> None:
    path = write(tmp_path, "query,a,b,c\nq1,1,0,1.0\nq2,,error,unscored\nq3,true,FALSE,missing\nq4,0.0,1,1\n")
    grades = WideSource(str(path)).load()
    right, wrong, unscored, error, missing = Cell
    assert grades.cells.tolist() == [
        [right, wrong, right],
        [missing, error, unscored],
        [right, wrong, missing],
        [wrong, right, right],
    ]
    outcomes = grades.outcomes()
    assert outcomes.queries == ("q1", "q4")
    assert outcomes.left_out is not None
    assert outcomes.left_out.n_queries == 2
    assert outcomes.left_out.n_untouched == 1
    assert outcomes.left_out.n_failed_by_all_who_answered == 0
    # Of q2 nothing is known, q3 someone got right: at worst one of four queries defeats all.
    assert outcomes.all_wrong_worst_case() == 1 / 4
    assert outcomes.left_out.cells_by_state == {"right": 5, "wrong": 3, "unscored": 1, "error": 1, "missing": 2}


def test_nothing_but_wrong_is_wrong(tmp_path: Path) -> None:
    """Unscored, errored and missing cells leave a query out; none of them makes it all-wrong."""
    path = write(tmp_path, "query,a,b\nq1,0,error\nq2,0,\nq3,0,unscored\nq4,0,0\nq5,1,1\n")
    outcomes = load_outcomes(path)
    assert outcomes.n_all_wrong == 1
    assert outcomes.n_queries == 2
    assert outcomes.left_out is not None
    assert outcomes.left_out.n_failed_by_all_who_answered == 3
    assert outcomes.all_wrong_worst_case() == 4 / 5


def test_csv_gzip_and_parquet_agree(tmp_path: Path) -> None:
    plain = load_outcomes(write(tmp_path, GOOD))
    zipped = load_outcomes(write(tmp_path, gzip.compress(GOOD.encode()), "zipped.csv.gz"))
    table = pa.table(
        {"query": ["q1", "q2", "q3"], "dataset": ["x", "x", "y"], "a": [1.0, 0.0, 0.0], "b": [False, False, True]}
    )
    pq.write_table(table, tmp_path / "table.parquet")
    parquet = load_outcomes(tmp_path / "table.parquet")
    for other in (zipped, parquet):
        np.testing.assert_array_equal(other.wrong, plain.wrong)
        assert (other.models, other.queries) == (plain.models, plain.queries)
        assert list(other.dataset) == ["x", "x", "y"]  # type: ignore[arg-type]


def test_parquet_nan_and_null_are_missing(tmp_path: Path) -> None:
    table = pa.table(
        {
            "query": ["q1", "q2", "q3", "q4"],
            "a": [1.0, float("nan"), 0.0, 1.0],
            "b": pa.array([1, 0, None, 0], pa.int64()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert WideSource(str(tmp_path / "t.parquet")).load().cells.tolist() == [[0, 0], [4, 1], [1, 4], [0, 1]]


def test_companions_are_aligned_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    write(tmp_path, "query,b,a\nq3,6,5\nq1,2,1\nq2,4,\n", "grades.costs.csv")
    write(tmp_path, 'query,prompt\nq2,"two, or\nmore"\nq1,one\nq3,three\n', "grades.prompts.csv")
    write(tmp_path, "model,family,price\nb,G,2\na,F,\n", "grades.models.csv")
    outcomes = load_outcomes(path)
    np.testing.assert_array_equal(outcomes.per_cell["cost"], [[1, 2], [np.nan, 4], [5, 6]])
    assert list(outcomes.per_query["prompt"]) == ["one", "two, or\nmore", "three"]
    assert list(outcomes.family) == ["F", "G"]  # type: ignore[arg-type]
    np.testing.assert_array_equal(outcomes.per_model["price"], [np.nan, 2])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("q2,x,0,0", "q2,x,0,2"), "row 'q2', column 'b': '2'"),
        (GOOD.replace("q2,x,0,0", "q2,x,0,maybe"), "column 'b': 'maybe'"),
        (GOOD.replace("q2,x,0,0", "q2,x,0"), "line 3 has 3 cells, the header has 4"),
        (GOOD.replace("q2,x,0,0", "q2,x,0,0,1"), "line 3 has 5 cells"),
        (GOOD.replace("q3", "q1"), "query name 'q1' appears twice"),
        (GOOD.replace("a,b", "a,a"), "model name 'a' appears twice"),
        (GOOD.replace("a,b", "a,"), "model number 2 has no name"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("query,a,b\n", "a header and no rows"),
        ("query,a\nq1,1\nq2,0\n", "only one model"),
        ("query,a,b\nq1,1,0\n", "1 query(s)"),
        ("query\nq1\nq2\n", "no column of grades"),
        ("query,a b,a  b\nq1,1,0\nq2,0,1\n", "'a b' and 'a  b' differ only in white space"),
        ("query,a,b\nq1,1,\nq2,,0\nq3,1,1\n", "1 of 3 queries answered by every model"),
        ("query,a,b\nq1,1,\nq2,1,\n", "sparsest is 'b'"),
        ("who,a,b\nq1,1,0\nq1,0,0\n", "no column names the queries; data.query_column= says which, of who, a, b"),
        (b"query,a,b\nq\xff1,1,0\nq2,0,0\n", "not UTF-8"),
        (b'query,a,b\nq1,1,"0\nq2,0,0\n', "not a valid CSV"),
        (b"query,a,b\nq1,1,\x000\nq2,0,0\n", "grades.csv"),
    ],
)
def test_bad_files(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(InputError) as error:
        load_outcomes(write(tmp_path, text))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_extensions_and_containers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of no known format; tried csv, "):
        load_outcomes(write(tmp_path, GOOD, "grades.txt"))
    with pytest.raises(InputError, match="does not end in"):
        load_outcomes(write(tmp_path, GOOD, "grades.txt"), format="csv")
    with pytest.raises(InputError, match="no such file"):
        load_outcomes(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="cut short or damaged"):
        load_outcomes(write(tmp_path, gzip.compress(GOOD.encode() * 500)[:-12], "cut.csv.gz"))
    with pytest.raises(InputError, match="not compressed with gzip"):
        load_outcomes(write(tmp_path, GOOD, "plain.csv.gz"))
    with pytest.raises(InputError, match="not a Parquet table"):
        load_outcomes(write(tmp_path, GOOD, "grades.parquet"))
    write(tmp_path, GOOD)
    write(tmp_path, "query,prompt\nq1,p\nq2,p\nq3,p\n", "grades.prompts.csv")
    write(tmp_path, gzip.compress(b"query,prompt\nq1,p\nq2,p\nq3,p\n"), "grades.prompts.csv.gz")
    with pytest.raises(InputError, match="one companion of a kind"):
        load_outcomes(tmp_path / "grades.csv")
    with pytest.raises(InputError, match="format: 'xlsx'"):
        load_outcomes(tmp_path / "grades.csv", format="xlsx")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="an empty folder"):
        load_outcomes(tmp_path / "folder.csv")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("grades.costs.csv", "query,a,b\nq1,1,2\nq2,3,4\n", "no query 'q3'"),
        ("grades.costs.csv", "query,a,b\nq1,1,2\nq2,3,4\nq3,5,6\nq9,1,1\n", "query 'q9' is not in grades.csv"),
        ("grades.tokens.csv", "query,a\nq1,1\nq2,3\nq3,5\n", "no model 'b'"),
        ("grades.frac.csv", "query,a,b\nq1,1,.2\nq2,x,.4\nq3,.5,.6\n", "row 'q2', column 'a': 'x'"),
        ("grades.models.csv", "model,family\na,F\n", "no model 'b'"),
        ("grades.prompts.csv", "query,prompt\nq1,p\nq1,p\nq2,p\nq3,p\n", "query name 'q1' appears twice"),
        ("grades.prompts.csv", "query\nq1\nq2\nq3\n", "no column"),
        ("grades.prompts.csv", "query,text\nq1,p\nq2,p\nq3,p\n", "no column 'prompt'"),
        ("grades.costs.csv", "who,a,b\nq1,1,2\nq2,3,4\nq3,5,6\n", "first column is 'who'"),
        ("grades.models.csv", "model,family,family\na,F,F\nb,G,G\n", "'family' appears twice"),
    ],
)
def test_companions_that_do_not_match(tmp_path: Path, name: str, text: str, says: str) -> None:
    write(tmp_path, text, name)
    with pytest.raises(InputError) as error:
        load_outcomes(write(tmp_path, GOOD))
    assert says in str(error.value)
    assert name in str(error.value)


def test_accuracy_is_read_back_to_a_count() -> None:
    counts = CountsSource(n_all_wrong=17, n_queries=330, n_models=67, best_accuracy=0.836).load()
    assert counts.best_correct == 276
    many = CountsSource(n_all_wrong=0, n_queries=10_000, n_models=3, best_accuracy=0.84).load()
    assert many.best_correct == 8350  # 83.5% rounds to .84; the smallest such count is the cautious one
    assert "8450" in many.notes[0]
    huge = CountsSource(n_all_wrong=0, n_queries=10**9, n_models=3, best_accuracy=0.5).load()
    assert huge.best_correct == 450_000_000
    with pytest.raises(InputError, match="no count of 10 queries rounds to"):
        CountsSource(n_all_wrong=0, n_queries=10, n_models=3, best_accuracy=0.85).load()
    with pytest.raises(InputError, match="outside"):
        CountsSource(n_all_wrong=0, n_queries=10, n_models=3, best_accuracy=85.0).load()
    for both in ({}, {"best_correct": 8, "best_accuracy": 0.8}):
        with pytest.raises(InputError, match="either"):
            CountsSource(n_all_wrong=0, n_queries=10, n_models=3, **both).load()


def test_numbers_below_zero_are_scores_and_no_pass_rates(tmp_path: Path) -> None:
    low = WideSource(write(tmp_path, "query,a,b\nq1,-.5,.5\nq2,1,-.2\n"), threshold=0.0).load()
    assert low.cells.tolist() == [[WRONG, RIGHT], [RIGHT, WRONG]]
    assert set(low.per_cell) == {"score"}
    rates = WideSource(write(tmp_path, "query,a,b\nq1,0,.5\nq2,1,.2\n"), threshold=0.5).load()
    assert set(rates.per_cell) == {"frac"}


def test_an_unknown_limit_is_not_reached(tmp_path: Path) -> None:
    write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n")
    write(tmp_path, "query,a,b\nq1,1,\nq2,0,1\n", "grades.at_limit.csv")
    grades = WideSource(str(tmp_path / "grades.csv")).load()
    assert grades.per_cell["at_limit"].tolist() == [[True, False], [False, True]]
