"""Several logs joined to one matrix, by name and by content."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.conflicts import content_key
from cofail_lab.data.joining import join_grades
from cofail_lab.data.readers.long import LongSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import ERROR, MISSING, RIGHT, WRONG, grades_of, write


@pytest.mark.parametrize("kind", ["list", "folder", "pattern"])
def test_one_log_per_model_joins_by_name(tmp_path: Path, kind: str) -> None:
    first = write(tmp_path, "query,model,correct\nq1,a,1\nq2,a,0\nq3,a,1\n", "run_a.csv")
    second = write(tmp_path, "query,model,correct\nq2,b,1\nq1,b,error\nq4,b,1\n", "run_b.csv")
    path = {"list": [first, second], "folder": str(tmp_path), "pattern": str(tmp_path / "run_*.csv")}[kind]
    for reader in (LongSource, AutoSource):
        grades = reader(path).load()
        assert grades.models == ("a", "b")
        assert grades.queries == ("q1", "q2", "q3", "q4")
        assert grades.cells.tolist() == [[RIGHT, ERROR], [WRONG, RIGHT], [RIGHT, MISSING], [MISSING, RIGHT]]
        assert grades.per_query["n_logs"].tolist() == [2, 2, 1, 1]
        notes = " ".join(grades.notes)
        assert "2 logs joined by name: 4 queries and 2 models." in notes
        assert "run_a.csv: 1 of 3 queries are in no other log (q3)." in notes
        assert "run_b.csv: 1 of 3 queries are in no other log (q4)." in notes
    assert len({reader(path).load().sha256 for reader in (LongSource, AutoSource)}) == 1


def test_the_same_model_in_several_runs_becomes_samples() -> None:
    one = grades_of(
        [[RIGHT, WRONG], [ERROR, RIGHT], [MISSING, RIGHT]],
        "pqr",
        "ab",
        per_cell={"cost": np.array([[1.0, 2], [3, 4], [np.nan, 6]])},
    )
    two = grades_of([[WRONG], [RIGHT]], "qr", "a", per_cell={"cost": np.array([[7.0], [8]])})
    three = grades_of([[RIGHT, RIGHT]], "p", "ac")
    whole = join_grades([one, two, three])
    assert whole.models == ("a", "b", "c")
    assert whole.cells.tolist() == [[RIGHT, WRONG, RIGHT], [ERROR, RIGHT, MISSING], [RIGHT, RIGHT, MISSING]]
    assert whole.per_cell["samples"][:, 0].tolist() == [[RIGHT, RIGHT], [ERROR, WRONG], [RIGHT, MISSING]]
    np.testing.assert_array_equal(whole.per_cell["cost"], [[1, 2, np.nan], [3, 4, np.nan], [8, 6, np.nan]])
    np.testing.assert_array_equal(whole.per_cell["frac"], [[1, 0, 1], [0, 1, np.nan], [1, 1, np.nan]])
    again = join_grades([whole, one])
    assert again.per_cell["samples"][0, 0].tolist() == [RIGHT, RIGHT, RIGHT]
    assert again.per_cell["samples"][1, 0].tolist() == [ERROR, WRONG, ERROR]


def test_queries_join_by_content_where_names_differ() -> None:
    def part(names: str, prompts: list[str], model: str) -> Grades:
        column = {"prompt": np.array(prompts, dtype=object)}
        return grades_of([[i % 2] for i in range(len(names))], names, model, per_query=column)

    one = part("123", ["What is\n 1+1?", "2+2?", "2+2?"], "a")
    two = part("231", ["2+2?", "What is 1+1? ", "2+2?"], "b")
    whole = join_grades([one, two], "content")
    assert whole.queries == ("1", "2", "3")
    assert whole.cells.tolist() == [[0, 1], [1, 0], [0, 0]]
    three = part("xyz", ["2+2?", "What is 1+1? ", "2+2?"], "c")
    with pytest.raises(InputError, match=r"no query is in the logs of two models.*data.join=content"):
        join_grades([one, three])
    again = part("1yz", ["2+2?", "What is 1+1? ", "2+2?"], "c")
    with pytest.raises(InputError, match=r"1 query of the same name asks something else in another file, such as '1'"):
        join_grades([one, again])
    partly = join_grades([one, again], "id")
    assert any(note.startswith("Joined by name, as data.join=id says, although 1 query") for note in partly.notes)
    assert any("have the prompt of a query of another name; data.join=content" in note for note in partly.notes)
    with pytest.raises(InputError, match=r"data.join=content: g has no prompts"):
        join_grades([one, grades_of([[0]], "1", "c")], "content")
    # One name for two contents stays two queries.
    clash = join_grades([one, part("1", ["other"], "a"), part("1", ["other"], "b")], "content")
    assert len(clash.queries) == 4


def test_joined_queries_of_one_name_in_two_datasets_stay_apart() -> None:
    def part(dataset: str, model: str, cell: int) -> Grades:
        return grades_of([[cell]], "1", model, per_query={"dataset": np.array([dataset], dtype=object)})

    whole = join_grades([part("x", "a", 0), part("y", "a", 1), part("x", "b", 1), part("y", "b", 0)])
    assert whole.queries == ("1", "y/1")
    assert whole.cells.tolist() == [[0, 1], [1, 0]]
    again = join_grades([whole, part("y", "c", 1)])
    assert again.cells.tolist() == [[0, 1, MISSING], [1, 0, 1]]


def test_what_the_first_log_says_is_kept() -> None:
    """Of a query and of a model; what it leaves open, the second log may say."""
    one = grades_of(
        [[RIGHT], [RIGHT]],
        "pq",
        "a",
        per_query={"key": np.array(["A", ""], dtype=object)},
        per_model={"family": np.array(["f"], dtype=object), "price": np.array([np.nan])},
    )
    two = grades_of(
        [[RIGHT], [RIGHT]],
        "pq",
        "a",
        per_query={"key": np.array(["B", "C"], dtype=object)},
        per_model={"family": np.array(["g"], dtype=object), "price": np.array([2.0])},
    )
    whole = join_grades([one, two])
    assert whole.per_query["key"].tolist() == ["A", "C"]
    assert (whole.per_model["family"].tolist(), whole.per_model["price"].tolist()) == (["f"], [2.0])


def test_errors_are_repeated_samples_too() -> None:
    parts = [grades_of([[ERROR]], "q", "a"), grades_of([[ERROR]], "q", "a"), grades_of([[RIGHT]], "q", "b")]
    assert join_grades(parts).per_cell["samples"].tolist() == [[[ERROR, ERROR], [RIGHT, MISSING]]]


def test_prompts_are_compared_word_by_word() -> None:
    assert content_key("a b") == content_key(" a\n b ")
    assert content_key("1 1+1?") != content_key("11+1?")
