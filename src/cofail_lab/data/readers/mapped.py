"""Any table or JSON by one mapping: which field names the query, which the model, and which says what is right.

JSON Lines, JSON documents (`data.records` leads to the records in them), CSV and Parquet. A field is a dotted path
(`paths.FieldPath`), or ``@file``, ``@stem``, ``@folder`` for the place of the file, or ``@key`` for the key of the
record in a mapping. A list of grades holds repeated samples.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.file_source import LogSource
from cofail_lab.data.names import check_names, counted, shorten
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers.json_log import score_of, text_or_none
from cofail_lab.data.readers.suggestion import suggest
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.data.tables import CSV_SUFFIXES, EXCEL_SUFFIXES, PARQUET_SUFFIXES, read_rows, read_sheet
from cofail_lab.errors import InputError

_JSON_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
_JSON = (".json", ".json.gz")
_TABLES = (*CSV_SUFFIXES, *EXCEL_SUFFIXES, *PARQUET_SUFFIXES)
_FIELDS = ("query", "model", "right", "subset", "prompt", "cost", "tokens_in", "tokens_out", "confidence")
_NEEDED = ("query", "model", "right")
_PLACES = ("@file", "@stem", "@folder", "@key")


@dataclass(frozen=True)
class MappedSource(LogSource):
    """Records of any shape.

    Attributes:
        query, model, right: fields with the names of query and model, and with the grade; the grade is read by
            `rule.Rule`, with `data.threshold` where it is a number.
        records: in a JSON document, the path to the records; None for a list of records, or for the only list in it.
        subset: field with the dataset of the query (`data.dataset` selects datasets, as of any source).
        prompt, cost, tokens_in, tokens_out, confidence: fields of these, where there are such.
    """

    query: str | None = None
    model: str | None = None
    right: str | None = None
    records: str | None = None
    subset: str | None = None
    prompt: str | None = None
    cost: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    confidence: str | None = None

    patterns: ClassVar[tuple[str, ...]] = tuple(f"*{suffix}" for suffix in (*_JSON_LINES, *_JSON, *_TABLES))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scorer is not None:
            raise InputError(f"data.scorer: {self.scorer!r}; data.right= names the field that decides")
        for key in (*_FIELDS, "records"):
            if (text := getattr(self, key)) is not None and text not in _PLACES:
                FieldPath(text, f"data.{key}")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Always empty: a mapping is stated, not guessed."""
        del path
        return ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every record of a file."""
        if missing := [key for key in _NEEDED if getattr(self, key) is None]:
            raise InputError(suggest(missing, path.name, [record for _, _, record in self._first(path)]))
        get = {key: self._getter(key, path) for key in _FIELDS if getattr(self, key) is not None}
        numbers = [key for key in ("cost", "tokens_in", "tokens_out", "confidence") if key in get]
        count = ungraded = 0
        fields, unseen = "", {key for key in get if key not in _NEEDED}
        for where, keys, record in self._records(path):
            query, model = (_name(get[key](keys, record), key, getattr(self, key), where) for key in _NEEDED[:2])
            dataset, prompt = (_text(get[key](keys, record)) if key in get else None for key in ("subset", "prompt"))
            unseen -= {key for key in unseen if get[key](keys, record) is not ABSENT}
            amounts: dict[str, Any] = {}
            for key in numbers:
                if (value := get[key](keys, record)) is not ABSENT:
                    known = score_of(value) if key == "confidence" else amount(value, f"{where}: {getattr(self, key)}")
                    amounts[key] = known
            grade = get["right"](keys, record)
            fields = fields or _fields_of(record)
            if grade is ABSENT or grade == []:
                ungraded, grade = ungraded + 1, ABSENT
            for value in grade if isinstance(grade, list) else (grade,):
                value = None if value is ABSENT else value
                state = self.rule.state(value, f"{where}: {self.right}")
                score = score_of(value)
                records.add(query, model, state, dataset=dataset or "", prompt=prompt, score=score, **amounts)
            count += 1
        if count == 0:
            raise InputError(f"{path.name}: no record in it; data.records= is the path to them")
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
        return notes

    def _first(self, path: Path, n: int = 50) -> list[tuple[str, tuple[str, ...], Any]]:
        return [record for _, record in zip(range(n), self._records(path), strict=False)]

    def _getter(self, key: str, path: Path) -> Callable[[tuple[str, ...], Any], Any]:
        """A function of the keys of a record and the record, to the value of a field."""
        field = getattr(self, key)
        if field == "@key":
            return lambda keys, _: keys[-1] if keys else ABSENT
        if field in _PLACES:
            stem = path.name.partition(".")[0]
            place = {"@file": path.name, "@stem": stem, "@folder": path.resolve().parent.name}[field]
            return lambda _keys, _record: place
        steps = FieldPath(field, f"data.{key}")
        return lambda _, record: steps.value(record)

    def _records(self, path: Path) -> Iterator[tuple[str, tuple[str, ...], Any]]:
        """(where, keys, record) of every record."""
        if path.name.endswith(_JSON_LINES):
            for number, line in files.read_jsonl(path):
                where = f"{path.name}: line {number}"
                if self.records is None:
                    yield where, (), line
                else:
                    for keys, record in FieldPath(self.records, "data.records").every(line):
                        yield where, keys, record
        elif path.name.endswith(_JSON):
            document = files.read_json(path)
            found = _only_list(document, path.name) if self.records is None else None
            steps = FieldPath(self.records, "data.records") if self.records is not None else None
            pairs = steps.every(document) if steps is not None else (((), record) for record in found or ())
            for number, (keys, record) in enumerate(pairs, start=1):
                yield f"{path.name}: record {number}", keys, record
        elif path.name.endswith(CSV_SUFFIXES):
            rows = read_rows(path)
            _, names = next(rows)
            check_names(names, "column", path.name)
            for number, row in rows:
                yield f"{path.name}: line {number}", (), _filled(names, row)
        elif path.name.endswith(_TABLES):
            sheet = read_sheet(path)
            check_names(sheet.header, "column", path.name)
            for number, row in enumerate(sheet.rows, start=1):
                yield f"{path.name}: row {number}", (), _filled(sheet.header, row)
        else:
            accepted = ", ".join((*_JSON_LINES[:1], *_JSON[:1], *_TABLES))
            raise InputError(f"data.path: {str(path)!r} does not end in one of {accepted}")


def _filled(names: list[str], row: list[str]) -> dict[str, str]:
    """A row of a table as a record; an empty cell is a field that is not there."""
    return {name: text for name, text in zip(names, row, strict=True) if text != ""}


def _only_list(document: Any, file: str) -> list[Any]:
    """The records of a document: its elements, the only list of objects among its values, or the document itself."""
    if isinstance(document, list):
        return document
    lists = {
        key: value
        for key, value in (document.items() if isinstance(document, Mapping) else ())
        if isinstance(value, list) and value and isinstance(value[0], Mapping)
    }
    if len(lists) == 1:
        return next(iter(lists.values()))
    if not lists and isinstance(document, Mapping):
        return [document]
    held = shorten(", ".join(map(str, document)), 120) if isinstance(document, Mapping) else type(document).__name__
    raise InputError(f"{file}: data.records= must be the path to the records, such as results; the document has {held}")


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
