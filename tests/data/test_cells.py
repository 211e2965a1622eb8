"""What each spelling of a cell means, and what is said of it."""

import numpy as np
import pytest

from cofail_lab.data.cells import SPELLINGS, WRITTEN, TextColumns, cell_states, read_texts, spellings_note
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell
NONE = -1


def states(*texts: str, threshold: float | None = None, decimal_comma: bool = False) -> list[int]:
    """Of a column with these cells."""
    table = TextColumns.of([[text] for text in texts], 1)
    reading = read_texts(table, threshold, decimal_comma=decimal_comma)
    return reading.states[table.codes[:, 0], 0].tolist()


def test_every_spelling() -> None:
    pairs = (
        "1 0, 1.0 0.0, true false, yes no, correct incorrect, right wrong, pass fail, passed failed, ✓ ✗, ✔ ✘, ✅ ❌"
    )
    for right, wrong in (pair.split() for pair in pairs.split(", ")):
        assert states(right, wrong) == [RIGHT, WRONG] and states(f" {right.upper()} ", wrong.title()) == [RIGHT, WRONG]
    for text in ("", "missing", "NA", "n/a", "#N/A", "<NA>", "nan", "None", "null"):
        assert states(text) == [MISSING]
    assert states("unscored", "ERROR", "Timeout") == [UNSCORED, ERROR, ERROR]
    assert len(SPELLINGS) == 2 * 11 + 9 + 3
    assert states("✔\ufe0f", "✘\ufe0f") == [RIGHT, WRONG]
    assert [SPELLINGS[text] for text in WRITTEN.values()] == list(WRITTEN)


def test_numbers() -> None:
    assert states("1.00", "+1", "0.00", "-0", "00", "1e0") == [RIGHT, RIGHT, WRONG, WRONG, WRONG, RIGHT]
    assert states("0.5", "2", "inf", "x") == [NONE] * 4
    assert states("0.5", "0.49", "1", "0", "2", "inf", "yes", threshold=0.5) == [
        RIGHT,
        WRONG,
        RIGHT,
        WRONG,
        RIGHT,
        NONE,
        RIGHT,
    ]
    # With another limit even 1 may be wrong.
    assert states("1", "3", threshold=2) == [WRONG, RIGHT]
    assert states("0,5", "1,0", "0,25", threshold=0.5, decimal_comma=True) == [RIGHT, RIGHT, WRONG]
    assert states("1,0", "0,0", decimal_comma=True) == [RIGHT, WRONG] and states("1,0") == [NONE]
    table = TextColumns.of([["0,5"], ["-inf"], ["x"]], 1)
    np.testing.assert_array_equal(read_texts(table, decimal_comma=True).scores, [0.5, np.nan, np.nan])


@pytest.mark.parametrize(
    ("column", "means"),
    [
        ("T F t", [RIGHT, WRONG, RIGHT]),
        ("Y N", [RIGHT, WRONG]),
        ("C I c", [RIGHT, WRONG, RIGHT]),
        ("C C", [RIGHT, RIGHT]),
        ("A C", [NONE, NONE]),
        ("T N", [NONE, NONE]),
        ("T error missing unscored F", [RIGHT, ERROR, MISSING, UNSCORED, WRONG]),
        ("T 1", [NONE, RIGHT]),
        ("N n/a", [WRONG, MISSING]),
    ],
)
def test_letters_are_grades_in_a_column_of_their_own(column: str, means: list[int]) -> None:
    assert states(*column.split()) == means


def test_letters_are_read_column_by_column() -> None:
    table = TextColumns.of([["C", "C"], ["I", "B"]], 2)
    found = read_texts(table).states[table.codes, np.arange(2)]
    assert found.tolist() == [[RIGHT, NONE], [WRONG, NONE]]


def said(rows: list[list[str]], threshold: float | None = None) -> str:
    table = TextColumns.of(rows, 2)
    with pytest.raises(InputError) as raised:
        cell_states(table, read_texts(table, threshold), ["a", "b"], ["q", "r", "s", "t"], "f.csv", threshold)
    return str(raised.value)


def test_cells_that_are_no_grades() -> None:
    accepted = "1 (right), 0 (wrong), empty (missing), 'unscored' or 'error'; also true/false, yes/no, pass/fail, ✓/✗"
    assert said([["1", "0"], ["B", "1"]]) == (
        f"f.csv: row 'r', column 'a': 'B' is not a graded cell; accepted: {accepted}; correct them, or remove a column "
        "that is no model"
    )
    assert said([["0.5", "0"], ["1", "0.7"]]) == (
        "f.csv: row 'q', column 'a': '0.5'; row 'r', column 'b': '0.7' are not graded cells (2 cells); "
        "data.threshold= says from which number on an answer is right"
    )
    four = said([["50%", "1"], ["60%", "70%"], ["1", "80%"]])
    assert four.count("row '") == 3 and "(4 cells, the first three here); write percentages as numbers" in four
    assert "(3 cells); accepted: " in said([["50%", "x"], ["0.5", "1"]])
    assert "accepted: " in said([["x", "1"]], threshold=0.5)
    fine = TextColumns.of([["1", "no"], ["", "error"]], 2)
    found = cell_states(fine, read_texts(fine), ["a", "b"], ["q", "r"], "f.csv")
    assert found.tolist() == [[RIGHT, WRONG], [MISSING, ERROR]]


def test_what_was_taken_for_what() -> None:
    table = TextColumns.of([["yes", "T"], ["Yes", "F"], ["yes", "T"], ["no", "n/a"], ["timeout", "1"]], 2)
    assert spellings_note(table, read_texts(table)) == (
        "Cells were taken for what they say: 'yes' (2), 'Yes' (1) as right; 'no' (1) as wrong; 'timeout' (1) as error; "
        "'n/a' (1) as missing."
    )
    letters = TextColumns.of([["T"], ["F"], ["T"]], 1)
    assert spellings_note(letters, read_texts(letters)).endswith("say: 'T' (2) as right; 'F' (1) as wrong.")
    plain = TextColumns.of([["1", "true"], ["0.0", "FALSE"], ["", "missing"], ["error", "unscored"], ["1.00", "+1"]], 2)
    assert spellings_note(plain, read_texts(plain)) == ""
    shares = TextColumns.of([["0.5"], ["0.2"]], 1)
    assert spellings_note(shares, read_texts(shares, 0.5)) == ""
