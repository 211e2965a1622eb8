"""Logs of promptfoo, lighteval and OpenCompass, and SWE-bench reports of single instances, made as in `documented`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.makers import documented
from tests.data.makers.documented import ERROR, MISSING, MODELS, RIGHT, UNSCORED, WRONG, Cell, Made, Truth

TIME = "2026-03-01T10-00-00.123456"


def _numbered(name: str) -> str:
    """A name that a folder may have."""
    return f"model{MODELS.index(name)}"


def _dump(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _promptfoo_rows(truth: Truth, *, version: int) -> list[dict[str, Any]]:
    rows = []
    for i, j, model, state in documented.cells_of(truth):
        if state == MISSING:
            continue
        asked, answered = truth.tokens(i, j)
        right = state in (RIGHT, UNSCORED)
        checks = [] if state == UNSCORED else [{"type": "equals", "value": "4"}]
        reason = "Expected output to equal" if checks else "No assertions"
        grading = {
            "pass": right,
            "score": float(right),
            "reason": reason,
            "componentResults": [{"pass": right, "score": float(right), "assertion": check} for check in checks],
        }
        row = {
            "success": right,
            "score": float(right),
            "latencyMs": 5,
            "namedScores": {},
            "cost": truth.cost(i, j),
            "provider": {"id": f"echo:{j}", "label": model},
            "vars": {"question": truth.prompt(i)},
            "prompt": {"raw": f"Say: {truth.prompt(i)}", "label": "Say: {{question}}"},
            "response": {
                "output": "5",
                "tokenUsage": {"total": asked + answered, "prompt": asked, "completion": answered},
            },
            "testCase": {"vars": {"question": truth.prompt(i)}, "assert": [{"type": "equals", "value": "4"}]},
            "gradingResult": None if state == ERROR else grading,
        }
        if state == ERROR:
            row |= {"success": False, "error": "API error: 500 Internal Server Error", "response": {}}
        elif not right:
            row["error"] = grading["reason"]
        if version > 2:
            failure = {ERROR: 2, WRONG: 1}.get(state, 0)
            row |= {"promptIdx": j, "testIdx": i, "promptId": "p", "failureReason": failure}
        rows.append(row)
    return rows


def _promptfoo(folder: Path, states: tuple[Cell, ...], version: int) -> Made:
    truth = Truth(states)
    summary = {"version": version, "timestamp": TIME, "results": _promptfoo_rows(truth, version=version), "stats": {}}
    summary |= {"prompts": []} if version > 2 else {"table": {"head": {"prompts": []}, "body": []}}
    path = _dump(folder / "output.json", {"evalId": "eval-x", "results": summary, "config": {}})
    return Made(str(path), (path,), truth, keeps=("cost", "tokens_in", "tokens_out"), query=_digests(path, truth))


def _digests(path: Path, truth: Truth) -> Callable[[int], str]:
    """The name that the reader gives to a query, found by its prompt; nothing else in the log names it."""
    from cofail_lab.data.readers.promptfoo import PromptfooSource

    grades = PromptfooSource(str(path)).load()
    names = dict(zip(grades.per_query["prompt"], grades.queries, strict=True))
    return lambda i: names.get(truth.prompt(i), truth.prompt(i))


def promptfoo(folder: Path) -> Made:
    return _promptfoo(folder, (RIGHT, WRONG, ERROR, UNSCORED, MISSING), 3)


def promptfoo_before(folder: Path) -> Made:
    return _promptfoo(folder, (RIGHT, WRONG, ERROR, MISSING), 2)


def promptfoo_lines(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR, MISSING))
    path = documented.write_lines(folder / "output.jsonl", _promptfoo_rows(truth, version=3))
    return Made(str(path), (path,), truth, keeps=("cost",), query=_digests(path, truth))


def _lighteval(folder: Path, row: Callable[[Truth, int, Any], dict[str, Any]]) -> Made:
    """One task, because a task is a file."""
    truth = Truth((RIGHT, WRONG, UNSCORED, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        rows = [row(truth, i, documented.grade(state)) for i, state in enumerate(truth.cells[:, j]) if state != MISSING]
        path = folder / "details" / _numbered(model) / TIME / f"details_suite|t:easy|5_{TIME}.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        files.append(path)
        results = {"config_general": {"model_name": model}}
        _dump(folder / "results" / _numbered(model) / f"results_{TIME}.json", results)

    from cofail_lab.data.readers.lighteval import LightevalSource

    grades = LightevalSource(str(folder), scorer="em").load()
    names = dict(zip(grades.per_query["prompt"], grades.queries, strict=True))
    return Made(
        str(folder), tuple(files), truth, options={"scorer": "em"}, query=lambda i: names.get(truth.prompt(i), "none")
    )


def _document(truth: Truth, i: int) -> dict[str, Any]:
    return {"query": truth.prompt(i), "choices": [str(2 * i)], "gold_index": 0, "id": str(i), "task_name": "t:easy"}


def lighteval_flat(folder: Path) -> Made:
    return _lighteval(
        folder,
        lambda truth, i, value: {
            "example": truth.prompt(i),
            "full_prompt": f"shots {truth.prompt(i)}",
            "gold": [str(2 * i)],
            "choices": [],
            "gold_index": [],
            "metrics": {"em": value, "other": 1.0},
            "input_tokens": [[1, 2]],
        },
    )


def _lighteval_nested(folder: Path, key: str = "{}", form: Callable[[Any], Any] = lambda value: value) -> Made:
    """Rows of three parts, with these names of the columns and this form of the values."""

    def row(truth: Truth, i: int, value: Any) -> dict[str, Any]:
        parts = {
            "doc": _document(truth, i),
            "metric": {"em": value, "other": 1.0},
            "model_response": {"text": ["x"]},
        }
        return {key.format(name): form(part) for name, part in parts.items()}

    return _lighteval(folder, row)


def lighteval_dunder(folder: Path) -> Made:
    return _lighteval_nested(folder, key="__{}__")


def lighteval(folder: Path) -> Made:
    return _lighteval_nested(folder)


def lighteval_text(folder: Path) -> Made:
    """What lighteval writes where the details do not fit into one table."""
    return _lighteval_nested(folder, form=str)


def _opencompass(folder: Path, details: Callable[[Truth, int], Any]) -> Made:
    truth = Truth((RIGHT, WRONG, UNSCORED, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        path = folder / "20260301_100000" / "results" / _numbered(model) / "gsm8k.json"
        _dump(path, {"accuracy": 50.0, "details": details(truth, j)})
        predictions = {
            str(i): {"origin_prompt": [{"role": "HUMAN", "prompt": truth.prompt(i)}], "prediction": "4", "gold": "4"}
            for i in range(truth.n)
        }
        _dump(folder / "20260301_100000" / "predictions" / _numbered(model) / "gsm8k.json", predictions)
        files.append(path)
    return Made(str(folder), tuple(files), truth, query=lambda i: f"gsm8k_{i}", model=_numbered)


def _bool(state: int) -> bool | None:
    return {RIGHT: True, WRONG: False}.get(Cell(state))


def opencompass(folder: Path) -> Made:
    return _opencompass(
        folder,
        lambda truth, j: [
            {"example_abbr": f"gsm8k_{i}", "pred": ["4"], "answer": [str(2 * i)], "correct": [_bool(state)]}
            if state != MISSING
            else {"example_abbr": f"gsm8k_{i}", "correct": []}
            for i, state in enumerate(truth.cells[:, j])
        ],
    )


def opencompass_before(folder: Path) -> Made:
    made = _opencompass(
        folder,
        lambda truth, j: {
            "type": "GEN",
            **{
                str(i): {"prompt": truth.prompt(i), "references": str(2 * i), "is_correct": _bool(state)}
                for i, state in enumerate(truth.cells[:, j])
                if state != MISSING
            },
        },
    )
    return Made(made.path, made.files, made.truth, query=str, model=_numbered)


def swebench_instances(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR, MISSING))
    files = []
    for i, _, model, state in documented.cells_of(truth):
        instance = truth.query(i)
        place = folder / "logs" / "run_evaluation" / "run-1" / _numbered(model) / instance
        if state == MISSING:
            continue
        place.mkdir(parents=True)
        (place / "run_instance.log").write_text("Container started")
        if state == ERROR:
            files.append(place / "run_instance.log")
            continue
        held = {
            "patch_is_None": False,
            "patch_exists": True,
            "patch_successfully_applied": True,
            "resolved": state == RIGHT,
            "tests_status": {"FAIL_TO_PASS": {"success": [], "failure": []}},
        }
        files.append(_dump(place / "report.json", {instance: held}))
    reports = sorted(files, key=lambda path: path.name)
    return Made(str(folder / "logs"), tuple(reports), truth, model=_numbered)


MAKERS: dict[str, tuple[str, Callable[[Path], Made]]] = {
    **documented.MAKERS,
    "promptfoo": ("promptfoo", promptfoo),
    "promptfoo_before": ("promptfoo", promptfoo_before),
    "promptfoo_lines": ("promptfoo", promptfoo_lines),
    "lighteval_flat": ("lighteval", lighteval_flat),
    "lighteval_dunder": ("lighteval", lighteval_dunder),
    "lighteval": ("lighteval", lighteval),
    "lighteval_text": ("lighteval", lighteval_text),
    "opencompass": ("opencompass", opencompass),
    "opencompass_before": ("opencompass", opencompass_before),
    "swebench_instances": ("swebench", swebench_instances),
}
"""Name -> format and maker."""
