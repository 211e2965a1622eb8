"""EvalPlus results: ``eval_results.json``, the tests of HumanEval+ or MBPP+ that each generated program passed.

Schema: ``evalplus/evaluate.py`` of the evalplus package, 0.3.1: ``eval`` maps a task to its samples, each with
``base_status`` and ``plus_status`` (pass, fail, timeout, null). The file does not name its model: the model's name is
the file name without ``_eval_results.json`` or, if nothing is left, the name of the folder. By EvalPlus's own rule a
sample passes ``plus`` if both statuses are ``pass``. A program over its time limit failed its tests: ``timeout`` is
wrong. A null status means that the run of the tests broke: it is an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_ENDING = "eval_results.json"
_STATES = {"pass": Cell.RIGHT, "fail": Cell.WRONG, "timeout": Cell.WRONG, None: Cell.ERROR}


@dataclass(frozen=True)
class EvalPlusSource(JsonLogSource):
    """EvalPlus results; `data.scorer` is ``base`` or ``plus``, several samples of a task are repeats."""

    patterns: ClassVar[tuple[str, ...]] = (f"*{_ENDING}",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """An object with ``eval`` and test statuses."""
        keys = first_keys(path) if files.ends_in(path, ".json") else set()
        recognised = "eval" in keys and ("base_status" in keys or {"nfiles", "base"} <= keys)
        return "EvalPlus test statuses" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every sample of every task."""
        whole = mapping(files.read_json(path, unique_keys=True), path.name)
        model, timeouts = _model(path), 0
        tasks = mapping(whole.get("eval"), f"{path.name}: eval")
        samples = [(task, *pair) for task, held in tasks.items() for pair in _statuses(held, f"{path.name}: {task}")]
        has_plus = any(plus is not None for _, _, plus in samples)
        scorer = self.rule.choose(["base", "plus"] if has_plus else ["base"], path.name)
        for task, base, plus in samples:
            status = base
            if scorer == "plus" and base == "pass":
                status = plus
            if isinstance(status, list | dict) or status not in _STATES:
                raise InputError(f"{path.name}: {shorten(task)}: status {status!r} is not pass, fail, timeout or null")
            timeouts += status == "timeout"
            state = _STATES[status]
            dataset = task.partition("/")[0] if "/" in task else ""
            score = float(state == Cell.RIGHT) if state <= Cell.WRONG else float("nan")
            records.add(task, model, state, dataset=dataset, score=score)
        # Nothing in a file names its run: files of one name in two folders are two systems.
        records.settings[model] = {"folder": path.resolve().parent.name}
        notes = [f"Right means that the {scorer} tests passed; models are named after their files."]
        return [*notes, f"{model}: samples over the time limit, counted as wrong: {timeouts:,}."] if timeouts else notes


def _statuses(held: Any, where: str) -> Iterator[tuple[Any, Any]]:
    """(base, plus) status of every sample of a task, in today's layout or in the layout before version 0.2."""
    if isinstance(held, dict) and "base" in held:
        base = listing(held["base"], f"{where}: base")
        plus = listing(held.get("plus") or [None] * len(base), f"{where}: plus")
        if len(plus) != len(base):
            raise InputError(f"{where}: {len(base)} base statuses and {len(plus)} plus statuses")
        for b, p in zip(base, plus, strict=True):
            yield (b[0] if isinstance(b, list) and b else b), (p[0] if isinstance(p, list) and p else p)
        return
    for sample in listing(held, where):
        record = mapping(sample, where)
        if "base_status" not in record:
            raise InputError(f"{where}: a sample without 'base_status'")
        yield record["base_status"], record.get("plus_status")


def _model(path: Path) -> str:
    """The model's name, from the name of the file or of its folder."""
    stem = path.name.removesuffix(_ENDING).removesuffix(".json").rstrip("._-")
    return stem or path.resolve().parent.name or path.name
