"""Any table or JSON by one mapping: the shapes that tools write, and what is said where a mapping is missing."""

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from cofail_lab.cli import config_folder
from cofail_lab.command_line import for_hydra
from cofail_lab.data import load_outcomes
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers.mapped import MappedSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.selection import Selection
from tests.data.cells import ERROR, RIGHT, UNSCORED, WRONG
from tests.data.fuzzing import parquet
from tests.data.makers.tools import TOOLS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "data.md"


def lines(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows))


def documented_commands() -> dict[str, str]:
    """Name of a tool -> the command that docs/data.md shows for its files."""
    text = DOCS.read_text(encoding="utf-8").partition("## Any table or JSON")[2].partition("\n## ")[0]
    return dict(re.findall(r"^# ([\w-]+)[^\n]*\n(cofail-lab [^\n]+)$", text, flags=re.MULTILINE))


def read(folder: Path, files: dict[str, str], **keys: Any) -> Grades:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return MappedSource([str(folder / name) for name in files], **keys).load()


@pytest.mark.parametrize("tool", TOOLS)
def test_files_of_other_tools_are_read_as_the_page_says(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = TOOLS[tool]()
    for name, text in made.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    _, *stated = shlex.split(documented_commands()[tool])
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("config", overrides=for_hydra(stated))
    selection = {field.name for field in fields(Selection)}
    source = {
        key: value for key, value in OmegaConf.to_container(config.data, resolve=True).items() if key not in selection
    }  # type: ignore[union-attr]
    grades = instantiate(source, _convert_="all").load()
    found = {
        (query, model): Cell(grades.cells[i, j])
        for i, query in enumerate(grades.queries)
        for j, model in enumerate(grades.models)
    }
    assert found == made.states
    assert ("samples" in grades.per_cell) == (tool in ("LiveCodeBench", "tau-bench"))


def test_the_page_shows_every_tool() -> None:
    assert set(documented_commands()) == set(TOOLS)


def test_what_is_not_mapped_is_asked_for_with_a_suggestion(tmp_path: Path) -> None:
    record = {"meta": {"question_id": "q1"}, "model_name": "a", "text": "hello", "label": 1}
    with pytest.raises(InputError) as error:
        read(tmp_path, {"x.jsonl": json.dumps(record)})
    assert str(error.value) == (
        "x.jsonl: data.query=, data.model=, data.right= must name a field; these look like: "
        "data.query=meta.question_id data.model=model_name data.right=label; fields: meta.question_id ('q1'), "
        "model_name ('a'), text ('hello'), label (1)"
    )
    with pytest.raises(InputError, match=r"x.jsonl: data.right= must name a field; these look like: data.right=label"):
        read(tmp_path, {"x.jsonl": json.dumps(record)}, query="text", model="model_name")


@pytest.mark.parametrize(
    ("document", "keys", "says"),
    [
        ([{"q": "1", "m": "a", "r": 0.5}], {}, r"record 1: r: score 0.5 is neither 0 nor 1; data.threshold="),
        ([{"q": "1", "m": "a", "r": "maybe"}], {}, r"'maybe' is not a score"),
        ([{"q": "1", "m": "a"}], {}, r"no record has a field 'r'; there are q, m"),
        ([{"m": "a", "r": 1}], {}, r"record 1: data.query=q is not there"),
        ([{"q": {"x": 1}, "m": "a", "r": 1}], {}, r"data.query=q is \{'x': 1\}, which is no name"),
        ([], {}, r"no record in it; data.records="),
        ({"a": [{}], "b": [{}]}, {}, r"data.records= must be the path to the records.*the document has a, b"),
        ([{"q": "1", "m": "a", "r": 1}], {"query": "a..b"}, r"data.query: 'a..b' is not a field, or a path"),
        ([{"q": "1", "m": "a", "r": 1}], {"scorer": "x"}, r"data.scorer: 'x'; data.right= names the field"),
        ([{"q": "1", "m": "a", "r": 1, "c": -1}], {"cost": "c"}, r"record 1: c: -1 is not a number >= 0"),
    ],
)
def test_bad_records_are_one_line(tmp_path: Path, document: Any, keys: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, {"x.json": json.dumps(document)}, **{"query": "q", "model": "m", "right": "r", **keys})


def test_a_grade_that_is_not_there_is_unscored_and_counted(tmp_path: Path) -> None:
    rows = [{"q": "1", "m": "a", "r": 1}, {"q": "2", "m": "a"}, {"q": "3", "m": "a", "r": None}]
    grades = read(tmp_path, {"x.jsonl": lines(rows)}, query="q", model="m", right="r")
    assert grades.cells.ravel().tolist() == [RIGHT, UNSCORED, UNSCORED]
    assert "1 record without 'r', counted as unscored." in grades.notes


def test_in_python(tmp_path: Path) -> None:
    scores = {("q1", "a"): 0.9, ("q2", "a"): 0, ("q1", "b"): 0.0, ("q2", "b"): 0}
    path = tmp_path / "j.jsonl"
    path.write_text(lines([{"question_id": q, "model": m, "score": score} for (q, m), score in scores.items()]))
    outcomes = load_outcomes(path, "records", query="question_id", model="model", right="score", threshold=0.5)
    assert outcomes.wrong.tolist() == [[False, True], [True, True]]


def test_paths() -> None:
    record = {"a": {"b": 2}, "a.b": 3, "d e": 4}
    for text, value in (("a.b", 3), ("d e", 4), ("x", ABSENT), ("a.x.y", ABSENT), ("a", {"b": 2})):
        assert FieldPath(text, "k").value(record) == value
    scores = {"s": [{"name": "x", "v": 1}, {"name": "y", "v": 2}], "runs": [{"ok": True}, {"ok": False}, {}]}
    for text, value in (("s[name=y].v", 2), ("s[name=z].v", ABSENT), ("runs[*].ok", [True, False]), ("s[*].w", ABSENT)):
        assert FieldPath(text, "k").value(scores) == value
    nested = {"a": {"b": [{"c": 1}, {"c": 2}]}}
    for text, value in (("a.b[0].c", 1), ("a.b[-1].c", 2), ("a.b.1.c", 2), ("a.b[5].c", ABSENT)):
        assert FieldPath(text, "k").value(nested) == value
    assert list(FieldPath("a.b[*].c", "k").every(nested)) == [((), 1), ((), 2)]
    assert list(FieldPath("*", "k").every({"x": [1, 2], "y": [3]})) == [(("x",), 1), (("x",), 2), (("y",), 3)]
    for bad in ("", ".", "a.", "a[x]", "[]", "a..b", 3):
        with pytest.raises(InputError, match=r"data.query: "):
            FieldPath(bad, "data.query")


def test_nothing_is_lost_or_ignored_in_silence(tmp_path: Path) -> None:
    keys = {"query": "q", "model": "m", "right": "r"}
    rows = [{"q": "1", "m": "a", "r": []}, {"q": "2", "m": "a", "r": [1]}]
    grades = read(tmp_path, {"x.jsonl": lines(rows)}, **keys)
    assert grades.cells.ravel().tolist() == [UNSCORED, RIGHT]
    with pytest.raises(InputError, match=r"no record has a field 'usd' \(data.cost\); there are q, m, r"):
        read(tmp_path, {"x.jsonl": lines(rows)}, **keys, cost="usd")
    with pytest.raises(InputError, match="column name 'r' appears twice"):
        read(tmp_path, {"x.csv": "q,m,r,r\n1,a,1,0\n"}, **keys)
    by_set = [{"q": "1", "m": m, "r": 1, "s": s, "c": -3.5} for m in "ab" for s in "xy"]
    grades = read(tmp_path, {"x.jsonl": lines(by_set)}, **keys, subset="s", confidence="c")
    assert grades.queries == ("x/1", "y/1")
    assert grades.per_cell["confidence"][0, 0] == -3.5


def test_conditions_errors_and_grades_that_are_none(tmp_path: Path) -> None:
    rows = [
        {"q": "1", "m": "a", "turn": 1, "r": 9},
        {"q": "1", "m": "a", "turn": 2, "r": 1},
        {"q": "2", "m": "a", "turn": 1.0, "r": -1},
        {"q": "3", "m": "a", "turn": "1", "r": 9, "e": {"error": None}},
        {"q": "4", "m": "a", "turn": 1, "r": 9, "e": {"error": "timeout"}},
    ]
    keys = {"query": "q", "model": "m", "right": "r", "threshold": 5, "unscored": [-1, "n/a"], "error": "e.error"}
    grades = read(tmp_path, {"x.jsonl": lines(rows)}, where={"turn": 1}, **keys)
    assert grades.cells.ravel().tolist() == [RIGHT, UNSCORED, RIGHT, ERROR]
    assert "1 record with something in 'e.error', counted as errors." in grades.notes
    with pytest.raises(InputError, match=r"no record in it that data.where= chooses"):
        read(tmp_path, {"x.jsonl": lines(rows)}, where={"turn": 3}, **keys)
    with pytest.raises(InputError, match=r"data.where: 'turn' is not a mapping"):
        read(tmp_path, {"x.jsonl": lines(rows)}, where="turn", **keys)


def test_lists_and_structures_in_parquet(tmp_path: Path) -> None:
    columns = {
        "task": [{"id": 1}, {"id": 2}],
        "runs": [[True, False], [False, False]],
        "a.b": [1.0, None],
        "steps": [[{"ok": 1}, {"ok": 0}], [{"ok": 0}, {"ok": 1}]],
    }
    for name in ("x.parquet", "X.PARQUET"):
        (tmp_path / name).write_bytes(parquet(columns))
        for right in ("runs", "steps[*].ok"):
            grades = MappedSource(
                str(tmp_path / name), query="task.id", model="@folder", right=right, cost="a.b"
            ).load()
            assert grades.queries == ("1", "2")
            assert grades.per_cell["samples"].shape == (2, 1, 2)
            assert grades.per_cell["cost"][0, 0] == 1
        assert grades.per_cell["samples"][:, 0].tolist() == [[RIGHT, WRONG], [WRONG, RIGHT]]
