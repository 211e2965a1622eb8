"""SWE-bench: run reports, the ``report.json`` of every instance, ``results.json`` and ``per_instance_details.json``.

Schemas: ``make_run_report`` in ``swebench/harness/reporting.py`` of swebench 5.0.2 (``schema_version`` 2, lists of
instance ids); ``get_eval_report`` in ``swebench/harness/grading.py`` (``logs/run_evaluation/RUN/MODEL/INSTANCE/``);
``evaluation/*/*/results/results.json`` and ``per_instance_details.json`` of github.com/SWE-bench/experiments. The state
of an instance is the first of these that applies:

- incomplete, or submitted but not evaluated: missing; likely infrastructure failure (``infra_failure_ids``) or error
  (``error_ids``: no readable report, which also happens to patches that do not apply): error;
- ``resolved``: right; unresolved, an empty patch or no generation: wrong, as in the benchmark's own score.

The folder of an instance with ``run_instance.log`` and no ``report.json`` is an error, as its id is in ``error_ids``;
an instance without a folder is missing.

A recent ``results.json`` lists the resolved instances but not those that failed, so that `data.instances` must name a
file with all instance ids. No file names its model: the name is that of the report without its run id, or that of the
folder; reports of one model with other run ids or in other folders are systems of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.files import local_path
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

RESULTS, DETAILS = "results.json", "per_instance_details.json"
_PLAIN_REPORT, _LOG = "report.json", "run_instance.log"
_INSTANCE = "the SWE-bench report of an instance"
_SCORER = "resolved"
# Folders of the leaderboard's layout that name no model.
_NOT_MODELS = ("logs", "results", "")
_SCHEMA = 2

# Lists of ids and their states. An instance may be in several lists; the first of them decides.
_REPORT = {
    "incomplete_ids": Cell.MISSING,
    "infra_failure_ids": Cell.ERROR,
    "error_ids": Cell.ERROR,
    "resolved_ids": Cell.RIGHT,
    "unresolved_ids": Cell.WRONG,
    "empty_patch_ids": Cell.WRONG,
}
_SUBMISSION = {
    "resolved": Cell.RIGHT,
    "install_fail": Cell.ERROR,
    "reset_failed": Cell.ERROR,
    "test_errored": Cell.ERROR,
    "test_timeout": Cell.ERROR,
    "no_logs": Cell.ERROR,
    "no_generation": Cell.WRONG,
    "no_apply": Cell.WRONG,
}


@dataclass(frozen=True)
class SWEBenchSource(JsonLogSource):
    """Reports and submissions of SWE-bench.

    Attributes:
        instances: file with all instance ids, one per line or a JSON list, for ``results.json`` (`data.instances`).
    """

    instances: str | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*.json", _LOG)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.instances is not None and not (isinstance(self.instances, str) and self.instances):
            raise InputError(f"data.instances: {self.instances!r} is not the path of a file")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """One of the kinds of file, or the log of an instance whose evaluation ended without a report."""
        if path.name == _LOG:
            return "" if path.with_name(_PLAIN_REPORT).exists() else "a SWE-bench instance without a report"
        return _kind(path, first_keys(path)) if files.ends_in(path, ".json") else ""

    @classmethod
    def superseded(cls, paths: Sequence[Path]) -> set[Path]:
        """The logs of single instances, where the report of their model and run is read, too."""
        # MODEL.RUN.json, where both names may have dots.
        whole = {path.name.removesuffix(".json") for path in paths}
        single = [path for path in paths if path.name in (_LOG, _PLAIN_REPORT) and ".".join(_place(path)) in whole]
        return {path for path in single if path.name == _LOG or cls.sniff(path) == _INSTANCE}

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every instance of one report or submission."""
        self.rule.choose([_SCORER], path.name)
        if path.name == _LOG:
            return self._instance(path, {path.resolve().parent.name: None}, records)
        whole = mapping(files.read_json(path, unique_keys=True), path.name)
        kind = _kind(path, set(whole) | {key for value in whole.values() if isinstance(value, dict) for key in value})
        if kind == "a SWE-bench run report":
            return self._report(path, whole, records)
        if kind == "SWE-bench instance details":
            return self._details(path, whole, records)
        if kind == _INSTANCE:
            return self._instance(path, whole, records)
        if kind:
            return self._submission(path, whole, records)
        raise InputError(
            f"{path.name}: neither a run report with resolved_ids, nor the report of an instance, a {RESULTS} or a "
            f"{DETAILS}"
        )

    def _report(self, path: Path, whole: dict[str, Any], records: Records) -> list[str]:
        if whole.get("schema_version") != _SCHEMA:
            raise InputError(f"{path.name}: schema_version {whole.get('schema_version')!r}; {_SCHEMA} is read")
        model, run = _model_and_run(path)
        states = _states(whole, _REPORT, path.name)
        unlisted = set(_ids(whole, "submitted_ids", path.name)) - set(states)
        _add(records, model, {**dict.fromkeys(unlisted, Cell.MISSING), **states})
        records.settings[model] = {"run": run, "folder": path.resolve().parent.name}
        notes = [
            "Models are named after their reports, without the run id; those called report.json after their folder."
        ]
        if unlisted:
            notes.append(
                f"{shorten(model)}: submitted but not evaluated in this run, counted as missing: {len(unlisted):,}."
            )
        for key, what in (
            ("infra_failure_ids", "likely infrastructure failures, counted as errors"),
            ("error_ids", "without a readable report, counted as errors, among them patches that do not apply"),
            ("ambiguous_failure_ids", "failures that the harness calls ambiguous, whose states are not changed"),
            ("empty_patch_ids", "empty patches, counted as wrong"),
        ):
            if n := len(_ids(whole, key, path.name)):
                notes.append(f"{shorten(model)}: {what}: {n:,}.")
        return notes

    def _instance(self, path: Path, whole: dict[str, Any], records: Records) -> list[str]:
        """Add the instances of one report; None stands for the report that an instance lacks."""
        model, run = _place(path)
        for instance, held in whole.items():
            where = f"{path.name}: {shorten(instance)}"
            state = Cell.ERROR
            if held is not None:
                detail = mapping(held, where)
                if not isinstance(detail.get("resolved"), bool):
                    raise InputError(f"{where}: resolved is {detail.get('resolved')!r}; true or false was expected")
                state = Cell.RIGHT if detail["resolved"] else Cell.WRONG
            records.add(instance, model or instance, state)
        records.settings[model or path.name] = {"run": run}
        return [
            "Models are named after the folders above those of the instances; an instance whose folder has no report "
            "is an error, as in the run's own report, and one without a folder is missing."
        ]

    def _submission(self, path: Path, whole: dict[str, Any], records: Records) -> list[str]:
        if "resolved" not in whole:
            raise InputError(f"{path.name}: no 'resolved' among {shorten(', '.join(whole), 120)}")
        states = _states(whole, _SUBMISSION, path.name)
        known = _ids(whole, "generated", path.name)
        if self.instances is not None:
            known = _instance_ids(local_path(self.instances))
            if stray := set(states) - set(known):
                raise InputError(f"{path.name}: {shorten(min(stray))!r} is not among the ids of data.instances")
        elif not known:
            raise InputError(
                f"{path.name}: lists the resolved instances but not those that failed; data.instances= "
                "must name a file with all ids"
            )
        _add(records, _folder(path), {instance: states.get(instance, Cell.WRONG) for instance in (*known, *states)})
        return ["Models are named after the folders of their submissions."]

    def _details(self, path: Path, whole: dict[str, Any], records: Records) -> list[str]:
        for instance, held in whole.items():
            where = f"{path.name}: {shorten(instance)}"
            detail = mapping(held, where)
            if "resolved" not in detail:
                raise InputError(f"{where}: no 'resolved' among {shorten(', '.join(detail), 120)}")
            state = self.rule.state(detail["resolved"], f"{where}: resolved")
            records.add(instance, _folder(path), state, cost=amount(detail.get("cost"), f"{where}: cost"))
        return ["Models are named after the folders of their submissions."]


