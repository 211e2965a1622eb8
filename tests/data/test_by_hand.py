"""Small pieces of what reads and joins matrices, each by hand and on both sides of its limits."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import conflicts, joining, layout, model_info, names, prices, records, rule
from cofail_lab.data.alike import alike, plain
from cofail_lab.data.auto import AutoSource, _by_name
from cofail_lab.data.cells import TextColumns, read_texts
from cofail_lab.data.counts import CountsSource
from cofail_lab.data.dialect import _merit, find_dialect
from cofail_lab.data.frames import _is_nan, array_grades, frame_grades
from cofail_lab.data.health.checks import at_limit, examine
from cofail_lab.data.joining import join_grades
from cofail_lab.data.pairing import pair_queries, renamed
from cofail_lab.data.ratings import Ratings
from cofail_lab.data.regrading import common_part, compare_cells, graded, graded_where_both_complete, graded_without
from cofail_lab.data.sheet import Reading, protected, read_verdicts, unprotected
from cofail_lab.data.systems import name_systems, told_apart
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.selection import Selection, matches
from tests.data.cells import grades_of, write

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


def test_names_in_sentences() -> None:
    assert [names.shorten("x" * n, 5) for n in (4, 5, 6)] == ["xxxx", "xxxxx", "xxxx…"]
    assert [names.list_names([*"abcdef"][:n], 3) for n in (2, 3, 4)] == ["a, b", "a, b, c", "a, b, c, ..."]
    assert [names.counted(n, "query") for n in (0, 1, 2, 1200)] == [
        "0 queries",
        "1 query",
        "2 queries",
        "1,200 queries",
    ]
    assert names.counted(2, "pair") == "2 pairs"
    assert names.clean_text("a\ud800") == "a?" and names.clean_text("é") == "é"
    assert names.check_names(["a", " "], "column", "f", blank=True) == ("a", " ")
    for bad, why in (
        (["a", " "], "query number 2 has no name"),
        (["a", "a"], "appears twice"),
        (["a b", "a  b"], "white"),
    ):
        with pytest.raises(InputError, match=why):
            names.check_names(bad, "query", "f")


def table(*rows: str) -> tuple[list[str], TextColumns]:
    header, *cells = ([*row.split(",")] for row in rows)
    return header, TextColumns.of(cells, len(header))


def found(*rows: str, **more: Any) -> layout.Layout:
    header, cells = table(*rows)
    return layout.find_layout(header, cells, read_texts(cells, more.get("threshold")), "f.csv", **more)


@pytest.mark.parametrize(
    ("column", "threshold", "holds"),
    [
        ("1 0 1 x", None, True),
        ("1 0 x y", None, True),  # half
        ("1 x y", None, False),
        ("1 x  ", None, True),  # half of what is filled
        ("   ", None, None),
        ("0.5 0.2 1", None, True),
        ("0.5 0.2 0.7", None, False),
        ("0.5 0.2 0.7", 0.6, True),
        ("1 0 7", None, True),
        ("1 0 7 8", None, True),
        ("1 7 8", None, False),
        ("1 7 8", 0.5, False),
        ("1 7 8", 5.0, True),
        ("1 -1 0.5", 0.5, False),
    ],
)
def test_which_columns_hold_grades(column: str, threshold: float | None, *, holds: bool | None) -> None:
    cells = TextColumns.of([[text] for text in column.split(" ")], 1)
    assert layout._holds_grades(cells.codes[:, 0], read_texts(cells, threshold), 0, threshold) is holds


def test_where_things_are_in_a_wide_table() -> None:
    made = found("id,Category,question,m,n,tokens,note", "q,x,What?,1,0,7,y", "r,y,Why?,0,1,8,z")
    assert (made.query, made.dataset, made.prompt, made.models, made.aside) == (0, 1, 2, (3, 4), (5, 6))
    assert made.notes == (
        "Column 'id' was taken for the names of the queries.",
        "2 columns without grades set aside: tokens, note.",
        "Column 'Category' was taken for the dataset of a query.",
        "Column 'question' was taken for the prompt of a query.",
    )
    assert found("query,dataset,prompt,m,", "q,x,a,1,", "r,y,b,0,").notes == ()
    assert found("m,n", "1,0", "0,1").notes == (layout.NUMBERED,)
    assert found("who,m,n", "q,1,0", "r,0,1").notes == (
        "The first column, 'who', was taken for the names of the queries.",
    )
    by = found("id,dataset,m", "q,x,1", "q,y,0")
    assert by.by_dataset and by.notes == ("Column 'id', with the dataset, was taken for the names of the queries.",)
    wanted = found("id,dataset,m", "q,x,1", "q,y,0", query_column="id")
    assert (wanted.query, wanted.by_dataset, wanted.notes) == (0, True, ())
    # A word that may be called so for another reason names queries only where no two are alike.
    assert found("task,m,n", "x,1,0", "y,0,1").query == 0
    weak = found("task,m,n", "x,1,0", "x,0,1")
    assert (weak.query, weak.dataset, weak.notes[0]) == (None, 0, layout.NUMBERED)
    for rows, why in (
        (("id,m", "q,1", "q,0"), "column 'id' has 'q' 2 times"),
        (("id,m", "q,1", ",0"), "column 'id' is blank in 1 row"),
        (("a,b", "x,1", "x,0"), "no column names the queries"),
        (("1,0,1", "1,0,1"), "the first line, '1,0,1', holds grades"),
    ):
        with pytest.raises(InputError, match=why):
            found(*rows)


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


def test_a_published_accuracy_as_a_count() -> None:
    """83.6% of 330 is 275.55 to 276.21: 276; 84% is 275.55 to 278.85, of which the smallest is 276."""
    made = [CountsSource(17, 330, 67, best_accuracy=share).load() for share in (0.836, 0.84)]
    assert [one.best_correct for one in made] == [276, 276]
    assert made[0].notes == ("Accuracy 0.836 of 330 queries was read as 276 right answers.",)
    assert made[1].notes[0].endswith("276 right answers (up to 278 would round to it too; the smallest is used).")
    assert CountsSource(1, 10, 2, best_correct=7).load().notes == ()
    assert (
        CountsSource(0, 8, 2, best_accuracy=1.0).load().best_correct,
        CountsSource(0, 8, 2, best_accuracy=0.0).load().best_correct,
    ) == (8, 0)
    for wrong in ({"best_accuracy": 0.123}, {}, {"best_accuracy": 0.5, "best_correct": 5}):
        with pytest.raises(InputError):
            CountsSource(1, 10, 2, **wrong).load()  # type: ignore[arg-type]


def test_the_delimiter_that_splits_best(tmp_path: Path) -> None:
    text = "query;a,b;c\nq;1,5;0\nr;0,5;1\ns;1;0\nt;1,"
    assert find_dialect(Path(write(tmp_path, text))).delimiter == ";"
    # Of five rows the last may be cut: all four others have the two delimiters of the header.
    assert _merit(text, ";") == 2 and _merit(text, ",") == pytest.approx(1 * 3 / 4) and _merit(text, "|") == 0
    assert _merit("a,b", ",") == 1 and _merit("", ",") == 0
    assert _merit("a,b\nc,d\ne\nf,g\nh", ",") == pytest.approx(3 / 4)


def test_arrays_and_frames() -> None:
    found_ = array_grades(np.array([[1, 0], [np.nan, 1]]))
    assert (found_.queries, found_.models) == (("row 1", "row 2"), ("model 1", "model 2"))
    assert found_.cells.tolist() == [[RIGHT, WRONG], [MISSING, RIGHT]]
    masked = array_grades(np.ma.masked_array([[1, 0], [0, 1]], mask=[[0, 1], [0, 0]]))
    assert masked.cells.tolist() == [[RIGHT, MISSING], [WRONG, RIGHT]]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"m": [1, "error", float("nan")], "n": [0, 1, None]})
    made = frame_grades(frame)
    assert made.cells.tolist() == [[RIGHT, WRONG], [ERROR, RIGHT], [MISSING, MISSING]]
    assert made.queries == ("row 1", "row 2", "row 3")
    named = frame_grades(frame.set_index(pandas.Index(["x", "y", "z"], name="query")))
    assert named.queries == ("x", "y", "z")
    assert frame_grades(frame.set_index(pandas.Index([5, 6, 7]))).queries == made.queries
    assert [_is_nan(value) for value in (float("nan"), 0.0, "nan", None)] == [True, False, False, False]


def test_tables_that_no_reader_recognises(tmp_path: Path) -> None:
    csv = Path(write(tmp_path, "a,b\n1,0\n0,1\n", "t.csv"))
    assert _by_name(csv) == ("csv", "a table that no other reader recognises")
    assert _by_name(Path(write(tmp_path, "x", "t.txt"))) is None and _by_name(tmp_path / "absent.csv") is None
    parquet = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 0], "b": [0, 1]}), parquet)
    assert _by_name(parquet) == ("parquet", "a table that no other reader recognises")
    write(tmp_path, "query,model,correct\nq,a,1\nq,b,0\nr,a,0\nr,b,1\n", "long.csv")
    unknown = write(tmp_path, "hello", "notes.txt")
    # In a folder a stranger is passed over; one that is named itself is refused.
    assert AutoSource(str(tmp_path / "long.csv")).load().models == ("a", "b")
    with pytest.raises(InputError, match=r"notes\.txt: of no known format"):
        AutoSource([str(tmp_path / "long.csv"), unknown]).load()


def test_models_and_their_prices(tmp_path: Path) -> None:
    text = "name,price_in,price_out,released,tier\nlab/a,0,2.5,2024-01-01,big\nlab/b,,1,,\nother/b,1,1,,\n"
    info = model_info.read_model_info(write(tmp_path, text, "models.csv"))
    assert info["lab/a"] == {
        "usd_per_mtok_in": "0",
        "usd_per_mtok_out": "2.5",
        "release_date": "2024-01-01",
        "tier": "big",
    }
    grades = grades_of([[0, 1, 0]], "q", "abc", per_model={"tier": np.array(["", "own", ""], object)})
    made = model_info.attach(grades, str(tmp_path / "models.csv"))
    assert made.per_model["tier"].tolist() == ["big", "own", ""]
    np.testing.assert_array_equal(made.per_model["usd_per_mtok_in"], [0, np.nan, np.nan])
    assert made.notes[0] == "Looked up in models.csv without their provider: a as lab/a."
    assert made.notes[1].startswith("2 of 3 models are not in models.csv: b, c")
    for price in ("-1", "x", "inf", "nan"):
        with pytest.raises(InputError, match="is not a number of dollars"):
            model_info._check_price(price, "w")
    own, looked = np.array([1.0, np.nan]), np.array([7.0, 8.0])
    assert model_info._fill_unknown(own, looked).tolist() == [1, 8]
    assert model_info._fill_unknown(None, looked).tolist() == [7, 8]


def test_costs_from_tokens() -> None:
    """Two million tokens at 3 dollars and half a million at 10 are 11 dollars; a cost of the log is kept."""
    tokens = {"tokens_in": np.array([[2e6, 1e6], [np.nan, 1e6]]), "tokens_out": np.array([[5e5, 0], [1, 0]])}
    per_model = {"usd_per_mtok_in": np.array([3.0, 1.0]), "usd_per_mtok_out": np.array([10.0, 1.0])}
    cost = np.array([[np.nan, 0.25], [np.nan, np.nan]])
    grades = grades_of([[0, 1], [0, 1]], "qr", "ab", per_model=per_model, per_cell={**tokens, "cost": cost})
    made = prices.with_costs(grades, "a list")
    np.testing.assert_allclose(made.per_cell["cost"], [[11, 0.25], [np.nan, 1]])
    assert made.notes == ("2 costs were computed from tokens and the prices of a list.",)
    bare = replace(grades, per_model={})
    assert prices.with_costs(bare, "a list") is bare


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
    ("value", "state", "number"),
    [
        (None, UNSCORED, np.nan),
        (float("nan"), UNSCORED, np.nan),
        ("N", UNSCORED, np.nan),
        ("", UNSCORED, np.nan),
        ("unscored", UNSCORED, np.nan),
        ("C", RIGHT, 1.0),
        ("Pass", RIGHT, 1.0),
        (True, RIGHT, 1.0),
        ("1.0", RIGHT, 1.0),
        ("I", WRONG, 0.0),
        (False, WRONG, 0.0),
        (0, WRONG, 0.0),
        ("error", ERROR, np.nan),
        ("Timeout", ERROR, np.nan),
        ("missing", MISSING, np.nan),
    ],
)
def test_scores(value: Any, state: Cell, number: float) -> None:
    assert rule.Rule().state(value, "w") == state
    assert rule.raw_score(value) == pytest.approx(number, nan_ok=True)


def test_scores_and_their_threshold() -> None:
    half = rule.Rule(threshold=0.5)
    assert [half.state(value, "w") for value in (0.5, 0.49, "P", "partial", 2)] == [RIGHT, WRONG, RIGHT, RIGHT, RIGHT]
    assert [rule.Rule(threshold=0.6).state(value, "w") for value in ("P", 1, True)] == [WRONG, RIGHT, RIGHT]
    assert [rule.raw_score(value) for value in ("x", float("inf"), [1], "0.25", 3)] == [None, None, None, 0.25, 3.0]
    assert (rule.amount(0, "w"), rule.amount("2.5", "w")) == (0.0, 2.5) and np.isnan(rule.amount("", "w"))
    for bad in (-0.1, True, "x", [1]):
        with pytest.raises(InputError, match="is not a number >= 0"):
            rule.amount(bad, "w")


def test_the_scorer_that_decides() -> None:
    pick = lambda stated, *held, task="": rule.chosen("data.scorer", stated, held, "scorer", "f", task)  # noqa: E731
    assert pick(None, "a") == "a" and pick("b", "a", "b") == "b" and pick(["c", "b"], "a", "b") == "b"
    assert pick({"gsm*": "b"}, "a", "b", task="gsm8k") == "b" and pick({"gsm*": "b"}, "a", task="other") == "a"
    assert pick(["x"], "a") == "a"
    for stated, held in ((None, ("a", "b")), ("x", ("a",)), (["x", "y"], ("a", "b")), ({"gsm*": "b"}, ("a", "b"))):
        with pytest.raises(InputError):
            pick(stated, *held)


def test_cells_of_a_sheet(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-", "@x", "'x", "007", "1.5", "1e5", "TRUE", "Jan 5", "mar-3", "1" * 16]
    assert [protected(text) for text in texts] == [f"'{text}" for text in texts]
    for text in ("5", "12345", "1" * 15, "word", "may be", "truth", "x=1"):
        assert protected(text) == text
    assert [unprotected(text) for text in ("'x", "x", "''x")] == ["x", "x", "'x"]
    sheet = write(
        tmp_path,
        "query,verdict,right_answer_ann,right_answer_bob,well_posed_ann,well_posed_bob,draw\n"
        "q,Grader defect,4,'=5,1,0,3.0\nr,,,,yes,,\n\ns,unread,,, ,,7\n",
        "sheet.csv",
    )
    assert read_verdicts(Path(sheet), ["q", "r", "s", "t"]) == {
        "q": Reading("grader_defect", ("4", "=5"), False, 3),
        "r": Reading("unread", (), True, None),
        "s": Reading("unread", (), None, 7),
    }
    bad = write(tmp_path, "query,verdict\nq,genuine\nz,genuine\n", "bad.csv")
    with pytest.raises(InputError, match=r"row 3: 'z' is no query of the data"):
        read_verdicts(Path(bad), ["q"])


def test_logs_of_one_model() -> None:
    logs = [
        grades_of([[0], [1]], "qr", "a", f"log{i}", settings={"a": {"temperature": t, "shots": "5"}})
        for i, t in enumerate(("0", "0", "1"))
    ]
    paths = [Path(f"x/{i}/log.json") for i in range(3)]
    made = name_systems(logs, paths)
    assert [part.models for part in made] == [("a (temperature=0)",), ("a (temperature=0)",), ("a (temperature=1)",)]
    assert made[0].notes == (
        "a: 2 logs or groups of logs with other settings, kept apart: (temperature=0), (temperature=1); "
        "data.name=model takes them for one.",
        "2 logs taken for repeated runs of a (temperature=0): 0/log.json, 1/log.json; data.name='{model} "
        "({folder}/{file})' keeps them apart.",
    )
    alike_ = name_systems(logs[:2], paths[:2])
    assert [part.models for part in alike_] == [("a",), ("a",)] and len(alike_[0].notes) == 1
    assert [part.models for part in name_systems(logs, paths, "folder")] == [("0",), ("1",), ("2",)]
    assert told_apart([Path("/a/x/f"), Path("/b/x/f")]) == ["a/x/f", "b/x/f"] and told_apart([Path("/a/f")]) == ["f"]


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


def test_samples_are_numbered_within_their_cell() -> None:
    first, sample = records._sample_numbers(np.array([5, 2, 5, 7, 2, 5]))
    assert sample.tolist() == [0, 0, 1, 0, 1, 2] and first.tolist() == [1, 0, 3]
    first, sample = records._sample_numbers(np.array([5, 2, 7]))
    assert (first.tolist(), sample.tolist()) == ([0, 1, 2], [0, 0, 0])
    held = records.Records()
    for query, state, number in (("q", ERROR, 1.0), ("q", RIGHT, 2.0), ("r", MISSING, 3.0), ("r", WRONG, 4.0)):
        held.add(query, "m", state, tokens_in=number, tokens_out=10 * number, prompt=f"p{number}")
    held.add("r", "n", RIGHT, tokens_out=5.0)
    made = held.grades(source="s", sha256="x", notes=("N.",))
    assert made.cells.tolist() == [[ERROR, MISSING], [WRONG, RIGHT]]
    np.testing.assert_array_equal(made.per_cell["tokens"], [[11, np.nan], [44, 5]])
    assert made.per_query["prompt"].tolist() == ["p1.0", "p3.0"]
    assert made.notes == (
        "N.",
        "1 cell with repeated samples (at most 2); a cell is its first sample.",
        "1 cell not graded in the first sample but in a later one: the first one counts.",
        "2 queries with different prompts in other records; the first is kept.",
    )


def test_patterns_of_names() -> None:
    known = ["gpt-4", "gpt-4[x]", "llama"]
    assert matches(known, "gpt-4", "f", "s").tolist() == [True, False, False]
    assert matches(known, ["llama", "gpt-4[x]"], "f", "s").tolist() == [False, True, True]
    assert matches(known, "gpt*", "f", "s").tolist() == [True, True, False]
    with pytest.raises(InputError, match=r"'gpt-5' matches nothing in s, did you mean gpt-4\?; there are gpt-4, "):
        matches(known, "gpt-5", "f", "s")


def test_what_may_be_done_with_answers_that_are_not_plainly_graded() -> None:
    """Of eight cells one is unscored, one an error, two at a limit, one of which is right and one an error."""
    cells = [[0, 1], [2, 1], [3, 0], [4, 1]]
    limit = np.array([[1, 0], [0, 0], [1, 0], [1, 0]], bool)
    samples = np.array([[[0, 3], [1, 1]], [[2, 0], [1, 1]], [[3, 3], [0, 0]], [[4, 4], [1, 1]]], np.int8)
    grades = grades_of(cells, "qrst", "ab", per_cell={"at_limit": limit, "samples": samples})
    plain_ = grades.select(Selection())
    assert plain_.cells.tolist() == cells and plain_.notes == (
        "Answers stopped at a limit: 2, graded as the log says; data.limits=wrong counts them as wrong.",
        "Answers that failed with an error: 1, left out; data.errors=wrong counts them as wrong.",
        "Answers without a grade: 1, left out; data.unanswered=wrong counts them as wrong.",
    )
    limits = grades.select(Selection(limits="wrong"))
    assert limits.cells.tolist() == [[1, 1], [2, 1], [1, 0], [4, 1]]
    assert limits.per_cell["samples"][:, 0].tolist() == [[1, 3], [2, 0], [1, 3], [4, 4]]
    assert limits.notes[0] == "Answers stopped at a limit: 2, counted as wrong, as data.limits says."
    assert limits.notes[-1] == (
        "With these choices 1 of 2 queries defeat every model and a gain of 0.0% at most; as the log has them 0 of 1 "
        "queries defeat every model and 0.0%."
    )
    assert grades.select(Selection(limits="missing")).cells.tolist() == [[4, 1], [2, 1], [4, 0], [4, 1]]
    errors = grades.select(Selection(errors="wrong"))
    assert errors.cells.tolist() == [[0, 1], [2, 1], [1, 0], [4, 1]]
    assert errors.per_cell["samples"][:, 0].tolist() == [[0, 1], [2, 0], [1, 1], [4, 4]]
    asked = grades.select(Selection(unanswered="wrong"))
    assert asked.cells.tolist() == [[0, 1], [1, 1], [3, 0], [4, 1]]


def test_sub_matrices() -> None:
    grades = grades_of([[0, 1, 0, 4], [1, 1, 0, 0], [0, 4, 0, 2]], "qrs", "abcd")
    assert grades.select(Selection(min_coverage=2 / 3)).models == ("a", "b", "c")
    assert grades.select(Selection(min_coverage=0.67)).models == ("a", "c")
    assert grades.select(Selection(min_coverage=0.67)).notes[-1] == (
        "Dropped for coverage below 67.0%: b (66.7%), d (33.3%)."
    )
    chosen = grades.select(Selection(models=["a", "d"]))
    assert chosen.notes[-1] == "2 of 4 models selected by data.models."
    sub = [grades.select(Selection(pool_size=k, seed=5)) for k in (2, 3)]
    assert {*sub[0].models} < {*sub[1].models} and [*sub[1].models] == sorted(sub[1].models)
    assert sub[0].notes[-1] == "A random sub-pool of 2 of 4 models (seed 5)."
    assert len({grades.select(Selection(pool_size=2, seed=seed)).models for seed in range(20)}) == 6
    made = grades_of([[0, 1], [1, 1], [4, 1], [2, 4], [0, 3]], "qrstu", "ab").outcomes()
    left = made.left_out
    assert left is not None and (left.n_queries, left.n_untouched, left.n_failed_by_all_who_answered) == (3, 1, 1)
    assert (left.answered.tolist(), left.right.tolist()) == ([1, 1], [1, 0])
    assert left.cells_by_state == {"right": 2, "wrong": 4, "unscored": 1, "error": 1, "missing": 2}
    assert made.all_wrong_worst_case() == 3 / 5 and made.all_wrong() == 1 / 2


def test_health_on_both_sides_of_its_limits() -> None:
    """Of 20 queries 19 answered are 95%; tokens pile up at 64 or more, five times and three times what is near."""
    cells = np.zeros((20, 2), np.int8)
    cells[::3, 0] = cells[1::4, 1] = 1
    cells[0, 0] = cells[5, 0] = MISSING
    few = Grades(cells, tuple(map(str, range(20))), ("a", "b"), "g")
    assert [finding.subjects for finding in examine(few) if finding.check == "coverage"] == [("a",)]
    cells[5, 0] = 0
    assert not [finding for finding in examine(replace(few, cells=cells)) if finding.check == "coverage"]
    for column, piled in (
        ([64.0] * 5 + [57] * 15, 5),
        ([63.0] * 5 + [50] * 15, 0),
        ([64.0] * 4 + [50] * 16, 0),
        ([100.0] * 6 + [90] * 2 + [89] * 12, 6),
        ([100.0] * 6 + [90] * 3 + [89] * 11, 0),
    ):
        tokens = np.array([column, [1.0] * 20]).T
        found_, how = at_limit(replace(few, per_cell={"tokens_out": tokens, "tokens": 0 * tokens}))
        assert (int(found_.sum()), how) == (piled, "token counts pile up at their maximum")
    both = Counter(
        finding.check for finding in examine(Grades(np.ones((10, 3), np.int8), few.queries[:10], tuple("abc"), "g"))
    )
    assert both["swapped"] == 1 and both["constant"] == 1
    nine = examine(Grades(np.ones((9, 3), np.int8), few.queries[:9], tuple("abc"), "g"))
    assert not [finding for finding in nine if finding.check in ("swapped", "constant")]
