"""Logs written to the documented schema of each format, all from one truth: what a reader has to find in them.

The schemas are cited in the readers of `cofail_lab.data`. Where the vendor's own writer runs, its logs are tested too:
`inspect_logs`, `lm_eval_logs` and, checked in, what `vendor_logs` wrote.
"""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cofail_lab.grades import Cell

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell
MODELS = ("org/alpha", "../../etc/passwd", "<b>β & co</b>")
"""Names are data: the second and third would do harm as a path or as HTML."""


@dataclass(frozen=True)
class Truth:
    """States of n queries and three models, in turn so that every pair of them occurs; and what else a log may hold."""

    states: tuple[Cell, ...]
    n: int = 25

    @property
    def cells(self) -> np.ndarray:
        k = len(self.states)
        turns = [[i % k, (i // k) % k, (i + i // k) % k] for i in range(self.n)]
        return np.array([[self.states[turn] for turn in row] for row in turns], np.int8)

    def query(self, i: int) -> str:
        return f"item-{i:02d}"

    def dataset(self, i: int) -> str:
        return ("arithmetic", "logic")[i % 2]

    def prompt(self, i: int) -> str:
        return f"Zeile {i}:\n„wie viel ist {i} plus {i}?“"

    def cost(self, i: int, j: int) -> float:
        return (i + 1) * (j + 1) / 1024

    def tokens(self, i: int, j: int) -> tuple[int, int]:
        return 10 + i, 100 * (j + 1)


@dataclass(frozen=True)
class Made:
    """A log and what it holds.

    Attributes:
        path: for ``data.path``.
        files: every log file, for hostile changes and guesses of the format.
        truth: cells by query and model.
        options: of the reader, without which it must ask.
        keeps: per-cell numbers that the format has.
        names: how it names a query and a model, where not as the truth does.
    """

    path: str | list[str]
    files: tuple[Path, ...]
    truth: Truth
    options: dict[str, Any] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    query: Callable[[int], str] | None = None
    model: Callable[[str], str] = lambda name: name


def grade(state: int, *, none: Any = None) -> Any:
    return {RIGHT: 1.0, WRONG: 0.0}.get(Cell(state), none)


def _write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def write_lines(path: Path, lines: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def cells_of(truth: Truth) -> list[tuple[int, int, str, Cell]]:
    return [(i, j, MODELS[j], Cell(state)) for (i, j), state in np.ndenumerate(truth.cells)]


def llmrouterbench(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, UNSCORED, ERROR, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        for dataset in ("arithmetic", "logic"):
            records = []
            for i, state in enumerate(truth.cells[:, j]):
                if truth.dataset(i) != dataset or state == MISSING:
                    continue
                broken = state == ERROR
                asked, answered = truth.tokens(i, j)
                records.append(
                    {
                        "index": i + 1,
                        "origin_query": truth.prompt(i),
                        "prompt": truth.prompt(i),
                        "prediction": "?",
                        "prompt_tokens": 0 if broken else asked,
                        "completion_tokens": 0 if broken else answered,
                        "cost": 0.0 if broken else truth.cost(i, j),
                        "score": grade(state),
                        "ground_truth": "!",
                        "raw_output": "Processing failed: HTTP 500" if broken else "text",
                        "extra_fields": {},
                    }
                )
            document = {
                "performance": 0.5,
                "time_taken": 1.5,
                "prompt_tokens": 1,
                "completion_tokens": 1,
                "cost": 1.0,
                "counts": len(records),
                "model_name": model,
                "dataset_name": dataset,
                "split": "test",
                "demo": False,
                "extra_metrics": {},
                "data_fingerprint": "",
                "records": records,
            }
            files.append(_write(folder / "bench" / dataset / "test" / f"model{j}" / f"{dataset}-{j}.json", document))
    keeps = ("cost", "tokens_in", "tokens_out")
    return Made(str(folder / "bench"), tuple(files), truth, keeps=keeps, query=lambda i: str(i + 1))


def every_eval_ever(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        lines = []
        for i, state in enumerate(truth.cells[:, j]):
            if state == MISSING:
                continue
            asked, answered = truth.tokens(i, j)
            lines.append(
                {
                    "schema_version": "0.2.2",
                    "evaluation_id": f"run/{j}",
                    "model_id": model,
                    "evaluation_name": truth.dataset(i),
                    "evaluation_result_id": truth.dataset(i),
                    "sample_id": truth.query(i),
                    "sample_hash": hashlib.sha256(b"x").hexdigest(),
                    "interaction_type": "single_turn",
                    "input": {"raw": truth.prompt(i), "reference": ["4"]},
                    "output": {"raw": ["4"]},
                    "messages": None,
                    "answer_attribution": [],
                    "evaluation": {"score": grade(state, none=0.0), "is_correct": bool(state == RIGHT)},
                    "token_usage": {"input_tokens": asked, "output_tokens": answered, "total_tokens": asked + answered},
                    "error": "timeout" if state == ERROR else None,
                }
            )
        files.append(write_lines(folder / f"{j}_samples.jsonl", lines))
    return Made(str(folder), tuple(files), truth, keeps=("tokens_in", "tokens_out"))


def _routerbench_rows(truth: Truth) -> list[dict[str, Any]]:
    rows = []
    for i, states in enumerate(truth.cells):
        row: dict[str, Any] = {"sample_id": truth.query(i), "prompt": truth.prompt(i), "eval_name": truth.dataset(i)}
        row |= {model: grade(state) for model, state in zip(MODELS, states, strict=True)}
        row |= {f"{model}|model_response": "['ja, \"4\"']" for model in MODELS}
        row |= {f"{model}|total_cost": truth.cost(i, j) for j, model in enumerate(MODELS)}
        rows.append(row | {"oracle_model_to_route_to": MODELS[0]})
    return rows


def routerbench_csv(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, MISSING))
    path, rows = folder / "routerbench.csv", _routerbench_rows(truth)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return Made(str(path), (path,), truth, keeps=("cost",))


def routerbench_parquet(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, MISSING))
    path = folder / "routerbench.parquet"
    pq.write_table(pa.Table.from_pylist(_routerbench_rows(truth)), path)
    return Made(str(path), (path,), truth, keeps=("cost",))


def helm(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, UNSCORED, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        for dataset in ("arithmetic", "logic"):
            run = folder / f"run{j}{dataset}"
            _write(
                run / "run_spec.json",
                {
                    "name": f"{dataset}:model=model{j},method=joint",
                    "adapter_spec": {"model": model},
                    "metric_specs": [],
                },
            )
            rows = []
            for i, state in enumerate(truth.cells[:, j]):
                if truth.dataset(i) != dataset or state == MISSING:
                    continue
                asked, answered = truth.tokens(i, j)
                values = {"exact_match": grade(state), "num_prompt_tokens": asked, "num_completion_tokens": answered}
                stats = [
                    {"name": {"name": name, "split": "test"}, "count": 1, "sum": value, "mean": value}
                    for name, value in values.items()
                    if value is not None
                ]
                rows.append({"instance_id": truth.query(i), "train_trial_index": 0, "stats": stats})
                typos = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed"}
                rows.append({**rows[-1], "perturbation": typos, "stats": []})
            files.append(_write(run / "per_instance_stats.json", rows))
    return Made(str(folder), tuple(files), truth, keeps=("tokens_in", "tokens_out"))


def swebench_report(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR, MISSING))
    files = []
    for j in range(3):
        of = {state: [truth.query(i) for i in range(truth.n) if truth.cells[i, j] == state] for state in truth.states}
        submitted = [truth.query(i) for i in range(truth.n) if truth.cells[i, j] != MISSING]
        report = {
            "total_instances": truth.n,
            "submitted_instances": len(submitted),
            "completed_instances": 0,
            "resolved_instances": len(of[RIGHT]),
            "completed_ids": [],
            "incomplete_ids": of[MISSING],
            "empty_patch_ids": of[WRONG][:2],
            "submitted_ids": submitted,
            "resolved_ids": of[RIGHT],
            # An infrastructure failure stays among the unresolved, which must not make it wrong.
            "unresolved_ids": of[WRONG][2:] + of[ERROR][:2],
            "infra_failure_ids": of[ERROR][:2],
            "ambiguous_failure_ids": of[WRONG][3:4],
            "error_ids": of[ERROR][2:],
            "schema_version": 2,
        }
        files.append(_write(folder / f"model{j}.1.run.json", report))
    model = {name: f"model{j}.1" for j, name in enumerate(MODELS)}.__getitem__
    return Made(str(folder), tuple(files), truth, model=model)


def swebench_details(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, MISSING))
    files = []
    for j in range(3):
        details = {
            truth.query(i): {"cost": truth.cost(i, j), "api_calls": 3, "resolved": bool(state == RIGHT)}
            for i, state in enumerate(truth.cells[:, j])
            if state != MISSING
        }
        files.append(_write(folder / f"2024_model{j}" / "per_instance_details.json", details))
    model = {name: f"2024_model{j}" for j, name in enumerate(MODELS)}.__getitem__
    return Made(str(folder), tuple(files), truth, keeps=("cost",), model=model)


def swebench_results(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR))
    ids = folder / "ids.txt"
    ids.write_text("\n".join(truth.query(i) for i in range(truth.n)))
    files = []
    for j in range(3):
        of = {state: [truth.query(i) for i in range(truth.n) if truth.cells[i, j] == state] for state in truth.states}
        results = {"no_generation": of[WRONG][:2], "no_logs": of[ERROR], "resolved": of[RIGHT]}
        files.append(_write(folder / f"2024_model{j}" / "results" / "results.json", results))
    model = {name: f"2024_model{j}" for j, name in enumerate(MODELS)}.__getitem__
    return Made(str(folder), tuple(files), truth, {"instances": str(ids)}, model=model)


def evalplus(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, ERROR, MISSING))
    files = []
    for j in range(3):
        held = {}
        for i, state in enumerate(truth.cells[:, j]):
            if state != MISSING:
                plus = {RIGHT: "pass", WRONG: ("fail", "timeout")[i % 2], ERROR: None}[Cell(state)]
                task = f"HumanEval/{i}"
                held[task] = [{"task_id": task, "solution": "", "base_status": "pass", "plus_status": plus}]
        document = {"date": "2024-01-01 00:00", "hash": "x", "eval": held}
        files.append(_write(folder / f"model{j}_temp_0.0_eval_results.json", document))
    model = {name: f"model{j}_temp_0.0" for j, name in enumerate(MODELS)}.__getitem__
    return Made(str(folder), tuple(files), truth, {"scorer": "plus"}, query=lambda i: f"HumanEval/{i}", model=model)


def openai_evals(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, UNSCORED, ERROR, MISSING))
    files = []
    for j, model in enumerate(MODELS):
        spec = {"completion_fns": [model], "eval_name": "sums.dev.v0", "base_eval": "sums", "run_id": "r"}
        lines: list[Any] = [{"spec": spec}]
        for i, state in enumerate(truth.cells[:, j]):
            asked, answered = truth.tokens(i, j)
            usage = {"prompt_tokens": asked, "completion_tokens": answered}
            events: list[tuple[str, Any]] = [("raw_sample", {"input": truth.prompt(i)})]
            if state != MISSING:
                events.append(("sampling", {"prompt": truth.prompt(i), "sampled": ["4"], "usage": usage}))
            if state in (RIGHT, WRONG):
                events.append(("match", {"correct": bool(state == RIGHT), "expected": "4", "picked": "4"}))
            if state == ERROR:
                events.append(("error", {"type": "TimeoutError", "message": "…"}))
            lines += [{"run_id": "r", "sample_id": truth.query(i), "type": kind, "data": data} for kind, data in events]
        files.append(write_lines(folder / f"{j}.jsonl", [*lines, {"final_report": {"accuracy": 0.5}}]))
    return Made(str(folder), tuple(files), truth, keeps=("tokens_in", "tokens_out"))


