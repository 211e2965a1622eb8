"""The adjudication sheet: cells that no spreadsheet changes or runs, and the verdicts read back from one."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from cofail_lab.data.layout import QUERY_NAMES, plain_name
from cofail_lab.data.names import list_names, shorten
from cofail_lab.data.tables import Sheet, read_sheet
from cofail_lab.errors import InputError

State = Literal["genuine", "reference_error", "ambiguous", "grader_defect", "truncated", "unread"]
"""What a reader found: every model is wrong; the key is; no answer is the right one, or several are; a right answer was
graded wrong; the answers were cut off; nobody has read it."""

STATES: tuple[State, ...] = get_args(State)

VERDICT, RIGHT_ANSWER, WELL_POSED, DRAW = "verdict", "right_answer", "well_posed", "draw"
"""Columns that a reader fills in, and the place of an all-wrong query in the random order."""

# What starts a formula, in full width too; white space before one; and the apostrophe, so that it is undone exactly.
_STARTS = "=+-@'\t\r\n＝＋－＠"
# What a spreadsheet takes for a number, a date or a truth value and writes back in another form.
_CONVERTED = re.compile(
    r"\.|\d(?!\d{0,14}$)|0\d|(?:true|false)$|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ./-]*\d",
    re.IGNORECASE,
)
# Excel cuts a cell of more than 32,767 characters.
_LONGEST = 32_000

_BY_WORD: dict[str, State] = {"": "unread", **{str(state): state for state in STATES}}
_ANSWER = re.compile(r"(?:right_)?answer(?:_[^_\W]+)?$")
_POSED = re.compile(r"well_posed(?:_[^_\W]+)?$")
_TRUTHS = {"1": True, "0": False, "yes": True, "no": False, "true": True, "false": False, "1.0": True, "0.0": False}


class Reading(NamedTuple):
    """What one or more readers wrote about a query.

    Attributes:
        verdict: ``unread`` where none was written.
        answers: what the readers hold for right, those who said so.
        well_posed: whether there is one right answer; False if one reader says no, None if nobody says.
        draw: place in the random order that the sheet was written with; None where it has none.
    """

    verdict: State = "unread"
    answers: tuple[str, ...] = ()
    well_posed: bool | None = None
    draw: int | None = None


def protected(text: str) -> str:
    """A text as the cell of a sheet: one that a spreadsheet would run or convert gets an apostrophe in front."""
    cell = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"
    return f"'{cell}" if cell[:1] in tuple(_STARTS) or _CONVERTED.match(cell) else cell


def unprotected(cell: str) -> str:
    """The text of a cell as `protected` was given it, if it was not too long."""
    return cell[1:] if cell.startswith("'") else cell


def read_verdicts(path: Path, queries: Sequence[str]) -> dict[str, Reading]:
    """What the filled-in sheet says, by query; queries that it leaves blank are unread.

    Args:
        path: CSV in any common form, or an Excel workbook.
        queries: that the verdicts can be about.

    Raises:
        InputError: not readable, no column of queries or of verdicts, an unknown query or word, two verdicts on one.
    """
    sheet = read_sheet(path)
    columns = _Columns.of(sheet, path.name)
    known = {_spaced(query): query for query in queries}
    found: dict[str, Reading] = {}
    for number, row in enumerate(sheet.rows, start=2):
        cell = row[columns.query]
        if not "".join(row).strip():
            continue
        # A spreadsheet that takes the apostrophe for its own mark of a text has removed it.
        query = known.get(_spaced(unprotected(cell))) or known.get(_spaced(cell))
        if query is None:
            near = difflib.get_close_matches(unprotected(cell), queries[:10_000], n=1, cutoff=0.6)
            hint = f", did you mean {shorten(near[0])}?" if near else f"; there are {list_names(queries, 3)}"
            raise InputError(f"{path.name}: row {number}: {shorten(unprotected(cell))!r} is no query of the data{hint}")
        written = columns.reading(row, f"{path.name}: {shorten(query)}")
        if found.setdefault(query, written) != written:
            raise InputError(f"{path.name}: {shorten(query)} has two rows that differ; one is accepted")
    return found


class _Columns(NamedTuple):
    """Where things are in a sheet; None where it has no such column."""

    query: int
    verdict: int | None
    answers: list[int]
    posed: list[int]
    draw: int | None

    @classmethod
    def of(cls, sheet: Sheet, file: str) -> "_Columns":
        names = [plain_name(name) for name in sheet.header]
        query = next((names.index(name) for name in QUERY_NAMES if name in names), None)
        if query is None:
            raise InputError(f"{file}: no column 'query' among {list_names(sheet.header)}")
        columns = cls(
            query,
            names.index(VERDICT) if VERDICT in names else None,
            [i for i, name in enumerate(names) if _ANSWER.match(name)],
            [i for i, name in enumerate(names) if _POSED.match(name)],
            names.index(DRAW) if DRAW in names else None,
        )
        if columns.verdict is None and not columns.answers:
            raise InputError(f"{file}: no column {VERDICT!r} among {list_names(sheet.header)}")
        return columns

    def reading(self, row: list[str], where: str) -> Reading:
        """What one row says."""
        verdict = "unread" if self.verdict is None else _state(row[self.verdict], where)
        posed = [truth for i in self.posed if (truth := _truth(row[i], where)) is not None]
        answers = [unprotected(row[i]).strip() for i in self.answers]
        draw = "" if self.draw is None else row[self.draw].strip().removesuffix(".0")
        if draw and not draw.isdecimal():
            raise InputError(f"{where}: {DRAW} {shorten(draw)!r} is not a whole number; leave this column as it was")
        well_posed = all(posed) if posed else None
        return Reading(verdict, tuple(filter(None, answers)), well_posed, int(draw) if draw else None)


def _state(cell: str, where: str) -> State:
    word = "_".join(unprotected(cell).casefold().replace("-", " ").replace("_", " ").split())
    if word not in _BY_WORD:
        near = difflib.get_close_matches(word, STATES, n=1, cutoff=0.5)
        hint = f", did you mean {near[0]}?" if near else f"; accepted: {', '.join(STATES)}"
        raise InputError(f"{where}: verdict {shorten(cell)!r} is unknown{hint}")
    return _BY_WORD[word]


def _truth(cell: str, where: str) -> bool | None:
    word = cell.strip().casefold()
    if word and word not in _TRUTHS:
        raise InputError(f"{where}: {WELL_POSED} {shorten(cell)!r} is not 1, 0, yes, no or empty")
    return _TRUTHS.get(word)


def _spaced(name: str) -> str:
    """A name as it is compared: names that differ in white space alone are refused when data are read."""
    return " ".join(name.split())
