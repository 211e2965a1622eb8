"""The experiments bounds, frontier and plan on made-up data: figures that add up, plain sentences, bad input."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from cofail_lab.bounds import extendible_envelope, wrong_count_range
from cofail_lab.bounds.extremal import endless_laws, extremal_laws
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds
from cofail_lab.experiments.frontier import CostFrontier
from cofail_lab.experiments.plan import Plan
from cofail_lab.grades import Grades
from cofail_lab.models import CommonShock


class Fixed:
    def __init__(self, grades):
        self.grades = grades

    def load(self):
        return self.grades


def inputs_from(wrong, **columns):
    n, m = wrong.shape
    grades = Grades(
        wrong.astype(np.int8), tuple(f"q{i}" for i in range(n)), tuple(f"m{j}" for j in range(m)), "made up", **columns
    )
    return Inputs(RunOptions(), source=lambda: Fixed(grades))


@pytest.fixture
def wrong():
    rng = np.random.default_rng(0)
    return (rng.random((300, 6)) < 0.3) | (rng.random((300, 1)) < 0.1)


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


def test_two_pools_with_the_same_pairwise_table_one_of_which_never_fails_together():
    lower, upper = extremal_laws(wrong_count_range([0.335, 0.1355], 67))
    np.testing.assert_allclose(lower.pairwise_wrong(), upper.pairwise_wrong(), atol=1e-12)
    assert float(lower.all_wrong()) == 0
    assert float(upper.all_wrong()) == pytest.approx(0.0559712, abs=5e-8)
    assert not lower.sample(jax.random.key(0), 2000).all(axis=1).any()
    mixing, shock = endless_laws(extendible_envelope(0.335, 0.1355), 67)
    np.testing.assert_allclose(mixing.pairwise_wrong(), shock.pairwise_wrong(), atol=1e-12)
    assert float(shock.all_wrong()) == pytest.approx(0.05, abs=1e-12)
    assert float(mixing.all_wrong()) < 1e-20


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


def test_plan(wrong):
    result = Plan(gain=0.02, n_models=67).run(Inputs(RunOptions()))
    assert result.metrics["n_queries_needed"] == result.metrics["n_queries_least"] == 357
    assert result.headline.startswith(
        "Grade 357 queries to rule out a gain above 2.0 points over the best of 67 models"
    )
    result.figures["success"]()
    from_data = Plan(gain=0.5, resolvable=None).run(inputs_from(wrong))
    assert from_data.metrics["n_models"] == 6
    assert from_data.metrics["resolvable"] == pytest.approx((wrong & ~wrong.all(axis=1)[:, None]).mean(axis=0).min())
    hopeless = replace(Plan(), gain=0.02, n_models=5, resolvable=0.03).run(Inputs(RunOptions()))
    assert hopeless.metrics["n_queries_needed"] is None
    assert "too close" in hopeless.headline
    hopeless.figures["success"]()


@pytest.mark.parametrize(
    "make",
    [lambda: Bounds(moments=0), lambda: Bounds(delta=1.0), lambda: Plan(gain=0.0), lambda: Plan(n_models=0)],
)
def test_parameters_are_checked(make):
    with pytest.raises(InputError, match=r"experiment\."):
        make()


def test_plan_without_a_source():
    with pytest.raises(InputError, match="null needs a source"):
        Plan().run(Inputs(RunOptions()))
