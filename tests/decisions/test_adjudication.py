"""States of queries in both orders, and what they do to β and G, against matrices counted one by one."""

import csv
from itertools import product

import numpy as np
import pytest

from cofail_lab.data.sheet import Reading
from cofail_lab.decisions.adjudication import (
    ORDERS,
    all_wrong_after,
    classes,
    gain_if_corrected,
    gain_if_removed,
    gain_range_if_corrected,
    state_of,
    tally,
)
from tests.conftest import real_path

GENUINE_FIRST, AMBIGUOUS_FIRST = ORDERS


@pytest.mark.parametrize(
    ("reading", "first", "second"),
    [
        (Reading(), "unread", "unread"),
        (Reading("genuine"), "genuine", "genuine"),
        (Reading("genuine", (), False), "genuine", "ambiguous"),
        (Reading("ambiguous", ("b.",)), "genuine", "ambiguous"),
        (Reading("ambiguous", ("C",)), "ambiguous", "ambiguous"),
        (Reading("grader_defect", ("B",), False), "grader_defect", "grader_defect"),
        (Reading("unread", ("B",), True), "genuine", "genuine"),
        (Reading("unread", ("C", "B"), False), "genuine", "ambiguous"),
        (Reading("unread", ("C",)), "reference_error", "reference_error"),
        (Reading("unread", ("C",), False), "ambiguous", "ambiguous"),
        (Reading("unread", (), False), "ambiguous", "ambiguous"),
        (Reading("unread", (), True), "unread", "unread"),
    ],
)
def test_the_state_under_either_order(reading: Reading, first: str, second: str) -> None:
    assert state_of(reading, "B", GENUINE_FIRST) == first
    assert state_of(reading, "B", AMBIGUOUS_FIRST) == second


def test_an_answer_says_nothing_of_a_key_that_is_not_known() -> None:
    for order in ORDERS:
        assert state_of(Reading("unread", ("C",)), "", order) == "unread"
        assert state_of(Reading("unread", ("C",), False), "", order) == "ambiguous"
        assert state_of(Reading("reference_error", ("C",)), "", order) == "reference_error"


def test_the_published_raters() -> None:
    """Eleven items, two raters: the published classes come from one order, the other leaves no genuine one."""
    path = real_path("audit_raters", ".csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    readings = [
        Reading("unread", (r["answer_a"], r["answer_b"]), r["well_posed_a"] == "1" and r["well_posed_b"] == "1")
        for r in rows
    ]
    keys = [r["reference"] for r in rows]
    assert [state_of(x, key, GENUINE_FIRST) for x, key in zip(readings, keys, strict=True)] == [
        r["class"] for r in rows
    ]
    assert classes(readings, keys, GENUINE_FIRST) == tally(
        ["genuine"] * 3 + ["reference_error"] * 5 + ["ambiguous"] * 3
    )
    assert classes(readings, keys, AMBIGUOUS_FIRST)["genuine"] == 0


def test_all_wrong_rate_with_unread_queries_on_either_side() -> None:
    counts = tally(["genuine"] * 3 + ["ambiguous"] * 4 + ["unread"] * 5)
    after = all_wrong_after(counts, 100)
    assert after.kept == (3 / 100, 8 / 100)
    assert after.removed == (3 / 91, 8 / 96)
    assert all_wrong_after(tally(["truncated"] * 2), 2).removed == (None, None)


def gain(wrong: np.ndarray) -> float:
    """G of a matrix, from its definition: oracle less best."""
    return float((~wrong.all(axis=1)).mean() - (~wrong).mean(axis=0).max())


def test_removed_and_corrected_queries_change_the_gain_as_in_a_matrix() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        n, m, c = rng.integers(4, 9), rng.integers(1, 5), rng.integers(0, 4)
        wrong = np.concatenate([rng.random((n, m)) < 0.6, np.ones((c, m), bool)])
        resolvable = (wrong & ~wrong.all(axis=1, keepdims=True)).sum(axis=0)
        assert gain_if_removed(resolvable, n + c, c) == pytest.approx(gain(wrong[:n]), abs=1e-12)
        right = rng.random((c, m)) < 0.5
        right[np.arange(c), rng.integers(m, size=c)] = True
        corrected = np.concatenate([wrong[:n], ~right])
        assert gain_if_corrected(resolvable, n + c, right) == pytest.approx(gain(corrected), abs=1e-12)


def test_the_range_of_the_gain_is_that_of_all_corrections() -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        m, c = int(rng.integers(1, 4)), int(rng.integers(0, 4))
        resolvable = rng.integers(0, 4, m)
        solved = [row for row in product([False, True], repeat=m) if any(row)]
        values = [
            gain_if_corrected(resolvable, 10, np.array(rows, bool).reshape(c, m)) for rows in product(solved, repeat=c)
        ]
        assert gain_range_if_corrected(resolvable, 10, c) == (min(values), max(values))
