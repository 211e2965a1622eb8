"""A matrix of eight queries after its audit: what is dropped, what is graded anew, and in which order it was read."""

import numpy as np
import pytest

from cofail_lab.data.sheet import Reading
from cofail_lab.decisions.audited import Audited, check_draws, reading_order
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import MISSING, RIGHT, WRONG, grades_of

CELLS = [
    [RIGHT, RIGHT, WRONG],
    [RIGHT, WRONG, RIGHT],
    [WRONG, WRONG, RIGHT],
    [WRONG, WRONG, WRONG],
    [WRONG, WRONG, WRONG],
    [WRONG, WRONG, WRONG],
    [WRONG, WRONG, WRONG],
    [WRONG, MISSING, WRONG],
]
ANSWERS = [
    ["A", "A", "B"],
    ["A", "C", "A"],
    ["B", "C", "A"],
    ["B", "B", "B"],
    ["B", "C", "B"],
    ["(a)", "B", "C"],
    ["C", "C", "B"],
    ["B", "", "B"],
]
ALL_WRONG = ("d", "e", "f", "g")


@pytest.fixture
def matrix() -> Grades:
    return grades_of(
        CELLS,
        "abcdefgh",
        ["x", "y", "z"],
        per_query={"key": np.array(["A"] * 8, object)},
        per_cell={"answer": np.array(ANSWERS, object)},
    )


def audited(matrix: Grades, readings: dict[str, Reading], seed: int = 0) -> Audited:
    return Audited(matrix, ALL_WRONG, readings, reading_order(ALL_WRONG, seed), 0.05)


def figures(one: Audited) -> dict[str, tuple[int | None, int | None]]:
    return {v.name: (v.figures.n_all_wrong, v.figures.n_queries) for v in one.variants()}


def test_unread_queries_bound_what_is_left(matrix: Grades) -> None:
    one = audited(matrix, {"d": Reading("genuine"), "e": Reading("ambiguous")})
    assert one.n_queries == 7
    assert one.counts() == {
        "genuine": 1,
        "reference_error": 0,
        "ambiguous": 1,
        "grader_defect": 0,
        "truncated": 0,
        "unread": 2,
    }
    assert figures(one) == {"before": (4, 7), "after": (3, 6), "after_unread_removed": (1, 4)}


def test_the_other_order_is_a_variant_where_it_differs(matrix: Grades) -> None:
    read = {"d": Reading("genuine", (), False), **{name: Reading("genuine") for name in "efg"}}
    assert figures(audited(matrix, read)) == {"before": (4, 7), "after": (4, 7), "after_ambiguous_first": (3, 6)}


def test_queries_are_graded_anew_by_what_readers_hold_for_right(matrix: Grades) -> None:
    """d: everybody says what is right. f: the grader missed "(a)". g: nobody gives the key, so it is dropped."""
    read = {
        "d": Reading("reference_error", ("b",)),
        "e": Reading("truncated"),
        "f": Reading("grader_defect"),
        "g": Reading("grader_defect"),
    }
    one = audited(matrix, read)
    assert one.n_corrected == 2
    anew = one.corrected()
    assert anew.queries == ("a", "b", "c", "d", "f", "h")
    assert anew.cells[3].tolist() == [RIGHT, RIGHT, RIGHT]
    assert anew.cells[4].tolist() == [RIGHT, WRONG, WRONG]
    assert figures(one) == {"before": (4, 7), "after": (0, 3), "corrected": (0, 5)}
    assert matrix.cells[3].tolist() == [WRONG] * 3, "the matrix itself stays"


def test_a_query_that_someone_solved_can_be_at_fault_too(matrix: Grades) -> None:
    one = audited(matrix, {"c": Reading("ambiguous"), "a": Reading("genuine")})
    assert one.others == {**dict.fromkeys(one.others, 0), "ambiguous": 1, "genuine": 1}
    assert figures(one)["after"] == (4, 6)


def test_an_unanswered_cell_stays_unanswered(matrix: Grades) -> None:
    one = audited(matrix, {"h": Reading("reference_error", ("B",))})
    assert one.corrected().cells[-1].tolist() == [RIGHT, MISSING, RIGHT]


