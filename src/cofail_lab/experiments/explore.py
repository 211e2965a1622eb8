"""`experiment=explore`: a page with live inputs that begins with the numbers of a matrix or with totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab import checks
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.estimators.pairs import Pairs, phi, row_means
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.explorer import Start, render_explorer
from cofail_lab.report.numbers import count, fixed, percent, points
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from cofail_lab.data.counts import Counts

PAGE = "explorer.html"
"""Name of the page in the folder of the run."""

_PANELS = (
    Row("totals", "ceiling, certificates", "and how many queries to grade"),
    Row("a growing pool", "tail, underpricing", "of four laws, and what pairs leave open"),
    Row("pairs", "two pools, one table", "fewest and most queries that defeat all"),
    Row("luck", "of equal models", "what one run seems to offer, what a router gets"),
)


@dataclass(frozen=True)
class Explore:
    """The explorer, a page that computes by itself and needs no network.

    Attributes:
        overhead: what combining costs, in accuracy.
    """

    overhead: float = 0.02

    def __post_init__(self) -> None:
        # The page has to begin with a number.
        checks.share("experiment.overhead", self.overhead, "0.02 means two points of accuracy")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The page, beginning with what the source holds."""
        del progress  # instant
        start = start_from(inputs.counts_or_outcomes(), self.overhead)
        gain = (start.n_queries - start.best_correct - start.n_all_wrong) / start.n_queries
        n = count(start.n_models)
        return Result(
            headline=f"The explorer is {PAGE}: change any number and see what combining can gain. It begins with "
            f"these {n} models, of which a perfect selector gains {points(gain)} over the best.",
            metrics={
                "n_models": start.n_models,
                "n_queries": start.n_queries,
                "n_all_wrong": start.n_all_wrong,
                "single_best": start.best_correct / start.n_queries,
                "oracle_gain": gain,
                "mean_error_rate": start.error_rate,
                "pearson": start.pearson,
            },
            pages={PAGE: render_explorer(start)},
            sections=(
                Section(
                    "What the page computes",
                    (f"One file, {PAGE}, without a network. A setting is kept in its address and can be shared.",),
                    _PANELS,
                ),
                Section("What it begins with", (), _rows(start)),
            ),
        )


def start_from(loaded: Counts | Outcomes, overhead: float) -> Start:
    """The numbers that the page begins with: those of a matrix, or what totals say."""
    if not isinstance(loaded, Outcomes):
        totals = (loaded.n_models, loaded.n_queries, loaded.n_all_wrong, loaded.best_correct)
        return Start("totals", *totals, overhead, None, None)
    pairs, errors = Pairs.of(loaded.n_models), loaded.error_counts
    both = loaded.joint_wrong_counts[pairs.left, pairs.right]
    values = phi(errors[pairs.left], errors[pairs.right], both, loaded.n_queries)
    mean = float(row_means(values, ~np.isnan(values)))
    return Start(
        f"the {count(loaded.n_models)} models of {loaded.source}",
        loaded.n_models,
        loaded.n_queries,
        loaded.n_all_wrong,
        loaded.n_queries - int(errors.min()),
        overhead,
        float(loaded.error_rates.mean()),
        None if np.isnan(mean) else mean,
    )


def _rows(start: Start) -> tuple[Row, ...]:
    best, n = start.best_correct, start.n_queries
    rows = [
        Row("fail everyone", f"{count(start.n_all_wrong)} of {count(n)}", "queries"),
        Row("the best model", percent(best / n), f"{count(best)} right answers"),
    ]
    if start.error_rate is not None:
        rows.append(Row("mean error rate", percent(start.error_rate), "of a model"))
    if start.pearson is not None:
        rows.append(Row("mean correlation", fixed(start.pearson), "Pearson's, of the errors of two models"))
    return tuple(rows)
