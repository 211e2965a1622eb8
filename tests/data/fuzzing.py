"""Small valid logs of every format, and what the fuzz test does to them."""

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LOGS = Path(__file__).with_name("logs")

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    "",
    " ",
    "C",
    "P",
    "N",
    "\ud800",
    "a\x00b",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "1e400",
    "NaN",
    0,
    -1,
    2,
    10**30,
    -(10**400),
    0.5,
    float("nan"),
    float("inf"),
    -0.0,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"a": []}},
    "x" * 5000,
    "\u202egpt",
    "🤖",
    ["q1", "q1"],
    {"models": {}},
    {"score": {"value": []}},
)


def seed_files(name: str) -> dict[str, bytes]:
    """File name -> content of one log of a format, the file to attack first."""
    vendor = {
        "helm": ("helm/gpt-4/per_instance_stats.json", "helm/gpt-4/run_spec.json"),
        "openai_evals": ("openai_evals/arithmetic.dev.v0.gpt-4.jsonl",),
        "swebench": ("swebench/agent__one.run-1.json",),
        "evalplus": ("evalplus/model-a_eval_results.json",),
    }
    if name in vendor:
        made = {Path(path).name: (LOGS / path).read_bytes() for path in vendor[name]}
        return made | ({"instances.json": _helm_instances()} if name == "helm" else {})
    return _WRITTEN[name]()


def _helm_instances() -> bytes:
    references = [{"output": {"text": "4"}, "tags": ["correct"]}]
    return json.dumps(
        [{"id": f"id{k}", "input": {"text": f"{k}?"}, "references": references} for k in range(4)]
    ).encode()


def _csv() -> dict[str, bytes]:
    return {
        "grades.csv": b"query,dataset,a,b\nq1,x,1,0\nq2,x,0,0\nq3,y,,error\nq4,y,1,unscored\n",
        "grades.costs.csv": b"query,a,b\nq1,1,2\nq2,.5,0\nq3,,1\nq4,1,1\n",
        "grades.models.csv": b"model,family\na,F\nb,G\n",
    }


def _parquet() -> dict[str, bytes]:
    return {"grades.parquet": parquet({"query": ["q1", "q2", "q3"], "a": [1, 0, None], "b": [1.0, 0.0, 1.0]})}


