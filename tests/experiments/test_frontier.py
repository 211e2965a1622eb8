"""`experiment=frontier` on made-up data."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.frontier import CostFrontier
from tests.experiments.sources import inputs_from


def test_frontier(wrong):
    rng = np.random.default_rng(1)
    cost = rng.random(wrong.shape) + 0.1
    dataset = np.array(["a", "b"], dtype=object)[np.arange(len(wrong)) % 2]
    source = inputs_from(wrong, per_cell={"cost": cost}, per_query={"dataset": dataset})
    result = CostFrontier().run(source)
    metrics: dict[str, Any] = dict(result.metrics)
    right = ~wrong
    cheapest_right = np.where(right, cost, np.inf).min(axis=1)
    expected = np.where(np.isfinite(cheapest_right), cheapest_right, cost.min(axis=1)).mean()
    assert metrics["oracle_cost"] == pytest.approx(expected, abs=1e-12)
    assert metrics["oracle"] == pytest.approx(right.any(axis=1).mean())
    assert metrics["single_best"] <= metrics["dataset_routing"] <= metrics["oracle_at_single_best_cost"]
    assert metrics["matching_cost"] < metrics["single_best_cost"]
    result.figures["frontier"]()
    trying: dict[str, Any] = dict(CostFrontier(all_wrong="best_model").run(source).metrics)
    assert trying["oracle_cost"] > metrics["oracle_cost"]
    per_model = inputs_from(wrong, per_model={"price": np.arange(1.0, 7.0)})
    assert CostFrontier(price_column="price").run(per_model).metrics["least_cost"] == pytest.approx(1.0)


def test_frontier_needs_prices(wrong):
    with pytest.raises(InputError, match="has no cost per answer"):
        CostFrontier().run(inputs_from(wrong))
    with pytest.raises(InputError, match=r"'dollars' is no per-model column"):
        CostFrontier(price_column="dollars").run(inputs_from(wrong))
    with pytest.raises(InputError, match=r"prices: -1\.0 is negative"):
        CostFrontier().run(inputs_from(wrong, per_cell={"cost": np.full(wrong.shape, -1.0)}))
