"""Selection: what is dropped, in which order, and that it is said."""

import itertools
import re

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.selection import Selection, matches
from tests.data.cells import ERROR, MISSING, RIGHT, UNSCORED, WRONG, grades_of


@pytest.fixture
def grades() -> Grades:
    cells = np.zeros((6, 5), dtype=np.int8)
    cells[0] = Cell.WRONG
    cells[3:, 4] = Cell.MISSING
    return Grades(
        cells,
        tuple("abcdef"),
        ("gpt-1", "gpt-2", "claude[x]", "llama", "sparse"),
        "test",
        per_query={"dataset": np.array(["p", "p", "q", "q", "r", "r"], dtype=object)},
        per_model={"family": np.array(["o", "o", "a", "m", "m"], dtype=object)},
        per_cell={"cost": np.arange(30.0).reshape(6, 5)},
    )


def test_companions_are_cut_along(grades: Grades) -> None:
    part = grades.select(Selection(dataset=["p", "r"], models="gpt-*"))
    assert part.queries == ("a", "b", "e", "f")
    assert part.models == ("gpt-1", "gpt-2")
    assert part.per_cell["cost"].tolist() == [[0, 1], [5, 6], [20, 21], [25, 26]]
    assert list(part.per_model["family"]) == ["o", "o"]
    assert len(part.notes) == 2


def test_models_by_column_name_and_literal_brackets(grades: Grades) -> None:
    assert grades.select(Selection(models="family=m")).models == ("llama", "sparse")
    assert grades.select(Selection(models=["claude[x]", "family=o"])).models == ("gpt-1", "gpt-2", "claude[x]")


def test_sparse_models_go_first_and_are_named(grades: Grades) -> None:
    part = grades.select(Selection(min_coverage=0.8))
    assert part.models == ("gpt-1", "gpt-2", "claude[x]", "llama")
    assert "sparse (50.0%)" in part.notes[-1]
    assert len(part.outcomes().queries) == 6
    assert len(grades.outcomes().queries) == 3


def test_sub_pools_are_seeded_and_nested(grades: Grades) -> None:
    pools = [set(grades.select(Selection(pool_size=size, seed=3)).models) for size in (2, 3, 4, 5)]
    assert all(small < large for small, large in itertools.pairwise(pools))
    seeds = {grades.select(Selection(pool_size=2, seed=seed)).models for seed in range(20)}
    assert len(seeds) > 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"models": "mistral*"}, "'mistral*' matches nothing"),
        ({"models": "family=z"}, "'z' matches nothing"),
        ({"dataset": "z"}, "data.dataset: 'z'"),
        ({"pool_size": 9}, "data.pool_size: 9"),
        ({"models": "llama"}, "only one model, 'llama'"),
    ],
)
def test_selections_that_leave_nothing(grades: Grades, arguments: dict, says: str) -> None:
    with pytest.raises(InputError) as error:
        grades.select(Selection(**arguments)).outcomes()
    assert says in str(error.value)


@pytest.mark.parametrize(
    "arguments", [{"min_coverage": 1.5}, {"min_coverage": "x"}, {"pool_size": 1}, {"pool_size": "eight"}]
)
def test_selections_that_cannot_be(arguments: dict) -> None:
    with pytest.raises(InputError, match=f"data.{next(iter(arguments))}"):
        Selection(**arguments)


def test_the_fingerprint_sees_every_cell_and_name(grades: Grades) -> None:
    flipped = grades.cells.copy()
    flipped[2, 2] = Cell.WRONG
    renamed = Grades(grades.cells, grades.queries, ("x", *grades.models[1:]), "test")
    digests = {grades.sha256, Grades(flipped, grades.queries, grades.models, "test").sha256, renamed.sha256}
    assert len(digests) == 3


