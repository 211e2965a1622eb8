"""`experiment=queries`: which queries defeat everyone, all but a few, or all but one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, percent
from cofail_lab.result import Exhibit, Listing, Result, Row, Section

if TYPE_CHECKING:
    import pyarrow as pa

_BEST = "best"


@dataclass(frozen=True)
class Queries:
    """Lists the queries on which few models are right, the hardest first.

    Attributes:
        most_right: most models that are right on a listed query; 0 lists those that defeat everyone.
        only: name of a model, or ``best``: lists the queries that this model alone gets right. None goes by
            ``most_right``.
    """

    most_right: int = 0
    only: str | None = None

    def __post_init__(self) -> None:
        checks.whole("experiment.most_right", self.most_right, least=0)
        if self.only is not None and not (isinstance(self.only, str) and self.only):
            raise InputError(f"experiment.only: {self.only!r} is not the name of a model or 'best'")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load the matrix and list its queries."""
        del progress  # instant
        outcomes = inputs.outcomes()
        n_right = outcomes.n_models - outcomes.n_wrong
        best = int(np.argmin(outcomes.error_counts))
        if self.only is None:
            chosen = np.flatnonzero(n_right <= self.most_right)
            what = _few_right(self.most_right)
        else:
            model = best if self.only == _BEST else _column(outcomes, self.only)
            chosen = np.flatnonzero((n_right == 1) & ~outcomes.wrong[:, model])
            what = f"only {shorten(outcomes.models[model])} gets right"
        datasets = np.full(outcomes.n_queries, "") if outcomes.dataset is None else outcomes.dataset.astype(str)
        chosen = chosen[np.lexsort((datasets[chosen], n_right[chosen]))]
        n = outcomes.n_queries
        return Result(
            headline=f"{count(len(chosen))} of {count(n)} queries {what}.",
            metrics={
                "n_models": outcomes.n_models,
                "n_queries": n,
                "n_all_wrong": outcomes.n_all_wrong,
                "n_listed": len(chosen),
                "n_one_right": int((n_right == 1).sum()),
                "n_only_best": int(((n_right == 1) & ~outcomes.wrong[:, best]).sum()),
            },
            labels={"best_model": outcomes.models[best]},
            tables={"queries": _table(outcomes, chosen, n_right)},
            csv=("queries",),
            sections=(_listing(outcomes, chosen, n_right), _by_dataset(outcomes, datasets, chosen)),
            exhibit=Exhibit(outcomes),
        )


def _few_right(most: int) -> str:
    if most == 0:
        return "defeat every model"
    return f"are right for at most {count(most)} model{'s' if most > 1 else ''}"


def _column(outcomes: Outcomes, model: str) -> int:
    if model not in outcomes.models:
        known = ", ".join(map(shorten, outcomes.models[:5]))
        raise InputError(f"experiment.only: {model!r} is not in {outcomes.source}; there are {known}, ...")
    return outcomes.models.index(model)


def _right_models(outcomes: Outcomes, query: int) -> list[str]:
    return [outcomes.models[j] for j in np.flatnonzero(~outcomes.wrong[query])]


def _table(outcomes: Outcomes, chosen: np.ndarray, n_right: np.ndarray) -> pa.Table:
    """One row per listed query; all text as in the file."""
    import pyarrow as pa

    columns = {"query": pa.array([outcomes.queries[i] for i in chosen], pa.string())}
    for name in ("dataset", "prompt", "key"):
        if name in outcomes.per_query:
            columns[name] = pa.array([str(value) for value in outcomes.per_query[name][chosen]], pa.string())
    columns["n_right"] = pa.array(n_right[chosen], pa.int64())
    columns["right"] = pa.array(["; ".join(_right_models(outcomes, i)) for i in chosen], pa.string())
    if (answers := outcomes.per_cell.get("answer")) is not None:
        columns["answers"] = pa.array([_answers(outcomes.models, answers[i]) for i in chosen], pa.string())
    return pa.table(columns)


def _answers(models: tuple[str, ...], given: np.ndarray) -> str:
    """Every answer with the models that gave it, the most frequent first: ``B: a, c; D: b``."""
    who: dict[str, list[str]] = {}
    for model, answer in zip(models, given, strict=True):
        who.setdefault(str(answer), []).append(model)
    groups = sorted(who.items(), key=lambda group: -len(group[1]))
    return "; ".join(f"{answer}: {', '.join(names)}" for answer, names in groups)


def _listing(outcomes: Outcomes, chosen: np.ndarray, n_right: np.ndarray) -> Section:
    shown = [name for name in ("dataset", "key", "prompt") if name in outcomes.per_query]
    rows = []
    for i in chosen:
        texts = [shorten(str(outcomes.per_query[name][i]), 60) for name in shown]
        right = _right_models(outcomes, i)
        named = ", ".join(shorten(model, 24) for model in right[:3]) + (", ..." if len(right) > 3 else "")
        rows.append((shorten(outcomes.queries[i]), count(int(n_right[i])), named, *texts))
    columns = ("query", "right", "by", *shown)
    listing = Listing(columns, tuple(rows), (None,) * len(rows))
    sentence = "tables/queries.csv has all of them with their texts in full."
    return Section("The queries", (sentence, *outcomes.notes), listing=listing if rows else None)


def _by_dataset(outcomes: Outcomes, datasets: np.ndarray, chosen: np.ndarray) -> Section:
    """How many of the listed queries each dataset has, and which share of its queries that is."""
    if outcomes.dataset is None:
        return Section("By dataset")
    rows = []
    for name in np.unique(datasets):
        total, listed = int((datasets == name).sum()), int((datasets[chosen] == name).sum())
        if listed:
            rows.append(
                (listed / total, Row(shorten(str(name)), count(listed), f"{percent(listed / total)} of {count(total)}"))
            )
    return Section("By dataset", (), tuple(row for _, row in sorted(rows, key=lambda pair: -pair[0])))
