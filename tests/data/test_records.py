"""From records of single answers to a matrix."""

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.records import Records
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import ERROR, MISSING, RIGHT, UNSCORED, WRONG


def test_a_cell_is_its_first_sample_and_keeps_all_of_them() -> None:
    records = Records()
    for state, cost in ((ERROR, 1.0), (RIGHT, 2.0), (WRONG, 3.0), (UNSCORED, 4.0), (RIGHT, 5.0)):
        records.add("q1", "a", state, cost=cost)
    records.add("q1", "b", WRONG, tokens_in=3)
    records.add("q2", "b", RIGHT, tokens_in=3, tokens_out=4, at_limit=True)
    grades = records.grades(source="log", sha256="x")
    assert grades.cells.tolist() == [[ERROR, WRONG], [MISSING, RIGHT]]
    assert grades.per_cell["samples"][0, 0].tolist() == [ERROR, RIGHT, WRONG, UNSCORED, RIGHT]
    assert grades.per_cell["samples"][1, 1].tolist() == [RIGHT, *[MISSING] * 4]
    np.testing.assert_array_equal(grades.per_cell["frac"], [[2 / 3, 0], [np.nan, 1]])
    np.testing.assert_array_equal(grades.per_cell["cost"], [[1, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(grades.per_cell["tokens"], [[np.nan, 3], [np.nan, 7]])
    assert grades.per_cell["at_limit"].tolist() == [[False, False], [False, True]]
    assert "score" not in grades.per_cell
    assert any("1 cell with repeated samples (at most 5)" in note for note in grades.notes)
    assert any("1 cell not graded in the first sample but in a later one" in note for note in grades.notes)


def test_missing_records_only_make_names_known() -> None:
    records = Records()
    records.add("q1", "a", MISSING)
    records.add("q1", "b", RIGHT)
    records.add("q1", "a", WRONG, cost=2.0)
    grades = records.grades(source="log", sha256="")
    assert grades.models == ("a", "b")
    assert grades.cells.tolist() == [[WRONG, RIGHT]]
    assert "samples" not in grades.per_cell
    assert grades.per_cell["cost"][0, 0] == 2.0


def test_samples_of_an_analysed_matrix_are_right_wrong_or_nan() -> None:
    records = Records()
    for query in ("q1", "q2"):
        for model in "ab":
            for state in (RIGHT, WRONG, ERROR):
                records.add(query, model, state)
    outcomes = records.grades(source="log", sha256="").outcomes()
    np.testing.assert_array_equal(outcomes.per_cell["samples"][0, 0], [1, 0, np.nan])


def test_one_query_name_in_two_datasets_is_two_queries() -> None:
    records = Records()
    for dataset in ("x", "y"):
        records.add("1", "a", RIGHT, dataset=dataset, prompt=f"in {dataset}")
        records.add("2", "a", RIGHT, dataset="x")
    records.add("2", "a", WRONG)  # the dataset is not said, and there is only one 2
    grades = records.grades(source="log", sha256="")
    assert grades.queries == ("x/1", "2", "y/1")
    assert list(grades.per_query["dataset"]) == ["x", "x", "y"]
    assert list(grades.per_query["prompt"]) == ["in x", "", "in y"]
    assert grades.per_cell["samples"][1, 0].tolist() == [RIGHT, RIGHT, WRONG]
    records.add("1", "a", WRONG)
    with pytest.raises(
        InputError, match="query '1' without a dataset is ambiguous, because queries of that name are in x, y"
    ):
        records.grades(source="log", sha256="")


def test_bulk_columns_and_single_records_make_the_same_matrix(rng: np.random.Generator) -> None:
    k = 500
    query = [f"q{i}" for i in rng.integers(40, size=k)]
    model = [f"m{i}" for i in rng.integers(5, size=k)]
    dataset = [["", "d", "e"][int(i[1:]) % 3] for i in query]
    state = rng.integers(5, size=k).astype(np.int8)
    cost = np.where(rng.random(k) < 0.3, np.nan, rng.random(k))
    prompt = [None if int(q[1:]) % 4 == 0 else f"prompt {q}" for q in query]
    at_limit = rng.random(k) < 0.1
    one, bulk = Records(), Records()
    for i in range(k):
        one.add(
            query[i],
            model[i],
            Cell(state[i]),
            dataset=dataset[i],
            cost=float(cost[i]),
            prompt=prompt[i],
            at_limit=bool(at_limit[i]),
        )
    for part in (slice(0, 200), slice(200, k)):
        bulk.extend(
            query[part],
            model[part],
            state[part],
            dataset=dataset[part],
            cost=cost[part],
            prompt=prompt[part],
            at_limit=at_limit[part],
        )
    first, second = (records.grades(source="log", sha256="") for records in (one, bulk))
    assert (first.queries, first.models, first.notes) == (second.queries, second.models, second.notes)
    np.testing.assert_array_equal(first.cells, second.cells)
    for name in ("cost", "samples", "frac", "at_limit"):
        np.testing.assert_array_equal(first.per_cell[name], second.per_cell[name])
    for name in ("dataset", "prompt"):
        assert list(first.per_query[name]) == list(second.per_query[name])


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("q", " "), "query number 2 has no name"),
        (("q 1", "q  1"), "differ only in white space"),
        (("q1", "q1 "), "differ only in white space"),
        (("q", "\ud800"), "surrogate"),
    ],
)
def test_names_that_cannot_be_told_apart(names: tuple[str, str], says: str) -> None:
    records = Records()
    for name in names:
        records.add(name, "a", RIGHT)
    with pytest.raises(InputError, match=says):
        records.grades(source="log", sha256="")


