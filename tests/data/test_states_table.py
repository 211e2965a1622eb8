"""The table of docs/data.md: what is wrong, unscored, an error or missing in every format, each on a tiny file."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.grades import Cell
from tests.data.fuzzing import npz, parquet, seed_files

DOCS = Path(__file__).resolve().parents[2] / "docs" / "data.md"
RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell
COLUMNS = {RIGHT: 0, WRONG: 1, UNSCORED: 2, ERROR: 3, MISSING: 4}

Files = dict[str, str | bytes]
Cells = dict[str, tuple[Cell, str]]
"""Query -> its state, and the words of the table that say so."""


def _jsonl(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows)) + "\n"


def _csv() -> tuple[Files, Cells]:
    text = "query,a,b\nq1,1,1\nq2,0,1\nq3,unscored,1\nq4,error,1\nq5,,1\nq6,NA,1\nq7,timeout,1\n"
    return {"t.csv": text}, {
        "q1": (RIGHT, "1, true, yes"),
        "q2": (WRONG, "0, false, no"),
        "q3": (UNSCORED, "`unscored`"),
        "q4": (ERROR, "`error`"),
        "q7": (ERROR, "`timeout`"),
        "q5": (MISSING, "empty"),
        "q6": (MISSING, "NA"),
    }


def _parquet() -> tuple[Files, Cells]:
    columns = {"query": ["q1", "q2", "q3", "q4", "q5"], "a": ["1", "0", "unscored", "error", None], "b": [1] * 5}
    return {"t.parquet": parquet(columns)}, {
        "q1": (RIGHT, "as csv"),
        "q2": (WRONG, "as csv"),
        "q3": (UNSCORED, "as csv"),
        "q4": (ERROR, "as csv"),
        "q5": (MISSING, "null, nan"),
    }


def _long() -> tuple[Files, Cells]:
    rows = ["q1,a,1", "q2,a,0", "q3,a,unscored", "q4,a,error", "q5,a,", "q6,b,1", "q6,a,nan"]
    return {"t.csv": "query,model,correct\n" + "\n".join(rows)}, {
        "q1": (RIGHT, "1, or `data.threshold`"),
        "q2": (WRONG, "0"),
        "q3": (UNSCORED, "`unscored`"),
        "q6": (UNSCORED, "nan"),
        "q4": (ERROR, "`error`"),
        "q5": (MISSING, "empty"),
    }


def _npz() -> tuple[Files, Cells]:
    cells = np.array([[0], [1], [2], [3], [4]])
    return {"t.npz": npz({"cells": cells, "models": np.array(["a"])})}, {
        "q1": (RIGHT, "`cells` 0"),
        "q2": (WRONG, "`cells` 1"),
        "q3": (UNSCORED, "`cells` 2"),
        "q4": (ERROR, "`cells` 3"),
        "q5": (MISSING, "`cells` 4, nan"),
    }


def _records() -> tuple[Files, Cells]:
    rows = [
        {"q": "q1", "m": "a", "r": True},
        {"q": "q2", "m": "a", "r": 0},
        {"q": "q3", "m": "a"},
        {"q": "q4", "m": "a", "r": -1},
        {"q": "q5", "m": "a", "r": 0, "e": "timeout"},
        {"q": "q6", "m": "b", "r": 1},
    ]
    return {"t.jsonl": _jsonl(rows)}, {
        "q1": (RIGHT, "true, 1, pass"),
        "q2": (WRONG, "false, 0, fail"),
        "q3": (UNSCORED, "no such field"),
        "q4": (UNSCORED, "`data.unscored`"),
        "q5": (ERROR, "something in `data.error`"),
        "q6": (MISSING, "no record"),
    }


def _inspect() -> tuple[Files, Cells]:
    log = json.loads(seed_files("inspect")["log.json"])
    error = {"message": "API", "traceback": "", "traceback_ansi": ""}
    limit = {"type": "token", "limit": 10}
    held: dict[str, dict[str, Any]] = {
        "q1": {"scores": {"match": {"value": "C"}}},
        "q2": {"scores": {"match": {"value": "I"}}},
        "q3": {"scores": {"match": {"value": "I"}}, "limit": limit},
        "q4": {"scores": {"match": {"value": "N"}}},
        "q5": {"scores": {"match": {"value": "C"}}, "error": error},
        "q6": {"scores": {}, "limit": limit},
    }
    sample = log["samples"][0]
    log["samples"] = [{**sample, "id": query, **changes} for query, changes in held.items()]
    log["eval"]["dataset"]["sample_ids"] = [*held, "q7"]
    return {"t.json": json.dumps(log)}, {
        "q1": (RIGHT, "C"),
        "q2": (WRONG, "I"),
        "q3": (WRONG, "stopped by a limit with a grade"),
        "q4": (UNSCORED, "N (no answer)"),
        "q5": (ERROR, "`error`, also with a score"),
        "q6": (ERROR, "stopped by a limit without a grade"),
        "q7": (MISSING, "samples of the dataset"),
    }


def _lm_eval() -> tuple[Files, Cells]:
    rows = [
        {
            "doc_id": i,
            "doc": {},
            "resps": [["A"]],
            "filtered_resps": ["A"],
            "filter": "none",
            "metrics": ["acc"],
            "doc_hash": f"q{i}",
            "acc": acc,
        }
        for i, acc in ((1, 1.0), (2, 0.0), (3, float("nan")))
    ]
    other = [{**rows[0], "doc_hash": "q4"}]
    files = {
        f"{m}/samples_t_2026-01-01T00-00-00.0.jsonl": _jsonl(held) for m, held in (("a", rows), ("b", rows + other))
    }
    return files, {
        "q1": (RIGHT, "metric 1"),
        "q2": (WRONG, "metric 0"),
        "q3": (UNSCORED, "nan, null"),
        "q4": (MISSING, "no row"),
    }


def _helm() -> tuple[Files, Cells]:
    def row(query: str, value: float | None) -> dict[str, Any]:
        stats = [{"name": {"name": "num_prompt_tokens"}, "mean": 5}]
        stats += [] if value is None else [{"name": {"name": "exact_match"}, "mean": value}]
        return {"instance_id": query, "train_trial_index": 0, "stats": stats}

    files: Files = {}
    for model, rows in (
        ("a", [row("q1", 1.0), row("q2", 0.0), row("q3", None)]),
        ("b", [row("q1", 1.0), row("q4", 1.0)]),
    ):
        files[f"{model}/per_instance_stats.json"] = json.dumps(rows)
        files[f"{model}/run_spec.json"] = json.dumps({"name": f"d:model={model}", "adapter_spec": {"model": model}})
    return files, {
        "q1": (RIGHT, "stat 1"),
        "q2": (WRONG, "stat 0"),
        "q3": (UNSCORED, "no such stat"),
        "q4": (MISSING, "no row"),
    }


def _routerbench() -> tuple[Files, Cells]:
    rows = ["sample_id,prompt,eval_name,a,a|total_cost", "q1,p,t,1.0,0.1", "q2,p2,t,0.0,0.1", "q3,p3,t,,0.1"]
    return {"t.csv": "\n".join(rows)}, {"q1": (RIGHT, "score 1"), "q2": (WRONG, "score 0"), "q3": (MISSING, "empty")}


def _llmrouterbench() -> tuple[Files, Cells]:
    whole = json.loads(next(iter(seed_files("llmrouterbench").values())))
    record = whole["records"][0]
    held = [
        {"score": 1},
        {"score": 0},
        {"score": None},
        {"score": None, "raw_output": "Processing failed: x"},
        {"score": 1},
    ]
    files = {}
    for model, numbers in (("m", range(4)), ("n", range(5))):
        records = [{**record, "index": f"q{k + 1}", **held[k]} for k in numbers]
        files[f"d-test-{model}.json"] = json.dumps({**whole, "model_name": model, "records": records})
    return files, {
        "q1": (RIGHT, "score 1"),
        "q2": (WRONG, "score 0"),
        "q3": (UNSCORED, "score null"),
        "q4": (ERROR, "Processing failed"),
        "q5": (MISSING, "no record"),
    }


def _swebench() -> tuple[Files, Cells]:
    report = {
        "schema_version": 2,
        "completed_instances": 1,
        "resolved_instances": 1,
        "resolved_ids": ["q1"],
        "unresolved_ids": ["q2", "q5"],
        "empty_patch_ids": ["q3"],
        "error_ids": ["q4"],
        "infra_failure_ids": ["q5"],
        "incomplete_ids": ["q6"],
        "submitted_ids": ["q1", "q2", "q3", "q4", "q5", "q7"],
    }
    return {"m.run.json": json.dumps(report)}, {
        "q1": (RIGHT, "resolved"),
        "q2": (WRONG, "unresolved"),
        "q3": (WRONG, "empty patch"),
        "q4": (ERROR, "without a readable report"),
        "q5": (ERROR, "infrastructure failure"),
        "q6": (MISSING, "incomplete"),
        "q7": (MISSING, "submitted but not evaluated"),
    }


def _evalplus() -> tuple[Files, Cells]:
    statuses = {"q1": "pass", "q2": "fail", "q3": "timeout", "q4": None}
    held = {query: [{"base_status": status, "plus_status": None}] for query, status in statuses.items()}
    more = {**held, "q5": [{"base_status": "pass", "plus_status": None}]}
    files = {f"{m}_eval_results.json": json.dumps({"eval": tasks}) for m, tasks in (("a", held), ("b", more))}
    return files, {
        "q1": (RIGHT, "pass"),
        "q2": (WRONG, "fail"),
        "q3": (WRONG, "timeout"),
        "q4": (ERROR, "null"),
        "q5": (MISSING, "no task"),
    }


def _openai_evals() -> tuple[Files, Cells]:
    def event(query: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"run_id": "r", "event_id": 0, "sample_id": query, "type": kind, "data": data}

    def log(model: str, further: list[dict[str, Any]]) -> str:
        spec = {"spec": {"completion_fns": [model], "eval_name": "e", "run_id": "r"}}
        return _jsonl(
            [
                spec,
                event("q1", "match", {"correct": True}),
                event("q2", "match", {"correct": False}),
                event("q3", "sampling", {"prompt": "?"}),
                event("q4", "error", {"type": "x", "message": "y"}),
                *further,
            ]
        )

    return {"a.jsonl": log("a", []), "b.jsonl": log("b", [event("q5", "match", {"correct": True})])}, {
        "q1": (RIGHT, "match"),
        "q2": (WRONG, "no match"),
        "q3": (UNSCORED, "an answer without a grade"),
        "q4": (ERROR, "an error event without a grade"),
        "q5": (MISSING, "never asked"),
    }


def _every_eval_ever() -> tuple[Files, Cells]:
    row = json.loads(seed_files("every_eval_ever")["x_samples.jsonl"].splitlines()[0])
    held = [("q1", 1.0, True, None), ("q2", 0.0, False, None), ("q3", None, False, None), ("q4", 0.0, False, "timeout")]
    rows = [
        {**row, "model_id": model, "sample_id": q, "evaluation": {"score": s, "is_correct": c}, "error": error}
        for model, cases in (("a", held), ("b", [*held, ("q5", 1.0, True, None)]))
        for q, s, c, error in cases
    ]
    return {"x_samples.jsonl": _jsonl(rows)}, {
        "q1": (RIGHT, "score 1"),
        "q2": (WRONG, "score 0"),
        "q3": (UNSCORED, "score null"),
        "q4": (ERROR, "`error`"),
        "q5": (MISSING, "no record"),
    }


def _paper_json() -> tuple[Files, Cells]:
    cells = {"q1": {"correct": 1}, "q2": {"correct": 0}, "q3": {"correct": None}, "q4": {"correct": 0, "missing": True}}
    whole = {q: {"dataset": "d", "models": {"a": cell, "b": {"correct": 1}}} for q, cell in cells.items()}
    return {"m.json": json.dumps(whole)}, {
        "q1": (RIGHT, "`correct` 1"),
        "q2": (WRONG, "`correct` 0"),
        "q3": (UNSCORED, "null"),
        "q4": (MISSING, "`missing`"),
    }


def _promptfoo() -> tuple[Files, Cells]:
    graded = {"reason": "r", "componentResults": [{"pass": True}]}
    held: dict[str, dict[str, Any]] = {
        "q1": {"success": True, "failureReason": 0, "gradingResult": graded},
        "q2": {"success": False, "failureReason": 1, "error": "Expected output to equal", "gradingResult": graded},
        "q3": {"success": False, "failureReason": 0, "error": "No output"},
        "q4": {"success": True, "failureReason": 0, "gradingResult": {"reason": "No assertions"}},
        "q5": {"success": False, "failureReason": 2, "error": "API error: 500"},
        "q7": {"success": False, "error": "API error: 500"},
    }
    rows = [
        {
            "provider": {"id": m},
            "prompt": {"label": "p"},
            "vars": {"x": q},
            "score": 0,
            "testIdx": 0,
            "testCase": {"description": q, "assert": [{}]},
            **changes,
        }
        for m, cases in (("a", held), ("b", {**held, "q6": held["q1"]}))
        for q, changes in cases.items()
    ]
    return {"o.json": json.dumps({"evalId": "e", "results": {"version": 3, "results": rows}})}, {
        "q1": (RIGHT, "success"),
        "q2": (WRONG, "a failed assertion, also with an `error`"),
        "q3": (WRONG, "no output"),
        "q4": (UNSCORED, "no assertions"),
        "q5": (ERROR, "`failureReason` 2"),
        "q7": (ERROR, "an `error` without a verdict"),
        "q6": (MISSING, "no result"),
    }


def _lighteval() -> tuple[Files, Cells]:
    files: Files = {}
    for model, values in (("a", [1.0, 0.0, None]), ("b", [1.0, 0.0, None, 1.0])):
        rows = {
            "doc": [{"query": f"q{k + 1}", "choices": ["A"], "gold_index": 0} for k in range(len(values))],
            "metric": [{"em": value} for value in values],
        }
        files[f"{model}/details_t|0_2026-01-01T00-00-00.0.parquet"] = parquet(rows)
    return files, {
        "q1": (RIGHT, "metric 1"),
        "q2": (WRONG, "metric 0, also for an empty answer"),
        "q3": (UNSCORED, "null"),
        "q4": (MISSING, "no row"),
    }


def _opencompass() -> tuple[Files, Cells]:
    def details(grades: list[bool | None]) -> list[dict[str, Any]]:
        return [{"example_abbr": f"q{k + 1}", "correct": [grade], "answer": ["x"]} for k, grade in enumerate(grades)]

    files: Files = {
        f"results/{model}/d.json": json.dumps({"accuracy": 1.0, "details": details(grades)})
        for model, grades in (("a", [True, False, None]), ("b", [True, False, None, True]))
    }
    return files, {
        "q1": (RIGHT, "`correct`"),
        "q2": (WRONG, "not `correct`, also for an empty prediction"),
        "q3": (UNSCORED, "null"),
        "q4": (MISSING, "no entry"),
    }


MADE: dict[str, Callable[[], tuple[Files, Cells]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "long": _long,
    "npz": _npz,
    "records": _records,
    "inspect": _inspect,
    "lm_eval": _lm_eval,
    "helm": _helm,
    "routerbench": _routerbench,
    "llmrouterbench": _llmrouterbench,
    "swebench": _swebench,
    "evalplus": _evalplus,
    "openai_evals": _openai_evals,
    "every_eval_ever": _every_eval_ever,
    "paper_json": _paper_json,
    "promptfoo": _promptfoo,
    "lighteval": _lighteval,
    "opencompass": _opencompass,
}
KEYS: dict[str, dict[str, Any]] = {
    "records": {"query": "q", "model": "m", "right": "r", "error": "e", "unscored": -1},
    "helm": {"scorer": "exact_match"},
}


def documented() -> dict[str, list[str]]:
    """Format -> the cells of its row."""
    section = DOCS.read_text(encoding="utf-8").partition("## What counts as")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in section.splitlines() if line[:3] == "| `"
    ]
    return {re.sub(r"`", "", name): cells for name, *cells in rows}


@pytest.mark.parametrize("name", FORMATS)
def test_the_table_says_what_the_reader_does(name: str, tmp_path: Path) -> None:
    files, cells = MADE[name]()
    for file, content in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    first = next(iter(files))
    path = tmp_path if len(files) > 1 else tmp_path / first
    grades = source_class(name)(str(path), **KEYS.get(name, {})).load()
    by_prompt = {str(text): i for i, text in enumerate(grades.per_query.get("prompt", ()))}
    row = documented()[name]
    for query, (state, words) in cells.items():
        i = grades.queries.index(query) if query in grades.queries else by_prompt[query]
        assert Cell(grades.cells[i, 0]) == state, query
        assert words in row[COLUMNS[state]], (query, state.name, row[COLUMNS[state]])


def test_the_table_has_every_format() -> None:
    assert set(documented()) == set(FORMATS) == set(MADE)
