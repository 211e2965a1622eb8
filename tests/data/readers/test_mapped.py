"""Any table or JSON by one mapping: the shapes that tools write, and what is said where a mapping is missing."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers.mapped import MappedSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import RIGHT, UNSCORED, WRONG

TRUTH = {"a": {"q1": True, "q2": False}, "b": {"q1": False, "q2": False}}
ROWS = [(model, query, right) for model, held in TRUTH.items() for query, right in held.items()]


def lines(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows))


def table(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def of(model: str) -> list[tuple[str, bool]]:
    return list(TRUTH[model].items())


SHAPES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "RouterArena": (
        {
            "p.json": json.dumps(
                [{"global index": q, "prediction": m, "accuracy": float(r), "cost": 0.5} for m, q, r in ROWS]
            )
        },
        {"query": "global index", "model": "prediction", "right": "accuracy", "cost": "cost"},
    ),
    "LiveCodeBench": (
        {f"{m}.json": json.dumps([{"question_id": q, "graded_list": [r, r]} for q, r in of(m)]) for m in TRUTH},
        {"query": "question_id", "model": "@stem", "right": "graded_list"},
    ),
    "LiveBench": (
        {"j.jsonl": lines([{"question_id": q, "model": m, "score": 0.9 * r} for m, q, r in ROWS])},
        {"query": "question_id", "model": "model", "right": "score", "threshold": 0.5},
    ),
    "tau-bench": (
        {f"{m}.json": json.dumps([{"task_id": q, "reward": float(r), "trial": 0} for q, r in of(m)]) for m in TRUTH},
        {"query": "task_id", "model": "@stem", "right": "reward"},
    ),
    "Aider": (
        {
            f"{m}/{q}/.aider.results.json": json.dumps({"testcase": q, "model": m, "tests_outcomes": [False, r]})
            for m, q, r in ROWS
        },
        {"query": "testcase", "model": "model", "right": "tests_outcomes[-1]"},
    ),
    "Terminal-Bench": (
        {
            f"{m}/results.json": json.dumps({"id": m, "results": [{"task_id": q, "is_resolved": r} for q, r in of(m)]})
            for m in TRUTH
        },
        {"query": "task_id", "model": "@folder", "right": "is_resolved"},
    ),
    "BigCodeBench": (
        {
            f"{m}_eval_results.json": json.dumps({"eval": {q: [{"status": "pass" if r else "fail"}] for q, r in of(m)}})
            for m in TRUTH
        },
        {"query": "@key", "model": "@stem", "right": "status", "records": "eval.*"},
    ),
    "promptfoo": (
        {
            "out.json": json.dumps(
                {"results": {"results": [{"vars": {"q": q}, "provider": {"id": m}, "success": r} for m, q, r in ROWS]}}
            )
        },
        {"query": "vars.q", "model": "provider.id", "right": "success", "records": "results.results"},
    ),
    "Langfuse": (
        {"scores.csv": table([{"traceName": q, "modelId": m, "value": int(r)} for m, q, r in ROWS])},
        {"query": "traceName", "model": "modelId", "right": "value"},
    ),
}


def read(folder: Path, files: dict[str, str], **keys: Any) -> Grades:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return MappedSource([str(folder / name) for name in files], **keys).load()


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_that_tools_write(shape: str, tmp_path: Path) -> None:
    files, keys = SHAPES[shape]
    grades = read(tmp_path, files, **keys)
    assert grades.queries == ("q1", "q2")
    assert [model[0] for model in grades.models] == ["a", "b"]
    assert grades.cells.tolist() == [[RIGHT, WRONG], [WRONG, WRONG]]
    assert ("samples" in grades.per_cell) == (shape == "LiveCodeBench")
    assert ("cost" in grades.per_cell) == (shape == "RouterArena")


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
    files, keys = SHAPES["LiveBench"]
    read(tmp_path, files, **keys)
    path = tmp_path / "j.jsonl"
    outcomes = load_outcomes(path, "records", query="question_id", model="model", right="score", threshold=0.5)
    assert outcomes.wrong.tolist() == [[False, True], [True, True]]


def test_paths() -> None:
    record = {"a": {"b": 2}, "a.b": 3, "d e": 4}
    for text, value in (("a.b", 3), ("d e", 4), ("x", ABSENT), ("a.x.y", ABSENT), ("a", {"b": 2})):
        assert FieldPath(text, "k").value(record) == value
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
