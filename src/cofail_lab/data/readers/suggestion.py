"""A mapping that may fit records of an unknown shape, for the message that asks for one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cofail_lab.data.names import shorten

_NAMES = {
    "query": (
        *("query", "query_id", "question_id", "task_id", "instance_id", "sample_id", "item_id", "problem_id"),
        *(
            "example_id",
            "doc_id",
            "prompt_id",
            "test_idx",
            "testidx",
            "id",
            "task",
            "testcase",
            "name",
            "question",
            "prompt",
        ),
    ),
    "model": ("model", "model_name", "model_id", "provider", "system", "llm", "agent", "submission"),
    "right": (
        *("correct", "is_correct", "right", "passed", "pass", "success", "resolved", "is_resolved", "label"),
        *("graded_list", "reward", "score", "accuracy", "acc", "exact_match", "judgment", "grade", "result", "status"),
    ),
}
_DEPTH = 4


def suggest(missing: Sequence[str], file: str, records: Sequence[Any]) -> str:
    """The message for a mapping that is not complete: which keys are needed, what they may be, and the fields seen.

    Args:
        missing: the keys.
        file: its name.
        records: some of its records.
    """
    fields: dict[str, Any] = {}
    for record in records:
        for path, value in _leaves(record):
            fields.setdefault(path, value)
    guesses = [f"data.{key}={field}" for key in missing if (field := _guess(key, fields))]
    asked = ", ".join(f"data.{key}=" for key in missing)
    listed = shorten(", ".join(f"{path} ({shorten(repr(value), 20)})" for path, value in fields.items()), 400)
    look = f"these look like: {' '.join(guesses)}; " if guesses else ""
    return f"{file}: {asked} must name a field; {look}fields: {listed or 'none'}"


def _guess(key: str, fields: Mapping[str, Any]) -> str | None:
    """The field whose last name is the most telling for a key; for a model without a field, the folder."""
    for name in _NAMES[key]:
        for path in fields:
            last = path.rpartition(".")[2].lower()
            if last == name or (last == "id" and path.lower().rpartition(".")[0].rpartition(".")[2] == name):
                return path
    return "@folder" if key == "model" else None


def _leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(path, value) of every field that is no mapping."""
    if isinstance(value, Mapping) and depth < _DEPTH:
        for key, held in value.items():
            yield from _leaves(held, f"{path}.{key}" if path else str(key), depth + 1)
    elif path:
        yield path, value
