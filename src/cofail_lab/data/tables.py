"""CSV and Parquet tables as text, codes or numbers; errors name the file, the row and the column."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from cofail_lab.data.dialect import check_text, find_dialect
from cofail_lab.data.excel import excel_rows
from cofail_lab.data.files import ends_in, opened
from cofail_lab.data.names import shorten
from cofail_lab.data.parquet import MAX_ROWS, ParquetFile, read_parquet
from cofail_lab.errors import InputError

CSV_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
PARQUET_SUFFIXES = (".parquet",)
EXCEL_SUFFIXES = (".xlsx",)
MAX_TEXT_CELLS = 2 * 10**7
"""Cells of a table that is held as text: about a gigabyte. Of a CSV file also more, as long as they take no more."""
# Python holds a character alone once and for all, at 8 bytes for each place it is at; every further one of a cell adds
# about 25, as long as cells are short.
_MAX_TEXT_BYTES, _PLACE, _CHARACTER = 12 * 10**8, 8, 25
# Bytes of a CSV row that Arrow accepts: prompts can be long.
_BLOCK = 2**25


@dataclass(frozen=True)
class Sheet:
    """A table of text; every row is as long as the header."""

    header: list[str]
    rows: list[list[str]]


def read_sheet(path: Path) -> Sheet:
    """A whole table as text; null and nan are empty. Of an Excel workbook, the first sheet.

    Raises:
        InputError: as `read_rows` and `read_parquet`; too many cells.
    """
    if ends_in(path, EXCEL_SUFFIXES):
        rows = excel_rows(path)
        return Sheet(rows[0], rows[1:])
    if ends_in(path, PARQUET_SUFFIXES):
        return sheet_of(read_parquet(path, most_cells=MAX_TEXT_CELLS), path.name)
    rows, cells, characters = [], 0, 0
    for _, row in read_rows(path):
        rows.append(row)
        cells += len(row)
        characters += sum(map(len, row))
        if cells > MAX_TEXT_CELLS and _PLACE * cells + _CHARACTER * (characters - cells) > _MAX_TEXT_BYTES:
            raise InputError(
                f"{path.name}: more than {MAX_TEXT_CELLS:,} cells; data=long and data=npz take larger ones"
            )
    return Sheet(rows[0], rows[1:])


def sheet_of(columns: Mapping[str, Any], where: str) -> Sheet:
    """A table of text from Arrow columns, or sequences of strings; null and nan are empty."""
    texts = []
    for codes, values in (coded(column, where) for column in columns.values()):
        texts.append([values[code] for code in codes])
    return Sheet(list(columns), [list(row) for row in zip(*texts, strict=True)])


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV or TSV file, also gzipped, with their line numbers, the header first; blank lines are skipped.

    Raises:
        InputError: not readable, damaged, not UTF-8, empty, or a row that is not as long as the header.
    """
    csv.field_size_limit(2**27)
    check_text(path)
    dialect = find_dialect(path)
    try:
        with opened(path) as binary:
            width = 0
            text = io.TextIOWrapper(binary, encoding=dialect.encoding, newline="")
            reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
            for row in reader:
                if not row or (dialect.stated and reader.line_num == 1):
                    continue
                width = width or len(row)
                if len(row) != width:
                    raise InputError(
                        f"{path.name}: line {reader.line_num} has {len(row)} cells, the header has {width}; "
                        "every row needs one cell for each column"
                    )
                yield reader.line_num, row
            if not width:
                raise InputError(f"{path.name}: the file is empty; a header and one row per query were expected")
    except UnicodeDecodeError as error:
        if dialect.encoding.startswith("utf-16"):
            raise InputError(f"{path.name}: not valid UTF-16 text; save it as UTF-8") from error
        raise InputError(
            f"{path.name}: not UTF-8 text (byte {error.object[error.start]:#04x}); save it as UTF-8, which Excel calls "
            "'CSV UTF-8'"
        ) from error
    except csv.Error as error:
        raise InputError(f"{path.name}: not a valid CSV file ({error})") from error


def header(path: Path) -> list[str]:
    """Column names of a table. Raises InputError as `read_rows`, `read_parquet` and `read_sheet`."""
    if ends_in(path, EXCEL_SUFFIXES):
        return excel_rows(path)[0]
    if ends_in(path, PARQUET_SUFFIXES):
        with ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    return next(read_rows(path))[1]


