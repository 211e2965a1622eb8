"""Any table or JSON by one mapping: which field names the query, which the model, and which says what is right.

JSON Lines, JSON documents (`data.records` leads to the records in them), CSV and Parquet. A field is a dotted path
(`paths.FieldPath`), or ``@file``, ``@stem``, ``@folder`` for the place of the file (``@folder[2]`` is one folder
further up), or ``@key`` for the key of the record in a mapping. A list of grades holds repeated samples.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data.file_source import LogSource
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers.json_log import score_of, text_or_none
from cofail_lab.data.readers.record_files import SUFFIXES, Record, read_file, stem
from cofail_lab.data.readers.suggestion import suggest
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_NUMBERS = ("cost", "tokens_in", "tokens_out", "confidence")
_NEEDED = ("query", "model", "right")
_FURTHER = ("subset", "prompt", "error", *_NUMBERS)
_FIELDS = (*_NEEDED, *_FURTHER)
_PLACE = re.compile(r"@(file|stem|key|folder(\[([1-9])\])?)")


@dataclass(frozen=True)
class MappedSource(LogSource):
    """Records of any shape.

    Attributes:
        query, model, right: fields with the names of query and model, and with the grade; the grade is read by
            `rule.Rule`, with `data.threshold` where it is a number.
        records: in a JSON document, the path to the records; None for a list of records, or for the only list in it.
        where: mapping from fields to values; only records with these values are read, such as those of one judge.
        unscored: values of the grade that are none, such as the -1 of a judge whose verdict could not be read.
        error: field that holds something where the run failed.
        subset: field with the dataset of the query (`data.dataset` selects datasets, as of any source).
        prompt, cost, tokens_in, tokens_out, confidence: fields of these, where there are such.
    """

    query: str | None = None
    model: str | None = None
    right: str | None = None
    records: str | None = None
    where: Mapping[str, Any] | None = None
    unscored: Any = None
    error: str | None = None
    subset: str | None = None
    prompt: str | None = None
    cost: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    confidence: str | None = None

    patterns: ClassVar[tuple[str, ...]] = tuple(f"*{suffix}" for suffix in SUFFIXES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scorer is not None:
            raise InputError(f"data.scorer: {self.scorer!r}; data.right= names the field that decides")
        for key in (*_FIELDS, "records"):
            text = getattr(self, key)
            if text is not None and not (isinstance(text, str) and _PLACE.fullmatch(text)):
                FieldPath(text, f"data.{key}")
        if self.where is not None and not isinstance(self.where, Mapping):
            raise InputError(f"data.where: {self.where!r} is not a mapping from fields to values, such as {{turn: 1}}")
        for text in self.where or ():
            FieldPath(text, "data.where")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Always empty: a mapping is stated, not guessed."""
        del path
        return ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every record of a file."""
        if missing := [key for key in _NEEDED if getattr(self, key) is None]:
            first = [record.fields for _, record in zip(range(50), self._records(path, None), strict=False)]
            raise InputError(suggest(missing, path.name, first))
        stated = [key for key in _FIELDS if getattr(self, key) is not None]
        get = {key: _getter(getattr(self, key), f"data.{key}", path) for key in stated}
        further, numbers = ([key for key in stated if key in keys] for keys in (_FURTHER, _NUMBERS))
        count = ungraded = failed = 0
        fields, unseen = "", set(stated).difference(_NEEDED, ("error",))
        for record in self._records(
            path, [text for key in stated if _PLACE.fullmatch(text := getattr(self, key)) is None]
        ):
            query, model = (_name(get[key](record), key, getattr(self, key), record.where) for key in _NEEDED[:2])
            held = {key: get[key](record) for key in further}
            if unseen:
                unseen.difference_update(key for key, value in held.items() if value is not ABSENT)
            grade, broken = get["right"](record), _tells(held.get("error"))
            fields = fields or _fields_of(record.fields)
            if not broken and (grade is ABSENT or grade == []):
                ungraded, grade = ungraded + 1, ABSENT
            failed += broken
            values = grade if isinstance(grade, list) and not broken else (grade,)
            known: dict[str, Any] = {
                k: self._number(k, held[k], record.where) for k in numbers if held[k] is not ABSENT
            }
            if "subset" in held:
                known["dataset"] = _text(held["subset"]) or ""
            if "prompt" in held:
                known["prompt"] = _text(held["prompt"])
            for value in values:
                state = Cell.ERROR if broken else self._state(value, record.where)
                records.add(query, model, state, score=score_of(value), **known)
            count += 1
        if count == 0:
            chosen = " that data.where= chooses" if self.where else ""
            raise InputError(f"{path.name}: no record in it{chosen}; data.records= is the path to them")
        if ungraded == count:
            raise InputError(f"{path.name}: no record has a field {self.right!r}; there are {fields}")
        if unseen:
            key = min(unseen)
            raise InputError(
                f"{path.name}: no record has a field {getattr(self, key)!r} (data.{key}); there are {fields}"
            )
        right = f"Right is decided by {self.right!r}"
        notes = [right + (f", from {self.threshold:g} on." if self.threshold is not None else ".")]
        if ungraded:
            notes.append(f"{counted(ungraded, 'record')} without {self.right!r}, counted as unscored.")
        if failed:
            notes.append(f"{counted(failed, 'record')} with something in {self.error!r}, counted as errors.")
        return notes

    def _records(self, path: Path, fields: Sequence[str] | None) -> Iterator[Record]:
        """The records that `data.where` leaves."""
        at = FieldPath(self.records, "data.records") if self.records is not None else None
        wanted = [(FieldPath(text, "data.where"), _values(value)) for text, value in (self.where or {}).items()]
        needed = None if fields is None else [FieldPath(text, "data") for text in (*fields, *(self.where or ()))]
        for record in read_file(path, at, needed):
            if all(_shown(steps.value(record.fields)) in values for steps, values in wanted):
                yield record

    def _state(self, value: Any, where: str) -> Cell:
        """State of one grade."""
        if value is ABSENT or (self.unscored is not None and _shown(value) in _values(self.unscored)):
            return Cell.UNSCORED
        return self.rule.state(value, f"{where}: {self.right}")

    def _number(self, key: str, value: Any, where: str) -> float:
        if type(value) in (int, float) and 0 <= value < 1e300:  # nearly every value of nearly every file
            return float(value)
        return score_of(value) if key == "confidence" else amount(value, f"{where}: {getattr(self, key)}")


def _getter(field: str, key: str, path: Path) -> Callable[[Record], Any]:
    """A function from a record to the value of a field."""
    if (place := _PLACE.fullmatch(field)) is None:
        steps = FieldPath(field, key)
        return lambda record: steps.value(record.fields)
    if field == "@key":
        return lambda record: record.keys[-1] if record.keys else ABSENT
    above = path.resolve().parents
    level = int(place[3] or 1) - 1
    folder = above[level].name if level < len(above) else ""
    name = {"@file": path.name, "@stem": stem(path)}.get(field, folder) or ABSENT
    return lambda _: name


def _tells(value: Any) -> bool:
    """Whether a field for errors holds something; a list does, if one of its elements does."""
    return any(map(_tells, value)) if isinstance(value, list) else value is not ABSENT and bool(value)


def _shown(value: Any) -> str:
    """A value as it is compared: 1, 1.0 and "1" are the same, and so are true and "True"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is ABSENT or value is None else str(value).casefold()


def _values(stated: Any) -> set[str]:
    """A stated value, or the values of a list."""
    return {
        _shown(value)
        for value in (stated if isinstance(stated, Sequence) and not isinstance(stated, str) else [stated])
    }


def _name(value: Any, key: str, field: str, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = "is not there" if value is ABSENT else f"is {shorten(repr(value))}, which is no name"
        raise InputError(f"{where}: data.{key}={field} {what}")
    return str(value)


def _text(value: Any) -> str | None:
    return None if value is ABSENT else text_or_none(value if isinstance(value, str) or value is None else str(value))


def _fields_of(record: Any) -> str:
    return shorten(", ".join(map(str, record)), 160) if isinstance(record, Mapping) else shorten(repr(record))