def _model_and_run(path: Path) -> tuple[str, str]:
    """Model and run of a run report, from its name; of one called report.json, the folder."""
    name = path.name.removesuffix(".json")
    model, _, run = name.rpartition(".")
    return (path.resolve().parent.name or name, "") if not model or path.name == _PLAIN_REPORT else (model, run)


def _place(path: Path) -> tuple[str, str]:
    """Model and run of the log of one instance, from the folders RUN/MODEL/INSTANCE that it is in."""
    folders = [folder.name for folder in path.resolve().parents[1:] if folder.name not in _NOT_MODELS]
    model, run = (*folders, "", "")[:2]
    return model, run


def _kind(path: Path, keys: set[str]) -> str:
    """Which of the kinds of file this is, in words; empty for none of them."""
    if {"completed_instances", "resolved_instances"} <= keys or "resolved_ids" in keys:
        return "a SWE-bench run report"
    if {"patch_exists", "patch_successfully_applied", "resolved"} <= keys:
        return _INSTANCE
    if path.name == RESULTS and not keys.isdisjoint({"resolved", "no_generation", "no_logs", "generated"}):
        return "results of a SWE-bench submission"
    if path.name == DETAILS and "resolved" in keys:
        return "SWE-bench instance details"
    return ""


def _states(whole: dict[str, Any], meaning: dict[str, Cell], file: str) -> dict[str, Cell]:
    """State of every listed instance, by the first of its lists; InputError for one that is both right and wrong."""
    states: dict[str, Cell] = {}
    for key, state in meaning.items():
        for instance in _ids(whole, key, file):
            if {states.setdefault(instance, state), state} == {Cell.RIGHT, Cell.WRONG}:
                raise InputError(f"{file}: {shorten(instance)!r} is both resolved and in {key!r}")
    return states


def _ids(whole: dict[str, Any], key: str, file: str) -> list[str]:
    """A list of instance ids, empty where the file has no such list."""
    ids = listing(whole.get(key, []), f"{file}: {key}")
    if not all(isinstance(instance, str) and instance for instance in ids):
        raise InputError(f"{file}: {key} holds something that is not an instance id")
    return ids


def _instance_ids(path: Path) -> list[str]:
    """All instance ids, from a JSON list or a text with one id per line."""
    text = files.read_bytes(path)
    if text.lstrip()[:1] == b"[":
        return _ids({"ids": files.parse_json(text, path.name)}, "ids", path.name)
    try:
        return [line.strip() for line in text.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputError(f"data.instances: {path.name} is not UTF-8 text") from None


def _add(records: Records, model: str, states: dict[str, Cell]) -> None:
    """Add the instances of a model in the order of their ids, which is the same for every model."""
    for instance, state in sorted(states.items()):
        records.add(instance, model, state)


def _folder(path: Path) -> str:
    """The submission's folder: the nearest one above the file that is not called ``results`` or ``logs``."""
    above: Iterable[Path] = path.resolve().parents
    return next((folder.name for folder in above if folder.name not in _NOT_MODELS), path.name)
