"""What all readers of files have in common: which files are meant, how their matrices join, and what models are called.

A log reader is a frozen dataclass with two methods, one line in `formats.FORMATS` and one YAML::

    @dataclass(frozen=True)
    class InspectSource(LogSource):
        patterns: ClassVar = ("*.eval", "*.json")

        @classmethod
        def sniff(cls, path: Path) -> str: ...   # why this file is one of its logs, "" if it is not; never raises

        def read(self, path: Path, records: Records) -> list[str]: ...   # add records; notes for the reader

It opens files through `data.files` alone, grades through ``self.rule`` alone, and raises nothing but InputError.
"""

import glob
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from cofail_lab.data import files
from cofail_lab.data.records import Records
from cofail_lab.data.rule import Rule
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

MAX_FILES = 20_000


@dataclass(frozen=True)
class FileSource(ABC):
    """One or many files that make one matrix.

    Attributes:
        path: a file, a folder, a pattern (``logs/*.eval``) or a list of them.
        join: what makes two queries of different files the same one: ``id``, their names, or ``content``, their prompts
            (white space aside).
        registry: file with a row per model (`data.registry`), ``roster`` for the one that is shipped, None for none.
    """

    path: str | Sequence[str]
    join: Literal["id", "content"] = "id"
    registry: str | None = None

    patterns: ClassVar[tuple[str, ...]]
    """Which files of a folder are logs of this format; the others are left alone."""

    def __post_init__(self) -> None:
        for path in self.path if isinstance(self.path, list | tuple) else [self.path]:
            if not isinstance(path, str) or not path:
                raise InputError(f"data.path: {path!r} is not the path of a file, a folder or a pattern")
        if not self.path:
            raise InputError("data.path: an empty list; at least one file, folder or pattern is needed")
        if self.join not in ("id", "content"):
            raise InputError(f"data.join: {self.join!r} is not 'id' or 'content'")
        if self.registry is not None and not (isinstance(self.registry, str) and self.registry):
            raise InputError(f"data.registry: {self.registry!r} is not the path of a file or 'roster'")

    def load(self) -> Grades:
        """Read every file, join what they hold, and attach what is known of the models."""
        from cofail_lab.data.joining import join_grades
        from cofail_lab.data.model_info import attach

        whole = join_grades([self.grades(path) for path in _watched(self.files())], self.join)
        return whole if self.registry is None else attach(whole, self.registry)

    def files(self) -> list[Path]:
        """The files that are meant, in the order given, those of a folder or pattern sorted by name."""
        return expand(self.path, self.patterns)

    @classmethod
    @abstractmethod
    def sniff(cls, path: Path) -> str:
        """Why a file is one of this format, in a few words; empty if it is not. Cheap, and never raises."""

    @abstractmethod
    def grades(self, path: Path) -> Grades:
        """The matrix of one file."""


@dataclass(frozen=True)
class GradedSource(FileSource):
    """Files whose scores a rule turns into right and wrong.

    Attributes:
        scorer: which of the log's scores decides (`data.scorer`); None where there is only one.
        threshold: from which score on an answer is right (`data.threshold`); None where scores need none.
    """

    scorer: str | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rule  # noqa: B018  (checks both values)

    @property
    def rule(self) -> Rule:
        """What counts as right."""
        return Rule(self.scorer, self.threshold)


@dataclass(frozen=True)
class LogSource(GradedSource):
    """Logs of single answers."""

    def grades(self, path: Path) -> Grades:
        """The matrix of one log."""
        records = Records()
        notes = self.read(path, records)
        return records.grades(source=path.name, sha256=files.digest([path]), notes=notes)

    @abstractmethod
    def read(self, path: Path, records: Records) -> list[str]:
        """Add every answer of one log; returns sentences about what was done on the way."""


def _watched(paths: list[Path]) -> Iterable[Path]:
    """The same paths, with a progress bar on standard error where there are several and that is a terminal."""
    if len(paths) == 1:
        return paths
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(paths, "Reading logs", console=console, transient=True, disable=not console.is_terminal)


def expand(path: str | Sequence[str], patterns: Sequence[str]) -> list[Path]:
    """Files named by paths, folders (searched for the patterns, at any depth) and shell patterns.

    Raises:
        InputError: a path or pattern that is or matches no file, or too many files.
    """
    found: dict[Path, None] = {}
    for text in [path] if isinstance(path, str) else path:
        try:
            here = Path(text).expanduser()
            if here.is_dir():
                matches = sorted({file for pattern in patterns for file in here.rglob(pattern) if file.is_file()})
                what = f"a folder without {' or '.join(patterns)} in it"
            elif here.exists() or not glob.has_magic(text):
                matches, what = [here], ""
            else:
                matches = [Path(match) for match in sorted(glob.glob(str(here), recursive=True))]  # noqa: PTH207
                inside = [expand(str(match), patterns) if match.is_dir() else [match] for match in matches]
                matches, what = [file for group in inside for file in group], "a pattern that matches nothing"
        except (OSError, ValueError, RuntimeError) as error:
            # A NUL in the text, a name too long, no home folder.
            raise InputError(f"data.path: {text!r} cannot be looked up ({error})") from error
        if not matches:
            raise InputError(f"data.path: {text!r} is {what}")
        found |= dict.fromkeys(matches)
        if len(found) > MAX_FILES:
            raise InputError(f"data.path: {text!r} names over {MAX_FILES:,} files")
    return list(found)
