"""Logs of two or three answers, whose every field a test can set: each writer returns the path of its log."""

import copy
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.fuzzing import seed_files

TIME = "2026-01-01T00-00-00.000000"


def dump(path: Path, document: Any) -> Path:
    """A JSON document, or lines where the file is called .jsonl."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in document) if path.suffix == ".jsonl" else json.dumps(document)
    path.write_text(lines, encoding="utf-8")
    return path


def lm_eval_row(number: int, score: float, prompt: str, **changes: Any) -> dict[str, Any]:
    return {
        "doc_id": number,
        "doc": {"q": number},
        "target": "A",
        "arguments": {"gen_args_0": {"arg_0": prompt}},
        "resps": [["A"]],
        "filtered_resps": ["A"],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"h{number}",
        "acc": score,
        **changes,
    }


def lm_eval(folder: Path, rows: list[dict[str, Any]], model: str, **config: Any) -> Path:
    dump(folder / f"results_{TIME}.json", {"model_name": model, "config": config})
    return dump(folder / f"samples_t_{TIME}.jsonl", rows)


def every_eval_ever(path: Path, model: str, rows: list[dict[str, Any]]) -> Path:
    """Rows have sample_id and score, and what else differs from the usual."""
    lines = []
    for row in rows:
        score = row["score"]
        lines.append(
            {
                "schema_version": "0.2.2",
                "evaluation_id": "e",
                "model_id": model,
                "evaluation_name": "d",
                "interaction_type": "single_turn",
                "input": {"raw": "?"},
                "output": {"raw": ["x"]},
                "evaluation": {"score": score, "is_correct": score == 1},
                **row,
            }
        )
    return dump(path, lines)


def inspect(path: Path, model: str, samples: list[dict[str, Any]], **changes: Any) -> Path:
    """Samples have an id and a value, and what else differs from the usual."""
    base = json.loads(seed_files("inspect")["log.json"])
    whole = {key: copy.deepcopy(base[key]) for key in ("version", "status", "eval")}
    whole["eval"] |= {"model": model, "task_id": path.name, "run_id": path.name, "eval_id": path.name, **changes}
    whole["eval"]["dataset"]["sample_ids"] = [sample["id"] for sample in samples]
    whole["plan"] = {"name": "plan", "steps": [], "config": {}}
    whole["results"] = {"total_samples": 1, "completed_samples": 1, "scores": []}
    started = "2026-01-01T00:00:00+00:00"
    whole["stats"] = {"started_at": started, "completed_at": started, "model_usage": {}}
    whole["samples"] = []
    for sample in samples:
        value = sample.pop("value")
        scores = {"match": {"value": value}} if isinstance(value, str) else value
        held = {"input": f"{sample['id']}?", "target": "A", "scores": scores or {}, **sample}
        whole["samples"].append({**copy.deepcopy(base["samples"][0]), **held})
    return dump(path, whole)


def helm(folder: Path, model: str, answers: list[tuple[str, int, dict[str, float]]], **adapter: Any) -> Path:
    """Answers are an instance, a trial and stats; every stat has a row of its own, as where metric objects differ."""
    rows = [
        {"instance_id": query, "train_trial_index": trial, "stats": [{"name": {"name": stat}, "mean": value}]}
        for query, trial, stats in answers
        for stat, value in stats.items()
    ]
    dump(folder / "run_spec.json", {"name": f"d:model={model}", "adapter_spec": {"model": model, **adapter}})
    return dump(folder / "per_instance_stats.json", rows)


def openai_evals(path: Path, model: str, events: list[tuple[str, str, Any]], task: str, command: str = "") -> Path:
    """Events are a sample, a type and data."""
    spec = {"completion_fns": [model], "eval_name": task, "run_id": "r", "run_config": {"command": command}}
    rows = [{"run_id": "r", "event_id": 0, "sample_id": s, "type": kind, "data": data} for s, kind, data in events]
    return dump(path, [{"spec": spec}, *rows, {"final_report": {}}])


def lighteval(folder: Path, model: str, task: str, metrics: list[dict[str, float]]) -> Path:
    path = folder / "details" / model / TIME / f"details_{task}|0_{TIME}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    documents = [{"query": f"{task} {k}?", "choices": ["A"], "gold_index": 0} for k in range(len(metrics))]
    pq.write_table(pa.table({"doc": documents, "metric": metrics}), path)
    return path


def opencompass(folder: Path, model: str, details: list[dict[str, Any]]) -> Path:
    return dump(folder / "results" / model / "d.json", {"accuracy": 50.0, "details": details})


def promptfoo(path: Path, rows: list[dict[str, Any]], providers: list[dict[str, Any]] | None = None) -> Path:
    """Rows have a provider, a question q and success, and what else differs from the usual."""
    results = []
    for row in rows:
        q, provider, success = row.pop("q"), row.pop("provider"), row["success"]
        results.append(
            {
                "provider": {"id": provider},
                "prompt": {"raw": q, "label": "p"},
                "promptIdx": 0,
                "testIdx": 0,
                "vars": {"q": q},
                "score": float(success),
                "failureReason": int(not success),
                "namedScores": {},
                "gradingResult": {"pass": success, "reason": "r", "componentResults": [{"pass": success}]},
                "testCase": {"vars": {"q": q}, "assert": [{"type": "equals", "value": "A"}]},
                **row,
            }
        )
    whole = {"version": 3, "timestamp": TIME, "results": results}
    return dump(path, {"evalId": "e", "results": whole, "config": {"providers": providers or []}})


def swebench_report(path: Path, states: dict[str, list[str]]) -> Path:
    ids = {f"{key}_ids": instances for key, instances in states.items()}
    return dump(path, {"schema_version": 2, "completed_instances": 1, "resolved_instances": 1, **ids})


def swebench_instance(folder: Path, instance: str, resolved: bool | None) -> None:
    """The log of one instance; without a report where the evaluation broke."""
    (folder / instance).mkdir(parents=True)
    (folder / instance / "run_instance.log").write_text("started")
    if resolved is not None:
        held = {"patch_is_None": False, "patch_exists": True, "patch_successfully_applied": True, "resolved": resolved}
        dump(folder / instance / "report.json", {instance: held})
