"""What becomes of cells, columns, queries and labels in several logs, by hand."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from cofail_lab.data import conflicts, joining
from cofail_lab.data.alike import alike, plain
from cofail_lab.data.joining import join_grades
from cofail_lab.data.pairing import pair_queries, renamed
from cofail_lab.data.ratings import Ratings
from cofail_lab.data.regrading import common_part, compare_cells, graded, graded_where_both_complete, graded_without
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from tests.data.cells import grades_of

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


def test_what_becomes_of_cells_in_several_logs() -> None:
    """a is in both logs, with two and one samples; the first MISSING one of the second log takes no place."""
    samples = [np.array([[[0, 1]], [[1, MISSING]]], np.int8), np.array([[[MISSING, 0]], [[0, MISSING]]], np.int8)]
    one = grades_of([[0], [1]], "qr", "a", per_cell={"samples": samples[0], "cost": np.array([[1.0], [2.0]])})
    two = grades_of([[4], [0]], "qr", "a", per_cell={"samples": samples[1], "cost": np.array([[7.0], [8.0]])})
    whole = join_grades([one, two])
    assert whole.cells.tolist() == [[0], [1]] and whole.per_cell["cost"].tolist() == [[1], [2]]
    assert whole.per_cell["samples"].tolist() == [[[0, 1, 0]], [[1, 0, 4]]]
    assert whole.per_cell["frac"].tolist() == [[pytest.approx(2 / 3)], [0.5]]
    assert [note for note in whole.notes if "repeated" in note] == [
        "2 cells with repeated samples (at most 3); a cell is its first sample."
    ]


def test_shares_that_a_log_has_itself_are_kept_where_nothing_is_repeated() -> None:
    """Of q there is one sample with a share of its own; of r there are two."""
    one = grades_of([[0], [0]], "qr", "a", per_cell={"frac": np.array([[0.75], [0.6]])})
    two = grades_of([[1]], "r", "a")
    whole = join_grades([one, two])
    assert whole.per_cell["frac"].tolist() == [[0.75], [0.5]]
    assert whole.per_query["n_logs"].tolist() == [1, 2]


def prompted(cells: list[list[int]], queries: str, models: str, source: str, *prompts: str) -> Grades:
    return grades_of(cells, queries, models, source, per_query={"prompt": np.array(prompts, object)})


def test_queries_that_match_nothing_are_named() -> None:
    one = prompted([[0], [1], [0]], "qrs", "a", "one", "Ask", "Say", "Tell")
    two = prompted([[0], [1], [0]], "qtu", "b", "two", "Ask", " Say ", "Tell")
    notes = join_grades([one, two]).notes
    assert notes == (
        "2 logs joined by name: 5 queries and 2 models.",
        "one: 2 of 3 queries are in no other log (r, s).",
        "two: 2 of 3 queries are in no other log (t, u).",
        "4 of these queries have the prompt of a query of another name; data.join=content would match them.",
    )
    single = prompted([[1]], "z", "b", "three", "Else")
    assert "1 query of logs with one query each in no other log (z)." in join_grades([one, two, single]).notes
    assert joining._same_content([(one, np.array([0, 1])), (two, np.array([1]))]) == 2
    assert joining._same_content([(one, np.array([0, 0]))]) == 0


def test_columns_keep_what_the_first_part_says() -> None:
    numbers = [
        {"price": np.array([1.0, np.nan])},
        {"price": np.array([7.0, 8.0, 9.0]), "tag": np.array(["x", "", "z"], object)},
    ]
    places = [np.array([0, 1]), np.array([0, 1, 2])]
    merged = joining._merge_columns(numbers, places, 3)
    assert merged["price"].tolist() == [1, 8, 9] and merged["tag"].tolist() == ["x", "", "z"]
    words = [{"tag": np.array(["", "b"], object)}, {"tag": np.array(["x", "y", "z"], object)}]
    assert joining._merge_columns(words, places, 3)["tag"].tolist() == ["x", "b", "z"]
    mixed = [{"tag": np.array([1.0, np.nan])}, {"tag": np.array(["x", "y", "z"], object)}]
    assert joining._merge_columns(mixed, places, 3)["tag"].tolist() == [1.0, "y", "z"]
    assert "deep" not in joining._merge_columns([{"deep": np.zeros((2, 2))}], places[:1], 2)


def test_two_questions_under_one_name() -> None:
    rows = [np.arange(2), np.arange(2)]
    one, two = (
        prompted([[0], [1]], "qr", "a", "one", "Ask  this", "Same"),
        prompted([[0], [1]], "qr", "b", "two", "Ask", "Same"),
    )
    assert conflicts.find_conflicts([one, two], rows) == (
        "1 query of the same name asks something else in another file, such as 'q': 'Ask this' in one, 'Ask' in two"
    )
    both = prompted([[0], [1]], "qr", "b", "two", "x", "y")
    assert conflicts.find_conflicts([one, both], rows).startswith("2 queries of the same name ask something else")
    blank = prompted([[0], [1]], "qr", "b", "two", "", "Same")
    assert conflicts.find_conflicts([one, blank], rows) == ""
    # By the same scheme the digests decide, whatever the prompts; by another the prompts do.
    digests = [
        {"content": np.array([f"{scheme}:{text}", ""], object)}
        for scheme, text in (("s", 1), ("s", 1), ("t", 1), ("s", 2))
    ]
    first, same, other, changed = (
        replace(part, per_query={**part.per_query, **digest})
        for part, digest in zip((one, two, two, one), digests, strict=True)
    )
    assert conflicts.find_conflicts([first, same], rows) == ""
    assert conflicts.find_conflicts([first, other], rows).startswith("1 query of the same name asks")
    assert conflicts.find_conflicts([first, changed], rows).endswith("'Ask this' has another digest in one than in one")


def test_queries_in_other_words() -> None:
    first = prompted([[0], [1], [0], [1]], "qrst", "a", "one", "Ask", "Say", "", "Tell")
    second = prompted([[0], [1], [0], [1]], "qrst", "a", "two", "Ask", "Say it", "New", "")
    said = pair_queries(first, second, "id").notes
    assert said == (
        "4 queries of both matrices matched by name.",
        "1 of 4 queries have another prompt in the second matrix, such as r: 'Say', 'Say it'. That they ask the same "
        "is for you to know.",
    )
    part = pair_queries(first, second.take(np.array([3, 1])), "id")
    assert (part.first.queries, part.second.queries) == (("r", "t"), ("r", "t"))
    assert part.notes[1] == "one: 2 queries matched nothing and were left out (q, s)."
    assert renamed(second, {"b": "a"}).models == ("b",)


def test_labels_of_raters_as_grades() -> None:
    ratings = Ratings(
        ("q", "q", "r"),
        ("a", "b", "a"),
        ("x",),
        np.zeros((3, 1), int),
        ("no", "yes"),
        np.array([False, True]),
        np.array([1, -1, 0]),
        "v",
    )
    made = ratings.grades(np.array([1, 0, -1]), "majority")
    assert made.cells.tolist() == [[RIGHT, WRONG], [MISSING, MISSING]] and made.source == "v (majority)"
    assert ratings.groups.tolist() == [0, 0, 1] and ratings.votes.tolist() == [[0], [0], [0]]
    assert ratings.true_votes is not None and ratings.true_votes.tolist() == [1, -1, 0]


BEFORE = [[0, 0, 1], [1, 1, 1], [1, 1, 1], [0, 2, 4], [1, 0, 0]]


AFTER = [[0, 1, 0], [1, 1, 1], [1, 0, 1], [3, 0, 2], [1, 1, 1]]


def test_every_kind_of_change() -> None:
    """Right to wrong at (0, b), (4, b) and (4, c), wrong to right at (0, c) and (2, b), and so on."""
    before, after = (grades_of(cells, "qrstu", "abc") for cells in (BEFORE, AFTER))
    flips = compare_cells(before, after)
    assert flips.counts == {
        "n_graded_twice": 12,
        "n_right_to_wrong": 3,
        "n_wrong_to_right": 2,
        "n_graded_to_not": 1,
        "n_not_to_graded": 1,
    }
    assert (flips.no_longer_all_wrong, flips.newly_all_wrong) == (("s",), ("u",))
    assert flips.cells.to_pylist()[:2] == [
        {"query": "q", "model": "b", "before": "right", "after": "wrong"},
        {"query": "q", "model": "c", "before": "wrong", "after": "right"},
    ]
    assert flips.cells.num_rows == 3 + 2 + 3
    model = flips.models.to_pylist()[1]
    assert model == {
        "model": "b",
        "n_graded_twice": 4,
        "right_to_wrong": 2,
        "wrong_to_right": 1,
        "graded_to_not": 0,
        "not_to_graded": 1,
    }
    figures = graded("before", before, 0.2).figures
    assert (figures.n_queries, figures.n_all_wrong, figures.single_best, figures.oracle_gain) == (4, 2, 0.5, 0.0)
    assert figures.all_wrong_lower == pytest.approx(0.0676, abs=1e-4)  # at 95%, whatever the certificates have
    alone = graded("x", before.take(rows=np.array([3])), 0.1)
    assert alone.figures.n_queries is None and alone.absent
    assert graded_where_both_complete(before, after, 0.1) == []
    gap = replace(after, cells=np.where(np.arange(5)[:, None] == 0, MISSING, after.cells).astype(np.int8))
    assert [(one.name, one.figures.n_queries) for one in graded_where_both_complete(before, gap, 0.1)] == [
        ("before_common", 3),
        ("after_common", 3),
    ]
    left = np.zeros((5, 3), bool)
    left[1, 0] = True
    assert graded_without("x", before, left, 0.1).figures.n_queries == 3
    metrics = graded("before", before, 0.2).metrics
    assert metrics["before_max_gain"] is not None and metrics["before_paired_max_gain"] != metrics["before_max_gain"]
    some, others, unshared = common_part(
        before, replace(after, queries=("u", "t", "z", "q", "r"), models=("c", "a", "d"))
    )
    assert (some.queries, some.models) == (others.queries, others.models) == (("q", "r", "t", "u"), ("a", "c"))
    assert others.cells.tolist() == [[0, 3], [1, 1], [1, 1], [1, 0]]
    assert [(one.what, one.number, one.example) for one in unshared] == [
        ("queries", 1, "s"),
        ("queries", 1, "z"),
        ("models", 1, "b"),
        ("models", 1, "d"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("$1{,}200.0$", "1200", True),
        ("**Yes.**", "yes", True),
        (r"\frac{1}{2}", "0.5", True),
        (r"\boxed{50\%}", "x", False),
        ("50%", "1/2", True),
        ("(b)", "B)", True),
        ("−3", "-3.0", True),
        ("1,2", "12", False),
        ("1/0", "1/0", True),
        ("1/0", "2/0", False),
        ("", "", False),
        ("1e3", "1000", True),
        ("a", "b", False),
    ],
)
def test_answers_that_are_the_same(one: str, other: str, *, same: bool) -> None:
    assert alike(one, other) == alike(other, one) == same
    assert plain(plain(one)) == plain(one)


def test_queries_of_one_name_with_other_prompts_get_eight_digits_of_their_digest() -> None:
    """By prompt: q of the second log is another query, and asks twice, so its second one is numbered as well."""
    prompts = [np.array(["How many?", "Who?"], object), np.array(["Which one?", "Who?", "Which  one?"], object)]
    one = grades_of([[0], [1]], "qr", "a", per_query={"prompt": prompts[0]}, sha256="ab")
    two = grades_of([[1], [0], [1]], "qtr", "b", per_query={"prompt": prompts[1]}, sha256="cd")
    whole = join_grades([one, two], "content")
    digits = sha256(b"Which one?").hexdigest()[:8]
    assert whole.queries == ("q", "r", f"q ({digits})", f"r ({digits}2)")
    assert whole.cells.tolist() == [[RIGHT, MISSING], [WRONG, RIGHT], [MISSING, WRONG], [MISSING, WRONG]]
    assert whole.sha256 == sha256(b"abcd").hexdigest()


def test_a_file_without_names_of_queries_is_named() -> None:
    named, numbered = grades_of([[0]], "q", "a", "one"), grades_of([[1]], "1", "b", "two", notes=(joining.NUMBERED,))
    with pytest.raises(InputError, match=r"^two: nothing names its queries"):
        join_grades([named, numbered])
