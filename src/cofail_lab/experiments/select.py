"""`experiment=select`: which models to keep, what the search for them hides, and what each model adds (theory P11)."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.decisions import selection
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import SPLIT, generator
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import select as words
from cofail_lab.result import Result

# Sizes whose best sets are found for the figure, too.
_QUICK = 300_000


@dataclass(frozen=True)
class SelectModels:
    """The models that leave the fewest queries unsolved.

    Attributes:
        k: number of models to keep; with a budget the largest number, None for any.
        budget: what one call of every kept model may cost together; None for no limit.
        price_column: per-model column of prices; None takes the mean cost of an answer, where costs are known.
        choices: options of each query, where models that do not know guess; None where that is not so.
        delta: error probability of each limit.
        seconds: most time for the mixed-integer program.
    """

    k: int | None = 3
    budget: float | None = None
    price_column: str | None = None
    choices: int | None = None
    delta: float = 0.05
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.k is not None:
            checks.whole("experiment.k", self.k, least=1)
        elif self.budget is None:
            raise InputError("experiment.k: null; a number of models is needed, or experiment.budget")
        for name in ("budget", "seconds"):
            value = getattr(self, name)
            if value is None:
                continue
            checks.number(f"experiment.{name}", value)
            if value <= 0:
                raise InputError(f"experiment.{name}: {value!r} is not a number above 0")
        if self.choices is not None:
            checks.whole("experiment.choices", self.choices, least=2)
        checks.probability("experiment.delta", self.delta)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Choose greedily and exactly, then limits, a split of the queries, and the value of every model."""
        outcomes = inputs.outcomes()
        m, n = outcomes.n_models, outcomes.n_queries
        if self.k is not None and self.k > m:
            raise InputError(f"experiment.k: {self.k} of {m} models; 1..{m} is accepted")
        prices = None if self.budget is None else self._prices(outcomes)
        asked = (self.k, prices, self.budget)
        try:
            greedy = selection.greedy_set(outcomes.wrong, *asked)
        except InputError as error:
            raise InputError(f"experiment.{error}") from None
        with progress("Sets of models", total=2 + len(self._sizes(m))) as advance:
            chosen = selection.best_set(outcomes.wrong, *asked, seconds=self.seconds)
            advance(1)
            split = self._split(outcomes.wrong, asked, inputs.options.seed) if n > 1 else None
            advance(1)
            curve = {}
            for size in self._sizes(m):
                # Once a set leaves what all models leave, larger ones do, too.
                if outcomes.n_all_wrong not in curve.values():
                    curve[size] = selection.best_set(outcomes.wrong, size).n_unsolved
                advance(1)
        selected = words.Selected(
            outcomes=outcomes,
            greedy=greedy,
            chosen=chosen,
            limits=selection.selection_limits(
                chosen.least, chosen.n_unsolved, n, selection.n_candidates(m, self.k, self.budget), self.delta
            ),
            split=split,
            value=selection.coverage_value(outcomes.wrong),
            curve=curve,
            delta=self.delta,
            choices=self.choices,
            prices=prices,
            budget=self.budget,
        )
        return Result(
            headline=selected.headline(),
            metrics=selected.metrics(),
            labels=selected.labels(),
            tables={
                "models": selected.models_table(),
                "sets": selected.sets_table(),
                "sizes": self._sizes_table(selected),
            },
            csv=("models",),
            figures={"selection": selected.figure},
            sections=selected.sections(),
        )

    def _sizes(self, m: int) -> list[int]:
        """Sizes whose best sets are quick to find."""
        return [size for size in range(1, m + 1) if comb(m, size) <= _QUICK]

    def _prices(self, outcomes: Outcomes) -> np.ndarray:
        if self.price_column is not None:
            prices = outcomes.numbers_of_models(self.price_column, "experiment.price_column")
        elif "cost" in outcomes.per_cell:
            prices = np.asarray(outcomes.per_cell["cost"], dtype=float).mean(axis=0)
        else:
            raise InputError(
                f"experiment.budget: {outcomes.source} has no cost per answer; name a column of prices by "
                "experiment.price_column"
            )
        if not (known := np.isfinite(prices) & (prices > 0)).all():
            first = int((~known).argmax())
            raise InputError(
                f"experiment.budget: the price of {outcomes.models[first]} is {prices[first]:g}, one of "
                f"{int((~known).sum())} that are no numbers above 0; leave these models out by data.models"
            )
        return prices

    def _split(self, wrong: np.ndarray, asked: tuple, seed: int) -> words.Split:
        """Choose on one random half of the queries, count on the other."""
        order = generator(seed, SPLIT).permutation(len(wrong))
        first, second = order[: len(wrong) // 2], order[len(wrong) // 2 :]
        members = selection.best_set(wrong[first], *asked, seconds=self.seconds).members
        left = selection.unsolved(wrong[second], members)
        return words.Split(members, left, len(second), self.delta)

    def _sizes_table(self, selected: words.Selected) -> pa.Table:
        sizes = np.arange(1, selected.outcomes.n_models + 1)
        exact = [selected.curve.get(int(size)) for size in sizes]
        return pa.table(
            {"k": sizes, "unsolved_greedy": selected.greedy_curve, "unsolved_exact": pa.array(exact, pa.int64())}
        )
