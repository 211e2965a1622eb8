"""The records in JSON Lines, JSON documents, CSV, Excel and Parquet, whatever their fields are called."""

import math
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from cofail_lab.data import files
from cofail_lab.data.names import check_names, shorten
from cofail_lab.data.parquet import read_records, schema_names
from cofail_lab.data.paths import FieldPath
from cofail_lab.data.tables import CSV_SUFFIXES, EXCEL_SUFFIXES, PARQUET_SUFFIXES, read_rows, read_sheet
from cofail_lab.errors import InputError

_JSON_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
_JSON = (".json", ".json.gz")
_TABLES = (*CSV_SUFFIXES, *EXCEL_SUFFIXES, *PARQUET_SUFFIXES)
SUFFIXES = (*_JSON_LINES, *_JSON, *_TABLES)


class Record(NamedTuple):
    """One record of a file.

    Attributes:
        where: file and line, for messages.
        keys: of the mappings that it was found in, the innermost last.
        fields: the record; a cell that is empty, null or nan in a table is a field that is not there.
    """

    where: str
    keys: tuple[str, ...]
    fields: Any


def stem(path: Path) -> str:
    """The name of a file without its ending: ``gpt-4.1`` of ``gpt-4.1.jsonl.gz``."""
    name = path.name
    suffix = max((s for s in SUFFIXES if files.ends_in(path, s)), key=len, default="")
    return name[: len(name) - len(suffix)] or name


def read_file(path: Path, at: FieldPath | None, fields: Collection[FieldPath] | None) -> Iterator[Record]:
    """Every record of a file.

    Args:
        path: of the file.
        at: in JSON, the path to the records; None for the lines, the elements of a list, or the only list.
        fields: those that are needed, because a Parquet file is read by columns; None for all.

    Raises:
        InputError: not readable, of another kind, or a document with several lists in it.
    """
    if files.ends_in(path, _JSON_LINES):
        for number, line in files.read_jsonl(path):
            where = f"{path.name}: line {number}"
            if at is None:
                yield Record(where, (), line)
            else:
                for keys, record in at.every(line):
                    yield Record(where, keys, record)
    elif files.ends_in(path, _JSON):
        document = files.read_json(path)
        pairs = at.every(document) if at is not None else (((), record) for record in _only_list(document, path.name))
        for number, (keys, record) in enumerate(pairs, start=1):
            yield Record(f"{path.name}: record {number}", keys, record)
    elif files.ends_in(path, PARQUET_SUFFIXES):
        names = schema_names(path)
        # A column's own name may have dots.
        wanted = {field.text if field.text in names else field.steps[0] for field in fields or ()}
        for number, record in enumerate(read_records(path, sorted(wanted.intersection(names)) or None), start=1):
            held = {name: _plain(value) for name, value in record.items() if not _is_null(value)}
            yield Record(f"{path.name}: row {number}", (), held)
    elif files.ends_in(path, _TABLES):
        if files.ends_in(path, CSV_SUFFIXES):
            rows = read_rows(path)
            _, header = next(rows)
        else:
            sheet = read_sheet(path)
            header, rows = sheet.header, enumerate(sheet.rows, start=2)
        check_names(header, "column", path.name)
        for number, row in rows:
            held = {name: text for name, text in zip(header, row, strict=True) if text != ""}
            yield Record(f"{path.name}: line {number}", (), held)
    else:
        accepted = ", ".join((*_JSON_LINES[:1], *_JSON[:1], *_TABLES))
        raise InputError(f"data.path: {str(path)!r} does not end in one of {accepted}")


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    """A cell of a Parquet file as JSON would have it: decimals are numbers, times and the like text."""
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | bool | int | float | list | dict) else str(value)


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
