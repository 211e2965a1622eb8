"""Tables as people save them: what is guessed is right and said, and what cannot be guessed is asked for."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.dialect import Dialect, find_dialect
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import ERROR, MISSING, RIGHT, UNSCORED, WRONG, write

PLAIN = "query,a,b\nq1,1,0\nq2,0,0\nq3,1,1\n"
CELLS = [[RIGHT, WRONG], [WRONG, WRONG], [RIGHT, RIGHT]]


def read(tmp_path: Path, text: str | bytes, name: str = "grades.csv", **keys: object) -> Grades:
    return WideSource(write(tmp_path, text, name), **keys).load()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "name", "dialect"),
    [
        (PLAIN, "g.csv", Dialect()),
        (PLAIN.replace(",", ";"), "g.csv", Dialect(";")),
        (PLAIN.replace(",", "\t"), "g.tsv", Dialect("\t")),
        (PLAIN.replace(",", "|"), "g.csv", Dialect("|")),
        ("sep=;\r\n" + PLAIN.replace(",", ";"), "g.csv", Dialect(";", stated=True)),
        (PLAIN.encode("utf-8-sig"), "g.csv", Dialect()),
        (PLAIN.replace(",", "\t").encode("utf-16"), "g.csv", Dialect("\t", "utf-16")),
        ('query,a,b\n"q;1;x",1,0\n"q,2",0,0\n"q\n3",1,1\n', "g.csv", Dialect()),
    ],
)
def test_delimiter_and_encoding_are_found(tmp_path: Path, content: str | bytes, name: str, dialect: Dialect) -> None:
    grades = read(tmp_path, content, name)
    assert find_dialect(tmp_path / name) == dialect
    assert grades.cells.tolist() == CELLS
    assert grades.models == ("a", "b")
    assert load_outcomes(tmp_path / name).n_all_wrong == 1  # guessed, too


def test_long_tables_have_other_delimiters_too(tmp_path: Path) -> None:
    """The columns of a long table are read by another reader of CSV, which must agree on the dialect."""
    rows = ["query;model;correct", *(f"q{i};{model};{int(i > k)}" for i in range(3) for k, model in enumerate("ab"))]
    for content in ("\n".join(rows), "sep=;\n" + "\n".join(rows), "\n".join(rows).encode("utf-16")):
        outcomes = load_outcomes(write(tmp_path, content, "long.csv"))
        assert outcomes.wrong.tolist() == [[True, True], [False, True], [False, False]]


def test_columns_are_found_by_name_and_said(tmp_path: Path) -> None:
    text = "Question ID,Subject,Question,a,b,Answer\n1,math,What?,1,0,x\n2,math,Why?,0,0,y\n3,law,How?,1,1,x\n"
    grades = read(tmp_path, text)
    assert (grades.queries, grades.models, grades.cells.tolist()) == (("1", "2", "3"), ("a", "b"), CELLS)
    assert list(grades.per_query["dataset"]) == ["math", "math", "law"]
    assert list(grades.per_query["prompt"]) == ["What?", "Why?", "How?"]
    assert grades.notes == (
        "Column 'Question ID' was taken for the names of the queries.",
        "1 column without grades set aside: Answer.",
        "Column 'Subject' was taken for the dataset of a query.",
        "Column 'Question' was taken for the prompt of a query.",
    )


@pytest.mark.parametrize("name", ["id", "Query", "question_id", "task-id", "", "Unnamed: 0", "prompt", "Q"])
def test_usual_names_of_the_query_column(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, PLAIN.replace("query", name, 1)).queries == ("q1", "q2", "q3")


def test_the_query_column_is_stated_or_numbered(tmp_path: Path) -> None:
    text = "id,slug,a,b\n7,q1,1,0\n8,q2,0,0\n9,q3,1,1\n"
    assert read(tmp_path, text).queries == ("7", "8", "9")
    assert read(tmp_path, text, query_column="slug").queries == ("q1", "q2", "q3")
    with pytest.raises(InputError, match=r"data.query_column: 'name' is not a column of grades.csv: id, slug, a, b"):
        read(tmp_path, text, query_column="name")
    bare = read(tmp_path, "a,b\n1,0\n0,0\n1,1\n")
    assert (bare.queries, bare.cells.tolist()) == (("row 1", "row 2", "row 3"), CELLS)
    assert bare.notes == ("Nothing names the queries: they are numbered in the order of the rows.",)
    slugs = read(tmp_path, PLAIN.replace("query", "slug", 1))
    assert slugs.notes == ("The first column, 'slug', was taken for the names of the queries.",)


def test_models_in_rows_are_turned_and_said(tmp_path: Path) -> None:
    grades = read(tmp_path, "model,q1,q2,q3\na,1,0,1\nb,0,0,1\n")
    assert (grades.queries, grades.models, grades.cells.tolist()) == (("q1", "q2", "q3"), ("a", "b"), CELLS)
    assert grades.notes[0].startswith("Each row was taken for a model")
    assert load_outcomes(tmp_path / "grades.csv").models == ("a", "b")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("TRUE", "FALSE"), ("yes", "No"), ("correct", "incorrect"), ("✓", "✗"), ("pass", "fail"), ("T", "F"), ("C", "I")],
)
def test_words_for_right_and_wrong(tmp_path: Path, right: str, wrong: str) -> None:
    text = f"query,a,b\nq1,{right},{wrong}\nq2,{wrong},{wrong}\nq3,{right},{right}\n"
    grades = read(tmp_path, text)
    assert grades.cells.tolist() == CELLS
    said = f"Cells were taken for what they say: '{right}' (3) as right; '{wrong}' (3) as wrong."
    assert grades.notes == (() if right == "TRUE" else (said,))


def test_letters_of_answers_are_no_grades(tmp_path: Path) -> None:
    """A column of answers A to D holds a C, which is right only where there are no other letters."""
    grades = read(tmp_path, "query,a,b,answer\nq1,C,I,C\nq2,I,I,A\nq3,C,C,D\n")
    assert (grades.models, grades.cells.tolist()) == (("a", "b"), CELLS)
    assert "1 column without grades set aside: answer." in grades.notes
    # Two pairs of letters in one column are no grades either.
    with pytest.raises(InputError, match=r"row 'q1', column 'a': 'C'; row 'q2', column 'a': 'F'"):
        read(tmp_path, "query,a\nq1,C\nq2,F\n")


def test_ways_to_write_nothing_are_missing(tmp_path: Path) -> None:
    words = ["", "NA", "n/a", "NaN", "None", "null", "#N/A", "<NA>", "missing"]
    grades = read(tmp_path, "query,a,b\n" + "".join(f"q{k},{word},1\n" for k, word in enumerate(words)) + "z,0,1\n")
    assert grades.cells[:, 0].tolist() == [MISSING] * 9 + [WRONG]
    assert "'NA' (1)" in grades.notes[0]
    states = read(tmp_path, "query,a,b\nq1,Error,1\nq2,UNSCORED,0\nq3,1,1\n")
    assert states.cells[:, 0].tolist() == [ERROR, UNSCORED, RIGHT]


def test_fractions_need_a_threshold_and_are_kept(tmp_path: Path) -> None:
    text = "query,a,b\nq1,1,.25\nq2,0.5,0\nq3,.75,1\n"
    with pytest.raises(InputError, match=r"3 cells.*data.threshold= says from which number on an answer is right"):
        read(tmp_path, text)
    grades = read(tmp_path, text, threshold=0.75)
    assert grades.cells.tolist() == CELLS
    np.testing.assert_array_equal(grades.per_cell["frac"], [[1, 0.25], [0.5, 0], [0.75, 1]])
    assert grades.notes == (
        "Numbers from 0.75 on count as right, lower ones as wrong; the numbers are kept as pass rates.",
    )
    assert read(tmp_path, text, threshold=0.5).cells.tolist() == [[0, 1], [0, 1], [0, 0]]
    european = text.replace(",", ";").replace(".", ",")
    assert read(tmp_path, european, threshold=0.75).cells.tolist() == CELLS


def test_percentages_only_when_told(tmp_path: Path) -> None:
    text = "query,year,a,b\nq1,2023,80,20\nq2,2024,40,0\nq3,2025,90,100\n"
    with pytest.raises(InputError, match=r"data.threshold="):
        read(tmp_path, text)
    grades = read(tmp_path, text.replace("year", "note").replace("202", "y"), threshold=50)
    assert grades.cells.tolist() == CELLS
    assert "frac" not in grades.per_cell
    np.testing.assert_array_equal(grades.per_cell["score"][:, 0], [80, 40, 90])


def test_numbers_that_are_no_grades_are_set_aside(tmp_path: Path) -> None:
    """A column of seconds or years is no model; one that mixes shares with 0 and 1 is never set aside in silence."""
    grades = read(tmp_path, "query,a,b,seconds\nq1,1,0,3.5\nq2,0,0,17\nq3,1,1,4\n")
    assert (grades.models, grades.notes) == (("a", "b"), ("1 column without grades set aside: seconds.",))
    with pytest.raises(InputError, match=r"column 'c': '0.5'.*data.threshold="):
        read(tmp_path, "query,a,b,c\nq1,1,0,.5\nq2,0,0,.5\nq3,1,1,1\n".replace(".5", "0.5"))
    with_threshold = read(tmp_path, "query,a,b,year\nq1,.9,.1,2023\nq2,0,0,2024\nq3,1,1,2025\n", threshold=0.5)
    assert with_threshold.models == ("a", "b")


def test_bad_cells_are_counted_and_three_are_named(tmp_path: Path) -> None:
    rows = "".join(f"q{i},{'huh' if i % 3 == 0 else 1},0\n" for i in range(12))
    with pytest.raises(InputError) as error:
        read(tmp_path, "query,a,b\n" + rows)
    assert str(error.value) == (
        "grades.csv: row 'q0', column 'a': 'huh'; row 'q3', column 'a': 'huh'; row 'q6', column 'a': 'huh' are not "
        "graded cells (4 cells, the first three here); accepted: 1 (right), 0 (wrong), empty (missing), 'unscored' or "
        "'error'; also true/false, yes/no, pass/fail, ✓/✗; correct them, or remove a column that is no model"
    )


def _workbook(path: Path, rows: list[list[object]]) -> None:
    """The smallest Excel workbook with one sheet: numbers, booleans, text, and nothing where a value is None."""

    def cell(i: int, j: int, value: object) -> str:
        place = f'r="{"ABC"[j]}{i + 1}"'
        if value is None:
            return ""
        if isinstance(value, str):
            return f'<c {place} t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c {place}{' t=' + chr(34) + 'b' + chr(34) if isinstance(value, bool) else ''}><v>{value:d}</v></c>"

    body = "".join(
        f'<row r="{i + 1}">{"".join(cell(i, j, value) for j, value in enumerate(row))}</row>'
        for i, row in enumerate(rows)
    )
    main, office = "http://schemas.openxmlformats.org", "officeDocument/2006/relationships"
    relation = f'<Relationships xmlns="{main}/package/2006/relationships"><Relationship Id="r1" Type="{main}/{office}/'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{main}/package/2006/content-types"/>',
        "_rels/.rels": f'{relation}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'{relation}worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}/spreadsheetml/2006/main" xmlns:r="{main}/{office}"><sheets>'
            '<sheet name="grades" sheetId="1" r:id="r1"/></sheets></workbook>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{main}/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'
        ),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def test_excel_workbooks(tmp_path: Path) -> None:
    rows = [["id", "a", "b"], ["q1", 1, False], ["q2", 0, 0], ["q3", True, 1], ["q4", None, 1]]
    _workbook(tmp_path / "g.xlsx", rows)
    grades = AutoSource(str(tmp_path / "g.xlsx")).load()
    assert grades.cells.tolist() == [*CELLS, [MISSING, RIGHT]]
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(InputError, match=r"bad.xlsx: not a readable Excel workbook"):
        WideSource(str(tmp_path / "bad.xlsx")).load()
    _workbook(tmp_path / "empty.xlsx", [])
    with pytest.raises(InputError, match=r"empty.xlsx: the first sheet is empty"):
        WideSource(str(tmp_path / "empty.xlsx")).load()


def test_a_folder_is_not_read_for_every_table_in_it(tmp_path: Path) -> None:
    write(tmp_path, PLAIN, "a.csv")
    for name, text in (("notes.csv", "id,comment\n1,good\n2,bad\n"), ("log.csv", "id,model,label\n1,a,1\n2,a,0\n")):
        assert guess(Path(write(tmp_path, text, name))) is None
    grades = AutoSource(str(tmp_path)).load()
    assert grades.models == ("a", "b")
    assert any("2 other files not read" in note for note in grades.notes)


def test_an_id_column_that_repeats_is_no_model(tmp_path: Path) -> None:
    """Ids that start again in every dataset are names with it; ids that only repeat are asked about."""
    with pytest.raises(InputError, match=r"column 'id' has '0' 2 times; names of queries are unique"):
        read(tmp_path, "id,a,b\n0,1,0\n0,1,1\n1,0,1\n")
    with pytest.raises(InputError, match=r"column 'question_id' has '7' 3 times"):
        read(tmp_path, "question_id,a,b\n7,80,0\n7,1,90\n7,0,1\n", threshold=50)
    grades = read(tmp_path, "dataset,id,a,b\nx,0,1,0\nx,1,0,0\ny,0,1,1\n")
    assert (grades.queries, grades.models) == (("x/0", "x/1", "y/0"), ("a", "b"))
    assert grades.notes == ("Column 'id', with the dataset, was taken for the names of the queries.",)


def test_columns_about_the_queries_are_no_models(tmp_path: Path) -> None:
    text = "id,label,is_hard,category,n_tokens,a,b\n1,1,0,1,90,1,0\n2,0,1,1,10,0,0\n3,1,1,0,55,1,1\n"
    for keys in ({}, {"threshold": 0.5}):
        grades = read(tmp_path, text, **keys)
        assert (grades.models, grades.cells.tolist()) == (("a", "b"), CELLS)
        assert "3 columns without grades set aside: label, is_hard, n_tokens." in grades.notes
    assert read(tmp_path, "id,n_tokens,a,b\n1,90,80,20\n2,10,40,0\n3,55,90,100\n", threshold=50).models == ("a", "b")


def test_tables_without_names_are_not_joined_by_row(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"{name},{name}2\n1,0\n0,1\n", f"{name}.csv") for name in ("a", "b")]
    with pytest.raises(InputError, match=r"nothing names its queries, so they cannot be matched"):
        WideSource(paths).load()


def test_other_spellings(tmp_path: Path) -> None:
    grades = read(tmp_path, "query,a,b,\nq1,1.00,timeout,\nq2,+1,0.0,\nq3,✔️,0,\n")
    assert grades.models == ("a", "b")
    assert grades.cells.tolist() == [[RIGHT, ERROR], [RIGHT, WRONG], [RIGHT, WRONG]]


def test_a_file_that_is_named_is_read_whatever_it_looks_like(tmp_path: Path) -> None:
    bare = write(tmp_path, "a,b\n1,0\n0,0\n1,1\n")
    assert AutoSource(bare).load().cells.tolist() == CELLS
    scores = write(tmp_path, "name;a;b\nq1;0,9;0,1\nq2;0,2;0\nq3;1;0,5\n", "scores.csv")
    assert AutoSource(scores, threshold=0.5).load().cells.tolist() == CELLS
    long = write(tmp_path, "question_id,model,correct\n1,a,1\n2,a,0\n", "long.csv")
    with pytest.raises(
        InputError, match=r"a row per answer needs data=records: .*data.query=question_id data.model=model"
    ):
        AutoSource(long).load()


def test_half_of_the_cells_make_a_model(tmp_path: Path) -> None:
    rows = "q1,1,0,{}\nq2,0,0,{}\nq3,1,1,{}\nq4,1,1,{}\n"
    quarter = read(tmp_path, "query,a,b,c\n" + rows.format("1", "x", "y", "z"))
    assert quarter.models == ("a", "b")
    with pytest.raises(InputError, match=r"row 'q3', column 'c': 'y'; row 'q4', column 'c': 'z' are not graded cells"):
        read(tmp_path, "query,a,b,c\n" + rows.format("1", "0", "y", "z"))


def test_cells_are_counted_and_not_kinds_of_cells(tmp_path: Path) -> None:
    """Four of seven cells are grades, of five kinds; two of five, of three kinds."""
    head, rows = "query,a,b,c\n", [f"q{i},1,{i % 2}," for i in range(7)]
    with pytest.raises(InputError, match=r"column 'c': 'x'.*are not graded cells"):
        read(tmp_path, head + "\n".join(row + cell for row, cell in zip(rows, "1110xyz", strict=True)))
    fewer = head + "\n".join(row + cell for row, cell in zip(rows[:5], "10xxx", strict=True))
    assert read(tmp_path, fewer).models == ("a", "b")


def test_seconds_of_which_some_are_0_or_1_are_no_shares(tmp_path: Path) -> None:
    grades = read(tmp_path, "query,a,b,seconds\nq1,1,0,1\nq2,0,0,17\nq3,1,1,4\n")
    assert (grades.models, grades.notes) == (("a", "b"), ("1 column without grades set aside: seconds.",))
    text = "query,a,b,minutes\nq1,.9,.1,17\nq2,0,0,4\nq3,1,1,1\n"
    assert read(tmp_path, text, threshold=0.5).models == ("a", "b")


def test_a_column_with_a_blank_names_no_queries(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"column 'id' is blank in 1 row; names of queries are unique, and data.quer"):
        read(tmp_path, "id,a,b\nx,1,0\n,0,0\nz,1,1\n")
    # Another column that could is taken.
    assert read(tmp_path, "id,question_id,a,b\nx,q1,1,0\n,q2,0,0\nz,q3,1,1\n").queries == ("q1", "q2", "q3")


def test_a_delimiter_splits_the_rows_too(tmp_path: Path) -> None:
    grades = read(tmp_path, "query,a;1;2;3,b\nq1,1,0\nq2,0,0\nq3,1,1\n")
    assert (grades.models, grades.cells.tolist()) == (("a;1;2;3", "b"), CELLS)


def test_columns_that_are_set_aside_stay_with_the_queries(tmp_path: Path) -> None:
    """As numbers where all filled cells are, by name; those that a companion gives are not taken from the table."""
    rows = ["q1,s1,2.5,A,x,1,0", "q2,s1,,B,y,0,1", "q3,s2,7,A,z,1,1"]
    grades = read(tmp_path, "\n".join(["query,session,seconds,key,features,a,b", *rows]))
    assert grades.models == ("a", "b")
    assert set(grades.per_query) == {"session", "seconds"}
    assert grades.per_query["session"].tolist() == ["s1", "s1", "s2"]
    np.testing.assert_array_equal(grades.per_query["seconds"], [2.5, np.nan, 7.0])


def test_subjects_called_0_and_1_are_no_grades(tmp_path: Path) -> None:
    grades = WideSource(write(tmp_path, "query,dataset,topic,a,b\nq1,0,1,1,0\nq2,1,0,0,1\n")).load()
    assert grades.models == ("a", "b")
    assert list(grades.per_query["dataset"]) == ["0", "1"]


ASIDE = (
    *("label", "gold", "target", "answer", "key", "reference", "average", "mean", "total", "n_right", "n_wrong"),
    *("any_right", "any_correct", "all_right", "all_correct", "all_wrong", "category", "difficulty", "is_hard"),
    *("hard", "split", "fold", "tokens", "n_tokens", "length", "n_chars", "seconds", "time", "latency", "cost"),
    *("price", "year", "date", "confidence", "subset", "subject", "domain", "topic", "benchmark", "task"),
)
NAMES_QUERIES = (
    *("query", "query_id", "id", "question_id", "qid", "item_id", "item", "task_id", "instance_id", "sample_id"),
    *("doc_id", "example_id", "problem_id", "prompt_id", "uid", "uuid", "index", "idx", "example", "instance"),
    *("sample", "problem", "task", "question", "prompt", "q"),
)


def test_no_column_of_these_names_is_a_model(tmp_path: Path) -> None:
    """Though all of them hold ones and zeros."""
    rows = "\n".join(",".join([f"q{i}", "1", "0", *"10" * (len(ASIDE) // 2), *"1" * (len(ASIDE) % 2)]) for i in (1, 2))
    assert read(tmp_path, f"query,a,b,{','.join(ASIDE)}\n{rows}\n").models == ("a", "b")


@pytest.mark.parametrize("name", NAMES_QUERIES)
def test_columns_of_these_names_name_queries(tmp_path: Path, name: str) -> None:
    """Wherever they are, and however they are written."""
    grades = read(tmp_path, f"a,{name.upper().replace('_', ' ')},b\n1,x,0\n0,y,0\n")
    assert (grades.queries, grades.models) == (("x", "y"), ("a", "b"))


@pytest.mark.parametrize("name", ["model", "models", "model_name", "Model ID", "system"])
def test_a_first_column_of_these_names_has_models_in_its_rows(tmp_path: Path, name: str) -> None:
    grades = read(tmp_path, f"{name},x,y,z\na,1,0,1\nb,0,0,1\n")
    assert (grades.queries, grades.models) == (("x", "y", "z"), ("a", "b"))
