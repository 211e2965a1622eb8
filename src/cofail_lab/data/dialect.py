"""How a text table is written: its encoding, and the character between two cells. Both are found in its first bytes."""

import codecs
import csv
import io
from pathlib import Path
from typing import NamedTuple

from cofail_lab.data.files import head

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ROWS = 20


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
