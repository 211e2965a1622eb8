"""`data=auto`: the format is guessed from the content of a file; a note says which, several candidates are an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NoReturn

from cofail_lab.data import files
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.files import ends_in, local_path
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.data.layout import plain_name
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.readers.companions import is_companion
from cofail_lab.data.readers.suggestion import suggest
from cofail_lab.data.tables import CSV_SUFFIXES, EXCEL_SUFFIXES, PARQUET_SUFFIXES, header
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades


@dataclass(frozen=True)
class AutoSource(FileSource):
    """Logs of any format in `formats.FORMATS`, also of several formats; other files are counted and not read.

    Attributes:
        scorer, threshold: passed on to the readers that have these fields; see `file_source.GradedSource`.
        filter, instances, query_column, summaries, names: passed on likewise; see `readers.lm_eval`,
            `readers.swebench`, `readers.wide`, `readers.inspect` and `readers.npz`.
    """

    scorer: str | Sequence[str] | Mapping[str, str] | None = None
    threshold: float | None = None
    filter: str | Sequence[str] | Mapping[str, str] | None = None
    instances: str | None = None
    query_column: str | None = None
    summaries: bool = False
    names: str | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Always empty: no file is of this format, which stands for all others."""
        del path
        return ""

    def load(self) -> Grades:
        """Guess, read and join; notes name the format of every file, and count the files that were not read."""
        whole = super().load()
        if strangers := [path for path, guessed in self._guesses.items() if guessed is None and not is_companion(path)]:
            note = f"{counted(len(strangers), 'other file')} not read as logs, such as {shorten(strangers[0].name)}."
            whole = replace(whole, notes=(*whole.notes, note))
        return whole

    def files(self) -> list[Path]:
        """The files that a reader recognises. Raises InputError for a file that is named itself and not recognised."""
        named = {local_path(text) for text in ([self.path] if isinstance(self.path, str) else self.path)}
        known = [path for path, guessed in self._guesses.items() if guessed is not None]
        for path in self._guesses:
            if path not in known and (not known or path in named) and not is_companion(path):
                self._refuse(path)
        if not known:
            self._refuse(next(iter(self._guesses)))
        return known

    def grades(self, path: Path) -> Grades:
        """The matrix of one file, by the reader of its format."""
        guessed = self._guesses[path] if path in self._guesses else guess(path)
        if guessed is None:
            self._refuse(path)
        name, reason = guessed
        part = self._reader(name).grades(path)
        return replace(part, notes=(f"Read as {name}: {reason}.", *part.notes))

    def superseded(self, paths: Sequence[Path]) -> set[Path]:  # type: ignore[override]  (it needs the guesses)
        """What each reader says of its own logs."""
        groups: dict[type[FileSource], list[Path]] = {}
        for path in paths:
            if guessed := self._guesses.get(path):
                groups.setdefault(source_class(guessed[0]), []).append(path)
        return {path for reader, logs in groups.items() for path in reader.superseded(logs)}

    def _reader(self, name: str) -> FileSource:
        """The reader of a format, with those of the keys that it takes; what is stated and nobody takes is an error."""
        formats = {name, *(guessed[0] for guessed in self._guesses.values() if guessed)}
        taken = {field.name for one in formats for field in fields(source_class(one))}
        for field in fields(self):
            if field.name not in taken and getattr(self, field.name) != field.default:
                listed = ", ".join(sorted(formats))
                raise InputError(f"data.{field.name}: {getattr(self, field.name)!r}; format {listed} has no such key")
        reader = source_class(name)
        accepted = {field.name for field in fields(reader)}
        return reader(**{field.name: getattr(self, field.name) for field in fields(self) if field.name in accepted})

    @cached_property
    def _guesses(self) -> dict[Path, tuple[str, str] | None]:
        stated = [self.path] if isinstance(self.path, str) else self.path
        named = {local_path(text) for text in stated}
        return {path: guess(path) or (_by_name(path) if path in named else None) for path in super().files()}

    def _refuse(self, path: Path) -> NoReturn:
        """Raise why no reader can read a file; for a table, what the wide format lacks: people write it by hand."""
        if not path.exists():
            raise files.absent(path)
        with files.opened(path) as file:  # raises where it cannot be read
            if not file.read(1):
                raise InputError(f"{path.name}: the file is empty")
        if ends_in(path, ".json"):
            files.read_json(path)  # raises where it is no JSON at all
        if ends_in(path, ".jsonl"):
            for _ in files.read_jsonl(path):
                pass
        raise InputError(
            f"{path.name}: of no known format; tried {', '.join(sorted(FORMATS))}; choose one with data=, and let the "
            "name of a table end in .csv, .tsv, .xlsx or .parquet"
        )


def _by_name(path: Path) -> tuple[str, str] | None:
    """The wide format, for a table that is named itself and that no reader recognises: people write it by hand.

    Raises:
        InputError: a table with a row per answer, which needs a mapping.
    """
    if not path.exists() or not ends_in(path, (*CSV_SUFFIXES, *EXCEL_SUFFIXES, *PARQUET_SUFFIXES)):
        return None
    names = header(path)
    if not {"model", "model_name", "model_id"}.isdisjoint(plain_name(name) for name in names[1:]):
        shown = suggest(("query", "model", "right"), path.name, [dict.fromkeys(names, "")])
        raise InputError(f"a row per answer needs data=records: {shown}")
    return "parquet" if ends_in(path, PARQUET_SUFFIXES) else "csv", "a table that no other reader recognises"


def guess(path: Path) -> tuple[str, str] | None:
    """(format, reason) of a file, None if no reader recognises it.

    Raises:
        InputError: several readers recognise it.
    """
    candidates: dict[type[FileSource], tuple[str, str]] = {}
    for name in FORMATS:
        reader = source_class(name)
        # One reader may read several formats, which the extension distinguishes.
        if (reader not in candidates or ends_in(path, f".{name}")) and (reason := reader.sniff(path)):
            candidates[reader] = (name, reason)
    if len(candidates) > 1:
        listed = " or ".join(f"{name} ({reason})" for name, reason in candidates.values())
        raise InputError(f"{path.name}: ambiguous, could be {listed}; choose one with data=")
    return next(iter(candidates.values()), None)
