"""`data=auto`: the format is guessed from what a file holds, and said; two candidates or none are an error."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NoReturn

from cofail_lab.data.file_source import FileSource
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.readers.wide import WideSource, is_companion
from cofail_lab.data.tables import CSV_SUFFIXES, PARQUET_SUFFIXES
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades


@dataclass(frozen=True)
class AutoSource(FileSource):
    """Logs of any format in `formats.FORMATS`, also several at once; other files are counted and left alone.

    Attributes:
        scorer, threshold: handed to the readers that take them; see `file_source.LogSource`.
    """

    scorer: str | None = None
    threshold: float | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*",)

    @classmethod
    def sniff(cls, path: Path) -> str:  # noqa: ARG003
        """Nothing is of this format: it stands for the others."""
        return ""

    def load(self) -> Grades:
        """Guess, read and join; notes say what files were read as, and how many were not."""
        whole = super().load()
        if strangers := [path for path, found in self._guesses.items() if found is None and not is_companion(path)]:
            note = f"{counted(len(strangers), 'other file')} not read as logs, such as {shorten(strangers[0].name)}."
            whole = replace(whole, notes=(*whole.notes, note))
        return whole

    def files(self) -> list[Path]:
        """The files that some reader knows; one that was named itself must be among them."""
        named = {Path(text).expanduser() for text in ([self.path] if isinstance(self.path, str) else self.path)}
        known = [path for path, found in self._guesses.items() if found is not None]
        for path in self._guesses:
            if path not in known and (not known or path in named) and not is_companion(path):
                self._refuse(path)
        if not known:
            self._refuse(next(iter(self._guesses)))
        return known

    def grades(self, path: Path) -> Grades:
        """The matrix of one file, by the reader of its format."""
        found = self._guesses[path] if path in self._guesses else guess(path)
        if found is None:
            self._refuse(path)
        name, reason = found
        reader = source_class(name)
        accepted = {field.name for field in fields(reader)}
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name in accepted}
        part = reader(**values).grades(path)
        return replace(part, notes=(f"Read as {name}: {reason}.", *part.notes))

    @cached_property
    def _guesses(self) -> dict[Path, tuple[str, str] | None]:
        return {path: guess(path) for path in super().files()}

    def _refuse(self, path: Path) -> NoReturn:
        """Say why nothing can read a file: a table is judged by the wide format, the one people write by hand."""
        if path.name.endswith((*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
            WideSource(str(path)).grades(path)
        if not path.exists():
            raise InputError(f"{path}: no such file")
        raise InputError(f"{path.name}: of no known format; tried {', '.join(sorted(FORMATS))}; name one with data=")


def guess(path: Path) -> tuple[str, str] | None:
    """(format, reason) of a file, None if no reader knows it.

    Raises:
        InputError: more than one reader claims it.
    """
    claims: dict[type[FileSource], tuple[str, str]] = {}
    for name in FORMATS:
        reader = source_class(name)
        # One reader may serve several formats, told apart by the extension.
        if (reader not in claims or path.suffix == f".{name}") and (reason := reader.sniff(path)):
            claims[reader] = (name, reason)
    if len(claims) > 1:
        candidates = " or ".join(f"{name} ({reason})" for name, reason in claims.values())
        raise InputError(f"{path.name}: could be {candidates}; name one with data=")
    return next(iter(claims.values()), None)
