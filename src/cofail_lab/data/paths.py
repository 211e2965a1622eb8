"""Dotted paths into nested records, such as ``results.*.vars.question`` or ``attempts[-1].passed``."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cofail_lab.errors import InputError

ABSENT = object()
"""What a path leads to in a record that has no such field."""

_PATH = re.compile(r"(?:[^.\[\]]+|\[(?:-?\d+|\*)\])(?:\.[^.\[\]]+|\[(?:-?\d+|\*)\])*")
_STEP = re.compile(r"\[(-?\d+|\*)\]|([^.\[\]]+)")


class FieldPath:
    """One path; ``*`` stands for every element of a list and every value of a mapping.

    Args:
        text: steps joined by dots; ``[2]``, ``[-1]`` and ``[*]`` index lists.
        key: of the configuration, for the message.

    Raises:
        InputError: not a path.
    """

    def __init__(self, text: str, key: str) -> None:
        if not (isinstance(text, str) and _PATH.fullmatch(text)):
            raise InputError(f"{key}: {text!r} is not a field, or a path such as results.score or runs[0].passed")
        self.text, self.steps = text, tuple(index or name for index, name in _STEP.findall(text))

    def value(self, record: Any) -> Any:
        """What the path leads to, `ABSENT` where a record has no such field; a name with dots goes first."""
        if isinstance(record, Mapping) and self.text in record:
            return record[self.text]
        for step in self.steps:
            if isinstance(record, Mapping):
                record = record.get(step, ABSENT)
            elif isinstance(record, list) and re.fullmatch(r"-?\d+", step):
                place = int(step)
                record = record[place] if -len(record) <= place < len(record) else ABSENT
            else:
                return ABSENT
            if record is ABSENT:
                return ABSENT
        return record

    def every(self, document: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        """(keys, value) of everything that the path leads to; the keys of mappings that a ``*`` stands for.

        A list at the end of the path is gone through, too.
        """
        yield from _walk(document, self.steps, ())


def _walk(value: Any, steps: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not steps:
        if isinstance(value, list):
            yield from ((keys, element) for element in value)
        else:
            yield keys, value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        if isinstance(value, Mapping):
            for key, held in value.items():
                yield from _walk(held, rest, (*keys, str(key)))
        elif isinstance(value, list):
            for held in value:
                yield from _walk(held, rest, keys)
        return
    found = FieldPath(step, "data.records").value(value)
    if found is not ABSENT:
        yield from _walk(found, rest, keys)
