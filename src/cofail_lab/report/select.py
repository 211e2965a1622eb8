"""A selection of models in words, rows and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.special import bdtrc

from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.decisions.coverage import greedy_coverage
from cofail_lab.decisions.selection import Chosen, SelectionLimits, Value, unsolved
from cofail_lab.estimate import confidence
from cofail_lab.report.names import listed, shorten
from cofail_lab.report.numbers import count, number, percent, points
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.outcomes import Outcomes

# A count of unique solves that a guesser would reach with at least this probability is no sign of knowledge.
_GUESS = 0.05


class Split(NamedTuple):
    """A set chosen on one half of the queries, counted on the other.

    Attributes:
        members: the set.
        n_unsolved: queries of the other half that it leaves unsolved.
        n_queries: size of the other half.
        delta: error probability of `upper`.
    """

    members: tuple[int, ...]
    n_unsolved: int
    n_queries: int
    delta: float

    @property
    def upper(self) -> float:
        """Upper limit of the β of this set; it needs no correction, because these queries did not choose it."""
        return float(clopper_pearson_upper(self.n_unsolved, self.n_queries, self.delta))


@dataclass(frozen=True)
class Selected:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        greedy: the greedy set, in the order of choice.
        chosen: the best set.
        limits: of β on queries of this kind.
        split: choice and count on different queries; None with a single query.
        value: of every model.
        curve: size -> queries that the best set of this size leaves, where that was quick to find.
        delta: error probability of each limit.
        choices: options of each query; None where models do not guess.
        prices, budget: of the models, and of the set; None without a budget.
    """

    outcomes: Outcomes
    greedy: tuple[int, ...]
    chosen: Chosen
    limits: SelectionLimits
    split: Split | None
    value: Value
    curve: Mapping[int, int]
    delta: float
    choices: int | None
    prices: np.ndarray | None
    budget: float | None

    @property
    def n_greedy(self) -> int:
        """Queries that the greedy set leaves unsolved."""
        return unsolved(self.outcomes.wrong, self.greedy)

    @cached_property
    def greedy_curve(self) -> list[int]:
        """Queries that the first 1..m greedy choices leave unsolved."""
        order = greedy_coverage(self.outcomes.wrong, self.outcomes.n_models).members
        left, counts = np.ones(self.outcomes.n_queries, dtype=bool), []
        for model in order:
            left &= self.outcomes.wrong[:, model]
            counts.append(int(left.sum()))
        return counts

    @property
    def names(self) -> list[str]:
        """Names of the chosen models."""
        return [self.outcomes.models[i] for i in self.chosen.members]

    def headline(self) -> str:
        """The set, what it leaves, and what all models leave."""
        n, m, k = self.outcomes.n_queries, self.outcomes.n_models, len(self.chosen.members)
        lost, everyone = self.chosen.n_unsolved, self.outcomes.n_all_wrong
        named = listed(self.names)
        within = "" if self.budget is None else f" for {number(self.cost)} of a budget of {number(self.budget)} a query"
        models = "1 model leaves" if k == 1 else f"{k} models leave"
        said = f"{models} {count(lost)} of {count(n)} queries ({percent(lost / n)}) unsolved{within}: {named}."
        if k == m:
            return said
        if lost == everyone:
            return f"{said} All {m} leave as many: the others add no query."
        return (
            f"{said} All {m} leave {count(everyone)} ({percent(everyone / n)}), {points((lost - everyone) / n)} fewer."
        )

    @property
    def cost(self) -> float | None:
        """What one call of every chosen model costs together."""
        return None if self.prices is None else float(self.prices[list(self.chosen.members)].sum())

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/selection.md."""
        n = self.outcomes.n_queries
        return {
            "n_models": self.outcomes.n_models,
            "n_queries": n,
            "n_all_wrong": self.outcomes.n_all_wrong,
            "all_wrong": self.outcomes.all_wrong(),
            "n_chosen": len(self.chosen.members),
            "unsolved_greedy": self.n_greedy,
            "unsolved_exact": self.chosen.n_unsolved if self.proved else None,
            "unsolved_chosen": self.chosen.n_unsolved,
            "unsolved_least": self.chosen.least,
            "n_optimal": self.chosen.n_optimal,
            "chosen_all_wrong": self.chosen.n_unsolved / n,
            "best_lower": self.limits.best_lower,
            "chosen_upper": self.limits.chosen_upper,
            "naive_upper": self.limits.naive_upper,
            "n_sets": float(self.limits.n_sets),
            "split_all_wrong": None if self.split is None else self.split.n_unsolved / self.split.n_queries,
            "split_upper": None if self.split is None else self.split.upper,
            "chosen_cost": self.cost,
        }

    @property
    def proved(self) -> bool:
        """Whether no set leaves fewer."""
        return self.chosen.least == self.chosen.n_unsolved

    def labels(self) -> dict[str, str]:
        """Flat."""
        return {"decision": self.headline(), "chosen": ", ".join(self.names), "method": self.chosen.method}

    def sections(self) -> tuple[Section, ...]:
        """The set, its limits, and the value of every model."""
        return (
            Section(
                "What these models leave",
                (self._about_greedy(), *(() if self.limits.n_sets == 1 else (self._about_ties(),))),
                self._rows(),
                {"selection": "Queries that the best set of each size leaves unsolved, and greedy choice beside it."},
            ),
            Section("What each model adds", self._about_unique(), listing=self._listing()),
            *((Section("How the matrix was read", self.outcomes.notes),) if self.outcomes.notes else ()),
        )

    def _about_greedy(self) -> str:
        if not self.proved:
            return (
                f"The search was stopped: a set may leave as few as {count(self.chosen.least)}; "
                "experiment.seconds gives it more time."
            )
        if self.limits.n_sets == 1:
            return "All models are kept: there is no choice."
        extra = self.n_greedy - self.chosen.n_unsolved
        asked = f"of {len(self.chosen.members)}" if self.budget is None else "that may be chosen"
        greedily = "leaves as few" if extra <= 0 else f"would leave {count(extra)} more"
        return f"No set {asked} leaves fewer ({self.chosen.method}); choosing greedily {greedily}."

    def _about_ties(self) -> str:
        if self.chosen.n_optimal is None:
            return "Whether other sets leave as few was not counted."
        if self.chosen.n_optimal == 1:
            return "It is the only such set."
        said = f"{count(self.chosen.n_optimal)} sets leave as few"
        # The first sets in lexical order share their first models: that says nothing of the others.
        if self.chosen.n_optimal > len(self.chosen.optimal):
            return f"{said}; the first {len(self.chosen.optimal)} are in the table sets."
        shared = set(self.chosen.optimal[0]).intersection(*self.chosen.optimal)
        if not shared:
            return f"{said}; no model is in all of them."
        return f"{said}; in all of them: {listed(self.outcomes.models[i] for i in sorted(shared))}."

    def _rows(self) -> tuple[Row, ...]:
        at = f"at {confidence(self.delta)}"
        lowest, highest = percent(self.limits.best_lower), percent(self.limits.chosen_upper)
        first = Row("any such set leaves", f"at least {lowest}", f"P11.i, {at}: of queries like these, searched or not")
        if self.limits.n_sets == 1:
            return (first, Row("this set leaves", f"at most {highest}", f"{at}; nothing was searched"))
        search = f"P11.ii, {at}, for a search among {self.limits.n_sets:,} sets"
        rows = [
            first,
            Row("this set leaves", f"at most {highest}", search),
            Row("without the search", percent(self.limits.naive_upper), "no valid limit: it forgets the search"),
        ]
        if self.split is not None:
            share = percent(self.split.n_unsolved / self.split.n_queries)
            rows.append(
                Row("chosen on one half", share, f"of the other half; at most {percent(self.split.upper)} {at}")
            )
        return tuple(rows)

    def _about_unique(self) -> tuple[str, ...]:
        total = int(self.value.unique.sum())
        about = "A model's share of the solved queries divides each of them among all models that solve it (P11.iv)."
        if self.outcomes.n_all_wrong == self.outcomes.n_queries:
            return (about, "No model solves any query.")
        if not total:
            return (about, "Every solved query is solved by at least two models: any one model can be left out.")
        if self.choices is not None:
            guessed = bdtrc(self.value.unique - 1, self.value.chances, 1 / self.choices) >= _GUESS
            doubtful = int(self.value.unique[guessed & (self.value.unique > 0)].sum())
            return (
                about,
                f"{count(doubtful)} of the {count(total)} queries that one model alone solves look like guesses: a "
                f"model that guesses among {self.choices} options solves as many of those that all others fail.",
            )
        accuracy = 1 - self.outcomes.error_rates
        weak = int(self.value.unique[accuracy < np.median(accuracy)].sum())
        warning = (
            " An answer that only a weaker model has is often a guess or a sign of a wrong key; experiment.choices "
            "tests for guesses."
        )
        some = "1 query is" if total == 1 else f"{count(total)} queries are"
        return (
            about,
            f"{some} solved by one model alone, {count(weak)} of them by models below the median accuracy."
            f"{warning if weak else ''}",
        )

    def _listing(self) -> Listing:
        order = np.argsort(-self.value.shapley, kind="stable")
        rows = tuple(
            (
                shorten(self.outcomes.models[i]),
                "kept" if i in self.chosen.members else "",
                percent(1 - float(self.outcomes.error_rates[i])),
                points(float(self.value.shapley[i])),
                count(int(self.value.unique[i])),
            )
            for i in map(int, order)
        )
        columns = ("model", "", "right", "share of the solved queries", "solved alone")
        return Listing(columns, rows, (None,) * len(rows))

    def models_table(self) -> pa.Table:
        """A row for each model."""
        members = list(self.chosen.members)
        lost = [
            unsolved(self.outcomes.wrong, tuple(j for j in members if j != i)) - self.chosen.n_unsolved
            if i in members and len(members) > 1
            else None
            for i in range(self.outcomes.n_models)
        ]
        return pa.table(
            {
                "model": list(self.outcomes.models),
                "right": 1 - self.outcomes.error_rates,
                "shapley": self.value.shapley,
                "unique": self.value.unique,
                "others_all_wrong": self.value.chances,
                "chosen": [i in members for i in range(self.outcomes.n_models)],
                "lost_without": pa.array(lost, pa.int64()),
            }
        )

    def sets_table(self) -> pa.Table:
        """A row for each model of each best set that is listed."""
        rows = [(number, self.outcomes.models[i]) for number, one in enumerate(self.chosen.optimal) for i in one]
        return pa.table({"set": [row[0] for row in rows], "model": [row[1] for row in rows]})

    def figure(self) -> Figure:
        """Queries left unsolved against the number of models."""
        from cofail_lab.report.figures.selection import selection

        chosen = len(self.chosen.members), self.chosen.n_unsolved
        return selection(self.greedy_curve, self.curve, chosen, self.outcomes.n_all_wrong, self.outcomes.n_queries)