def test_limits_errors_and_ungraded_answers_are_counted_as_told() -> None:
    """Four queries, two models: an error, an answer without a grade, and two at a limit, one right and one wrong."""
    cells = [[RIGHT, ERROR], [WRONG, UNSCORED], [RIGHT, WRONG], [WRONG, WRONG]]
    at_limit = np.array([[1, 0], [0, 0], [0, 1], [0, 0]], bool)
    grades = grades_of(cells, "1234", "ab", per_cell={"at_limit": at_limit})
    plain = grades.select(Selection())
    assert plain.cells.tolist() == cells
    assert plain.notes == (
        "Answers stopped at a limit: 2, graded as the log says; data.limits=wrong counts them as wrong.",
        "Answers that failed with an error: 1, left out; data.errors=wrong counts them as wrong.",
        "Answers without a grade: 1, left out; data.unanswered=wrong counts them as wrong.",
    )
    strict = grades.select(Selection(limits="wrong", errors="wrong", unanswered="wrong"))
    assert strict.cells.tolist() == [[WRONG, WRONG], [WRONG, WRONG], [RIGHT, WRONG], [WRONG, WRONG]]
    assert strict.notes[-1] == (
        "With these choices 3 of 4 queries defeat every model and a gain of 0.0% at most; as the log has them 1 of 2 "
        "queries defeat every model and 0.0%."
    )
    left_out = grades.select(Selection(limits="missing"))
    assert left_out.cells.tolist() == [[MISSING, ERROR], [WRONG, UNSCORED], [RIGHT, MISSING], [WRONG, WRONG]]
    assert grades.cells.tolist() == cells  # the matrix itself is not changed
    samples = np.array([[[RIGHT, ERROR], [ERROR, WRONG]]] * 4, np.int8)
    repeated = grades_of([[RIGHT, ERROR]] * 4, "1234", "ab", per_cell={"samples": samples})
    treated = repeated.select(Selection(errors="wrong"))
    assert treated.per_cell["samples"][0].tolist() == [[RIGHT, WRONG], [WRONG, WRONG]]
    # Of repeated runs, the log knows only of the first that it stopped at a limit.
    runs = np.array([[[RIGHT, RIGHT], [WRONG, RIGHT]]], np.int8)
    columns = {"at_limit": np.array([[True, False]]), "samples": runs}
    limited = grades_of([[RIGHT, WRONG]], "1", "ab", per_cell=columns)
    assert limited.select(Selection(limits="wrong")).per_cell["samples"].tolist() == [[[WRONG, RIGHT], [WRONG, RIGHT]]]
    for key in ("limits", "errors", "unanswered"):
        with pytest.raises(InputError, match=rf"data.{key}: 'right' is not one of "):
            Selection(**{key: "right"})  # type: ignore[arg-type]


def test_coverage_counts_graded_answers_and_the_least_is_enough() -> None:
    """Of four answers b has two, one error and one ungraded: 50%."""
    cells = [[RIGHT, RIGHT], [WRONG, WRONG], [RIGHT, ERROR], [RIGHT, UNSCORED]]
    grades = grades_of(cells, "1234", "ab")
    assert grades.select(Selection(min_coverage=0.5)).models == ("a", "b")
    assert grades.select(Selection(min_coverage=0.51)).models == ("a",)


def test_a_missing_answer_stopped_at_no_limit() -> None:
    grades = grades_of([[MISSING, WRONG]], "1", "ab", per_cell={"at_limit": np.array([[True, True]])})
    assert grades.select(Selection(limits="wrong")).cells.tolist() == [[MISSING, WRONG]]


def test_what_is_left_out_is_counted_and_at_worst_all_wrong() -> None:
    """Two complete queries, one all-wrong; of four others one is solved, two failed, one untouched: 1 + 2 + 1 of 6."""
    cells = [
        [RIGHT, WRONG],
        [WRONG, WRONG],
        [RIGHT, MISSING],
        [WRONG, ERROR],
        [UNSCORED, WRONG],
        [MISSING, ERROR],
    ]
    outcomes = grades_of(cells, "123456", "ab").outcomes()
    left = outcomes.left_out
    assert left is not None
    assert (left.n_queries, left.n_untouched, left.n_failed_by_all_who_answered) == (4, 1, 2)
    assert (left.answered.tolist(), left.right.tolist()) == ([2, 1], [1, 0])
    assert left.cells_by_state == {"right": 2, "wrong": 5, "unscored": 1, "error": 2, "missing": 2}
    assert (outcomes.all_wrong(), outcomes.all_wrong_worst_case()) == (1 / 2, 4 / 6)
    assert grades_of(cells[:2], "12", "ab").outcomes().all_wrong_worst_case() is None


def test_a_constant_model_is_always_right_or_always_wrong() -> None:
    outcomes = grades_of([[RIGHT, WRONG, WRONG], [RIGHT, WRONG, RIGHT]], "12", "abc").outcomes()
    assert outcomes.constant.tolist() == [True, True, False]
    assert outcomes.varying.tolist() == [False, False, True]


def test_at_most_five_names_are_said_to_be_there() -> None:
    for n, more in ((5, ""), (6, ", ...")):
        with pytest.raises(InputError, match=r"there are a, b, c, d, e" + re.escape(more) + "$"):
            matches(list("abcdef"[:n]), "zz", "data.models", "made")
