"""OpenCompass: ``results/MODEL/DATASET.json`` with details, and ``predictions/MODEL/DATASET.json`` beside it.

Schema: ``opencompass/tasks/openicl_eval.py`` and ``opencompass/openicl/icl_evaluator/icl_base_evaluator.py`` of
github.com/open-compass/opencompass. Results have ``details`` where they were run with ``--dump-eval-details``: a list
whose entries have ``example_abbr`` and a list of grades (one for each of n runs), or, in older versions and from some
evaluators, a mapping from positions to entries with one grade. The grade is ``correct``, ``is_correct``,
``cascade_correct`` or another field whose name ends so (``incorrect`` says the opposite, and is none). Predictions have
no grades: where their file is named, the results of the same model and dataset are read.

The model and the dataset are named by the folder and the file. A query is ``example_abbr`` or its position: reference
answers that differ at one position are two questions, which are not joined. OpenCompass leaves no trace of a failed
request other than an empty prediction, which is graded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.conflicts import content_key
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, mapping, score_of, text_or_none
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError

_RESULTS, _PREDICTIONS = "results", "predictions"
_ENDING = "correct"
_REFERENCES = ("references", "reference", "answer", "gold", "ref")


@dataclass(frozen=True)
class OpenCompassSource(JsonLogSource):
    """Results of OpenCompass; `data.scorer` is the field of the details that decides, where there are several."""

    patterns: ClassVar[tuple[str, ...]] = ("*.json",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Details with grades, or predictions whose results are there."""
        if not files.ends_in(path, ".json"):
            return ""
        keys = first_keys(path)
        document = files.head(path, 64).lstrip()[:1] == b"{"
        if document and "details" in keys and any(map(_is_grade, keys)):
            return "OpenCompass results with details"
        if {"prediction", "origin_prompt"} <= keys and _is_prediction(path):
            return "OpenCompass predictions with results" if _twin(path, _RESULTS).is_file() else ""
        return ""

    @classmethod
    def superseded(cls, paths: Sequence[Path]) -> set[Path]:
        """Predictions whose results are read, too."""
        whole = {path.resolve() for path in paths}
        return {path for path in paths if _is_prediction(path) and _twin(path, _RESULTS) in whole}

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every answer of one model to one dataset."""
        results = _twin(path, _RESULTS) if _is_prediction(path) else path.resolve()
        if not results.is_file():
            raise InputError(
                f"{path.name}: predictions have no grades, and there is no {_RESULTS}/{results.parent.name}/"
                f"{results.name}; run opencompass --mode eval --dump-eval-details"
            )
        model, dataset = results.parent.name, files.without_ending(results)
        where = f"{model}/{results.name}"
        whole = mapping(files.read_json(results), where)
        if whole.get("details") is None:
            raise InputError(f"{where}: no details in it; run opencompass --mode eval --dump-eval-details")
        entries = list(_entries(whole["details"], where))
        fields = {key for _, _, entry in entries for key in entry if _is_grade(key)}
        if not fields:
            raise InputError(f"{where}: no field of the details ends in {_ENDING!r}, which would be a grade")
        field = self.rule.choose(fields, where, dataset)
        prompts = _prompts(_twin(results, _PREDICTIONS))
        ungraded = 0
        for query, position, entry in entries:
            grade = entry.get(field)
            ungraded += grade is None
            reference = next((entry[key] for key in _REFERENCES if entry.get(key) is not None), None)
            text = str(reference[0] if isinstance(reference, list) and reference else reference)
            prompt = text_or_none(entry.get("prompt") or entry.get("origin_prompt")) or prompts.get(position)
            for value in grade if isinstance(grade, list) else (grade,):
                records.add(
                    query,
                    model,
                    self.rule.state(value, f"{where}: {query}: {field}"),
                    dataset=dataset,
                    score=score_of(value),
                    prompt=prompt,
                    content=None if reference is None else f"opencompass:{content_key(text)[:16]}",
                )
        notes = [f"Right is decided by {field!r}."]
        return [*notes, f"{where}: {counted(ungraded, 'answer')} without {field!r}, unscored."] if ungraded else notes


def _is_grade(key: str) -> bool:
    """Whether a field of the details says what is right."""
    return key.endswith(_ENDING) and not key.endswith(f"in{_ENDING}")


def _entries(details: Any, where: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(query, position, entry) of every answer of the details."""
    if isinstance(details, dict):
        named = [(str(key), entry) for key, entry in details.items() if key != "type"]
    elif isinstance(details, list):
        named = [(str(number), entry) for number, entry in enumerate(details)]
    else:
        raise InputError(f"{where}: details is no list and no mapping")
    for position, held in named:
        entry = mapping(held, f"{where}: details {shorten(position)}")
        name = entry.get("example_abbr")
        yield (name if isinstance(name, str) and name.strip() else position), position, entry


def _prompts(predictions: Path) -> dict[str, str]:
    """The prompt of every position, from the predictions where they are beside the results."""
    if not predictions.is_file():
        return {}
    whole = files.read_json(predictions)
    if not isinstance(whole, dict):
        return {}
    prompts = {}
    for position, held in whole.items():
        asked = held.get("origin_prompt") if isinstance(held, dict) else None
        if isinstance(asked, list):
            # OpenCompass has the text of a turn in "prompt".
            turns = [turn.get("prompt") for turn in asked if isinstance(turn, dict)]
            asked = "\n".join(turn for turn in turns if isinstance(turn, str))
        if isinstance(asked, str) and asked:
            prompts[position] = asked
    return prompts


def _is_prediction(path: Path) -> bool:
    return path.resolve().parent.parent.name == _PREDICTIONS


def _twin(path: Path, kind: str) -> Path:
    """The file of the same model and dataset in the folder of another kind, ``results`` or ``predictions``."""
    path = path.resolve()
    return path.parent.parent.parent / kind / path.parent.name / path.name
