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


@pytest.fixture
def two() -> np.ndarray:
    """Two models: on eight queries of x, a is right on the first three and b on the last six; on both of y only a."""
    x = np.array([[i >= 3, i < 2] for i in range(8)])
    return np.concatenate([x, [[False, True]] * 2])


def test_frontier_by_hand(two: np.ndarray):
    """A costs 1 and is right on .5, b costs 3 and is right on .6."""
    dataset = np.array(["x"] * 8 + ["y"] * 2, dtype=object)
    held = inputs_from(two, per_model={"price": np.array([1.0, 3.0])}, per_query={"dataset": dataset})
    result = CostFrontier(price_column="price").run(held)
    assert result.metrics == pytest.approx(
        {
            "n_models": 2,
            "n_queries": 10,
            "single_best": 0.6,
            "single_best_cost": 3.0,
            "oracle": 1.0,
            "oracle_cost": (5 * 1 + 5 * 3) / 10,
            "least_cost": 1.0,
            "oracle_at_single_best_cost": 1.0,
            # From .5 at 1, each further .1 costs .2.
            "matching_cost": 1.2,
            "shadow_price_at_single_best_cost": 0.0,
            # x to b and y to a.
            "dataset_routing": 0.8 * 0.75 + 0.2 * 1,
            "dataset_routing_cost": 0.8 * 3 + 0.2 * 1,
        }
    )
    assert result.labels["best_model"] == "m1"
    assert "it could match m1 for 40.0% of the cost" in result.headline


def test_of_equally_good_models_the_cheapest_is_the_best():
    wrong = np.array([[True, False, True], [False, True, False]])
    held = inputs_from(wrong, per_model={"price": np.array([3.0, 1.0, 2.0])})
    result = CostFrontier(price_column="price").run(held)
    assert (result.labels["best_model"], result.metrics["single_best_cost"]) == ("m1", 1.0)


def test_a_dataset_that_nearly_names_the_query_is_no_route(two: np.ndarray):
    for names, known in ((["x"] * 8 + ["y"] * 2, True), (["x"] * 8 + ["y", "z"], False), (["x"] * 10, False)):
        columns = {"per_model": {"price": np.ones(2)}, "per_query": {"dataset": np.array(names, dtype=object)}}
        found = CostFrontier(price_column="price").run(inputs_from(two, **columns)).metrics["dataset_routing"]
        assert (found is not None) == known
