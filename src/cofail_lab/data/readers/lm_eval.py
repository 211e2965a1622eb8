"""EleutherAI's lm-evaluation-harness: ``samples_TASK_TIME.jsonl`` and the results file beside it.

Schema: ``lm_eval/evaluator.py`` and ``lm_eval/loggers/evaluation_tracker.py`` of lm_eval 0.4.13 (`lm_eval run
--log_samples --output_path`): one row per document and filter, with ``doc_hash``, ``filter``, ``metrics`` (their names)
and one field per metric. A document is the same in two runs if its ``doc_hash`` is the same; for rows without a hash
(before 0.4.3) it is computed as the harness computes it. Rows of 0.4.3 to 0.4.6 do not name their filter: those of one
document are its filters, ``first``, ``second`` and so on. The model is ``model_name`` of the results file or, without
such a file, the name of the folder.

Also read: ``MODELARGS_TASK.jsonl`` of 0.4.0 to 0.4.2, one JSON array, and ``TASK_write_out_info.json`` of 0.3.
"""

import glob
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files, rule
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping, score_of, text_or_none
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl(\.gz)?")
# Fields of a row that are not metrics, for rows without a list of metrics.
_OTHER_FIELDS = {
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "metrics",
    "doc_hash",
    "prompt_hash",
    "target_hash",
    "task_name",
}
# Parts of a results file that change what a model answers.
_SETTINGS = ("model_args", "gen_kwargs", "model_revision", "model_dtype")
_RUN_SETTINGS = ("system_instruction", "chat_template_sha", "fewshot_as_multiturn")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "a later one")
_NO_FILTER = "none"
_SUFFIXES = (".jsonl", ".jsonl.gz")
_WRITE_OUT = "_write_out_info.json"
_OF_WRITE_OUT = re.compile(r"(prompt|logit)_\d+|truth")


@dataclass(frozen=True)
class LmEvalSource(JsonLogSource):
    """Sample logs of the harness; `data.scorer` is a metric such as ``acc``.

    Attributes:
        filter: name of the filter whose answers count (`data.filter`), such as ``strict-match``; a list of preference
            or a mapping from tasks to names, as `rule.Rule.scorer`. None where there is only one.
    """

    filter: str | Sequence[str] | Mapping[str, str] | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*.jsonl", "*.jsonl.gz", f"*{_WRITE_OUT}")

    def __post_init__(self) -> None:
        super().__post_init__()
        rule.check_choice("data.filter", self.filter, "filter")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Lines with documents and filtered responses."""
        if files.ends_in(path, _WRITE_OUT):
            return "a write-out of lm-evaluation-harness 0.3" if {"doc_id", "prompt_0"} <= first_keys(path) else ""
        recognised = files.ends_in(path, _SUFFIXES) and {"doc_id", "resps", "filtered_resps"} <= first_keys(path)
        return "samples of lm-evaluation-harness" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the rows of the chosen filter, graded by the chosen metric."""
        run = _Run(path)
        rows: list[tuple[str, str, dict[str, Any], str | None]] = []
        times: Counter[str] = Counter()
        for where, line in _rows(path):
            row = mapping(line, where)
            times[str(row.get("doc_id"))] += 1
            name = _filter(row, times[str(row.get("doc_id"))])
            rows.append((name, _doc_hash(row, where), _metrics(row, where), _prompt(row)))
        if not rows:
            raise InputError(f"{path.name}: no row in it")
        if max(times.values()) == 1:
            rows = [(_NO_FILTER if name == _ORDINALS[0] else name, *rest) for name, *rest in rows]  # type: ignore[misc]
        chosen = rule.chosen("data.filter", self.filter, {row[0] for row in rows}, "filter", path.name, run.task)
        rows = [row for row in rows if row[0] == chosen]
        metric = self.rule.choose({name for _, _, metrics, _ in rows for name in metrics}, path.name, run.task)
        run.check_direction(metric)
        seen: dict[str, int] = {}
        for _, doc_hash, metrics, prompt in rows:
            seen[doc_hash] = seen.get(doc_hash, 0) + 1
            # A task may hold one document twice: these are two queries, not two answers to one query.
            query = doc_hash if seen[doc_hash] == 1 else f"{doc_hash}#{seen[doc_hash]}"
            value = metrics.get(metric)
            state = self.rule.state(value, f"{path.name}: {query}: {metric}")
            # The hash is of the document: prompts of one document differ by shots and chat templates.
            content = f"doc_hash:{doc_hash}"
            records.add(
                query, run.model, state, dataset=run.task, score=score_of(value), prompt=prompt, content=content
            )
        records.settings[run.model] = run.settings()
        notes = [f"Right is decided by {metric!r}" + ("." if chosen == _NO_FILTER else f" of filter {chosen!r}.")]
        if repeated := len(rows) - len(seen):
            notes.append(f"{run.model}: documents that come more than once are queries of their own: {repeated:,}.")
        return notes + run.notes