def parquet(columns: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _long() -> dict[str, bytes]:
    rows = [f"q{i},{m},{(i + j) % 2},{i},{0.1 * j},d{i % 2}" for i in range(6) for j, m in enumerate("abc")]
    return {"long.csv": "\n".join(["query,model,correct,tokens_in,cost,dataset", *rows, rows[0], ""]).encode()}


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def _npz() -> dict[str, bytes]:
    wrong = np.arange(12).reshape(4, 3) % 2 == 0
    return {
        "m.npz": npz({"wrong": wrong, "models": np.array(["a", "b", "c"]), "cost": np.ones((4, 3))}),
        "m.queries.txt": b"q1\nq2\nq3\nq4\n",
    }


def _npy() -> dict[str, bytes]:
    sink = io.BytesIO()
    np.save(sink, np.arange(12).reshape(4, 3) % 2)
    names = {"queries": ["q1", "q2", "q3", "q4"], "models": ["a", "b", "c"]}
    return {"m.npy": sink.getvalue(), "m.names.json": json.dumps(names).encode()}


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _lm_eval() -> dict[str, bytes]:
    rows = [
        {
            "doc_id": i,
            "doc": {"q": f"{i}?"},
            "target": "A",
            "arguments": {"gen_args_0": {"arg_0": f"{i}?"}},
            "resps": [["A"]],
            "filtered_resps": ["A"],
            "filter": "none",
            "metrics": ["acc"],
            "doc_hash": f"h{i}",
            "acc": float(i % 2),
        }
        for i in range(4)
    ]
    results = {"model_name": "org/model", "configs": {}, "higher_is_better": {"t": {"acc": True}}}
    time = "2026-01-01T00-00-00.000000"
    return {f"samples_t_{time}.jsonl": _lines(rows), f"results_{time}.json": json.dumps(results).encode()}


def _inspect() -> dict[str, bytes]:
    log = {
        "version": 2,
        "status": "success",
        "eval": {
            "task": "t",
            "model": "mockllm/model",
            "created": "2026-01-01T00:00:00+00:00",
            "dataset": {"name": "d", "sample_ids": [1, 2]},
            "config": {},
            "task_version": 0,
            "run_id": "r",
            "task_id": "i",
            "eval_id": "e",
        },
        "samples": [
            {
                "id": i,
                "epoch": 1,
                "input": "?",
                "target": "A",
                "messages": [],
                "output": {"model": "m", "choices": []},
                "scores": {"match": {"value": "CI"[i % 2]}},
                "model_usage": {},
            }
            for i in (1, 2)
        ],
    }
    return {"log.json": json.dumps(log).encode()}


def _routerbench() -> dict[str, bytes]:
    rows = [f"t.{i},p{i},t,{i % 2}.0,0.001,{(i + 1) % 2}.0,0.002" for i in range(4)]
    head = "sample_id,prompt,eval_name,gpt,gpt|total_cost,llama,llama|total_cost"
    return {"routerbench_0shot.csv": "\n".join([head, *rows, ""]).encode()}


def _llmrouterbench() -> dict[str, bytes]:
    records = [
        {
            "index": i,
            "origin_query": f"{i}?",
            "score": i % 2,
            "prompt_tokens": 5,
            "completion_tokens": 3,
            "cost": 0.1,
            "raw_output": "A",
        }
        for i in range(1, 4)
    ]
    whole = {"performance": 0.5, "model_name": "m", "dataset_name": "d", "split": "test", "records": records}
    return {"d-test-m.json": json.dumps(whole).encode()}


def _every_eval_ever() -> dict[str, bytes]:
    rows = [
        {
            "schema_version": "0.2.2",
            "evaluation_id": "e",
            "model_id": m,
            "evaluation_name": "d",
            "sample_id": f"s{i}",
            "interaction_type": "single_turn",
            "input": {"raw": "?"},
            "evaluation": {"score": i % 2, "is_correct": i % 2 == 1},
        }
        for i in range(3)
        for m in ("a", "b")
    ]
    return {"x_samples.jsonl": _lines(rows)}


def _paper_json() -> dict[str, bytes]:
    cell = {"correct": 1, "cost": 0.1, "tok_in": 5, "tok_out": 7, "votes": [1, 0]}
    models = {"a": cell, "b": {**cell, "correct": 0, "missing": False}}
    return {"matrix.json": json.dumps({f"q{i}": {"dataset": "d", "models": models} for i in range(3)}).encode()}


def _records() -> dict[str, bytes]:
    rows = [
        {"task": {"id": i}, "model": m, "runs": [i % 2, i % 2 == 1], "usage": {"cost": 0.5}}
        for i in range(3)
        for m in ("a", "b")
    ]
    return {"answers.jsonl": _lines(rows)}


def _promptfoo_rows() -> list[dict[str, Any]]:
    return [
        {
            "provider": {"id": f"echo:{m}", "label": m},
            "prompt": {"raw": f"{i}?", "label": "{{q}}"},
            "promptIdx": k,
            "testIdx": i,
            "vars": {"q": f"{i}?"},
            "testCase": {"description": "", "assert": [{"type": "equals"}]},
            "success": i == k,
            "score": i - k,
            "failureReason": int(i != k),
            "error": "no",
            "cost": 0.1,
            "namedScores": {"acc": 0.5},
            "gradingResult": {"pass": i == k, "reason": "r", "componentResults": [{}]},
            "response": {"cached": False, "tokenUsage": {"prompt": 3, "completion": 4}},
        }
        for i in range(3)
        for k, m in enumerate("ab")
    ]


def _promptfoo() -> dict[str, bytes]:
    providers = [{"id": "echo:a", "label": "a", "config": {"temperature": 0}}]
    whole = {"evalId": "e", "results": {"version": 3, "results": _promptfoo_rows()}, "config": {"providers": providers}}
    return {"out.json": json.dumps(whole).encode()}


def _lighteval() -> dict[str, bytes]:
    rows = [
        {"doc": {"query": f"{i}?", "choices": ["A", "B"], "gold_index": [i % 2]}, "metric": {"acc": i % 2}}
        for i in range(4)
    ]
    columns = {name: [row[name] for row in rows] for name in ("doc", "metric")}
    return {"details_t|5_2026-01-01T00-00-00.0.parquet": parquet(columns)}


def _opencompass() -> dict[str, bytes]:
    details = [
        {"example_abbr": f"d_{i}", "pred": ["4"], "answer": ["5"], "prompt": f"{i}?", "correct": [i % 2 == 0, True]}
        for i in range(4)
    ]
    return {"d.json": json.dumps({"accuracy": 50.0, "details": details}).encode()}


def _swebench_instance() -> dict[str, bytes]:
    held = {"patch_is_None": False, "patch_exists": True, "patch_successfully_applied": True, "resolved": True}
    return {"report.json": json.dumps({"org__repo-1": held}).encode()}


VARIANTS = {"npy": "npz", "promptfoo_lines": "promptfoo", "swebench_instance": "swebench"}
"""Further logs to attack -> their format."""

_WRITTEN: dict[str, Callable[[], dict[str, bytes]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "long": _long,
    "npz": _npz,
    "lm_eval": _lm_eval,
    "inspect": _inspect,
    "routerbench": _routerbench,
    "llmrouterbench": _llmrouterbench,
    "every_eval_ever": _every_eval_ever,
    "paper_json": _paper_json,
    "records": _records,
    "promptfoo": _promptfoo,
    "lighteval": _lighteval,
    "opencompass": _opencompass,
    "npy": _npy,
    "swebench_instance": _swebench_instance,
    "promptfoo_lines": lambda: {"out.jsonl": _lines(_promptfoo_rows())},
}


def attack(file: str, content: bytes, rng: random.Random) -> bytes:
    """The content with one to four things wrong: in its structure, then perhaps in its bytes."""
    for _ in range(rng.randint(1, 4)):
        if file.endswith(".jsonl"):
            content = _attack_lines(content, rng)
        elif file.endswith(".json"):
            content = _attack_json(content, rng)
        elif file.endswith(".csv"):
            content = _attack_csv(content, rng)
        elif file.endswith(".parquet"):
            content = _attack_parquet(content, rng)
        elif file.endswith(".npz"):
            content = _attack_npz(content, rng)
    return attack_bytes(content, rng) if rng.random() < 0.3 else content


def attack_bytes(content: bytes, rng: random.Random) -> bytes:
    """Truncated, spliced, with stray bytes, other line ends or a byte order mark."""
    where = rng.randrange(len(content) + 1)
    return rng.choice(
        [
            content[:where],
            content[:where] + bytes(rng.randrange(256) for _ in range(rng.randint(1, 8))) + content[where + 1 :],
            content[:where] + content[rng.randrange(len(content) + 1) :],
            content.replace(b"\n", rng.choice([b"\r", b"\r\n", b"\n\n"])),
            b"\xef\xbb\xbf" + content,
            b"\xff\xfe" + content,
            content + content,
            content.replace(b'"', b"", 1),
        ]
    )


def _dump(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except ValueError:  # an integer longer than Python agrees to write
        return b'{"q1": ' + b"9" * 5000 + b"}"


def _attack_json(content: bytes, rng: random.Random) -> bytes:
    try:
        return _dump(_changed(json.loads(content), rng))
    except (ValueError, RecursionError):
        return content


def _attack_lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines()
    if not lines:
        return content
    k = rng.randrange(len(lines))
    lines[k] = rng.choice([_attack_json(lines[k], rng), lines[k], b"", b"{}", b"[" * 100_000])
    if rng.random() < 0.2:
        lines.append(rng.choice(lines))
    return b"\n".join(lines) + b"\n"


def _changed(value: Any, rng: random.Random) -> Any:
    """One node of a document replaced, removed, renamed or doubled."""
    whole = {"": copy.deepcopy(value)}
    holder: Any = whole
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = rng.choice(keys)
        child = holder[key]
        if not isinstance(child, dict | list) or not child or rng.random() < 0.2:
            break
        holder = child
    kind = rng.random()
    if kind < 0.6 or holder is whole:
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))
    elif kind < 0.8:
        del holder[key]
    elif isinstance(holder, dict):
        holder[str(rng.choice(HOSTILE))] = holder.pop(key)
    else:
        holder.append(copy.deepcopy(child))
    return whole[""]


def _attack_csv(content: bytes, rng: random.Random) -> bytes:
    rows = [line.split(b",") for line in content.split(b"\n")]
    row = rng.choice(rows)
    hostile = str(rng.choice(HOSTILE)).encode("utf-8", "surrogatepass")
    kind = rng.random()
    if kind < 0.6:
        row[rng.randrange(len(row))] = hostile
    elif kind < 0.7:
        row.append(hostile)
    elif kind < 0.8:
        row.pop()
    elif kind < 0.9:
        rows.append(list(row))
    else:
        rows[0][rng.randrange(len(rows[0]))] = rng.choice(rows[0])
    return b"\n".join(b",".join(row) for row in rows)


def _attack_parquet(content: bytes, rng: random.Random) -> bytes:
    try:
        columns: dict[str, Any] = dict(pq.read_table(io.BytesIO(content)).to_pydict())
    except (pa.ArrowException, OSError, ValueError):
        return content
    n = max((len(column) for column in columns.values()), default=1)
    other = [
        pa.nulls(n),
        pa.array([b"\xff"] * n),
        pa.array([[1]] * n),
        pa.array([{"a": 1}] * n),
        pa.array(["x"] * n),
        pa.array([float("inf")] * n),
        pa.array([2] * n, pa.uint8()),
        pa.array(range(n), pa.timestamp("s")),
        pa.array(["q"] * n).dictionary_encode(),
        pa.array([True] * n),
        pa.array([""] * n),
    ]
    columns[rng.choice([*columns, "new", "dataset"])] = rng.choice(other)
    if rng.random() < 0.2:
        columns.pop(rng.choice(list(columns)))
    return parquet(columns)


def _attack_npz(content: bytes, rng: random.Random) -> bytes:
    try:
        with np.load(io.BytesIO(content)) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception:  # an earlier attack
        return content
    name = rng.choice([*arrays, "samples", "queries", "correct"])
    arrays[name] = rng.choice(
        [
            np.zeros(3),
            np.zeros((4, 3)),
            np.full((4, 3), np.nan),
            np.full((4, 3), 2),
            np.zeros((4, 3, 2)),
            np.zeros(()),
            np.zeros((0, 3)),
            np.array(["a", "a", "b", ""]),
            np.array(["\ud800", "b", "c"]),
            np.array([b"a", b"b", b"c"]),
            np.ones((4, 3), complex),
            np.zeros((4, 3), "M8[s]"),
            np.zeros(4, [("a", int)]),
            np.full((4, 3), np.inf),
        ]
    )
    written = npz(arrays)
    if rng.random() < 0.7:
        return written
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as old, zipfile.ZipFile(sink, "w") as new:
        for info in old.infolist():
            body = old.read(info)
            member = rng.choice([info.filename, "../" + info.filename, "/" + info.filename, info.filename])
            shape = rng.choice([b"(4, 3)", b"(10000000000, 3)", b"(-4, -3)", b"(4, 3, 0)", b"()"])
            new.writestr(
                member, body.replace(b"(4, 3)", shape) if rng.random() < 0.5 else body[: rng.randrange(len(body))]
            )
    return sink.getvalue()
