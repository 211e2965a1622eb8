"""`experiment=churn`: adopt every new best model, or commit to one?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import release_history as history
from cofail_lab.decisions.churn import flow_threshold, option_value
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import CHURN_BOOTSTRAP, SPLIT, generator
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import churn as words
from cofail_lab.result import Result

_DATE_COLUMNS = ("release_date", "released")
_PRICES = ("usd_per_mtok_in", "usd_per_mtok_out")


@dataclass(frozen=True)
class AdoptOrCommit:
    """Every new best model against the best one of the first days, on the queries of one matrix (theory P9).

    Attributes:
        commit_day: days after the first release at which one commits.
        floor: accuracy asked for, where dollars are compared; None takes that of the model committed to.
        tokens_in, tokens_out: of a query, where costs follow from prices per million tokens; None for no such costs.
        discount_rate, flow_value, commitment_cost: r a year, v a year and K of the option to switch.
        splits: halves of the queries.
        bootstrap: resamples of the queries.
    """

    commit_day: int = 90
    floor: float | None = None
    tokens_in: float | None = None
    tokens_out: float | None = None
    discount_rate: float = 0.1
    flow_value: float = 1.0
    commitment_cost: float = 0.0
    splits: int = 100
    bootstrap: int = 2000

    def __post_init__(self) -> None:
        checks.within("experiment.commit_day", self.commit_day, 0, 36_500)
        if self.floor is not None:
            checks.share("experiment.floor", self.floor)
        for field in ("tokens_in", "tokens_out", "discount_rate", "flow_value", "commitment_cost"):
            value: float | None = getattr(self, field)
            if value is None and field.startswith("tokens"):
                continue
            checks.number(f"experiment.{field}", value)
            if value is None or value < 0 or (value == 0 and field == "discount_rate"):
                least = "above" if field == "discount_rate" else "of at least"
                raise InputError(f"experiment.{field}: {value!r} is not a number {least} 0")
        if (self.tokens_in is None) != (self.tokens_out is None):
            raise InputError("experiment.tokens_in: both tokens_in and tokens_out are needed, or neither")
        checks.within("experiment.splits", self.splits, 1, 10_000)
        checks.within("experiment.bootstrap", self.bootstrap, 100, 10**6)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The history, in sample and on halves, its arrivals, and dollars where they are known."""
        outcomes = inputs.outcomes()
        released = _released(outcomes)
        try:
            line = history.timeline(released, self.commit_day)
        except InputError as error:
            raise InputError(f"experiment.{error}" if str(error).startswith("commit") else str(error)) from None
        right = ~outcomes.wrong[:, line.models]
        accuracy = right.mean(axis=0)
        seed = inputs.options.seed
        with progress("History", total=2) as advance:
            resampled = history.bootstrap_advantage(line, right, generator(seed, CHURN_BOOTSTRAP), self.bootstrap)
            advance(1)
            split = history.split_advantage(line, right, generator(seed, SPLIT), self.splits)
            advance(1)
        observed = history.advantage(line, accuracy)
        arrived = history.arrivals(line, accuracy)
        floor = float(observed.committed) if self.floor is None else self.floor
        worded = words.Churn(
            outcomes=outcomes,
            line=line,
            released=released,
            accuracy=accuracy,
            observed=observed,
            resampled=resampled,
            split=split,
            adopted=history.adopted(line, accuracy),
            ceiling=_ceiling(line, right),
            arrived=arrived,
            normal=self._value(arrived.rate, arrived.expected_normal),
            empirical=self._value(arrived.rate, arrived.expected_empirical),
            floor=floor,
            dollars=self._dollars(outcomes, line, accuracy, floor),
        )
        return Result(
            headline=worded.headline(),
            metrics=worded.metrics(),
            labels=worded.labels(),
            tables={"timeline": worded.table()},
            figures={"churn": worded.figure},
            sections=worded.sections(),
        )

    def _value(self, rate: float, gap: float) -> words.Option | None:
        """Of the option to switch; None without an expected gap."""
        if np.isnan(gap):
            return None
        return words.Option(
            option_value(rate, self.discount_rate, self.flow_value, gap),
            flow_threshold(rate, self.discount_rate, self.flow_value, gap, self.commitment_cost),
        )

    def _dollars(
        self, outcomes: Outcomes, line: history.Timeline, accuracy: np.ndarray, floor: float
    ) -> history.CheapestAtFloor | None:
        if "cost" in outcomes.per_cell:
            cost = np.asarray(outcomes.per_cell["cost"], dtype=float).mean(axis=0)
        elif self.tokens_in is not None and self.tokens_out is not None:
            if missing := [name for name in _PRICES if name not in outcomes.per_model]:
                raise InputError(f"experiment.tokens_in: {outcomes.source} has no prices ({', '.join(missing)})")
            prices = [outcomes.numbers_of_models(name, "experiment.tokens_in") for name in _PRICES]
            cost = (self.tokens_in * prices[0] + self.tokens_out * prices[1]) / 1e6
        else:
            return None
        return history.cheapest_at_floor(line, accuracy, cost[line.models], floor)


def _released(outcomes: Outcomes) -> np.ndarray:
    """Dates from a column of the models' table, otherwise from names."""
    released = history.dates_in(outcomes.models)
    for name in _DATE_COLUMNS:
        if name in outcomes.per_model:
            given = history.dates_in(outcomes.per_model[name])
            released = np.where(np.isnat(given), released, given)
    if np.isnat(released).all():
        raise InputError(
            f"experiment=churn: no model of {outcomes.source} has a release date, neither in a column "
            f"{' or '.join(_DATE_COLUMNS)} (NAME.models, data.registry) nor in its name (2024-05-13, 20240513)"
        )
    return released


def _ceiling(line: history.Timeline, right: np.ndarray) -> np.ndarray:
    """1 - β of the models released so far, on each release day."""
    solved = np.logical_or.accumulate(right, axis=1).mean(axis=0)
    return solved[np.append(line.starts[1:], right.shape[1]) - 1]