def test_a_matrix_too_large_to_hold_is_refused_before_it_is_made() -> None:
    records = Records()
    names = [f"n{i}" for i in range(20_000)]
    records.extend(names, names, np.zeros(len(names), np.int8))
    tracemalloc.start()
    with pytest.raises(InputError, match="20,000 queries x 20,000 models"):
        records.grades(source="log", sha256="")
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    with pytest.raises(InputError, match="no graded answer"):
        Records().grades(source="log", sha256="")


def test_the_first_prompt_of_a_query_is_kept() -> None:
    """Also where the second record does not say its dataset, and is found to be of the same query."""
    records = Records()
    records.add("1", "a", RIGHT, dataset="x", prompt="first")
    records.add("1", "b", RIGHT, prompt="second")
    assert records.grades(source="log", sha256="").per_query["prompt"].tolist() == ["first"]


def records_of(*rows: tuple[str, str, str | None, str | None]) -> Records:
    """Right answers; each row has a query, a model, a prompt and a digest."""
    records = Records()
    for query, model, prompt, content in rows:
        records.add(query, model, Cell.RIGHT, prompt=prompt, content=content)
    return records


def at_once(*rows: tuple[str, str, str | None, str | None]) -> Records:
    records = Records()
    query, model, prompt, _ = zip(*rows, strict=True)
    records.extend(query, model, np.zeros(len(rows)), prompt=prompt)
    return records


TWO_QUESTIONS = (("q", "a", "one?", None), ("r", "a", "two?", None), ("q", "b", "three?", None), ("r", "b", None, None))


@pytest.mark.parametrize("made", [records_of, at_once])
def test_two_questions_of_one_name_are_refused_unless_they_are_said_to_be_one(made: Any) -> None:
    said = (
        "s.csv: 1 query with different prompts under one name, such as 'q': 'one?' and 'three?'; every question needs "
        "its own name, or data.join=id (of a data frame: no column of prompts) takes them for one"
    )
    for join in (None, "content"):
        with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
            made(*TWO_QUESTIONS).grades(source="s.csv", sha256="", join=join)
    grades = made(*TWO_QUESTIONS).grades(source="s.csv", sha256="", join="id")
    assert grades.per_query["prompt"].tolist() == ["one?", "two?"]
    assert "1 query with different prompts in other records; the first is kept." in grades.notes


@pytest.mark.parametrize("made", [records_of, at_once])
def test_white_space_is_no_other_prompt(made: Any) -> None:
    grades = made(("q", "a", "one  two?", None), ("q", "b", " one\ntwo?", None)).grades(source="s.csv", sha256="")
    assert grades.notes == ()


def test_a_digest_says_whether_wordings_are_one_question() -> None:
    grades = records_of(("q", "a", "one?", "x:1"), ("q", "b", "uno?", "x:1")).grades(source="s", sha256="")
    assert grades.notes == ("1 query with different prompts in other records; the first is kept.",)
    with pytest.raises(InputError, match="such as 'q': 'one?' and 'uno?'".replace("?", r"\?")):
        records_of(("q", "a", "one?", "x:1"), ("q", "b", "uno?", "x:2")).grades(source="s", sha256="")
    with pytest.raises(InputError, match=r"such as 'q': 'one\?' with two digests"):
        records_of(("q", "a", "one?", "x:1"), ("q", "b", "one?", "x:2")).grades(source="s", sha256="")
    with pytest.raises(InputError, match="such as 'q': 'x:1' and 'x:2'"):
        records_of(("q", "a", None, "x:1"), ("q", "b", None, "x:2")).grades(source="s", sha256="")
