"""What all readers of files share: which files are read, how their matrices are joined, what is known of the models.

A log reader is a frozen dataclass with two methods, one line in `formats.FORMATS` and one YAML::

    @dataclass(frozen=True)
    class InspectSource(LogSource):
        patterns: ClassVar = ("*.eval", "*.json")

        @classmethod
        def sniff(cls, path: Path) -> str: ...   # why this file is one of its logs, "" if not; never raises

        def read(self, path: Path, records: Records) -> list[str]: ...   # add records; return notes

A reader opens files only through `data.files`, grades only through ``self.rule``, and raises only InputError.
"""

import fnmatch
import glob
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from cofail_lab.data import files
from cofail_lab.data.files import local_path
from cofail_lab.data.names import counted, list_names
from cofail_lab.data.records import Records
from cofail_lab.data.rule import Rule
from cofail_lab.data.systems import check_pattern, name_systems, told_apart
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from cofail_lab.progress import track

MAX_FILES = 20_000


@dataclass(frozen=True)
class FileSource(ABC):
    """One or several files that are read as one matrix.

    Attributes:
        path: a file, a folder, a pattern (``logs/*.eval``) or a list of them.
        join: what makes two queries of different files the same query: ``id``, their names; ``content``, their prompts
            up to white space; None their names, where their prompts agree wherever both files have them. Two questions
            of one name in one file are refused unless it is ``id``.
        name: what columns are called: ``model``, ``file``, ``folder`` or a pattern of these, such as
            ``{model} ({folder})``; None the model, and what differs where logs of one model differ (`systems`).
        registry: table with a row per model (`model_info`), ``roster`` for the one that is shipped, None for none.
    """

    path: str | Sequence[str]
    join: Literal["id", "content"] | None = None
    registry: str | None = None
    name: str | None = None

    patterns: ClassVar[tuple[str, ...]]
    """Names of the files of a folder that may be logs of this format; other files are not read."""

    def __post_init__(self) -> None:
        for path in self.path if isinstance(self.path, list | tuple) else [self.path]:
            if not isinstance(path, str) or not path:
                raise InputError(f"data.path: {path!r} is not the path of a file, a folder or a pattern")
        if not self.path:
            raise InputError("data.path: an empty list; at least one file, folder or pattern is needed")
        if self.join not in (None, "id", "content"):
            raise InputError(f"data.join: {self.join!r} is not 'id' or 'content'")
        check_pattern(self.name)
        if self.registry is not None and not (isinstance(self.registry, str) and self.registry):
            raise InputError(f"data.registry: {self.registry!r} is not the path of a file or 'roster'")

    def load(self) -> Grades:
        """Read every file, join what they hold, and attach what is known of the models."""
        from cofail_lab.data.joining import join_grades
        from cofail_lab.data.model_info import attach

        superseded = self.superseded(paths := self.files())
        paths = [path for path in paths if path not in superseded]
        parts = [self.grades(path) for path in track(paths, "reading logs", len(paths))]
        if len({part.source for part in parts}) < len(parts):
            # Harnesses write files of one name into many folders.
            parts = [replace(part, source=name) for part, name in zip(parts, told_apart(paths), strict=True)]
        parts = name_systems(parts, paths, self.name)
        whole = join_grades(parts, self.join)
        if superseded:
            names = list_names([path.name for path in sorted(superseded)])
            note = (
                f"{counted(len(superseded), 'log')} left out, because a retry of the same run, or a log with its "
                f"grades, replaces them: {names}."
            )
            whole = replace(whole, notes=(*whole.notes, note))
        return whole if self.registry is None else attach(whole, self.registry)

    def files(self) -> list[Path]:
        """The files to read, in the order given; those of a folder or pattern are sorted by name."""
        return expand(self.path, self.patterns)

    @classmethod
    def superseded(cls, paths: Sequence[Path]) -> set[Path]:
        """Those of the logs that a later one of them replaces, because it is a retry of the same run."""
        del paths
        return set()

    @classmethod
    @abstractmethod
    def sniff(cls, path: Path) -> str:
        """In a few words, why a file is of this format; empty if it is not. Fast, and never raises."""

    @abstractmethod
    def grades(self, path: Path) -> Grades:
        """The matrix of one file."""


@dataclass(frozen=True)
class GradedSource(FileSource):
    """Files whose scores are graded by a rule.

    Attributes:
        scorer: which of the log's scores decides (`data.scorer`); None where there is only one.
        threshold: the lowest score of a right answer (`data.threshold`); None where scores need none.
    """

    scorer: str | Sequence[str] | Mapping[str, str] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        Rule(self.scorer, self.threshold)  # raises for bad values

    @property
    def rule(self) -> Rule:
        """The rule that decides what is right."""
        return Rule(self.scorer, self.threshold)


@dataclass(frozen=True)
class LogSource(GradedSource):
    """Logs of single answers."""

    def grades(self, path: Path) -> Grades:
        """The matrix of one log."""
        records = Records()
        notes = self.read(path, records)
        return records.grades(source=path.name, sha256=files.digest([path]), notes=notes, join=self.join)

    @abstractmethod
    def read(self, path: Path, records: Records) -> list[str]:
        """Add every answer of one log to the records, and return notes, one sentence each."""


def _fits(path: Path, patterns: Sequence[str]) -> bool:
    """Whether the name of a file fits one of the patterns, in lower case or not."""
    return any(fnmatch.fnmatchcase(path.name.lower(), pattern) for pattern in patterns)


def expand(path: str | Sequence[str], patterns: Sequence[str]) -> list[Path]:
    """The files that paths, folders and shell patterns stand for.

    Args:
        path: one or several of these.
        patterns: names of the files to take from a folder, at any depth.

    Raises:
        InputError: a path that is no file, a pattern that matches none, or more than `MAX_FILES` files.
    """
    paths: dict[Path, None] = {}
    for text in [path] if isinstance(path, str) else path:
        if re.match(r"(https?|s3|gs|hf|ftp)://", text):
            raise InputError(
                f"data.path: {text!r} is an address; download the file first (data=hf reads a dataset from the hub)"
            )
        if text.startswith("file:"):
            raise InputError(f"data.path: {text!r} is an address; write the path without file://")
        try:
            here = local_path(text)
            if here.is_dir():
                matches = sorted(file for file in here.rglob("*") if _fits(file, patterns) and file.is_file())
                what = "an empty folder" if "*" in patterns else f"a folder without {' or '.join(patterns)} in it"
            elif here.exists() or not glob.has_magic(text):
                matches, what = [here], ""
            else:
                matches = [Path(match) for match in sorted(glob.glob(str(here), recursive=True))]  # noqa: PTH207  (the path may be absolute)
                inside = [expand(str(match), patterns) if match.is_dir() else [match] for match in matches]
                matches, what = [file for group in inside for file in group], "a pattern that matches nothing"
        except (OSError, ValueError, RuntimeError) as error:
            # A NUL in the text, a name too long, no home folder.
            raise InputError(f"data.path: {text!r} cannot be looked up ({error})") from error
        if not matches:
            raise InputError(f"data.path: {text!r} is {what}")
        paths |= dict.fromkeys(matches)
        if len(paths) > MAX_FILES:
            raise InputError(f"data.path: {text!r} names over {MAX_FILES:,} files; at most that many are read")
    return list(paths)