def test_limits_come_from_the_queries_read_in_the_random_order(matrix: Grades) -> None:
    order = sorted(ALL_WRONG, key=reading_order(ALL_WRONG, 0).__getitem__)
    gap = audited(matrix, {order[0]: Reading("genuine"), order[2]: Reading("truncated")})
    assert gap.in_order.genuine.tolist() == [True]
    assert gap.genuine_limits() == (1, 3)  # what was read out of order is known, too
    late = audited(matrix, {order[3]: Reading("genuine")})
    assert late.genuine_limits() is None
    whole = audited(matrix, {name: Reading("genuine" if i < 2 else "truncated") for i, name in enumerate(order)})
    assert whole.genuine_limits() == (2, 2)


def test_limits_that_other_verdicts_refute_give_way_to_them() -> None:
    """The first 50 of 100 are at fault, so that few can be genuine; 30 that were read out of order all are."""
    names = tuple(f"q{i}" for i in range(100))
    whole = grades_of([[WRONG, WRONG]] * 100, names, "xy")
    draws = reading_order(names, 0)
    order = sorted(names, key=draws.__getitem__)
    read = {name: Reading("ambiguous") for name in order[:50]} | {name: Reading("genuine") for name in order[60:90]}
    one = Audited(whole, names, read, draws, 0.05)
    assert one.in_order.limits.upper[-1] < 30
    assert one.genuine_limits() == one.genuine_limits(fixed=True) == (30, 50)


def test_no_limits_leave_what_verdicts_exclude(matrix: Grades) -> None:
    order = sorted(ALL_WRONG, key=reading_order(ALL_WRONG, 0).__getitem__)
    gap = audited(matrix, {order[0]: Reading("genuine"), order[2]: Reading("truncated")})
    assert gap.in_order.limits.fixed_upper[-1] == 4
    assert gap.genuine_limits(fixed=True) == (1, 3)


def test_the_random_order_is_one_of_names_and_seed_alone() -> None:
    names = [f"q{i}" for i in range(50)]
    order = reading_order(names, 3)
    assert sorted(order.values()) == list(range(1, 51))
    assert reading_order(names[::-1], 3) == order
    assert reading_order(names, 4) != order
    assert [order[name] for name in names] != sorted(order.values())


def test_every_order_comes_up_as_often() -> None:
    """720 seeds, 6 orders of 3 queries: chi-square below its .9999 quantile, 25.7 at 5 degrees."""
    orders = [tuple(reading_order("abc", seed).values()) for seed in range(720)]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert ((counts - 120) ** 2 / 120).sum() < 25.7


def test_a_sheet_of_another_order_is_refused() -> None:
    draws = {"a": 1, "b": 2}
    check_draws({"a": Reading(draw=1), "b": Reading()}, draws)
    with pytest.raises(InputError, match="'b' is number 1 of the sheet's random order and 2 of this one"):
        check_draws({"b": Reading(draw=1)}, draws)
    with pytest.raises(InputError, match="'c' is number 1 of the sheet's random order and none of this one"):
        check_draws({"c": Reading(draw=1)}, draws)


def test_others_are_those_that_somebody_solved(matrix: Grades) -> None:
    """A verdict on an all-wrong query is none on another one."""
    one = audited(matrix, {"c": Reading("ambiguous"), "d": Reading("ambiguous"), "e": Reading("genuine")})
    assert one.others == {**dict.fromkeys(one.others, 0), "ambiguous": 1}
    assert one.counts()["ambiguous"] == 1


def test_only_queries_at_fault_are_graded_anew(matrix: Grades) -> None:
    """What readers hold for right does not change a query that they find ambiguous, cut off or genuine."""
    said = {
        "d": Reading("ambiguous", ("b",)),
        "e": Reading("truncated", ("b",)),
        "f": Reading("genuine", ("c",)),
        "g": Reading("reference_error", ("c",)),
    }
    one = audited(matrix, said)
    assert one.n_corrected == 1
    assert one.corrected().queries == ("a", "b", "c", "f", "g", "h")
    assert one.corrected().cells[4].tolist() == [RIGHT, RIGHT, WRONG]
