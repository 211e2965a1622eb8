"""`experiment=frontier`: what a budget buys when every query could go to the right model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from cofail_lab.decisions import Frontier, budget_frontier, query_oracle_frontier
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.numbers import number, percent, points
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_DATASETS_PER_QUERY = 0.2


@dataclass(frozen=True)
class CostFrontier:
    """Accuracy against mean cost per query: every model, the per-query oracle, and routing by dataset (theory P4).

    Attributes:
        price_column: per-model column with the price of an answer; with None, the costs of single answers are used.
        all_wrong: where a query that no model gets right is sent: ``cheapest`` or ``best_model``. It is never free.
    """

    price_column: str | None = None
    all_wrong: Literal["cheapest", "best_model"] = "cheapest"

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Both frontiers, and the single best model beside them."""
        del progress  # done in an instant
        outcomes = inputs.outcomes()
        prices = self._prices(outcomes)
        oracle = query_oracle_frontier(outcomes.wrong, prices, self.all_wrong)
        by_dataset = _dataset_frontier(outcomes, prices)
        cost = np.broadcast_to(prices, outcomes.wrong.shape).mean(axis=0)
        accuracy = 1 - outcomes.error_rates
        # Of equally good models the cheapest one.
        best = int(np.lexsort((cost, -accuracy))[0])
        matching = float(np.interp(accuracy[best], oracle.values, oracle.costs))
        # No policy costs less than the cheapest one.
        budget = max(float(cost[best]), oracle.least_cost)
        at_best = float(oracle.value(budget))
        name, per_query = outcomes.models[best], number(float(cost[best]))
        sentence = (
            f"For what {name} costs ({per_query} per query, {percent(accuracy[best])} right), a perfect router would "
            f"get {percent(at_best)} right, a gain of {points(at_best - accuracy[best])}; it could match {name} for "
            f"{percent(matching / budget if budget else None)} of the cost. No real router does better than that."
        )
        return Result(
            headline=sentence,
            metrics={
                "n_models": outcomes.n_models,
                "n_queries": outcomes.n_queries,
                "single_best": float(accuracy[best]),
                "single_best_cost": float(cost[best]),
                "oracle": oracle.oracle,
                "oracle_cost": oracle.oracle_cost,
                "least_cost": oracle.least_cost,
                "oracle_at_single_best_cost": at_best,
                "matching_cost": matching,
                "shadow_price_at_single_best_cost": float(oracle.shadow_price(budget)),
                "dataset_routing": None if by_dataset is None else by_dataset.oracle,
                "dataset_routing_cost": None if by_dataset is None else by_dataset.oracle_cost,
            },
            labels={"decision": sentence, "best_model": outcomes.models[best], "all_wrong_convention": self.all_wrong},
            tables={
                "oracle_frontier": pa.table({"cost": oracle.costs, "accuracy": oracle.values}),
                "models": pa.table({"model": list(outcomes.models), "cost": cost, "accuracy": accuracy}),
            },
            figures={"frontier": partial(_draw, oracle, by_dataset, cost, accuracy)},
            sections=(
                Section(
                    "What a budget buys",
                    (),
                    (
                        Row(
                            "cheapest oracle", number(oracle.oracle_cost), f"per query, {percent(oracle.oracle)} right"
                        ),
                        Row("cheapest policy", number(oracle.least_cost), f"{percent(float(oracle.values[0]))} right"),
                        Row(
                            "oracle against single best",
                            percent(oracle.oracle_cost / budget if budget else None),
                            "of its cost",
                        ),
                    ),
                    {"frontier": "Share right against mean cost: models, and the frontiers of perfect routing."},
                ),
            ),
        )

    def _prices(self, outcomes: Outcomes) -> np.ndarray:
        if self.price_column is not None:
            return outcomes.numbers_of_models(self.price_column, "experiment.price_column")
        if "cost" not in outcomes.per_cell:
            raise InputError(
                f"experiment.price_column: {outcomes.source} has no cost per answer; name a per-model column of prices"
            )
        return np.asarray(outcomes.per_cell["cost"], dtype=float)


def _dataset_frontier(outcomes: Outcomes, prices: np.ndarray) -> Frontier | None:
    """Routing by dataset only, in-sample; None where datasets are so small that one nearly names the query."""
    if outcomes.dataset is None:
        return None
    names, which = np.unique(outcomes.dataset.astype(str), return_inverse=True)
    if not 1 < len(names) <= _MAX_DATASETS_PER_QUERY * outcomes.n_queries:
        return None
    sizes = np.bincount(which)
    member = (which == np.arange(len(names))[:, None]) / sizes[:, None]
    cost = np.broadcast_to(prices, outcomes.wrong.shape)
    return budget_frontier(member @ ~outcomes.wrong, member @ cost, sizes / sizes.sum())


def _draw(oracle: Frontier, by_dataset: Frontier | None, cost: np.ndarray, accuracy: np.ndarray) -> Figure:
    from cofail_lab.report.figures.frontier import cost_frontier

    return cost_frontier(oracle, by_dataset, cost, accuracy)
