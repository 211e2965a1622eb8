"""lighteval: ``details_TASK_TIME.parquet``, a row per document, written with ``--save-details``.

Schema: ``DetailsLogger.Detail`` of ``src/lighteval/logging/info_loggers.py`` and ``EvaluationTracker`` of
``evaluation_tracker.py`` (github.com/huggingface/lighteval). Three layouts are read: ``example``, ``metrics`` and
``gold`` or ``choices`` with ``gold_index`` (to 0.8, and the details of the first Open LLM Leaderboard, written by a
fork of it); ``__doc__`` and ``__metric__`` (to 0.12); ``doc`` and ``metric`` (from 0.13). Where a table could not be
made of the details, lighteval writes every column as Python text, which is read as a literal and never run.

A query is its question and its reference answers, because older layouts have no id, and an id is a position. The model
is ``config_general.model_name`` of the results file of the same time or, without one, the folders between ``details``
and the time. An answer that the model could not give is an empty text there, and graded so.
"""

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.names import shorten
from cofail_lab.data.parquet import read_records, schema_names
from cofail_lab.data.readers.json_log import JsonLogSource, score_of
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError

_NAME = re.compile(r"details_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.-]+)\.parquet")
# Pairs of columns (document, metrics) of each layout; the first layout has the document in columns of its own.
_LAYOUTS = (("example", "metrics"), ("__doc__", "__metric__"), ("doc", "metric"))
_PARTS = ("query", "choices", "gold_index")
_FLAT_PARTS = ("example", "gold", "choices", "gold_index")
# Longest text of a cell that is read as a Python literal.
_MAX_LITERAL = 2**20


