"""The spellings of a graded cell in a table of text."""

import numpy as np

from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

SPELLINGS = {
    **dict.fromkeys(("1", "1.0", "true", "True", "TRUE"), Cell.RIGHT),
    **dict.fromkeys(("0", "0.0", "false", "False", "FALSE"), Cell.WRONG),
    "": Cell.MISSING,
    **{state.name.lower(): state for state in (Cell.UNSCORED, Cell.ERROR, Cell.MISSING)},
}
"""Accepted texts of a cell, among them what spreadsheets and data frames write."""
WRITTEN = {Cell.RIGHT: "1", Cell.WRONG: "0", Cell.UNSCORED: "unscored", Cell.ERROR: "error", Cell.MISSING: ""}
"""How the lab itself writes each state."""

ACCEPTED = "1 (right), 0 (wrong), empty (missing), 'unscored' or 'error'"


def parse_cells(columns: list[str], rows: list[list[str]], queries: list[str], file: str) -> np.ndarray:
    """States of `Cell`, int8 of shape (queries, models), from their spellings.

    Args:
        columns: names of the models.
        rows: texts of the cells, one list per query.
        queries: names of the queries.
        file: for the message.

    Raises:
        InputError: a text that is not in `SPELLINGS`; the message names its row and column.
    """
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
