"""Dotted paths into nested records, such as ``results.*.vars.question`` or ``attempts[-1].passed``."""

import re
from collections.abc import Iterator
from typing import Any

from cofail_lab.errors import InputError

ABSENT = object()
"""What a path leads to in a record that has no such field."""

_INDEX = r"\[(?:-?\d+|\*|[^.\[\]=]+=[^\[\]=]+)\]"
_PATH = re.compile(rf"(?:[^.\[\]]+|{_INDEX})(?:\.[^.\[\]]+|{_INDEX})*")
_PLACE = re.compile(r"-?\d{1,9}")
_STEP = re.compile(r"\[([^\[\]]+)\]|([^.\[\]]+)")
_CONDITION = re.compile(r"([^.\[\]=]+)=([^\[\]=]+)")


class FieldPath:
    """One path; ``*`` stands for every element of a list and every value of a mapping.

    Args:
        text: steps joined by dots; ``[2]``, ``[-1]`` and ``[*]`` index lists, ``[name=judge]`` leads to the first
            element whose ``name`` is ``judge``.
        key: of the configuration, for the message.

    Raises:
        InputError: not a path.
    """

    def __init__(self, text: str, key: str) -> None:
        if not (isinstance(text, str) and _PATH.fullmatch(text)):
            raise InputError(f"{key}: {text!r} is not a field, or a path such as results.score or runs[0].passed")
        self.text, self.steps = text, tuple(index or name for index, name in _STEP.findall(text))

    def value(self, record: Any) -> Any:
        """What the path leads to, `ABSENT` where a record has no such field; a name with dots goes first.

        With a ``*`` in the path, a list of everything that it leads to.
        """
        if isinstance(record, dict) and self.text in record:
            return record[self.text]
        if len(self.steps) == 1 and isinstance(record, dict) and self.steps[0] != "*":
            return record.get(self.steps[0], ABSENT)
        if "*" in self.steps:
            return [value for _, value in self.every(record)] or ABSENT
        for step in self.steps:
            record = _step(record, step)
            if record is ABSENT:
                return ABSENT
        return record

    def every(self, document: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        """(keys, value) of everything that the path leads to; the keys of mappings that a ``*`` stands for.

        A list at the end of the path is gone through, too.
        """
        yield from _walk(document, self.steps, ())


def _step(value: Any, step: str) -> Any:
    """What a name leads to in a mapping, or a number in a list; `ABSENT` where there is nothing."""
    if isinstance(value, dict):
        return value.get(step, ABSENT)
    if isinstance(value, list) and _PLACE.fullmatch(step):
        place = int(step)
        return value[place] if -len(value) <= place < len(value) else ABSENT
    if isinstance(value, list) and (named := _CONDITION.fullmatch(step)):
        fits = (one for one in value if isinstance(one, dict) and str(one.get(named[1])) == named[2])
        return next(fits, ABSENT)
    return ABSENT


def _walk(value: Any, steps: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not steps:
        if isinstance(value, list):
            yield from ((keys, element) for element in value)
        else:
            yield keys, value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        if isinstance(value, dict):
            for key, held in value.items():
                yield from _walk(held, rest, (*keys, str(key)))
        elif isinstance(value, list):
            for held in value:
                yield from _walk(held, rest, keys)
        return
    found = _step(value, step)
    if found is not ABSENT:
        yield from _walk(found, rest, keys)
