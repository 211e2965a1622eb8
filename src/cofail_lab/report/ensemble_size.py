"""Sizes of votes in words, rows and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from cofail_lab.decisions.ensemble_size import Trial, best_size
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, fixed, number, percent, points
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.outcomes import Outcomes

Reading = Literal["one_model", "vote"]
"""Whether, models added from the best on, more than one of them pays by the votes cast."""


class Part(NamedTuple):
    """The whole matrix, or one of its datasets.

    Attributes:
        name: of the dataset; None for all queries.
        n_queries: number of its queries.
        error_rate, correlation: means over models and over interior pairs (tetrachoric).
        sizes: of votes, odd.
        predicted_any, cast_any: accuracy of votes of any members, on all its queries.
        predicted_in_order, cast_in_order: of votes of the best ones.
        trials_any, trials_in_order: predicted from one half, cast on the other.
        linearized: ⌊k*⌋ + 1 with λ at one member.
        repriced: the same with λ at each size.
        mean_score: the exact best number for an average of scores.
        limit: accuracy that no number of such members passes.
    """

    name: str | None
    n_queries: int
    error_rate: float
    correlation: float
    sizes: np.ndarray
    predicted_any: np.ndarray
    predicted_in_order: np.ndarray
    cast_any: np.ndarray
    cast_in_order: np.ndarray
    trials_any: tuple[Trial, ...]
    trials_in_order: tuple[Trial, ...]
    linearized: int
    repriced: int
    mean_score: int
    limit: float


class Judged(NamedTuple):
    """Predictions on halves, averaged.

    Attributes:
        size, best: predicted, and best by the votes.
        error: distance of the two, in members.
        within_one: share of the predictions that are at most one member off.
        regret: accuracy less cost that following the prediction loses.
    """

    size: float
    best: float
    error: float
    within_one: float
    regret: float


def judged(trials: Sequence[Trial]) -> Judged:
    """The mean over trials."""
    off = np.array([abs(one.size - one.best) for one in trials])
    means = [np.mean([getattr(one, name) for one in trials]) for name in ("size", "best", "regret")]
    return Judged(float(means[0]), float(means[1]), float(off.mean()), float((off <= 1).mean()), float(means[2]))


@dataclass(frozen=True)
class Sized:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        cost: of a member, in accuracy.
        whole: all queries.
        datasets: each dataset.
    """

    outcomes: Outcomes
    cost: float
    whole: Part
    datasets: tuple[Part, ...]

    @property
    def size_any(self) -> int:
        """Members of any kind that pay, predicted from all queries."""
        return best_size(self.whole.sizes, self.whole.predicted_any, self.cost)

    @property
    def size_in_order(self) -> int:
        """The same where the best are taken first."""
        return best_size(self.whole.sizes, self.whole.predicted_in_order, self.cost)

    @property
    def cast_in_order(self) -> int:
        """The same by the votes cast."""
        return best_size(self.whole.sizes, self.whole.cast_in_order, self.cost)

    @property
    def reading(self) -> Reading:
        """One model or a vote; where prediction and votes differ, what was observed counts."""
        return "vote" if self.cast_in_order > 1 else "one_model"

    def headline(self) -> str:
        """How many of the best models pay, what following that loses, and how many of any pay."""
        price = f"At {points(self.cost)} of accuracy a member"
        one, best = self.reading == "one_model", f"a majority of the {self.cast_in_order} best models"
        advice = "the best model alone" if one else best
        if self.cast_in_order == self.size_in_order:
            said = f"{price}, run {advice}: so say the votes, and the prediction from error rates and correlation."
        else:
            other = "one model" if self.size_in_order == 1 else f"{self.size_in_order}"
            said = f"{price}, run {advice}: so say the votes; error rates and correlation predict {other}."
        ordered, drawn = judged(self.whole.trials_in_order), judged(self.whole.trials_any)
        members = "1 pays" if self.size_any == 1 else f"{self.size_any} pay"
        lost = (
            f"{points(ordered.regret, 2)} against the size that votes best there ({number(ordered.best, 2)} on average)"
        )
        return (
            f"{said} A prediction from one half of the queries, followed on the other, loses {lost}. Of members drawn "
            f"from the pool {members} (by votes {number(drawn.best, 2)})."
        )

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/ensemble_size.md."""
        whole, drawn, ordered = self.whole, judged(self.whole.trials_any), judged(self.whole.trials_in_order)
        return {
            "n_models": self.outcomes.n_models,
            "n_queries": self.outcomes.n_queries,
            "n_datasets": len(self.datasets),
            "single_best": 1 - float(self.outcomes.error_rates.min()),
            "oracle": 1 - self.outcomes.all_wrong(),
            "cost": self.cost,
            "mean_error_rate": whole.error_rate,
            "tetrachoric_interior": whole.correlation,
            "majority_limit": whole.limit,
            "k_linearized": whole.linearized,
            "k_repriced": whole.repriced,
            "k_mean_score": whole.mean_score,
            "k_any": self.size_any,
            "k_in_order": self.size_in_order,
            "cast_k_any": best_size(whole.sizes, whole.cast_any, self.cost),
            "cast_k_in_order": self.cast_in_order,
            **_flat("any", drawn),
            **_flat("in_order", ordered),
        }

    def sections(self) -> tuple[Section, ...]:
        """Predictions, how they fare, and datasets."""
        return (
            Section("How many members pay", self._about(), self._rows()),
            Section(
                "Predicted from one half, cast on the other",
                (),
                (
                    self._row("members drawn", self.whole.trials_any),
                    self._row("best first", self.whole.trials_in_order),
                ),
                {"ensemble_size": "Majority votes by size: predicted from error rates and correlation, and cast."},
            ),
            *((self._datasets(),) if self.datasets else ()),
            *((Section("How the matrix was read", self.outcomes.notes),) if self.outcomes.notes else ()),
        )

    def _about(self) -> tuple[str, ...]:
        said = "Even votes are left out: with a coin for ties they are as good as those of one member fewer."
        if self.whole.correlation < 0:
            return (said, "The mean correlation is negative; it is taken as 0, so that votes gain more than predicted.")
        return (said,)

    def _rows(self) -> tuple[Row, ...]:
        whole = self.whole
        inputs = (
            f"error rate {percent(whole.error_rate)}, tetrachoric correlation {fixed(whole.correlation)}, on average"
        )
        limit = f"drawn members: {percent(whole.limit)} (P5.ii)"
        return (
            Row("members drawn", count(self.size_any), f"majority; {inputs}"),
            Row("best first", count(self.size_in_order), "majority, with error rates of their own"),
            Row(
                "linearized", count(whole.linearized), f"⌊k*⌋ + 1 at the price of one member; {whole.repriced} repriced"
            ),
            Row("average of scores", count(whole.mean_score), "exact (P7.iii); a vote needs about π/2 times as many"),
            Row("ceiling", percent(1 - self.outcomes.all_wrong()), f"of every policy (1 − β); {limit}"),
        )

    def _row(self, label: str, trials: Sequence[Trial]) -> Row:
        one = judged(trials)
        off = f"off by {number(one.error, 2)} members, at most one in {percent(one.within_one, 0)} of {len(trials)}"
        return Row(
            label,
            f"{number(one.size, 2)} for {number(one.best, 2)}",
            f"{off}; following the prediction loses {points(one.regret, 2)}",
        )

    def _datasets(self) -> Section:
        rows = tuple(
            (
                shorten(part.name or ""),
                count(part.n_queries),
                percent(part.error_rate),
                fixed(part.correlation, 2),
                count(best_size(part.sizes, part.predicted_any, self.cost)),
                count(best_size(part.sizes, part.predicted_in_order, self.cost)),
                number(judged(part.trials_in_order).best, 2),
            )
            for part in self.datasets
        )
        columns = ("dataset", "queries", "error rate", "correlation", "drawn", "best first", "by votes on other halves")
        return Section("By dataset", (), listing=Listing(columns, rows, (None,) * len(rows)))

    def sizes_table(self) -> pa.Table:
        """A row for each size."""
        whole = self.whole
        names = ("sizes", "predicted_any", "cast_any", "predicted_in_order", "cast_in_order")
        return pa.table({name.removesuffix("s") if name == "sizes" else name: getattr(whole, name) for name in names})

    def datasets_table(self) -> pa.Table:
        """A row for each dataset, the first for all queries."""
        rows = []
        for part in (self.whole, *self.datasets):
            drawn, ordered = judged(part.trials_any), judged(part.trials_in_order)
            rows.append(
                {
                    "dataset": part.name,
                    "n_queries": part.n_queries,
                    "error_rate": part.error_rate,
                    "tetrachoric_interior": part.correlation,
                    "k_linearized": part.linearized,
                    "k_any": best_size(part.sizes, part.predicted_any, self.cost),
                    "k_in_order": best_size(part.sizes, part.predicted_in_order, self.cost),
                    **_flat("any", drawn),
                    **_flat("in_order", ordered),
                }
            )
        return pa.Table.from_pylist(rows)

    def figure(self) -> Figure:
        """Accuracy against size."""
        from cofail_lab.report.figures.ensemble_size import ensemble_size

        return ensemble_size(self.whole, self.size_any, self.size_in_order, 1 - self.outcomes.all_wrong())


def _flat(name: str, one: Judged) -> dict[str, float]:
    return {
        f"heldout_predicted_{name}": one.size,
        f"heldout_best_{name}": one.best,
        f"heldout_error_{name}": one.error,
        f"heldout_within_one_{name}": one.within_one,
        f"heldout_regret_{name}": one.regret,
    }
