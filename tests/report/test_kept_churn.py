"""Words and tables about a history of releases: kept whole, for every branch."""

from dataclasses import replace
from typing import Any

import numpy as np

from cofail_lab.decisions.release_history import Advantage, Arrivals, CheapestAtFloor, Timeline
from cofail_lab.report import churn
from cofail_lab.report.churn import Churn, Option
from cofail_lab.result import Result
from tests.experiments.whole import keep, lines, said
from tests.report.by_hand import pool


def history(**change: Any) -> Churn:
    """a and b on the first day, c 400 days later; one commits on day 30."""
    line = Timeline(np.array([0, 1, 2]), np.array([0, 20, 400]), np.array([0, 1, 2]), np.array([True, True, False]), 30)
    made: dict[str, Any] = {
        "outcomes": replace(pool(), notes=("A note.",)),
        "line": line,
        "released": np.array(["2024-01-01", "2024-01-21", "2025-02-04"], object),
        "accuracy": np.array([0.6, 0.7, 0.8]),
        "observed": Advantage(np.array([0.6, 0.7, 0.8]), np.array(0.7), np.array(0.1), np.array(0.02)),
        "resampled": Advantage(
            np.zeros((5, 3)),
            np.zeros(5),
            np.array([0.05, 0.1, 0.12, 0.2, 0.3]),
            np.array([0.01, 0.02, 0.03, 0.04, 0.05]),
        ),
        "split": Advantage(np.array([0.59, 0.68, 0.77]), np.array(0.69), np.array(0.08), np.array(0.015)),
        "adopted": np.array([0, 1, 2]),
        "ceiling": np.array([0.6, 0.8, 0.89]),
        "arrived": Arrivals(1.9, 0.3, 6.2, np.array([0.1, 0.1]), 0.1, 0.04, 0.11, 0.1),
        "normal": Option(0.7, 0.3),
        "empirical": Option(0.6, 0.2),
        "floor": 0.65,
        "dollars": CheapestAtFloor(np.array([-1, 1, 2]), np.array([np.nan, 0.02, 0.01])),
    }
    return Churn(**made | change)


def test_a_history_of_releases() -> None:
    first = history()
    worse = replace(first, observed=first.observed._replace(final=np.array(0.0)))
    none = np.array([-0.3, -0.2, -0.1, -0.05, -0.01])
    later = first.line._replace(commit_day=1, day=np.array([0, 1, 2]))
    some = [
        first,
        replace(first, split=first.split._replace(mean=np.array(-0.01)), dollars=None),
        replace(first, resampled=first.resampled._replace(mean=none + 0.2), line=later),
        replace(worse, line=later._replace(commit_day=0, early=np.array([True, False, False]))),
        replace(worse, resampled=first.resampled._replace(final=none)),
        history(normal=None, dollars=CheapestAtFloor(np.array([-1, -1, -1]), np.full(3, np.nan))),
        history(arrived=first.arrived._replace(expected_empirical=0.0)),
        replace(first, line=later, adopted=np.array([0, 0, 2]), outcomes=pool()),
    ]
    tables = {"models": first.table(), "no_dollars": some[1].table()}
    keep("words_churn", [*said(some), *lines(Result("", {}, tables=tables))])
    assert [one.reading for one in some[:4]] == ["adopting_gains", "cannot_tell", "cannot_tell", "nothing_newer"]
    assert churn._limits(np.arange(1001.0)) == (25.0, 975.0)
    even = replace(worse, resampled=first.resampled._replace(final=np.zeros(5)))
    assert even.headline().endswith("by committing to it.")


def test_models_of_one_release_day_have_the_numbers_of_that_day() -> None:
    line = Timeline(np.array([2, 0, 1]), np.array([0, 0, 400]), np.array([0, 2]), np.array([True, True, False]), 30)
    first = history(
        line=line, ceiling=np.array([0.8, 0.89]), dollars=CheapestAtFloor(np.array([1, 2]), np.array([2.0, 1]))
    )
    first = replace(
        first,
        observed=first.observed._replace(frontier=np.array([0.7, 0.8])),
        split=first.split._replace(frontier=np.array([0.68, 0.77])),
    )
    table = first.table().to_pydict()
    assert table["frontier"] == [0.7, 0.7, 0.8] and table["frontier_heldout"] == [0.68, 0.68, 0.77]
    assert table["ceiling"] == [0.8, 0.8, 0.89] and table["dollars_per_right"] == [2.0, 2.0, 1.0]
    assert table["released"] == ["2025-02-04", "2024-01-01", "2024-01-21"] and table["day"] == [0, 0, 400]
