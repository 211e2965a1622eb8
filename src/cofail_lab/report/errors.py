"""Shared wrong answers in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from cofail_lab.decisions.shared_errors import spectral_number
from cofail_lab.fitting.estimators.pairs import phi
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, fixed, interval, number, percent, points
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.decisions.shared_errors import Alike, SharedErrors
    from cofail_lab.outcomes import Outcomes

Three = tuple[float | None, float | None, float | None]
# Pairs listed on the page.
_MOST_PAIRS = 20


@dataclass(frozen=True)
class Errors:
    """Everything that was found.

    Attributes:
        outcomes: the matrix.
        answers: what each model said, (n, k).
        pairs: of models.
        drawn: the pairs in resamples of the queries.
        correlation: of errors, mean over pairs.
        effective: independent models of the same worth (Kish), of the matrix (1,) and of the resamples (b,).
    """

    outcomes: Outcomes
    answers: np.ndarray
    pairs: SharedErrors
    drawn: Alike
    correlation: float
    effective: tuple[np.ndarray, np.ndarray]

    @property
    def within(self) -> np.ndarray | None:
        """Which pairs share a family; None where families are not known, or no pair or every pair shares one."""
        family = self.outcomes.family
        if family is None:
            return None
        names = np.asarray(family).astype(str)
        same = (names[self.pairs.left] == names[self.pairs.right]) & (names[self.pairs.left] != "")
        return same if same.any() and not same.all() else None

    def mean(self, values: np.ndarray, drawn: np.ndarray, chosen: np.ndarray | None = None) -> Three:
        """Mean over the pairs that are counted, or some of them, with 95% over resamples."""
        there = ~np.isnan(values) if chosen is None else ~np.isnan(values) & chosen
        if not there.any():
            return None, None, None
        return _limited(float(values[there].mean()), _row_means(drawn[:, there]))

    @property
    def same(self) -> Three:
        """Share of equal wrong answers."""
        return self.mean(self.pairs.same, self.drawn.same)

    def excess(self, side: np.ndarray) -> Three:
        """Beyond the pull of the queries, of some pairs."""
        return self.mean(self.pairs.excess, self.drawn.same - self.drawn.pull, side)

    @cached_property
    def gap(self) -> Three:
        """Within families less across them, beyond the pull of the queries."""
        within, excess = self.within, self.pairs.excess
        there = ~np.isnan(excess)
        if within is None or not (there & within).any() or not (there & ~within).any():
            return None, None, None
        drawn = self.drawn.same - self.drawn.pull
        inside, across = (
            (excess[side].mean(), _row_means(drawn[:, side])) for side in (there & within, there & ~within)
        )
        return _limited(float(inside[0] - across[0]), inside[1] - across[1])

    @cached_property
    def accuracy_slope(self) -> float | None:
        """Rank correlation of a pair's share of equal wrong answers with its mean accuracy."""
        there = ~np.isnan(self.pairs.same)
        right = 1 - self.outcomes.error_rates
        mean = (right[self.pairs.left] + right[self.pairs.right])[there] / 2
        ranks = [rankdata(x) for x in (self.pairs.same[there], mean)]
        if there.sum() < 3 or any(np.ptp(x) == 0 for x in ranks):
            return None
        return float(np.corrcoef(*ranks)[0, 1])

    @cached_property
    def alike_on_all_wrong(self) -> int:
        """Queries that every model fails with the same answer."""
        answers = self.answers[self.outcomes.wrong.all(axis=1)]
        return int(((answers == answers[:, :1]).all(axis=1) & (answers[:, 0] != "")).sum())

    @cached_property
    def spectral(self) -> float | None:
        """k²/Σ r² of the error correlations of the models that vary."""
        varying = self.outcomes.varying
        a = self.outcomes.error_counts[varying]
        joint = self.outcomes.joint_wrong_counts[np.ix_(varying, varying)]
        if len(a) < 2:
            return None
        return spectral_number(phi(a[:, None], a[None, :], joint, self.outcomes.n_queries))

    def square(self, values: np.ndarray) -> np.ndarray:
        """A number of every pair as a matrix, nan on the diagonal."""
        m = self.outcomes.n_models
        whole = np.full((m, m), np.nan)
        whole[self.pairs.left, self.pairs.right] = whole[self.pairs.right, self.pairs.left] = values
        return whole

    @cached_property
    def tree(self) -> np.ndarray:
        """Average linkage of the models, at distance 1 less the share of equal wrong answers; pairs without, at 1."""
        distance = np.nan_to_num(1 - self.square(self.pairs.same), nan=1.0)
        np.fill_diagonal(distance, 0.0)
        return hierarchy.linkage(squareform(distance, checks=False), "average", optimal_ordering=len(distance) < 200)

    @cached_property
    def order(self) -> list[int]:
        """Models as they stand under the tree."""
        return [int(i) for i in hierarchy.leaves_list(self.tree)]

    @property
    def effective_models(self) -> Three:
        """Kish's number with limits."""
        return _limited(float(self.effective[0][0]), self.effective[1])

    def headline(self) -> str:
        """How often the same, against chance and the queries, and how many models there are in truth."""
        alike, chance = self.same[0], float(np.nanmean(self.pairs.chance))
        said = (
            f"Where two models are wrong they give the same answer in {percent(alike)} of the cases; chance would be "
            f"{percent(chance)}."
        )
        n, same = self.outcomes.n_all_wrong, self.alike_on_all_wrong
        if n:
            said += f" On {count(same)} of the {count(n)} queries that all fail, all give one wrong answer."
        effective = self.effective_models[0]
        if effective is not None:
            m = self.outcomes.n_models
            said += f" By their errors the {m} models are worth {number(effective, 2)} independent ones."
        return said

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/errors.md."""
        pairs, within = self.pairs, self.within
        counted = ~np.isnan(pairs.same)
        found: dict[str, float | int | None] = {
            "n_models": self.outcomes.n_models,
            "n_queries": self.outcomes.n_queries,
            "n_pairs": int(counted.sum()),
            "n_all_wrong": self.outcomes.n_all_wrong,
            "n_all_wrong_alike": self.alike_on_all_wrong,
            "chance_when_wrong": _mean(pairs.chance),
            "kappa_when_wrong": _mean(pairs.kappa),
            "pull_of_queries": _mean(pairs.pull),
            "accuracy_rank_correlation": self.accuracy_slope,
            "error_correlation": None if np.isnan(self.correlation) else float(self.correlation),
            "effective_models_spectral": self.spectral,
        }
        threes = {"agree_when_wrong": self.same, "effective_models": self.effective_models, "family_gap": self.gap}
        if within is not None:
            threes |= {"excess_within": self.excess(within), "excess_across": self.excess(~within)}
        for name, three in threes.items():
            found |= {f"{name}{end}": value for end, value in zip(("", "_lower", "_upper"), three, strict=True)}
        return found

    def labels(self) -> dict[str, str]:
        """What is said in words."""
        i = int(np.nanargmax(self.pairs.kappa)) if not np.isnan(self.pairs.kappa).all() else 0
        names = self.outcomes.models
        alike = f"{names[self.pairs.left[i]]}, {names[self.pairs.right[i]]}"
        return {"decision": self.headline(), "most_alike": alike, "source": self.outcomes.source}

    def sections(self) -> tuple[Section, ...]:
        """Chance and pull, families and accuracy, the pairs."""
        return (
            Section("Same wrong answers", self._about(), self._rows(), {"errors": _CAPTION}),
            Section("By family and accuracy", (), self._by()),
            Section("The pairs most alike beyond chance", (), listing=self._listing()),
            *((Section("How the matrix was read", self.outcomes.notes),) if self.outcomes.notes else ()),
        )

    def _about(self) -> tuple[str, ...]:
        return (
            "Chance: each keeps its habits (which wrong answer to which key) and ignores the query. Pull: how often "
            "two other models agree on the same queries; what is above it is the pair's own.",
        )

    def _rows(self) -> tuple[Row, ...]:
        pairs, same, effective = self.pairs, self.same, self.effective_models
        n, m = int((~np.isnan(pairs.same)).sum()), self.outcomes.n_models
        return (
            Row("same wrong answer", percent(same[0]), f"95% {interval(*same[1:])}; {count(n)} pairs"),
            Row("by chance", percent(_mean(pairs.chance)), f"κ {fixed(_mean(pairs.kappa))}"),
            Row("by the pull of queries", percent(_mean(pairs.pull)), "any two other models"),
            Row("effective models", number(effective[0], 3), f"of {m}, 95% {interval(*effective[1:], _three)} (Kish)"),
            Row("by the spectrum", number(self.spectral, 3), "k²/Σ r² of the error correlations"),
        )

    def _by(self) -> tuple[Row, ...]:
        rows = []
        if (within := self.within) is not None:
            for name, side in (("within families", within), ("across families", ~within)):
                excess = self.excess(side)
                note = f"beyond the pull {points(excess[0])}, 95% {interval(*excess[1:], points)}"
                rows.append(Row(name, percent(self.mean(self.pairs.same, self.drawn.same, side)[0]), note))
            rows.append(Row("gap", points(self.gap[0]), f"beyond the pull, 95% {interval(*self.gap[1:], points)}"))
        rows.append(Row("with accuracy", fixed(self.accuracy_slope), "rank correlation with the pair's mean accuracy"))
        return tuple(rows)

    def _listing(self) -> Listing:
        rows = [
            (
                f"{shorten(row['first'], 24)}, {shorten(row['second'], 24)}",
                count(row["n_both_wrong"]),
                percent(row["same_answer"]),
                percent(row["chance"]),
                percent(row["pull"]),
                fixed(row["kappa"]),
            )
            for row in self.pairs_table().to_pylist()[:_MOST_PAIRS]
        ]
        columns = ("pair", "both wrong", "same", "chance", "pull", "κ")
        return Listing(columns, tuple(rows), (None,) * len(rows))

    def pairs_table(self) -> pa.Table:
        """A row for each pair that is counted, the most alike beyond chance first."""
        pairs, names = self.pairs, self.outcomes.models
        there = np.flatnonzero(~np.isnan(pairs.same))
        order = there[np.argsort(-np.nan_to_num(pairs.kappa[there], nan=-np.inf), kind="stable")]
        numbers = {"same_answer": pairs.same, "chance": pairs.chance, "pull": pairs.pull, "kappa": pairs.kappa}
        within = self.within
        return pa.table(
            {
                "first": [names[i] for i in pairs.left[order]],
                "second": [names[i] for i in pairs.right[order]],
                "n_both_wrong": pairs.n_both[order],
                **{name: pa.array(values[order], from_pandas=True) for name, values in numbers.items()},
                **({} if within is None else {"same_family": within[order]}),
            }
        )

    def models_table(self) -> pa.Table:
        """A row for each model, as they stand under the tree: accuracy and mean agreement with the others."""
        order = self.order
        means = [_mean(row) for row in self.square(self.pairs.kappa)]
        family = self.outcomes.family
        return pa.table(
            {
                "model": [self.outcomes.models[i] for i in order],
                **({} if family is None else {"family": [str(family[i]) for i in order]}),
                "accuracy": [1 - float(self.outcomes.error_rates[i]) for i in order],
                "kappa_when_wrong": pa.array([means[i] for i in order], pa.float64()),
            }
        )

    def figure(self) -> Figure:
        """The tree, and pairs in its order."""
        from cofail_lab.report.figures.errors import errors

        names = [self.outcomes.models[i] for i in self.order]
        return errors(self.tree, self.square(self.pairs.same)[np.ix_(self.order, self.order)], names)


_CAPTION = (
    "Models that give the same wrong answers stand together; shades: share of equal answers where both are wrong."
)


def _mean(values: np.ndarray) -> float | None:
    return None if np.isnan(values).all() else float(np.nanmean(values))


def _row_means(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    n = known.sum(axis=1)
    return np.where(n > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(n, 1), np.nan)


def _limited(value: float, drawn: np.ndarray) -> Three:
    there = drawn[~np.isnan(drawn)]
    if np.isnan(value):
        return None, None, None
    if len(there) < 2:
        return value, None, None
    lower, upper = np.quantile(there, [0.025, 0.975])
    return value, float(lower), float(upper)


def _three(value: float | None) -> str:
    return number(value, 3)
