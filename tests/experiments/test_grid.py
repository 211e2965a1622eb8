"""`experiment=grid` stands for thousands of jobs."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytest

from cofail_lab.experiments import grid
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.grid import Grid, _values
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.models import AbstractErrorLaw, AtomInflated, Clayton, CommonShock, Independent


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
    whole = Grid(axes, sizes).run(inputs)
    points, curves = whole.tables["points"].to_pylist(), whole.tables["curves"]
    assert len(points) == whole.metrics["n_points"] == (6 if "shock" in axes else 5)
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
        assert {name: set(rows[name].to_pylist()) for name in axes} == {name: {point[name]} for name in axes}
        for name in ("log_all_wrong", "tetrachoric", "pearson", "log_one_factor"):
            np.testing.assert_allclose(rows[name].to_numpy(), single[name].to_numpy(), rtol=1e-13)
    # Another point is another curve: the comparison could have failed.
    assert points[0]["all_wrong"] != pytest.approx(points[-1]["all_wrong"], rel=1e-3)


def test_values_of_an_axis() -> None:
    assert _values("theta", {"from": 1, "to": 100, "n": 3}) == [1, 50.5, 100]
    assert _values("theta", {"from": 1, "to": 100, "n": 3, "log": True}) == pytest.approx([1, 10, 100])


def test_laws_of_two_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laws of one size are computed together, at sizes that the smallest has; rows and errors are where they belong."""
    seen: list[tuple[int, list[int]]] = []

    def curves(laws: Sequence[AbstractErrorLaw], sizes: np.ndarray) -> dict[str, np.ndarray]:
        seen.append((len(laws), sizes.tolist()))
        logs = ("all_wrong", "one_factor", "one_factor_pearson", "ratio_one_factor", "ratio_one_factor_pearson")
        names = [*(f"log_{name}" for name in logs), "tetrachoric", "pearson", "implied_correlation"]
        columns = {name: np.tile([-1.0, -2.0], (len(laws), 1)) for name in names}
        return columns | {"log_all_wrong_error": np.full((len(laws), 2), 0.5)}

    monkeypatch.setattr(grid, "_curves", curves)
    rates = [[0.2, 0.6, 0.3], [0.5, 0.1, 0.4, 0.6]]
    inputs = Inputs(RunOptions(), law_factory=lambda **p: CommonShock(**p))
    result = Grid({"shock": [0.05, 0.1], "base_error_rates": rates}, None).run(inputs)
    assert seen == [(1, [2, 3])] * 4
    rows = result.tables["curves"].to_pylist()
    assert [row["shock"] for row in rows] == [0.05] * 4 + [0.1] * 4
    assert [row["base_error_rates"] for row in rows] == [rates[k] for k in (0, 0, 1, 1, 0, 0, 1, 1)]
    assert [row["pool_size"] for row in rows] == [2, 3] * 4
    assert result.tables["points"]["all_wrong_error"].to_pylist() == pytest.approx([0.5 * np.exp(-2)] * 4)


def test_the_error_of_a_curve_is_that_of_the_largest_pool() -> None:
    """β of 300 models is below every float: what is left is the rounding of its log, and that of two models is less."""
    law = AtomInflated(0.0, Independent(np.full(300, 1e-3)))
    found = grid._curves([law], np.array([2, 300]))
    assert np.isnan(found["log_all_wrong_error"][0, 0])
    expected = law.log_all_wrong_error(float(law.log_all_wrong()))
    assert found["log_all_wrong_error"][0, 1] == expected
    assert expected != pytest.approx(law.log_all_wrong_error(float(found["log_all_wrong"][0, 0])), rel=0.1)


def test_pools_are_the_first_models() -> None:
    """The shock, or both of the first two wrong on their own."""
    law = jax.tree.map(lambda leaf: np.asarray(leaf)[None], CommonShock(0.05, [0.2, 0.6, 0.3]))
    assert np.exp(grid._log_all_wrong(law, 2)) == pytest.approx([0.05 + 0.95 * 0.2 * 0.6])
