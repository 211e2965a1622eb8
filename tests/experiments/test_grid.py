"""`experiment=grid` stands for thousands of jobs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.grid import Grid
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.models import AbstractErrorLaw, Clayton, CommonShock


@pytest.mark.parametrize(
    ("law", "axes"),
    [
        (
            lambda **p: CommonShock(**{"shock": 0.05, "base_error_rates": "0.3x20", **p}),
            {"shock": [0.001, 0.02, 0.25], "base_error_rates": ["0.2x20", "0.6x20"]},
        ),
        (
            lambda **p: Clayton(**{"error_rates": "0.4x20", "theta": 2.0, **p}),
            {"theta": {"from": 0.5, "to": 8, "n": 5}},
        ),
    ],
)
def test_a_grid_is_its_jobs(law: Callable[..., AbstractErrorLaw], axes: dict[str, Any]) -> None:
    """Integers equal, floats to 1e-13; logs of ratios, which are differences, to 1e-13 of the logs that differ."""
    sizes = (2, 5, 20)
    inputs = Inputs(RunOptions(), law_factory=law)
    grid = Grid(axes, sizes).run(inputs)
    points, curves = grid.tables["points"].to_pylist(), grid.tables["curves"]
    assert len(points) == grid.metrics["n_points"] == (6 if "shock" in axes else 5)
    for number, point in enumerate(points):
        parameters = {name: point[name] for name in axes}
        alone = TailCurve(sizes, False).run(Inputs(RunOptions(), law_factory=lambda p=parameters: law(**p)))
        for name, value in alone.metrics.items():
            scale = abs(alone.metrics["log_all_wrong"]) if name.startswith("log_ratio") else 0
            if isinstance(value, int) or value is None:
                assert point[name] == value
            else:
                assert point[name] == pytest.approx(value, rel=1e-13, abs=1e-13 * scale), name
        rows, single = curves.slice(number * len(sizes), len(sizes)), alone.tables["tail_curve"]
        assert rows["pool_size"].equals(single["pool_size"])
        for name in ("log_all_wrong", "tetrachoric", "pearson", "log_one_factor"):
            np.testing.assert_allclose(rows[name].to_numpy(), single[name].to_numpy(), rtol=1e-13)
    # Another point is another curve: the comparison could have failed.
    assert points[0]["all_wrong"] != pytest.approx(points[-1]["all_wrong"], rel=1e-3)