@dataclass(frozen=True)
class LightevalSource(JsonLogSource):
    """Details of lighteval; `data.scorer` is a metric such as ``extractive_match``."""

    patterns: ClassVar[tuple[str, ...]] = ("details_*.parquet",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A Parquet file with the columns of one of the layouts."""
        if not files.ends_in(path, ".parquet"):
            return ""
        try:
            layout = _layout(columns := schema_names(path))
            # Columns of text with short names may be of anything, unless the file is called as lighteval calls it.
            clear = layout == _LAYOUTS[0] or (layout and f"{layout[0]}.query" in columns)
            return "details of lighteval" if clear or (layout and _NAME.fullmatch(path.name)) else ""
        except InputError:
            return ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every document of one task, graded by the chosen metric."""
        columns = schema_names(path)
        layout = _layout(columns)
        if layout is None:
            raise InputError(
                f"{path.name}: no columns example and metrics, or doc and metric, as lighteval writes them"
            )
        task, shots, time = _task(path)
        model, notes = _model(path, time)
        rows = [_row(record, layout, path.name) for record in read_records(path, _wanted(columns, layout))]
        known = {name for _, _, metrics in rows for name in metrics}
        if not known:
            raise InputError(f"{path.name}: no metric with a number for each document")
        metric = self.rule.choose(known, path.name, task)
        seen: dict[str, int] = {}
        for question, golds, metrics in rows:
            digest = hashlib.sha256(json.dumps([question, golds]).encode()).hexdigest()[:16]
            seen[digest] = seen.get(digest, 0) + 1
            # A task may hold one document twice: these are two queries, not two answers to one query.
            query = digest if seen[digest] == 1 else f"{digest}#{seen[digest]}"
            value = metrics.get(metric)
            state = self.rule.state(value, f"{path.name}: {query}: {metric}")
            records.add(query, model, state, dataset=task, score=score_of(value), prompt=question or None)
        records.settings[model] = {"few-shot": shots} if shots else {}
        notes.append(
            f"Right is decided by {metric!r}"
            + (f", from {self.threshold:g} on." if self.threshold is not None else ".")
        )
        if repeated := len(rows) - len(seen):
            notes.append(
                f"{shorten(model)}: documents that come more than once are queries of their own: {repeated:,}."
            )
        return notes


def _layout(columns: list[str]) -> tuple[str, str] | None:
    """The (document, metrics) columns of a file, None where it is not of lighteval."""
    names = set(columns)
    layout = next((pair for pair in _LAYOUTS if set(pair) <= names), None)
    if layout == _LAYOUTS[0]:
        return layout if "full_prompt" in names else None
    # Columns with these short names may be of anything; those of lighteval hold a question, or text.
    nested = layout is not None and (
        f"{layout[0]}.query" in names or not any(n.startswith(f"{layout[0]}.") for n in names)
    )
    return layout if nested else None


def _wanted(columns: list[str], layout: tuple[str, str]) -> list[str]:
    """The columns to read: large ones, such as tokens, stay where they are."""
    document, metrics = layout
    if layout == _LAYOUTS[0]:
        return [name for name in (*_FLAT_PARTS, metrics) if name in columns]
    parts = [f"{document}.{part}" for part in _PARTS if f"{document}.{part}" in columns]
    return [*(parts or [document]), metrics]


def _row(record: dict[str, Any], layout: tuple[str, str], file: str) -> tuple[str, list[str], dict[str, Any]]:
    """Question, reference answers in their order, and the metrics of a document that are numbers."""
    held = {key: _literal(value, key, file) for key, value in record.items()}
    metrics = held[layout[1]]
    if not isinstance(metrics, dict):
        raise InputError(f"{file}: {layout[1]} is {shorten(repr(metrics))}; metrics by name were expected")
    document = held if layout == _LAYOUTS[0] else held[layout[0]]
    if not isinstance(document, dict):
        raise InputError(f"{file}: {layout[0]} is {shorten(repr(document))}; a document was expected")
    question = document.get("example" if layout == _LAYOUTS[0] else "query")
    golds = document.get("gold") or []
    choices, places = document.get("choices") or [], document.get("gold_index")
    places = places if isinstance(places, list) else [places]
    if not golds and isinstance(choices, list):
        golds = [choices[k] for k in places if isinstance(k, int) and -len(choices) <= k < len(choices)]
    golds = golds if isinstance(golds, list) else [golds]
    numbers = {name: value for name, value in metrics.items() if value is None or isinstance(value, bool | int | float)}
    return str(question or ""), [str(gold).strip() for gold in golds], numbers


def _literal(value: Any, column: str, file: str) -> Any:
    """A cell as it is; of a text where lighteval wrote a structure as Python text, that structure."""
    if column in ("example", "query") or not isinstance(value, str):
        return value
    if len(value) > _MAX_LITERAL:
        raise InputError(
            f"{file}: {column} holds a text of {len(value):,} characters; at most {_MAX_LITERAL:,} are read"
        )
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def _task(path: Path) -> tuple[str, str, str]:
    """Task without its number of shots, this number, and the time of the run, from the name of the file."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return path.name.removesuffix(".parquet").removeprefix("details_"), "", ""
    task, _, shots = match["task"].rpartition("|")
    while shots.isdigit() and task.rpartition("|")[2].isdigit():
        # suite|task|shots|truncated
        task, _, shots = task.rpartition("|")
    return (task, shots, match["time"]) if task and shots.isdigit() else (match["task"], "", match["time"])


def _model(path: Path, time: str) -> tuple[str, list[str]]:
    """Name of the model, and a note where no results file gives it."""
    above = path.resolve().parents
    details = next((folder for folder in above if folder.name == "details"), None)
    beside = [folder / f"results_{time}.json" for folder in above[:3]]
    named = ""
    if details is not None:
        # details/ORG/NAME/TIME/details_*.parquet
        inner = path.resolve().parent.relative_to(details).parts
        inner = inner[:-1] if inner and inner[-1] == time else inner
        named = "/".join(inner)
        beside.append(details.parent / "results" / Path(*inner) / f"results_{time}.json")
    for results in beside:
        if time and results.is_file():
            whole = files.read_json(results)
            config = whole.get("config_general") if isinstance(whole, dict) else None
            stated = config.get("model_name") if isinstance(config, dict) else None
            if isinstance(stated, str) and stated.strip():
                return stated, []
    folders = [folder.name for folder in above if folder.name not in ("", time)]
    # The hub's details_ORG__NAME_private.
    hub = next(
        (re.fullmatch(r"details_(.+?)(_private)?", name) for name in folders[:3] if name[:8] == "details_"), None
    )
    model = named or (hub[1].replace("__", "/", 1) if hub else folders[0] if folders else path.name)
    return model, [f"Model {shorten(model)!r} is named after its folder: no results file gives its name."]