class _Run:
    """What follows from the name of a sample log and from the results file beside it.

    Attributes:
        task, model: names.
        notes: on how the model was named.
    """

    def __init__(self, path: Path) -> None:
        match = _NAME.fullmatch(path.name)
        self.task = match["task"] if match else ""
        self.notes: list[str] = []
        self._path, self._results = path, {}
        # ``--output_path FOLDER`` writes results_TIME.json, ``--output_path NAME.json`` NAME_TIME.json.
        beside = sorted(path.parent.glob(f"*_{glob.escape(match['time'])}.json" if match else "results.json"))
        if len(beside) == 1:
            self._results = mapping(files.read_json(beside[0]), beside[0].name)
        model = self._results.get("model_name") if match else self._old_name()
        if not isinstance(model, str) or not model.strip():
            # The folder has the model's name with / written as __, and a name may also contain __ itself.
            model = path.resolve().parent.name or path.name
            self.notes.append(f"Model {shorten(model)!r} is named after its folder: no results file gives its name.")
        self.model = model

    def _old_name(self) -> str | None:
        """The model in ``MODELARGS_TASK.jsonl``, where results.json lists the task; sets the task too."""
        stem = re.sub(r"(\.jsonl(\.gz)?|_write_out_info\.json)$", "", self._path.name, flags=re.IGNORECASE)
        tasks = self._results.get("results")
        known = [task for task in tasks if stem == task or stem.endswith(f"_{task}")] if isinstance(tasks, dict) else []
        self.task = max(known, key=len, default=stem if files.ends_in(self._path, _WRITE_OUT) else "")
        arguments = stem.removesuffix(self.task).rstrip("_")
        self._results = {}  # it is of one of the models only
        if not arguments:
            return None
        named = re.match(r"(?:pretrained|model|engine)=([^,]+)", arguments)
        return named[1].replace("__", "/") if named else arguments

    def settings(self) -> dict[str, str]:
        """What the answers depend on beside the model; without a results file, the folder that the name came from."""
        if not self._results:
            return {"folder": self._path.resolve().parent.name}
        config = self._results.get("config")
        held = {key: config[key] for key in _SETTINGS if key in config} if isinstance(config, dict) else {}
        held |= {key: self._results[key] for key in _RUN_SETTINGS if key in self._results}
        shots = self._results.get("n-shot")
        if isinstance(shots, dict) and self.task in shots:
            held["n-shot"] = shots[self.task]
        return {key: str(value) for key, value in held.items() if value not in (None, "", {})}

    def check_direction(self, metric: str) -> None:
        """Raise InputError for a metric whose lower values are the better ones."""
        directions = self._results.get("higher_is_better")
        of_task = directions.get(self.task) if isinstance(directions, dict) else None
        if isinstance(of_task, dict) and of_task.get(metric) is False:
            raise InputError(
                f"{self._path.name}: lower values of {metric!r} are better; a metric whose higher values are better is "
                "needed"
            )


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(file and line, row): of JSON Lines, or of one JSON array as versions before 0.4.3 write it."""
    if files.head(path, 64).lstrip()[:1] == b"[":
        for number, row in enumerate(listing(files.read_json(path), path.name), start=1):
            yield f"{path.name}: row {number}", row
    else:
        for number, row in files.read_jsonl(path):
            yield f"{path.name}: line {number}", row


def _filter(row: dict[str, Any], time: int) -> str:
    """Name of the filter that the answers of a row passed, or which of the document's rows this is."""
    name = row.get("filter")
    return name if isinstance(name, str) and name else _ORDINALS[min(time, len(_ORDINALS)) - 1]


def _metrics(row: dict[str, Any], where: str) -> dict[str, Any]:
    """Values of a row by metric."""
    named = row.get("metrics")
    if named is None:
        return {
            key: value for key, value in row.items() if key not in _OTHER_FIELDS and not _OF_WRITE_OUT.fullmatch(key)
        }
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise InputError(f"{where}: metrics is not a list of names")
    return {name: row.get(name) for name in named}


def _doc_hash(row: dict[str, Any], where: str) -> str:
    """The first 16 hex digits of the document's hash, which distinguish the documents of one task."""
    stated = row.get("doc_hash")
    if isinstance(stated, str) and stated.strip():
        return stated[:16]
    doc = row.get("doc", [row[key] for key in ("prompt_0", "truth") if key in row])
    if not doc:
        raise InputError(
            f"{where}: neither doc_hash nor doc; one of them is needed to match the answers of different models"
        )
    return hashlib.sha256(json.dumps(doc, indent=2, ensure_ascii=False).encode(errors="replace")).hexdigest()[:16]


def _prompt(row: dict[str, Any]) -> str | None:
    """The first argument of the first request, which is the context of the model."""
    arguments = row.get("arguments")
    if arguments is None:
        return text_or_none(row.get("prompt_0"))
    if isinstance(arguments, dict):
        first = arguments.get("gen_args_0")
        return text_or_none(first.get("arg_0")) if isinstance(first, dict) else None
    if isinstance(arguments, list) and arguments and isinstance(arguments[0], list) and arguments[0]:
        return text_or_none(arguments[0][0])
    return None
