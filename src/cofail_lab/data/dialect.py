"""How a text table is written: its encoding, and the character between two cells. Both are found in its first bytes."""

import codecs
import csv
import io
from pathlib import Path
from typing import NamedTuple

from cofail_lab.data.files import head
from cofail_lab.errors import InputError

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ROWS = 20
# The first bytes of files that are no text, and what to do with them.
_NOT_TEXT = (
    (b"\x1f\x8b", "is compressed with gzip; let its name end in .csv.gz"),
    (b"PK\x03\x04", "is a zip archive or an Excel workbook; unpack it, or let its name end in .xlsx"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook of the old kind; save it as .xlsx or CSV"),
    (b"PAR1", "is a Parquet table; let its name end in .parquet"),
    (b"\x89PNG", "is an image"),
    (b"%PDF", "is a PDF document"),
)


class Dialect(NamedTuple):
    """How a text table is written.

    Attributes:
        delimiter: between two cells: a comma, a semicolon, a tab or a vertical bar.
        encoding: UTF-16 where the file begins with its byte order mark, as Excel's "Unicode text" does, else UTF-8.
        stated: whether the first line is ``sep=;``, which tells Excel the delimiter and is no row.
    """

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    stated: bool = False


def find_dialect(path: Path) -> Dialect:
    """The dialect of a table: the delimiter that splits the most rows into as many cells as the header, and into many.

    A file that cannot be read, or not as text, has the usual dialect; whoever reads it then says what is wrong.
    """
    start = head(path)
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8-sig")
    text = start.decode(encoding, errors="ignore")
    first = text.split("\n", 1)[0].strip("\r \ufeff")
    if first[:4].lower() == "sep=" and first[4:] in _DELIMITERS:
        return Dialect(first[4:], encoding, stated=True)
    return Dialect(max(_DELIMITERS, key=lambda delimiter: _merit(text, delimiter)), encoding)


def check_text(path: Path) -> None:
    """Raise InputError for a file that is no text table, by its first bytes, and say what it is."""
    start = head(path)
    for mark, what in _NOT_TEXT:
        if start.startswith(mark):
            raise InputError(f"{path.name}: not a text table: it {what}")
    wide = start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE))
    if b"\0" in start and (wide or not start.startswith(tuple(mark for mark, _ in _MARKS))):
        raise InputError(
            f"{path.name}: not a text table: it has bytes that are zero, as binary files have, and text in UTF-16 or "
            "UTF-32; save it as UTF-8, which Excel calls 'CSV UTF-8'"
        )


def _merit(text: str, delimiter: str) -> float:
    """How well a delimiter splits the first rows: those as long as the header, as a share, times its delimiters."""
    widths = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if row:
                widths.append(len(row))
            if len(widths) > _ROWS:
                break
    except csv.Error:
        pass  # where the table is damaged, its reader says so
    # The last row may be cut.
    complete = widths[:-1] or widths
    return (complete[0] - 1) * complete.count(complete[0]) / len(complete) if complete else 0.0