def read_columns(path: Path, wanted: Collection[str]) -> dict[str, Any]:
    """Those of the wanted columns that a CSV, CSV.gz or Parquet file has, as Arrow columns; those of a CSV are text.

    Raises:
        InputError: not readable, not a table, a column twice.
    """
    names = header(path)
    present = [name for name in names if name in wanted]
    if len(set(present)) < len(present):
        repeated = next(name for name in present if present.count(name) > 1)
        raise InputError(f"{path.name}: column {repeated!r} appears twice")
    if ends_in(path, PARQUET_SUFFIXES):
        return read_parquet(path, present, most_cells=MAX_ROWS * max(len(present), 1))
    return _read_csv(path, names, present)


def _read_csv(path: Path, names: list[str], present: list[str]) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.csv

    dialect = find_dialect(path)
    try:
        with opened(path) as binary:
            table = pyarrow.csv.read_csv(
                binary,
                pyarrow.csv.ReadOptions(
                    block_size=_BLOCK,
                    column_names=names,
                    encoding=dialect.encoding.removesuffix("-sig"),
                    skip_rows=int(dialect.stated),
                ),
                pyarrow.csv.ParseOptions(newlines_in_values=True, delimiter=dialect.delimiter),
                pyarrow.csv.ConvertOptions(
                    include_columns=present,
                    column_types=dict.fromkeys(present, pa.string()),
                    strings_can_be_null=False,
                    null_values=[],
                ),
            )
    except pa.ArrowException as error:
        for _ in read_rows(path):
            pass  # slower, but raises for the line that is wrong
        reason = shorten(str(error).splitlines()[0], 120)
        raise InputError(f"{path.name}: not a valid CSV file ({reason})") from error
    # With its names given, Arrow reads the header as the first row, and a byte order mark as a part of this row.
    table = table.slice(1)
    return dict(zip(present, table.columns, strict=True))


def coded(column: Any, where: str) -> tuple[Int[np.ndarray, " k"], list[str]]:
    """A column as codes, and the text of each code in order of first appearance; null and nan are the empty text.

    Args:
        column: an Arrow column, or a sequence of strings.
        where: file, for the message.
    """
    import pyarrow as pa

    try:
        column = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, pa.string())
        if isinstance(column, pa.ChunkedArray):
            column = column.unify_dictionaries().combine_chunks()
        if pa.types.is_floating(column.type):
            column = pa.array(column.to_numpy(zero_copy_only=False), column.type, from_pandas=True)
        if not isinstance(column, pa.DictionaryArray):
            column = _call("dictionary_encode", column.cast(pa.string()))
        values = column.dictionary.cast(pa.string()).to_pylist()
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    except (pa.ArrowException, UnicodeError) as error:
        raise InputError(f"{where}: not text ({shorten(str(error).splitlines()[0], 120)})") from error
    # A dictionary may hold a text twice, or a text that no row has. The empty text of null is appended at its end.
    place: dict[str, int] = {}
    merged = np.array([place.setdefault(value or "", len(place)) for value in (*values, None)], np.int64)[codes]
    used, first, codes = np.unique(merged, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(used), np.int64)
    rank[order] = np.arange(len(used))
    texts = list(place)
    return rank[codes], [texts[used[k]] for k in order]


def numbers(column: Any, where: str) -> np.ndarray:
    """A column as float64, nan where it is null or empty; InputError with the first text that is no finite number."""
    import pyarrow as pa

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if np.isinf(values).any():
            raise InputError(f"{where}: infinity; a finite number or nothing was expected")
        return values
    try:
        filled = (
            _call("if_else", _call("equal", column, ""), None, column) if pa.types.is_string(column.type) else column
        )
        values = filled.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if not np.isinf(values).any():
            return values
    except pa.ArrowException:
        pass  # a text that Arrow does not read as a number; the loop below names it
    codes, texts = coded(column, where)
    known = np.empty(len(texts))
    for t, text in enumerate(texts):
        try:
            known[t] = float(text) if text.strip() else np.nan
        except ValueError:
            known[t] = np.inf
        if np.isinf(known[t]):
            raise InputError(f"{where}: {shorten(text)!r} is not a finite number or empty")
    return known[codes]


def _call(function: str, *arguments: Any) -> Any:
    import pyarrow.compute as pc

    return pc.call_function(function, list(arguments))
