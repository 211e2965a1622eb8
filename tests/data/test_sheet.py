"""The adjudication sheet: what a spreadsheet does to it, and what is read back."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cofail_lab.data.sheet import Reading, protected, read_verdicts, unprotected
from cofail_lab.errors import InputError

NASTY = (
    "=1+1",
    "+49 30",
    "-3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'quoted",
    "''",
    "＝1",
    "007",
    "1.50",
    "3/4",
    "1e5",
    "May 5",
    "mar-1",
    "TRUE",
    "0",
)
QUERIES = ("a", "b", "-c", "'d", "1/2", "x  y", "007")


@pytest.mark.parametrize("text", NASTY[:-1])
def test_a_cell_that_would_be_run_or_converted_is_made_text(text: str) -> None:
    assert protected(text) == "'" + text
    assert unprotected(protected(text)) == text


@pytest.mark.parametrize("text", ["0", "12", "123456789012345", "plain", "medqa-1", "maybe", "falsehood", ""])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    assert protected(text) == text


@given(st.text(max_size=30))
def test_every_text_comes_back_and_none_starts_a_formula(text: str) -> None:
    cell = protected(text)
    assert unprotected(cell) == text
    assert cell[:1] not in tuple("=+-@\t\r\n")


def test_a_text_beyond_what_excel_holds_is_cut_and_says_so() -> None:
    cell = protected("x" * 40_000)
    assert len(cell) < 32_767
    assert cell.endswith("(8,000 more characters)")


def written(path: Path, rows: list[dict[str, str]], delimiter: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16")])
def test_all_that_a_reader_writes_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [
        {"query": protected("a"), "verdict": "Genuine ", "right_answer": "", "well_posed": "", "draw": "2"},
        {"query": protected("-c"), "verdict": "reference error", "right_answer": "'-3", "well_posed": "1", "draw": ""},
        {"query": "'d", "verdict": "GRADER-DEFECT", "right_answer": "", "well_posed": "no", "draw": "1.0"},
        {"query": "x y", "verdict": "", "right_answer": "B", "well_posed": "0", "draw": ""},
        {"query": "1/2", "verdict": "unread", "right_answer": "", "well_posed": "", "draw": ""},
    ]
    read = read_verdicts(written(tmp_path / "sheet.csv", rows, delimiter, encoding), QUERIES)
    assert read == {
        "a": Reading("genuine", (), None, 2),
        "-c": Reading("reference_error", ("-3",), True, None),
        "'d": Reading("grader_defect", (), False, 1),
        "x  y": Reading("unread", ("B",), False, None),
        "1/2": Reading("unread", (), None, None),
    }


def test_two_readers_have_columns_of_their_own(tmp_path: Path) -> None:
    rows = [
        {"query": "a", "answer_x": "B", "well_posed_x": "1", "answer_y": "C", "well_posed_y": "0", "answers": "B: 9"}
    ]
    assert read_verdicts(written(tmp_path / "two.csv", rows), QUERIES) == {"a": Reading("unread", ("B", "C"), False)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "a", "verdict": "genuin"}, r"sheet.csv: a: verdict 'genuin' is unknown, did you mean genuine\?"),
        ({"query": "a", "verdict": "x"}, r"verdict 'x' is unknown; accepted: genuine, .*, unread"),
        (
            {"query": "medqa-1O", "verdict": "genuine"},
            r"row 2: 'medqa-1O' is no query of the data, did you mean medqa-10\?",
        ),
        ({"query": "zzzz", "verdict": "genuine"}, r"'zzzz' is no query of the data; there are a, b, -c, \.\.\."),
        ({"query": "a", "verdict": "genuine", "well_posed": "perhaps"}, "well_posed 'perhaps' is not 1, 0, yes, no"),
        ({"query": "a", "verdict": "genuine", "draw": "first"}, "draw 'first' is not a whole number"),
        ({"name of it": "a", "verdict": "genuine"}, "no column 'query' among name of it, verdict"),
        ({"query": "a", "label": "genuine"}, "no column 'verdict' among query, label"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, row: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_verdicts(written(tmp_path / "sheet.csv", [row]), (*QUERIES, "medqa-10"))
    assert "\n" not in str(error.value)


def test_a_query_with_two_verdicts_is_refused_and_one_repeated_is_not(tmp_path: Path) -> None:
    same = {"query": "a", "verdict": "genuine"}
    assert len(read_verdicts(written(tmp_path / "s.csv", [same, same]), QUERIES)) == 1
    with pytest.raises(InputError, match="a has two rows that differ"):
        read_verdicts(written(tmp_path / "s.csv", [same, {"query": "a", "verdict": "truncated"}]), QUERIES)
