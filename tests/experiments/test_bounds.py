"""`experiment=bounds` on made-up data: figures that add up, plain sentences, bad input."""

from typing import Any

import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds
from cofail_lab.experiments.plan import Plan
from cofail_lab.models import CommonShock
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
