"""Words of the page on texts and verdicts that were chosen, on both sides of each branch."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.report.figures import SCREEN
from cofail_lab.report.page import glossary
from cofail_lab.report.page.environment import anchor, as_json
from cofail_lab.report.page.inline_svg import inline
from cofail_lab.report.page.matrix import MatrixView
from cofail_lab.report.page.verdicts import claim_groups
from cofail_lab.result import Exhibit, Result
from tests.report.by_hand import pool
from tests.report.test_kept_checks import verdict


def test_anchors_differ_by_numbers() -> None:
    assert [anchor(title) for title in ("P1 and P2", "P2: β", "12")] == ["p1-and-p2", "p2", "12"]


def test_no_number_that_is_none_gets_into_the_page() -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json({"x": float("nan")})


def test_names_in_a_table_are_explained_by_its_second_column() -> None:
    block = "| name | what |\n|---|---|\n| `one`, `two_P` | the *first* `x_*` |\n| three | `y` |\n| `a` | b | c |"
    assert glossary._in_table(block) == [("one", "the first x_*"), ("two_P", "the first x_*")]


def test_long_explanations_are_cut_between_words() -> None:
    words = "abcd " * 100
    assert glossary._cut(words[:420]) == words[:420]
    cut = glossary._cut(words[:421])
    assert (len(cut), cut[-8:]) == (416, "d abcd …")
    assert max(map(len, glossary._exact().values())) > 300


def test_an_unexpected_verdict_stands_in_no_other_group() -> None:
    control = {"name": "n", "status": "confirmed", "expected": "refuted"}
    made = [verdict("P1.i", "confirmed", "refuted", control=control), verdict("P2.i", "confirmed")]
    checks = [{**made[0].evidence["checks"][0], "n_searched": 0}]
    made[1] = replace(made[1], evidence={**made[1].evidence, "checks": checks})
    odd, stands = claim_groups(Result("", {}, verdicts=tuple(made)))
    assert [[claim.id for claim in group.claims] for group in (odd, stands)] == [["P1.i"], ["P2.i"]]
    assert odd.claims[0].control == "n: confirmed, as it must be refuted"
    assert stands.claims[0].checks[0].endswith("1,200 cases")


def test_a_bar_of_a_weak_pool_begins_at_zero() -> None:
    """Of 100 queries a is right on 4, b on 3 others: the bar would begin 25% of 46 points below 4%."""
    weak = pool({"none": 93, "a": 4, "b": 3})
    marks = {mark.kind: mark for mark in MatrixView(Exhibit(weak, certified=(None, 0.46), overhead=0.02)).marks}
    assert (marks["best"].start, marks["best"].end) == (0, pytest.approx(100 * 0.04 / 0.546, abs=0.01))
    assert marks["range"].start == marks["best"].end and marks["range"].value == "at most 46.0 points"
    sure = MatrixView(Exhibit(pool({"abc": 99, "none": 1}), overhead=0.02)).marks[-1]
    assert sure.value == "2.0 points, more than is left"
    none = MatrixView(Exhibit(replace(pool(), wrong=np.ones((100, 3), bool)))).marks
    assert [mark.value for mark in none] == ["0.0%", "0.0%"]


def test_the_paper_of_a_figure_is_left_out_and_what_is_on_it_stays() -> None:
    parts = "".join(f'<g id="patch_{k}"><path id="p{k}" d="M0 {k}"/></g>' for k in (1, 2))
    shown = inline(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"><g id="f">{parts}</g></svg>', "a b", "l"
    )
    assert "M0 1" not in shown and 'd="M0 2"' in shown and 'id="a_b-p2"' in shown
    width, height = (round(length * SCREEN) for length in (30, 20))
    assert f'viewBox="0 0 30 20" width="{width}" height="{height}"' in shown and width > height
