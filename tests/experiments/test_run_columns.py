"""What runs have in common as columns: names, order and types, by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cofail_lab.experiments.run_columns import arrow_column, axes_of, columns_of, label_columns, order_of
from cofail_lab.runs import Run


def _run(folder: str, **fields: Any) -> Run:
    given: dict[str, Any] = {
        "experiment": "fit",
        "status": "completed",
        "error": None,
        "parameters": {},
        "metrics": {},
        "labels": {},
        "errors": {},
        "code": "1",
        **fields,
    }
    return Run(folder=Path(folder), **given)


def test_folders_are_told_from_the_deepest_that_holds_them_all() -> None:
    runs = [_run("/o/a/x/1"), _run("/o/a/y/2"), _run("/o/a/3")]
    assert columns_of(runs)["run"] == ["x/1", "y/2", "3"]
    assert columns_of([*runs, _run("/o/b/z/4")])["run"] == ["a/x/1", "a/y/2", "a/3", "b/z/4"]
    assert columns_of(runs[:1])["run"] == ["1"]
    assert columns_of([_run("/o/a/1"), _run("/o/ab/1")])["run"] == ["a/1", "ab/1"]


def test_columns_hold_one_value_a_run_and_none_where_it_has_none() -> None:
    one = _run("/o/1", parameters={"data.n": 3, "b": 1}, metrics={"gain": 0.1, "gain_error": 0.5}, labels={"gain": "g"})
    two = _run(
        "/o/2",
        experiment="audit",
        status="failed",
        error="no",
        parameters={"data.m": 4},
        code=None,
        metrics={"cost": 2},
        labels={"data.m": "x", "axis": "y"},
        errors={"gain": 0.25, "cost": 0.75},
    )
    columns = columns_of([one, two])
    assert columns == {
        "run": ["1", "2"],
        "experiment": ["fit", "audit"],
        "status": ["completed", "failed"],
        "error": [None, "no"],
        "code": ["1", None],
        "data.n": [3, None],
        "b": [1, None],
        "data.m": [None, 4],
        "gain": [0.1, None],
        "gain_error": [0.5, None],
        "cost": [None, 2],
        "cost_error": [None, 0.75],
        "gain_label": ["g", None],
        "data.m_label": [None, "x"],
        "axis": [None, "y"],
    }
    assert list(columns)[:5] == ["run", "experiment", "status", "error", "code"]
    assert label_columns([one, two]) == {"gain": "gain_label", "data.m": "data.m_label", "axis": "axis"}


@pytest.mark.parametrize(
    ("columns", "axes"),
    [
        # What has most values goes first; what never varies, and what is no parameter, is none.
        (
            {"run": ["1", "2", "3"], "run.seed": [0, 1, 1], "law.n": [5, 6, 7], "data.m": [1, 1, 1], "gain": [1, 2, 3]},
            {"law.n": "law.n", "run.seed": "run.seed"},
        ),
        # Of two that vary together the shorter key stays, and the one with fewer dots before that.
        ({"data.law.n": [5, 6], "law.number": [5, 6]}, {"law.number": "law.number"}),
        ({"law.number": [5, 6], "law.n": [7, 8]}, {"law.n": "law.n"}),
        # 1, 1.0 and True, "1" and None are all different values.
        ({"law.n": [1, 1.0], "law.k": [1, "1"]}, {"law.n": "law.n"}),
        # The name of a law says what has one value per law; what varies within one is an axis of its own.
        (
            {
                "law._target_": ["A", "A", "B", "B"],
                "law.rho": [0.1, 0.1, None, None],
                "law.n": [5, 6, 5, 6],
                "data.name": ["a", "b", "b", "b"],
            },
            {"law": "law._target_", "law.n": "law.n", "data.name": "data.name"},
        ),
        # A parameter of another group that varies with the law is an axis only where the law is none.
        ({"law._target_": ["A", "B"], "data.k": [1, 2]}, {"law": "law._target_"}),
        # The policy goes before everything that varies with it.
        ({"law._target_": ["A", "B", "B"], "policy": ["p", "q", "q"]}, {"policy": "policy"}),
        (
            {"policy": ["p", "q", "q"], "policy.k": [1, 2, 3], "policy.t": [1, 2, 2]},
            {"policy.k": "policy.k", "policy": "policy"},
        ),
    ],
)
def test_axes_are_the_parameters_that_were_varied(columns: dict[str, list[Any]], axes: dict[str, str]) -> None:
    found = axes_of(columns)
    assert found == axes and list(found) == list(axes)


def test_runs_are_in_ascending_order_of_what_was_varied() -> None:
    assert order_of([[3, 1, 2]], 3) == [1, 2, 0]
    assert order_of([["b", 10, "a", 9, None]], 5) == [3, 1, 4, 2, 0]  # numbers first; None is the text "None"
    assert order_of([["b", "a", "b", "a"], [1, 2, 0, 1]], 4) == [3, 1, 2, 0]
    assert order_of([], 2) == [0, 1]


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([1, 2], pa.int64(), [1, 2]),
        ([1, None, 2.5], pa.float64(), [1.0, None, 2.5]),
        ([0.5, None], pa.float64(), [0.5, None]),
        ([True, None], pa.bool_(), [True, None]),
        (["a", None], pa.string(), ["a", None]),
        ([1, "a", None], pa.string(), ["1", "a", None]),
        ([True, 1], pa.string(), ["True", "1"]),
        ([[1], None], pa.string(), ["[1]", None]),
        ([2**63 - 1, -(2**63)], pa.int64(), [2**63 - 1, -(2**63)]),
        ([2**63, None], pa.string(), [str(2**63), None]),
        ([-(2**63) - 1], pa.string(), [str(-(2**63) - 1)]),
        ([None, None], pa.float64(), [None, None]),
        ([], pa.float64(), []),
    ],
)
def test_a_column_has_the_narrowest_type_that_changes_nothing(
    values: list[Any], kind: pa.DataType, held: list[Any]
) -> None:
    column = arrow_column(iter(values))
    assert column.type == kind and column.to_pylist() == held
