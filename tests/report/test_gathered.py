"""What metrics are called, and their units."""

from dataclasses import replace

from cofail_lab.report import gathered
from tests.report.test_finding import runs


def test_units_of_metrics() -> None:
    headings = {"oracle_gain": "gain (points)", "all_wrong": "all wrong", "accuracy_ridge": "accuracy_ridge"}
    assert {name: gathered.heading(name) for name in headings} == headings
    shown = {"oracle_gain": "5.0 points", "accuracy_ridge": "5.0%", "ratio_block": "0.05×", "cost_x": "0.05"}
    assert {name: gathered.form(name)(0.05) for name in shown} == shown


def test_a_setting_is_said_without_what_is_left_out() -> None:
    """By the columns, which need not be called as what was varied."""
    made = replace(
        runs({"data.pool_size": [8, 16], "x.delta": [0.1, None], "y.delta": ["cofail_lab.models.Clayton", "b"]}),
        axes={"data.pool_size": "data.pool_size", "x.delta": "x.delta", "law": "y.delta"},
    )
    assert [made.setting(i) for i in (0, 1)] == ["pool_size=8 delta=0.1 law=Clayton", "pool_size=16 delta=null law=b"]
    assert made.setting(0, ("y.delta", "data.pool_size")) == "delta=0.1"
    assert made.setting(0, ("law",)) == made.setting(0)
    twice = replace(made, axes={"x.delta": "x.delta", "y.delta": "y.delta"})
    assert twice.setting(1) == "x.delta=null y.delta=b"


def test_a_flag_is_no_number() -> None:
    assert [gathered.is_number(value) for value in (1, 0.5, True, "1", None)] == [True, True, False, False, False]
