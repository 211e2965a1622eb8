"""The spellings of a graded cell in a table of text, and the states of the cells of such a table."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from cofail_lab.data.names import counted, shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_WORDS = (("true", "false"), ("yes", "no"), ("correct", "incorrect"), ("right", "wrong"), ("pass", "fail"))
_PAIRS = (("1", "0"), ("1.0", "0.0"), *_WORDS, ("passed", "failed"), ("✓", "✗"), ("✔", "✘"), ("✅", "❌"))
_LETTERS = (("t", "f"), ("y", "n"), ("c", "i"))
_MISSING = ("", "missing", "na", "n/a", "#n/a", "<na>", "nan", "none", "null")

SPELLINGS = {
    **{right: Cell.RIGHT for right, _ in _PAIRS},
    **{wrong: Cell.WRONG for _, wrong in _PAIRS},
    **dict.fromkeys(_MISSING, Cell.MISSING),
    **{state.name.lower(): state for state in (Cell.UNSCORED, Cell.ERROR)},
    "timeout": Cell.ERROR,
}
"""Text of a cell in lower case, without white space around it -> its state."""
WRITTEN = {Cell.RIGHT: "1", Cell.WRONG: "0", Cell.UNSCORED: "unscored", Cell.ERROR: "error", Cell.MISSING: ""}
"""How the lab itself writes each state."""

ACCEPTED = "1 (right), 0 (wrong), empty (missing), 'unscored' or 'error'; also true/false, yes/no, pass/fail, ✓/✗"

_STATED = {"1", "0", "1.0", "0.0", "", "missing", "unscored", "error", "true", "false"}
"""Spellings that need no sentence."""


class TextColumns(NamedTuple):
    """A table of text by columns.

    Attributes:
        texts: every different text of the table, in order of first appearance.
        codes: of every cell, an index of ``texts``, shape (rows, columns).
    """

    texts: list[str]
    codes: Int[np.ndarray, "n k"]

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], n_columns: int) -> "TextColumns":
        """From lists of cells."""
        place: dict[str, int] = {}
        codes = np.empty((len(rows), n_columns), np.int64)
        for i, row in enumerate(rows):
            codes[i] = [place.setdefault(text, len(place)) for text in row]
        return cls(list(place), codes)


class Reading(NamedTuple):
    """What the texts of a table mean as grades.

    Attributes:
        states: of every text in every column, int8 of shape (texts, columns); -1 where the text is no grade.
        scores: of every text, the number that it is, nan where it is none.
    """

    states: Int[np.ndarray, "t k"]
    scores: np.ndarray


def read_texts(table: TextColumns, threshold: float | None = None, *, decimal_comma: bool = False) -> Reading:
    """The state of every text, and its number.

    Single letters (T/F, Y/N, C/I) are grades only in a column that holds no other letters: a column of answers A to D
    also holds a C.

    Args:
        table: the columns of the models.
        threshold: the lowest number of a right answer; None accepts no numbers but 0 and 1.
        decimal_comma: whether numbers are written 0,5, as where semicolons stand between cells.
    """
    # Some keyboards write a check mark with a selector of its colour.
    plain = [text.strip().lower().replace("\ufe0f", "") for text in table.texts]
    scores = np.array([_number(text.replace(",", ".") if decimal_comma else text) for text in plain])
    states = np.array([SPELLINGS.get(text, -1) for text in plain], np.int8).reshape(-1)
    exact = (states < 0) & ((scores == 0) | (scores == 1))  # 1.00, +1
    states[exact] = np.where(scores[exact] == 1, Cell.RIGHT, Cell.WRONG)
    if threshold is not None:
        numeric = ~np.isnan(scores)
        states[numeric] = np.where(scores[numeric] >= threshold, Cell.RIGHT, Cell.WRONG)
    whole = np.repeat(states[:, None], table.codes.shape[1], axis=1)
    letters = {letter: k for k, pair in enumerate(_LETTERS) for letter in pair}
    pair_of = np.array([letters.get(text, -1) for text in plain], np.int64).reshape(-1)
    if (pair_of >= 0).any():
        for j in range(table.codes.shape[1]):
            used = np.unique(table.codes[:, j])
            pairs = {int(pair_of[t]) for t in used if states[t] not in (Cell.MISSING, Cell.UNSCORED, Cell.ERROR)}
            if len(pairs) == 1 and (pair := pairs.pop()) >= 0:
                for t in used[pair_of[used] == pair]:
                    whole[t, j] = Cell.RIGHT if plain[t] == _LETTERS[pair][0] else Cell.WRONG
    return Reading(whole, scores)


def cell_states(
    table: TextColumns,
    reading: Reading,
    names: Sequence[str],
    queries: Sequence[str],
    file: str,
    threshold: float | None = None,
) -> Int[np.ndarray, "n k"]:
    """States of `Cell`, int8 of shape (queries, models).

    Args:
        table, reading: of these columns.
        names: of the models.
        queries: names of the queries.
        file: for the message.
        threshold: as in `read_texts`.

    Raises:
        InputError: cells that are no grades; the message counts them and names the first three.
    """
    states = reading.states[table.codes, np.arange(table.codes.shape[1])]
    bad = np.argwhere(states < 0)
    if not len(bad):
        return states
    first = "; ".join(
        f"row {shorten(queries[int(i)])!r}, column {shorten(names[int(j)])!r}: "
        f"{shorten(table.texts[table.codes[i, j]])!r}"
        for i, j in bad[:3]
    )
    numeric = ~np.isnan(reading.scores[table.codes[bad[:, 0], bad[:, 1]]])
    if threshold is None and numeric.all():
        remedy = "data.threshold= says from which number on an answer is right"
    elif all(table.texts[table.codes[i, j]].strip().endswith("%") for i, j in bad):
        remedy = "write percentages as numbers, 0.9 or 90; data.threshold= then says from which on an answer is right"
    else:
        remedy = f"accepted: {ACCEPTED}; correct them, or remove a column that is no model"
    verb = "is not a graded cell" if len(bad) == 1 else "are not graded cells"
    more = ", the first three here" if len(bad) > 3 else ""
    what = "" if len(bad) == 1 else f" ({counted(len(bad), 'cell')}{more})"
    raise InputError(f"{file}: {first} {verb}{what}; {remedy}")


def spellings_note(table: TextColumns, reading: Reading) -> str:
    """What was taken for what, with counts, where cells are not written 1, 0, true, false or empty; else empty."""
    counts: dict[tuple[int, str], int] = {}
    for j in range(table.codes.shape[1]):
        used, sizes = np.unique(table.codes[:, j], return_counts=True)
        for t, size in zip(used, sizes, strict=True):
            text, state = table.texts[t].strip(), int(reading.states[t, j])
            # Numbers above and below a threshold have a note of their own.
            if np.isnan(reading.scores[t]) and text.lower() not in _STATED:
                counts[state, text] = counts.get((state, text), 0) + int(size)
    if not counts:
        return ""
    parts = []
    for state in Cell:
        words = [f"{shorten(text)!r} ({n:,})" for (s, text), n in counts.items() if s == state]
        if words:
            parts.append(f"{', '.join(words)} as {state.name.lower()}")
    return f"Cells were taken for what they say: {'; '.join(parts)}."


def _number(text: str) -> float:
    """A text as a finite number, nan where it is none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
