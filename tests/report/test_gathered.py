"""What metrics are called, and their units."""

from cofail_lab.report import gathered


def test_units_of_metrics() -> None:
    headings = {"oracle_gain": "gain (points)", "all_wrong": "all wrong", "accuracy_ridge": "accuracy_ridge"}
    assert {name: gathered.heading(name) for name in headings} == headings
    shown = {"oracle_gain": "5.0 points", "accuracy_ridge": "5.0%", "ratio_block": "0.05×", "cost_x": "0.05"}
    assert {name: gathered.form(name)(0.05) for name in shown} == shown
