"""`experiment=bounds` on made-up data: figures that add up, plain sentences, bad input."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds.frechet import AllWrongRange
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds, _sharpened
from cofail_lab.experiments.plan import Plan
from cofail_lab.models import CommonShock
from cofail_lab.report.numbers import interval
from tests.conftest import outcomes_from
from tests.experiments.sources import inputs_from


def test_bounds_of_a_matrix(wrong):
    result = Bounds(moments=4).run(inputs_from(wrong))
    metrics: dict[str, Any] = dict(result.metrics)
    observed = wrong.all(axis=1).mean()
    assert metrics["all_wrong"] == observed
    assert metrics["frechet_lower"] <= observed <= metrics["frechet_upper"]
    assert metrics["ladder_lower_confident"] <= metrics["ladder_lower"] <= observed <= metrics["ladder_upper"]
    assert result.labels["frechet_sharp"] == "yes"
    assert result.tables["ladder"].num_rows == 4
    assert f"it is {100 * observed:.1f}%" in result.headline
    for draw in result.figures.values():
        draw()


def test_bounds_of_a_law():
    law = CommonShock(shock=0.05, base_error_rates=[0.3] * 67)  # pyright: ignore[reportCallIssue]
    result = Bounds().run(Inputs(RunOptions(), law_factory=lambda: law))
    assert result.metrics["frechet_upper"] == pytest.approx(0.0559712, abs=5e-8)
    assert result.metrics["ladder_lower"] == pytest.approx(0.049, abs=5e-5)
    assert result.metrics["ladder_lower_confident"] is None
    for draw in result.figures.values():
        draw()


@pytest.mark.parametrize(
    "make",
    [lambda: Bounds(moments=0), lambda: Bounds(delta=1.0), lambda: Plan(gain=0.0), lambda: Plan(n_models=0)],
)
def test_parameters_are_checked(make):
    with pytest.raises(InputError, match=r"experiment\."):
        make()


UNEVEN = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]])


def test_majority_is_more_than_half() -> None:
    """Of four models three: against a linear program on the counts, with the mean and the mean number of pairs."""
    metrics = Bounds().run(inputs_from(UNEVEN)).metrics
    counts, wrong = np.arange(5), UNEVEN.sum(axis=1)
    rows = np.array([np.ones(5), counts, counts * (counts - 1) / 2])
    known = [1, wrong.mean(), (wrong * (wrong - 1) / 2).mean()]
    most = linprog(-(counts >= 3).astype(float), A_eq=rows, b_eq=known)
    least = linprog((counts >= 3).astype(float), A_eq=rows, b_eq=known)
    assert metrics["majority_upper"] == pytest.approx(-most.fun, abs=1e-9)
    assert metrics["majority_lower"] == pytest.approx(least.fun, abs=1e-9)


def test_the_rows_say_their_own_numbers() -> None:
    result = Bounds(delta=0.1).run(inputs_from(UNEVEN))
    rows = {row.label: row for row in result.sections[0].rows}
    m = result.metrics
    assert rows["all wrong, from all pairs"].value == interval(m["frechet_lower"], m["frechet_upper"])
    assert rows["all wrong, from all pairs"].value != rows["all wrong, from mean rates only"].value
    assert rows["the same, with sampling error"].note == "simultaneous boxes at 90%"
    # A larger error probability, a narrower box.
    assert Bounds(delta=0.5).run(inputs_from(UNEVEN)).metrics["ladder_upper_confident"] < m["ladder_upper_confident"]


def test_column_generation_can_only_narrow(monkeypatch, wrong) -> None:
    found = AllWrongRange(0.2, 0.6, "columns", False)
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.joint_range", lambda *_, **__: found)
    known = AllWrongRange(0.1, 0.5, "pairs", False)
    narrowed = _sharpened(known, outcomes_from(wrong), np.zeros(6), np.zeros((6, 6)), 1.0)
    assert (narrowed.lower, narrowed.upper) == (0.2, 0.5)