def paper_matrix(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG, UNSCORED, MISSING))
    document: dict[str, Any] = {}
    for i, j, model, state in cells_of(truth):
        asked, answered = truth.tokens(i, j)
        row = document.setdefault(
            truth.query(i), {"dataset": truth.dataset(i), "multi_answer": i % 3 == 0, "models": {}}
        )
        row["models"][model] = {
            "correct": None if state == UNSCORED else state == RIGHT,
            "cost": truth.cost(i, j),
            "tok_in": asked,
            "tok_out": answered,
            "max_tokens": 200,
            "votes": [1, 0, None][: 1 + j],
            "missing": state == MISSING,
        }
    path = _write(folder / "matrix.json", document)
    return Made(str(path), (path,), truth, keeps=("cost", "tokens_in", "tokens_out"))


def paper_fusion(folder: Path) -> Made:
    truth = Truth((RIGHT, WRONG))
    samples: dict[str, Any] = {}
    for i, _, model, state in cells_of(truth):
        samples.setdefault(truth.query(i), {})[model] = [" Paris " if state == RIGHT else "Rome", "PARIS", "?"]
    meta = {truth.query(i): {"ds": truth.dataset(i), "answer": ["paris", "Lutetia"]} for i in range(truth.n)}
    document = {"samples": samples, "meta": meta, "models": list(MODELS), "S": 3}
    path = _write(folder / "fusion.json", document)
    return Made(str(path), (path,), truth, {"gold": "answer"})


MAKERS: dict[str, tuple[str, Callable[[Path], Made]]] = {
    "llmrouterbench": ("llmrouterbench", llmrouterbench),
    "every_eval_ever": ("every_eval_ever", every_eval_ever),
    "routerbench_csv": ("routerbench", routerbench_csv),
    "routerbench_parquet": ("routerbench", routerbench_parquet),
    "helm": ("helm", helm),
    "swebench_report": ("swebench", swebench_report),
    "swebench_details": ("swebench", swebench_details),
    "swebench_results": ("swebench", swebench_results),
    "evalplus": ("evalplus", evalplus),
    "openai_evals": ("openai_evals", openai_evals),
    "paper_matrix": ("paper_json", paper_matrix),
    "paper_fusion": ("paper_json", paper_fusion),
}
"""Name -> format and maker."""
