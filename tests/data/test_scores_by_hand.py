"""Scores, sheets, selections and health of a matrix, by hand and on both sides of their limits."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data import rule
from cofail_lab.data.health.checks import at_limit, examine
from cofail_lab.data.sheet import Reading, protected, read_verdicts, unprotected
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.selection import Selection, matches
from tests.data.cells import grades_of, write

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


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
    def pick(stated: Any, *held: str, task: str = "") -> Any:
        return rule.chosen("data.scorer", stated, held, "scorer", "f", task)

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


def test_queries_that_one_model_was_asked_do_not_say_whether_grades_are_swapped() -> None:
    """Of ten queries that two models were asked six defeat both; on five more only one was asked, and is right."""
    cells = np.zeros((15, 2), np.int8)
    cells[:6] = 1
    cells[6:8, 0] = cells[8:10, 1] = 1
    cells[10:, 1] = MISSING
    made = Grades(cells, tuple(map(str, range(15))), ("a", "b"), "g")
    (found,) = [finding for finding in examine(made) if finding.check == "swapped"]
    assert found.count == 6 and found.sentence.startswith("6 of 10 queries defeat everyone.")
    one_less = cells.copy()
    one_less[5, 0] = 0
    assert not [finding for finding in examine(replace(made, cells=one_less)) if finding.check == "swapped"]
