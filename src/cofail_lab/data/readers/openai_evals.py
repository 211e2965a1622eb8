"""OpenAI evals: the ``.jsonl`` event log of one `oaieval` run, a ``spec`` line and then one event per line.

Schema: ``evals/record.py`` (``LocalRecorder``, ``Event``) and ``evals/base.py`` (``RunSpec``) of the evals package,
3.0.1: events have ``sample_id``, ``type`` and ``data``. A ``match`` event grades by ``data.correct``; a ``metrics``
event holds one or more named numbers, such as ``score`` of a model-graded eval; an ``error`` event without a grade is
an error. The model is the first of ``spec.completion_fns``. The other functions are graders, and a ``sampling`` event
does not name its function, so that tokens are known only for samples with one such event.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping, name, score_of, text_or_none
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_MATCH = "match"


@dataclass
class _Sample:
    """The events of one sample.

    Attributes:
        grades: scorer, value, and where in the file.
        samplings: data of the calls, and where in the file.
        broken: whether there was an error event.
    """

    grades: list[tuple[str, Any, str]] = field(default_factory=list)
    samplings: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    broken: bool = False


@dataclass(frozen=True)
class OpenAIEvalsSource(JsonLogSource):
    """Event logs; `data.scorer` is ``match`` or a name in ``metrics`` events, further grades are repeats."""

    patterns: ClassVar[tuple[str, ...]] = ("*.jsonl", "*.jsonl.gz")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A first line with the ``spec`` of a run."""
        json_lines = files.ends_in(path, (".jsonl", ".jsonl.gz"))
        recognised = json_lines and {"spec", "completion_fns", "run_id"} <= first_keys(path)
        return "an OpenAI evals event log" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add a record for every grade, and one for every sample without a grade."""
        model, dataset, settings, samples, finished = _events(path)
        records.settings[model] = settings
        names = {scorer for sample in samples.values() for scorer, _, _ in sample.grades}
        scorer = self.rule.choose(names, path.name, dataset) if names or self.scorer else _MATCH
        notes = [] if finished else [f"{path.name} has no final report: the run was interrupted."]
        unclear = 0
        for query, sample in samples.items():
            usage: dict[str, Any] = {}
            if len(sample.samplings) == 1:
                usage = _usage(*sample.samplings[0])
            unclear += len(sample.samplings) > 1
            prompt = text_or_none(sample.samplings[0][0].get("prompt")) if sample.samplings else None
            grades = [(value, where) for kind, value, where in sample.grades if kind == scorer]
            for value, where in grades:
                state = self.rule.state(value, where)
                records.add(query, model, state, dataset=dataset, score=score_of(value), prompt=prompt, **usage)
            if not grades:
                state = Cell.ERROR if sample.broken else Cell.UNSCORED if sample.samplings else Cell.MISSING
                records.add(query, model, state, dataset=dataset, prompt=prompt, **usage)
        if unclear:
            notes.append(
                f"{model}: samples with several calls, some of them graders', whose tokens are not known: {unclear:,}."
            )
        return notes


def _settings(spec: dict[str, Any], functions: list[Any]) -> dict[str, str]:
    """Arguments of the completion function, which only the command of the run states, and the graders."""
    config = spec.get("run_config")
    command = config.get("command") if isinstance(config, dict) else None
    arguments = re.search(r"--completion_args[ =](\S+)", command) if isinstance(command, str) else None
    settings = {"completion_args": arguments[1]} if arguments else {}
    return settings | ({"grader": ", ".join(map(str, functions[1:]))} if functions[1:] else {})


def _events(path: Path) -> tuple[str, str, dict[str, str], dict[str, _Sample], bool]:
    """Model, dataset, settings, samples in order of appearance, and whether the run was finished."""
    spec: dict[str, Any] | None = None
    samples: dict[str, _Sample] = {}
    finished = False
    for number, line in files.read_jsonl(path):
        where = f"{path.name}: line {number}"
        record = mapping(line, where)
        if "spec" in record:
            if spec is not None:
                raise InputError(f"{where}: a second 'spec'; one file per run was expected")
            spec = mapping(record["spec"], f"{where}: spec")
        elif "final_report" in record:
            finished = True
        elif "sample_id" in record:
            sample = samples.setdefault(name(record, "sample_id", where), _Sample())
            _add_event(sample, record, where)
    if spec is None:
        raise InputError(f"{path.name}: no 'spec' line, which names the model and the eval")
    functions = listing(spec.get("completion_fns"), f"{path.name}: spec.completion_fns")
    model = name({"0": functions[0]} if functions else {}, "0", f"{path.name}: spec.completion_fns")
    return model, name(spec, "eval_name", f"{path.name}: spec"), _settings(spec, functions), samples, finished


def _add_event(sample: _Sample, event: dict[str, Any], where: str) -> None:
    """Add to a sample what an event says of it; events of other types are not used."""
    kind, data = event.get("type"), event.get("data")
    if kind == _MATCH:
        data = mapping(data, f"{where}: data")
        if "correct" not in data:
            raise InputError(f"{where}: a match event without 'correct'")
        sample.grades.append((_MATCH, data["correct"], f"{where}: correct"))
    elif kind == "metrics":
        for key, value in mapping(data, f"{where}: data").items():
            if isinstance(value, int | float | bool) or value is None:
                sample.grades.append((key, value, f"{where}: {key}"))
    elif kind == "sampling":
        sample.samplings.append((mapping(data, f"{where}: data"), where))
    elif kind == "error":
        sample.broken = True


def _usage(sampling: dict[str, Any], where: str) -> dict[str, Any]:
    usage = sampling.get("usage")
    if not isinstance(usage, dict):
        return {"tokens_in": math.nan}
    return {
        "tokens_in": amount(usage.get("prompt_tokens"), f"{where}: prompt_tokens"),
        "tokens_out": amount(usage.get("completion_tokens"), f"{where}: completion_tokens"),
    }
