"""Runs as columns, and what their metrics and parameters are called in sentences and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import number, percent, points, ratio

SEED = "run.seed"
"""Runs that differ in this alone are repetitions."""
LEADING = ("oracle_gain", "paired_max_gain", "all_wrong", "single_best", "foreclosed_share", "ratio_one_factor")
"""Metrics that are shown before others: the gain and its certificate first."""
POLICY_GAIN, POLICY_CAPTURED, POLICY_COST = "policy_gain", "policy_captured", "policy_cost"
"""Columns of a sweep over policies: the numbers of each run's own policy."""
_CALLED = {
    "oracle_gain": "gain",
    "paired_max_gain": "certified gain",
    "all_wrong": "all-wrong rate",
    POLICY_GAIN: "gain over the single best",
    POLICY_CAPTURED: "share of the oracle's gain",
    POLICY_COST: "cost per query",
}
_HEADED = {
    "paired_max_gain": "certified",
    "all_wrong": "all wrong",
    POLICY_GAIN: "gain",
    POLICY_CAPTURED: "of the oracle's",
    POLICY_COST: "cost",
}
_WHAT_GROWS = {
    "data.pool_size": "the pool",
    "data.n_models": "the pool",
    "data.n_queries": "the number of queries",
    "data.n_all_wrong": "the number of all-wrong queries",
}
_POINTS = re.compile(r"(^|_)gain(_|$)")
_PERCENT = re.compile(r"^(all_wrong|single_best|oracle|foreclosed|predicted|accuracy|(policy_)?captured)(_|$)(?!cost)")


@dataclass(frozen=True)
class GatheredRuns:
    """Runs as columns, in the order in which they are shown.

    Attributes:
        columns: name -> one value per run; None where a run has no such value. Among them are ``run``, ``status``,
            ``error`` and ``code``.
        axes: what was varied: short name -> column.
        shown: columns with the metrics to show.
        labels: names of the columns that are labels.
        folders: of every run.
        pages: the file of every run that a reader opens.
        gains: what policies gain, in a sweep over policies: then the headline is about these.
        leading: metrics that have sentences of their own, before others.
        chosen: whether the user has named the metrics to show.
    """

    columns: Mapping[str, list[Any]]
    axes: Mapping[str, str]
    shown: tuple[str, ...]
    labels: frozenset[str]
    folders: tuple[Path, ...]
    pages: tuple[Path, ...]
    gains: tuple[str, ...] = ()
    leading: tuple[str, ...] = LEADING
    chosen: bool = False

    @property
    def completed(self) -> list[int]:
        """Indices of the completed runs."""
        return self.with_status("completed")

    @property
    def failed(self) -> list[int]:
        """Indices of the failed runs."""
        return self.with_status("failed")

    @property
    def code_versions(self) -> set[str]:
        """Versions of the code, as far as the runs record them."""
        return {code for code in self.columns["code"] if code is not None}

    def with_status(self, status: str) -> list[int]:
        """Indices of the runs with this status."""
        return [i for i, own in enumerate(self.columns["status"]) if own == status]

    def setting(self, i: int, without: Collection[str] = ()) -> str:
        """What was varied, as run ``i`` has it, but for some of the columns: ``pool_size=8 delta=0.05``."""
        named = [(name, key) for name, key in self.axes.items() if key not in without]
        return " ".join(f"{self.short(name)}={value_text(self.columns[key][i])}" for name, key in named)

    def short(self, name: str) -> str:
        """An axis without its group, where no other axis is called so."""
        last = name.rpartition(".")[2]
        return last if sum(other.rpartition(".")[2] == last for other in self.axes) == 1 else name

    def what_grows(self, name: str) -> str:
        """An axis of numbers as the subject of a sentence."""
        return _WHAT_GROWS.get(self.axes[name], self.short(name))


def called(metric: str) -> str:
    """A metric in a sentence."""
    return f"the {_CALLED[metric]}" if metric in _CALLED else metric


def heading(metric: str) -> str:
    """A metric above a column."""
    name = _HEADED.get(metric) or _CALLED.get(metric, metric)
    return f"{name} (points)" if form(metric) is points else name


def form(metric: str) -> Callable[[float | None], str]:
    """How values of a metric are written."""
    if _POINTS.search(metric):
        return points
    if _PERCENT.match(metric):
        return percent
    return ratio if metric.startswith("ratio_") else number


def value_text(value: Any) -> str:
    """A value of a parameter."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return shorten(value.rpartition(".")[2] if value.startswith("cofail_lab.") else value)
    return number(value)


def is_number(value: Any) -> bool:
    """Whether a value can grow."""
    return isinstance(value, int | float) and not isinstance(value, bool)
