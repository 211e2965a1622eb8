"""With which numbers the explorer begins, by hand and at the ends of what its inputs accept."""

from dataclasses import replace

import pytest

from cofail_lab.report import explorer
from cofail_lab.report.explorer import Start, render_explorer

START = Start("made up", 12, 300, 9, 240, 0.02, 0.35, 0.25)


def test_numbers_as_they_are_typed() -> None:
    """A shock of ω = (p - α²)/(1 - 2α + p), with p - α² = 0.25·0.35·0.65, rounded down to a tenth of a percent."""
    more = 0.25 * 0.35 * 0.65
    assert explorer._inputs(START) == {
        "n_models": 12,
        "n_queries": 300,
        "n_all_wrong": 9,
        "best_correct": 240,
        "overhead": 2.0,
        "error_rate": 35.0,
        "accuracy": 65.0,
        "correlation": 0.25,
        "shock": int(1000 * more / (0.65**2 + more)) / 10,
        "pool": 12,
        "small_pool": 12,
    }


@pytest.mark.parametrize(
    ("changes", "inputs"),
    [
        ({"error_rate": None}, {"error_rate": 20.0, "accuracy": 80.0}),  # of the best model: 60 of 300 are wrong
        ({"pearson": None}, {"correlation": 0.3}),
        ({"error_rate": 0.0}, {"error_rate": 0.1, "accuracy": 99.9}),
        ({"error_rate": 1.0}, {"error_rate": 99.0, "accuracy": 1.0, "shock": 96.1}),
        ({"error_rate": 0.12345}, {"error_rate": 12.3, "accuracy": 87.7}),
        ({"pearson": -0.2}, {"correlation": 0.0, "shock": 0.0}),
        ({"pearson": 1.0}, {"correlation": 0.99}),
        ({"pearson": 0.128}, {"correlation": 0.13}),
        ({"overhead": 0.0}, {"overhead": 0.1}),
        ({"overhead": 0.12345}, {"overhead": 12.35}),
        ({"n_models": 2}, {"n_models": 2, "pool": 3, "small_pool": 3}),
        ({"n_models": 31}, {"pool": 31, "small_pool": 30}),
        ({"n_models": 2000}, {"n_models": 2000, "pool": 1000, "small_pool": 30}),
    ],
)
def test_numbers_that_an_input_does_not_accept(changes: dict[str, float | None], inputs: dict[str, float]) -> None:
    found = explorer._inputs(replace(START, **changes))  # type: ignore[arg-type]
    assert {name: found[name] for name in inputs} == inputs


def test_what_is_not_known_is_said() -> None:
    said = "; pairs of its models are not known, a correlation of 0.3 is an example"
    for changes, more in (({}, ""), ({"error_rate": None}, said), ({"pearson": None}, said)):
        page = render_explorer(replace(START, **changes))  # type: ignore[arg-type]
        assert f"It begins with made up{more}." in page
    assert "It begins with &lt;b&gt;." in render_explorer(replace(START, source="<b>"))
