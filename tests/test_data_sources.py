"""Long tables, archives, guessing, joining, registry, prices: what is read, and what is said of the rest."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.data.joining import joined
from cofail_lab.data.model_info import attach, read_registry
from cofail_lab.data.prices import with_costs
from cofail_lab.data.readers.long import LongSource
from cofail_lab.data.readers.npz import NpzSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.convert import Convert
from cofail_lab.grades import Cell, Grades

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell
LONG = """query,model,correct,dataset,cost,tokens_out,prompt,note,at_limit
q1,a,1,x,.5,10,one,hello,false
q1,b,0,x,,20,one,,true
q2,a,error,x,0,,two,,
q2,b,unscored,y,,,two,,
q1,a,0,x,9,9,one,again,
q3,b,,x,,,,,
"""


def write(folder: Path, text: str | bytes, name: str) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def grades_of(cells: list[list[int]], queries: str, models: str, source: str = "g", **columns: dict) -> Grades:
    return Grades(np.array(cells, np.int8), tuple(queries), tuple(models), source, **columns)


def assert_same(one: Grades, other: Grades) -> None:
    assert (one.queries, one.models) == (other.queries, other.models)
    np.testing.assert_array_equal(one.cells, other.cells)
    assert one.per_cell.keys() == other.per_cell.keys()
    for name, values in one.per_cell.items():
        np.testing.assert_array_equal(values, other.per_cell[name])
    for mine, theirs in ((one.per_query, other.per_query), (one.per_model, other.per_model)):
        assert mine.keys() == theirs.keys()
        for name, column in mine.items():
            if column.dtype == object:
                assert list(column) == list(theirs[name])
            else:
                np.testing.assert_array_equal(column, theirs[name])


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
    table = pa.table({
        "query": pa.array(["q1", "q1", "q2", "q2", "q1", "q3"]).dictionary_encode(),
        "model": pa.array(["a", "b", "a", "b", "a", "b"], pa.large_string()),
        "correct": ["1", "0", "error", "unscored", "0", None],
        "dataset": ["x", "x", "x", "y", "x", "x"],
        "cost": [0.5, None, 0, None, 9.0, float("nan")],
        "tokens_out": pa.array([10, 20, None, None, 9, None], pa.int32()),
        "prompt": ["one", "one", "two", "two", "one", None],
        "at_limit": [False, True, None, None, None, None],
    })  # fmt: skip
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
        ("query,model,correct,dataset\nq,a,1,x\nq,b,1,y\nq,c,1,\n", "'q' comes without a dataset and in x, y"),
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
    table = pa.table({"query": [f"q{i % 2500}" for i in range(n)], "model": ["ab"[i // 2500] for i in range(n)],
                      "correct": [1] * n, "prompt": prompt})  # fmt: skip
    pq.write_table(table, tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 3e6
    grades = LongSource(str(tmp_path / "bomb.parquet")).load()
    assert len(grades.per_query["prompt"]) == 2500
    assert len({id(text) for text in grades.per_query["prompt"]}) == 1


def test_archives(tmp_path: Path) -> None:
    wrong = np.array([[1, 0], [np.nan, 1]])
    path = tmp_path / "m.npz"
    np.savez(path, wrong=wrong, models=["gpt", "llama"], cost=np.ones((2, 2)), family=["o", "m"], other=np.ones(3))
    grades = NpzSource(str(path)).load()
    assert grades.cells.tolist() == [[WRONG, RIGHT], [MISSING, WRONG]]
    assert (grades.queries, grades.models) == (("q1", "q2"), ("gpt", "llama"))
    assert list(grades.per_model["family"]) == ["o", "m"]
    assert grades.notes == ("Arrays left alone: other.",)
    runs = np.array([[[1, 0, np.nan], [1, 1, 1]], [[np.nan, 0, 1], [0, 0, 0]]])
    np.savez_compressed(path, correct=runs)
    grades = NpzSource(str(path)).load()
    assert grades.cells.tolist() == [[RIGHT, RIGHT], [WRONG, WRONG]]
    assert grades.per_cell["samples"][1, 0].tolist() == [WRONG, RIGHT, MISSING]
    np.testing.assert_allclose(grades.per_cell["frac"], [[0.5, 1], [0.5, 0]])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"wrong": np.array([["q", object()]], dtype=object)}, "a pickled array, which could run code"),
        ({"wrong": np.full((2, 2), 2)}, r"wrong\[0, 0, 0\] is 2; 0, 1 or nan was expected"),
        ({"wrong": np.zeros(4)}, "numbers"),
        ({"wrong": np.zeros((2, 2)), "correct": np.zeros((2, 2))}, "one array of"),
        ({"x": np.zeros((2, 2))}, "it holds x"),
        ({"wrong": np.zeros((2, 2)), "models": np.array(["a", "a"])}, "'a' appears twice"),
        ({"wrong": np.zeros((2, 2)), "queries": np.array(["a", "b", "c"])}, r"'queries' has shape \(3,\)"),
        ({"wrong": np.zeros((2, 2)), "cost": -np.ones((2, 2))}, r"cost\[0, 0\] is -1"),
        ({"wrong": np.zeros((2, 2)), "frac": np.full((2, 2), 1.5)}, "from 0 to 1 was expected"),
    ],
)
def test_archives_that_cannot_be_read(tmp_path: Path, arrays: dict, says: str) -> None:
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(InputError, match=says):
        NpzSource(str(tmp_path / "m.npz")).load()


def test_an_array_header_that_asks_for_terabytes_is_refused(tmp_path: Path) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 2)))
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("wrong.npy", buffer.getvalue().replace(b"'shape': (2, 2), ", b"'shape': (9999999999, 2),"))
    with pytest.raises(InputError, match=r"bytes for an array of|not a NumPy array"):
        NpzSource(str(tmp_path / "m.npz")).load()


def test_formats_are_guessed_from_content_and_said(tmp_path: Path) -> None:
    long = write(tmp_path, LONG, "a.csv")
    wide = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "b.csv")
    np.savez(tmp_path / "c.npz", wrong=np.eye(3))
    assert guess(Path(long)) == ("long", "a table with columns query, model and a grade")
    assert guess(Path(wide)) == ("csv", "a table whose first column is 'query'")
    assert guess(tmp_path / "c.npz") == ("npz", "a NumPy archive with a matrix of answers")
    assert AutoSource(long).load().notes[0] == "Read as long: a table with columns query, model and a grade."
    unknown = write(tmp_path, "hello", "d.txt")
    with pytest.raises(InputError, match=r"d.txt: of no known format; tried csv, .*; name one with data="):
        AutoSource(unknown).load()
    with pytest.raises(InputError, match="no such file"):
        AutoSource(str(tmp_path / "absent.json")).load()
    (tmp_path / "c.npz").unlink()
    Path(wide).write_text("query,a,b\nq1,1,0\nq3,0,1\n")
    whole = AutoSource(str(tmp_path)).load()
    assert whole.models == ("a", "b")
    assert any("1 other file not read as logs, such as d.txt" in note for note in whole.notes)


def test_two_readers_that_claim_one_file_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, LONG, "a.csv")
    monkeypatch.setattr(WideSource, "sniff", classmethod(lambda cls, path: "anything"))
    with pytest.raises(InputError, match=r"could be csv \(anything\) or long \(.*\); name one with data="):
        AutoSource(path).load()


def test_every_format_is_a_choice_on_the_command_line_and_in_python() -> None:
    from cofail_lab.cli import config_folder

    configs = {path.stem for path in (config_folder() / "data").glob("*.yaml")}
    assert {*FORMATS, "auto"} <= configs
    for name in FORMATS:
        assert source_class(name).patterns
    with pytest.raises(InputError, match="format: 'xlsx' is not one of csv"):
        source_class("xlsx")


@pytest.mark.parametrize("kind", ["list", "folder", "pattern"])
def test_one_log_per_model_joins_by_name(tmp_path: Path, kind: str) -> None:
    first = write(tmp_path, "query,model,correct\nq1,a,1\nq2,a,0\nq3,a,1\n", "run_a.csv")
    second = write(tmp_path, "query,model,correct\nq2,b,1\nq1,b,error\nq4,b,1\n", "run_b.csv")
    path = {"list": [first, second], "folder": str(tmp_path), "pattern": str(tmp_path / "run_*.csv")}[kind]
    for reader in (LongSource, AutoSource):
        grades = reader(path).load()
        assert grades.models == ("a", "b")
        assert grades.queries == ("q1", "q2", "q3", "q4")
        assert grades.cells.tolist() == [[RIGHT, ERROR], [WRONG, RIGHT], [RIGHT, MISSING], [MISSING, RIGHT]]
        assert grades.per_query["n_logs"].tolist() == [2, 2, 1, 1]
        notes = " ".join(grades.notes)
        assert "2 logs joined by name: 4 queries and 2 models." in notes
        assert "run_a.csv: 1 of 3 queries are in no other log (q3)." in notes
        assert "run_b.csv: 1 of 3 queries are in no other log (q4)." in notes
    assert len({reader(path).load().sha256 for reader in (LongSource, AutoSource)}) == 1


def test_the_same_model_in_several_runs_becomes_samples() -> None:
    one = grades_of([[RIGHT, WRONG], [ERROR, RIGHT], [MISSING, RIGHT]], "pqr", "ab",
                    per_cell={"cost": np.array([[1.0, 2], [3, 4], [np.nan, 6]])})  # fmt: skip
    two = grades_of([[WRONG], [RIGHT]], "qr", "a", per_cell={"cost": np.array([[7.0], [8]])})
    three = grades_of([[RIGHT, RIGHT]], "p", "ac")
    whole = joined([one, two, three])
    assert whole.models == ("a", "b", "c")
    assert whole.cells.tolist() == [[RIGHT, WRONG, RIGHT], [ERROR, RIGHT, MISSING], [RIGHT, RIGHT, MISSING]]
    assert whole.per_cell["samples"][:, 0].tolist() == [[RIGHT, RIGHT], [ERROR, WRONG], [RIGHT, MISSING]]
    np.testing.assert_array_equal(whole.per_cell["cost"], [[1, 2, np.nan], [3, 4, np.nan], [8, 6, np.nan]])
    np.testing.assert_array_equal(whole.per_cell["frac"], [[1, 0, 1], [0, 1, np.nan], [1, 1, np.nan]])
    again = joined([whole, one])
    assert again.per_cell["samples"][0, 0].tolist() == [RIGHT, RIGHT, RIGHT]
    assert again.per_cell["samples"][1, 0].tolist() == [ERROR, WRONG, ERROR]


def test_queries_join_by_content_where_names_differ() -> None:
    def part(names: str, prompts: list[str], model: str) -> Grades:
        column = {"prompt": np.array(prompts, dtype=object)}
        return grades_of([[i % 2] for i in range(len(names))], names, model, per_query=column)

    one = part("123", ["What is\n 1+1?", "2+2?", "2+2?"], "a")
    two = part("231", ["2+2?", "What is 1+1? ", "2+2?"], "b")
    whole = joined([one, two], "content")
    assert whole.queries == ("1", "2", "3")
    assert whole.cells.tolist() == [[0, 1], [1, 0], [0, 0]]
    three = part("xyz", ["2+2?", "What is 1+1? ", "2+2?"], "c")
    with pytest.raises(InputError, match=r"no query is in the logs of two models.*data.join=content"):
        joined([one, three])
    partly = joined([one, part("1yz", ["2+2?", "What is 1+1? ", "2+2?"], "c")])
    assert any("have the prompt of a query of another name; data.join=content" in note for note in partly.notes)
    with pytest.raises(InputError, match=r"data.join=content: g has no prompts"):
        joined([one, grades_of([[0]], "1", "c")], "content")
    # One name for two contents stays two queries.
    clash = joined([one, part("1", ["other"], "a"), part("1", ["other"], "b")], "content")
    assert len(clash.queries) == 4


def test_joined_queries_of_one_name_in_two_datasets_stay_apart() -> None:
    def part(dataset: str, model: str, cell: int) -> Grades:
        return grades_of([[cell]], "1", model, per_query={"dataset": np.array([dataset], dtype=object)})

    whole = joined([part("x", "a", 0), part("y", "a", 1), part("x", "b", 1), part("y", "b", 0)])
    assert whole.queries == ("1", "y/1")
    assert whole.cells.tolist() == [[0, 1], [1, 0]]
    again = joined([whole, part("y", "c", 1)])
    assert again.cells.tolist() == [[0, 1, MISSING], [1, 0, 1]]


def test_wide_files_join_and_keep_columns(tmp_path: Path) -> None:
    write(tmp_path, "query,a\nq1,1\nq2,0\n", "one.csv")
    write(tmp_path, "query,b\nq1,0\nq2,1\n", "two.csv")
    write(tmp_path, "model,family\nb,G\n", "two.models.csv")
    write(tmp_path, "query,b\nq1,3\nq2,4\n", "two.costs.csv")
    grades = WideSource(str(tmp_path)).load()
    assert grades.cells.tolist() == [[RIGHT, WRONG], [WRONG, RIGHT]]
    assert list(grades.per_model["family"]) == ["", "G"]
    np.testing.assert_array_equal(grades.per_cell["cost"], [[np.nan, 3], [np.nan, 4]])


def test_the_roster_is_the_published_one() -> None:
    roster = read_registry("roster")
    assert len(roster) == 67
    tiers = [entry["tier"] for entry in roster.values()]
    assert (tiers.count("frontier"), tiers.count("mid"), tiers.count("cheap")) == (6, 26, 35)
    assert all(float(entry["usd_per_mtok_in"]) <= float(entry["usd_per_mtok_out"]) for entry in roster.values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.csv", "name,family,price_in,price_out,released\norg/gpt,F,2,10,2026-01\nllama,,,,\nother,,,,\n"),
        ("r.yaml", "org/gpt: {family: F, price_in: 2, price_out: 10, released: 2026-01}\n"
                   "llama:\n  family:\nother: {}\n"),
        ("r.yml", "- {name: org/gpt, family: F, usd_per_mtok_in: 2, usd_per_mtok_out: 10, release_date: 2026-01}\n"
                  "- name: llama\n- name: other\n"),
    ],
)  # fmt: skip
def test_models_are_looked_up_in_a_registry(tmp_path: Path, name: str, text: str) -> None:
    tokens = {"tokens_in": np.array([[1e6, 5], [0, 5]]), "tokens_out": np.array([[1e5, 5], [1e6, np.nan]])}
    grades = Grades(np.zeros((2, 3), np.int8), ("p", "q"), ("gpt", "llama", "gpu"), "g",
                    per_cell={k: np.pad(v, ((0, 0), (0, 1))) for k, v in tokens.items()})  # fmt: skip
    found = attach(grades, write(tmp_path, text, name))
    assert list(found.per_model["family"]) == ["F", "", ""]
    assert found.per_model["release_date"][0] == "2026-01"
    np.testing.assert_allclose(found.per_cell["cost"][:, 0], [2 + 1, 10])
    assert np.isnan(found.per_cell["cost"][:, 1:]).all()
    notes = " ".join(found.notes)
    assert "without their provider: gpt as org/gpt" in notes
    assert "1 of 3 models are not in" in notes
    assert "gpu" in notes
    assert "2 costs were computed from tokens and the prices of" in notes


def test_what_the_log_says_itself_is_kept(tmp_path: Path) -> None:
    prices = {"usd_per_mtok_in": np.array([1.0, 2]), "usd_per_mtok_out": np.array([1.0, 2])}
    grades = grades_of(
        [[0, 1]], "q", "ab", per_model={**prices, "family": np.array(["mine", ""], dtype=object)},
        per_cell={"cost": np.array([[0.0, np.nan]]), "tokens_in": np.full((1, 2), 1e6), "tokens_out": np.zeros((1, 2))},
    )  # fmt: skip
    assert with_costs(grades, "x").per_cell["cost"].tolist() == [[0.0, 2.0]]
    found = attach(grades, write(tmp_path, "model,family\na,A\nb,B\n", "r.csv"))
    assert list(found.per_model["family"]) == ["mine", "B"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("r.csv", "model,price_in\na,-1\n", "a, usd_per_mtok_in: '-1' is not a number of dollars"),
        ("r.csv", "model,price_in\na,free\n", "'free' is not a number"),
        ("r.csv", "model,family\na,F\na,G\n", "'a' appears twice"),
        ("r.csv", "model,family\nx,F\n", "none of the 1 models is in r.csv, such as 'a'; it has x"),
        ("r.yaml", "a: [1, 2]\n", "a mapping of model names to columns"),
        ("r.yaml", "a: {family: [F]}\n", "family holds a list or mapping"),
        ("r.yaml", "a: &x {family: F}\nb: *x\n", "aliases are not accepted"),
        ("r.yaml", "a: {family: F\n", "not valid YAML"),
        ("r.yaml", "!!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("r.json", "{}", "does not end in"),
    ],
)
def test_registries_that_cannot_be_read(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        attach(grades_of([[0], [1]], "pq", "a"), write(tmp_path, text, name))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def converted(source: object, folder: Path) -> Grades:
    """What `experiment=convert` writes of a source, read back by `data=parquet`."""
    result = Convert().run(Inputs(RunOptions(), source=lambda: source))  # type: ignore[arg-type]
    for name, table in result.tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return WideSource(str(folder / "grades.parquet")).load()


class Held:
    """A source of a matrix at hand."""

    def __init__(self, grades: Grades) -> None:
        self.load: Callable[[], Grades] = lambda: grades


def test_convert_round_trips_everything(tmp_path: Path, rng: np.random.Generator) -> None:
    n, m = 30, 4
    samples = rng.integers(0, 5, (n, m, 3)).astype(np.int8)
    samples = np.take_along_axis(samples, np.argsort(samples == MISSING, axis=2, kind="stable"), axis=2)
    text = np.array([f'p"{i}",\n\u2028é' for i in range(n)], dtype=object)
    from cofail_lab.data.records import share_right

    grades = Grades(
        samples[..., 0].copy(), tuple(f"q,{i}\t" for i in range(n)), ('m"1', "m,2", "m;3", "=m4"), "made",
        per_query={"dataset": np.array([f"d{i % 3}" for i in range(n)], dtype=object), "prompt": text},
        per_model={"family": np.array(["a", "", "7", "b"], dtype=object),
                   "usd_per_mtok_in": np.array([1, np.nan, 1 / 3, 0])},
        per_cell={
            "cost": np.where(rng.random((n, m)) < 0.2, np.nan, rng.random((n, m)) * 1e-7),
            "score": rng.normal(size=(n, m)) * 1e17, "tokens_in": np.floor(rng.random((n, m)) * 1e9),
            "at_limit": rng.random((n, m)) < 0.5, "samples": samples, "frac": share_right(samples),
        },
    )  # fmt: skip
    assert_same(grades, converted(Held(grades), tmp_path))


def test_every_format_converts_to_the_same_matrix(tmp_path: Path) -> None:
    rows = LONG.replace("q3,b,,x,,,,,\n", "q3,b,1,x,,,,,\nq3,a,0,x,,,,,\n")
    source = LongSource(write(tmp_path, rows, "long.csv"))
    assert_same(source.load(), converted(source, tmp_path))
    np.savez(tmp_path / "m.npz", correct=np.array([[[1, 0], [0, 0]], [[1, 1], [np.nan, np.nan]]]))
    archive = NpzSource(str(tmp_path / "m.npz"))
    for file in tmp_path.glob("grades*"):
        file.unlink()
    assert_same(archive.load(), converted(archive, tmp_path))


def test_convert_names_what_has_no_place(tmp_path: Path) -> None:
    grades = grades_of([[0, 1], [1, 0]], "pq", "ab", per_query={"features": np.zeros((2, 8))})
    result = Convert().run(Inputs(RunOptions(), source=lambda: Held(grades)))  # type: ignore[arg-type]
    assert any("no place for: features" in sentence for sentence in result.sections[0].sentences)
    for name in ("query", "dataset"):
        with pytest.raises(InputError, match=f"a model named '{name}'"):
            converted(Held(replace(grades, models=(name, "b"))), tmp_path)


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


def test_options_that_a_format_does_not_take_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "g.csv")
    assert load_outcomes(path, "auto").n_queries == load_outcomes(path, "csv").n_queries == 2
    with pytest.raises(InputError, match="threshold: format 'csv' takes none"):
        load_outcomes(path, "csv", threshold=0.5)
    for arguments, says in (
        ({"join": "fuzzy"}, r"data.join: 'fuzzy' is not 'id' or 'content'"),
        ({"registry": ""}, r"data.registry: ''"),
        ({"path": ["x", 3]}, r"data.path: 3 is not the path"),
        ({"path": "*.none"}, "a pattern that matches nothing"),
        ({"path": "a\0b.csv"}, "cannot be looked up|no such file"),
    ):
        with pytest.raises(InputError, match=says):
            AutoSource(**{"path": path, **arguments}).load()


def test_tables_that_grow_without_end_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    from cofail_lab.data import files, tables

    rows = b"query,model,correct\n" + b"q1,a,1\n" * 400_000
    path = write(tmp_path, gzip.compress(rows), "bomb.csv.gz")
    monkeypatch.setattr(tables, "MOST_TEXT_CELLS", 10_000)
    with pytest.raises(InputError, match="more than 10,000 cells"):
        tables.read_sheet(Path(path))
    monkeypatch.setattr(files, "FREE_BYTES", 2**20)
    with pytest.raises(InputError, match="times its size"):
        LongSource(path).load()
