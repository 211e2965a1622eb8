"""Reading text files row by row, with errors that name the file, the row and the column."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, first_repeated

# What a cell may say, with the spellings that spreadsheets and data frames write.
SPELLINGS = {
    **dict.fromkeys(("1", "1.0", "true", "True", "TRUE"), Cell.RIGHT),
    **dict.fromkeys(("0", "0.0", "false", "False", "FALSE"), Cell.WRONG),
    "": Cell.MISSING,
    **{state.name.lower(): state for state in (Cell.UNSCORED, Cell.ERROR, Cell.MISSING)},
}
ACCEPTED = "1 (right), 0 (wrong), empty (missing), 'unscored' or 'error'"


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV or CSV.gz file with their line numbers, the header first; blank lines are skipped.

    Raises:
        InputError: not readable, not gzip or truncated, not UTF-8, empty, or a row as long as no other.
    """
    csv.field_size_limit(2**27)  # prompts can be long
    try:
        with path.open("rb") as raw:
            binary = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            width = 0
            reader = csv.reader(io.TextIOWrapper(binary, encoding="utf-8-sig", newline=""), strict=True)  # type: ignore[arg-type]
            for row in reader:
                if not row:
                    continue
                width = width or len(row)
                if len(row) != width:
                    raise InputError(
                        f"{path.name}: line {reader.line_num} has {len(row)} cells, the header has {width}; "
                        "every row needs one each"
                    )
                yield reader.line_num, row
            if not width:
                raise InputError(f"{path.name}: the file is empty; a header and one row per query were expected")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        # gzip.BadGzipFile is an OSError too.
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (EOFError, zlib.error) as error:
        raise InputError(
            f"{path.name}: the gzip stream is cut short or damaged ({error}); copy the file again"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name}: not UTF-8 text (byte {error.object[error.start]:#04x}); save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise InputError(f"{path.name}: not a valid CSV file ({error})") from error


def check_names(names: list[str], what: str, file: str) -> tuple[str, ...]:
    """Names of queries or models: none blank, none twice."""
    if "" in names:
        raise InputError(f"{file}: {what} number {names.index('') + 1} has no name; every {what} needs a unique name")
    if repeated := first_repeated(names):
        raise InputError(f"{file}: {what} name {repeated!r} appears twice; names must be unique")
    return tuple(names)


def parse_cells(columns: list[str], rows: list[list[str]], queries: list[str], file: str) -> np.ndarray:
    """States of `Cell` (int8, queries x models) from their spellings; the first bad cell is named by row and column."""
    cells = np.empty((len(rows), len(columns)), dtype=np.int8)
    for i, row in enumerate(rows):
        try:
            cells[i] = [SPELLINGS[text] for text in row]
        except KeyError:
            j, text = next((j, text) for j, text in enumerate(row) if text not in SPELLINGS)
            raise InputError(
                f"{file}: row {queries[i]!r}, column {columns[j]!r}: {shorten(text)!r} is not a graded cell; "
                f"accepted: {ACCEPTED}"
            ) from None
    return cells


def shorten(text: str, limit: int = 60) -> str:
    """A value from a file, short enough for a one-line message."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
