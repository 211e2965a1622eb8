"""Words and tables about two conditions: kept whole, for every branch."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.regrading import Figures
from cofail_lab.decisions.paired import Difference
from cofail_lab.fitting.readings.matched import Matched
from cofail_lab.grades import Cell
from cofail_lab.report import compare, compare_tables
from tests.experiments.drawn import drawn
from tests.experiments.whole import keep, said


def conditions(own: list[float], crossed: list[float], spread: float = 0.0, **change: Any) -> compare.Compared:
    """Ratios of β observed to predicted, at the own and at the other's correlation; of resamples with a spread."""
    grades: Any = SimpleNamespace(queries=tuple("wxyz"), models=("a", "b", "c"), source="one.csv")
    observed = np.array([0.1, 0.2])

    def of(b: int) -> Matched:
        factors = np.stack([np.ones(b), np.linspace(1 - spread, 1 + spread, b)]) if b > 1 else np.ones((2, 1))
        stack = lambda values: np.repeat(np.array(values)[:, None], b, axis=1) * factors  # noqa: E731
        seen = np.repeat(observed[:, None], b, axis=1)
        return Matched(stack([0.3, 0.45]), seen, stack(observed / np.array(own)), stack(observed / np.array(crossed)))

    figures = [
        Figures(100, 10, 0.1, 0.05, 0.18, 0.7, 0.2, 0.3, 0.28, 0.1),
        Figures(100, 20, 0.2, 0.13, 0.29, 0.65, 0.15, 0.25, 0.22, 0.05),
    ]
    models = tuple(
        compare.ModelChange(name, 0.7, 0.7 + by, Difference(by, by - 0.03, by + 0.04, 9, 4, 0.02), p)
        for name, by, p in (("a", 0.05, 0.04), ("b", -0.1, 0.0004), ("c", 0.01, 0.05))
    )
    made: dict[str, Any] = {
        "first": grades,
        "second": SimpleNamespace(queries=tuple("pqrs"), models=("a", "b"), source="two.csv"),
        "pool": "shared",
        "n_incomplete": 0,
        "figures": tuple(figures),
        "all_wrong": Difference(0.1, 0.02, 0.18, 14, 4, 0.03),
        "gain_limits": (-0.2, 0.12),
        "matched": of(1),
        "drawn": of(40),
        "models": models,
        "notes": ("A note.", "A note.", "Another."),
        "delta": 0.05,
    }
    return compare.Compared(**made | change)


def test_two_conditions() -> None:
    plain = conditions([1.5, 3.0], [1.4, 2.0])
    # Three of forty resamples without a ratio are more than one of twenty, two are not.
    lost = plain.drawn.predicted.copy()
    lost[0, :3] = np.nan
    some = [
        plain,
        conditions([1.5, 3.0], [1.4, 1.2], pool="all", n_incomplete=3),
        conditions([3.0, 1.5], [1.4, 2.0]),
        conditions([3.0, 1.5], [1.4, 4.0], models=()),
        conditions([2.0, 2.0], [1.4, 4.0]),
        replace(plain, drawn=plain.drawn._replace(predicted=lost)),
        replace(plain, all_wrong=plain.all_wrong._replace(p=0.0004)),
        # Of limits 20% to either side those of 1.07 and .93 hold 1, and so do those of 1.1 and .9 at the own one.
        conditions([1.5, 3.0], [1.4, 1.6], 0.2),
        conditions([3.0, 1.5], [1.4, 2.8], 0.2),
        conditions([3.0, 3.3], [1.4, 2.8], 0.2),
        conditions([3.0, 2.7], [1.4, 2.8], 0.2),
    ]
    keep("words_compare", said(some))
    assert [one.tail for one in some[:6]] == ["fatter", "correlation", "thinner", "correlation", "same", "no_ratio"]
    assert [one.tail for one in some[7:]] == ["correlation", "correlation", "same", "same"]
    two = plain.drawn.predicted.copy()
    two[0, :2] = np.nan
    assert replace(plain, drawn=plain.drawn._replace(predicted=two)).tail == "fatter"


def test_tables_of_two_conditions() -> None:
    """Right of three models 0, 1, 3 and 0, of two 0, 2, 1 and 1: changes 0, 2/3, -1/2 and 1/2 of the models."""
    cells = [np.array([[1, 1, 1], [0, 1, 1], [0, 0, 0], [1, 1, 2]]), np.array([[1, 1], [0, 0], [1, 0], [0, 3]])]
    states = np.array([Cell.RIGHT, Cell.WRONG, Cell.UNSCORED, Cell.ERROR])
    sides: list[Any] = [
        SimpleNamespace(cells=states[one], queries=names, models=models)
        for one, names, models in zip(cells, ("wxyz", "pqrs"), ("abc", "ab"), strict=True)
    ]
    made = conditions([1.5, 3.0], [1.4, 2.0], first=sides[0], second=sides[1])
    keep("figures_compare", [*drawn("compare", made.figure())])
    rows = compare_tables.queries_table(made).to_pylist()
    assert [(row["query"], row["query_second"], row["all_wrong"]) for row in rows] == [
        ("x", "q", "no"),
        ("y", "r", "no"),
        ("z", "s", "first"),
        ("w", "p", "both"),
    ]
    assert [row["change"] for row in rows] == pytest.approx([2 / 3, -1 / 2, 1 / 2, 0])
    assert [(row["n_right_first"], row["n_right_second"]) for row in rows] == [(1, 2), (3, 1), (0, 1), (0, 0)]
    turned = compare_tables.queries_table(replace(made, first=sides[1], second=sides[0])).to_pylist()
    assert [row["all_wrong"] for row in turned] == ["no", "no", "second", "both"]
    model = compare_tables.models_table(made).to_pylist()[1]
    numbers = {"first": 0.7, "second": 0.6, "change": -0.1, "change_lower": -0.13, "change_upper": -0.06}
    numbers |= {"n_gained": 9, "n_lost": 4, "p_value": 0.02, "p_holm": 0.0004}
    assert model.pop("model") == "b" and model == pytest.approx(numbers)
