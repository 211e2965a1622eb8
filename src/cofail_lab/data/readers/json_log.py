"""What the readers of JSON logs share: they recognise their files by content, and check the kind of every field."""

import math
import re
from abc import ABC
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cofail_lab.data import files
from cofail_lab.data.file_source import GradedSource, LogSource
from cofail_lab.data.files import local_path
from cofail_lab.data.names import shorten
from cofail_lab.data.rule import raw_score
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

_KEY = re.compile(r'"((?:[^"\\\n]|\\.){1,80})"\s*:')


@dataclass(frozen=True)
class JsonSource(GradedSource, ABC):
    """Files that only their content distinguishes from other JSON files."""

    def load(self) -> Grades:
        """Read and join the files; a note counts the files that were not read."""
        whole = super().load()
        kept, others = self._split_files()
        if not others:
            return whole
        n_files, example = len(kept) + len(others), shorten(others[0].name)
        note = f"{len(others):,} of {n_files:,} files are of another kind, such as {example}."
        return replace(whole, notes=(*whole.notes, note))

    def files(self) -> list[Path]:
        """The files that are named themselves, and of a folder or pattern those that look like this format."""
        kept, others = self._split_files()
        if not kept:
            raise InputError(
                f"data.path: none of {len(others):,} files, such as {shorten(others[0].name)!r}, looks like this "
                "format; data=auto tries all formats"
            )
        return kept

    def _split_files(self) -> tuple[list[Path], list[Path]]:
        """The files to read, and the other files of the folders and patterns."""
        named = {local_path(text) for text in ([self.path] if isinstance(self.path, str) else self.path)}
        paths = super().files()
        kept = {path for path in paths if path in named or self.sniff(path)}
        return [path for path in paths if path in kept], [path for path in paths if path not in kept]


@dataclass(frozen=True)
class JsonLogSource(JsonSource, LogSource, ABC):
    """Logs that only their content distinguishes from other JSON files."""


def first_keys(path: Path) -> set[str]:
    """Keys of JSON objects, at any depth, among the first bytes of a file. Used to guess a format."""
    return set(_KEY.findall(files.head(path).decode("utf-8", "replace")))


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A JSON object, or InputError."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: {_kind(value)} where an object was expected")
    return value


def listing(value: Any, where: str) -> list[Any]:
    """A JSON array, or InputError."""
    if not isinstance(value, list):
        raise InputError(f"{where}: {_kind(value)} where a list was expected")
    return value


def name(record: dict[str, Any], key: str, where: str) -> str:
    """A field that names something: text that is not blank, or a whole number."""
    value = record.get(key)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    if key in record:
        raise InputError(f"{where}: {key} is {_kind(value)}; a name was expected")
    raise InputError(f"{where}: no {key!r} among {shorten(', '.join(map(str, record)), 120)}")


def text_or_none(value: Any) -> str | None:
    """The text of a prompt or similar field: a string, or the contents of chat messages, joined; else None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, list):
        parts = [part.get("content") if isinstance(part, dict) else part for part in value]
        return "\n".join(part for part in parts if isinstance(part, str)) or None
    return None


def score_of(value: Any) -> float:
    """The number that a score means, nan where it is no number."""
    score = raw_score(value)
    return math.nan if score is None else score


def _kind(value: Any) -> str:
    """A JSON value or its kind, for a message."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(shorten(value)) if value.strip() else "blank text"
    return {dict: "an object", list: "a list"}.get(type(value), "a number")
