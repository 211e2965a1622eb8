"""Many runs in words: what was varied, where each metric is smallest and largest, an index of reports, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cofail_lab.report.names import printable
from cofail_lab.report.numbers import ABSENT, number
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_ERRORS = 20
# A label with more values than this, or with longer ones, is not counted in a sentence.
_MAX_VALUES, _MAX_VALUE_LENGTH = 4, 30


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
    """

    columns: Mapping[str, list[Any]]
    axes: Mapping[str, str]
    shown: tuple[str, ...]
    labels: frozenset[str]
    folders: tuple[Path, ...]
    pages: tuple[Path, ...]

    @property
    def completed(self) -> list[int]:
        """Indices of the completed runs."""
        return self._with_status("completed")

    @property
    def failed(self) -> list[int]:
        """Indices of the failed runs."""
        return self._with_status("failed")

    @property
    def interrupted(self) -> list[int]:
        """Indices of the interrupted runs, which the same command continues."""
        return self._with_status("interrupted")

    @property
    def code_versions(self) -> set[str]:
        """Versions of the code, as far as the runs record them."""
        return {code for code in self.columns["code"] if code is not None}

    def _with_status(self, status: str) -> list[int]:
        return [i for i, own in enumerate(self.columns["status"]) if own == status]


def headline(runs: GatheredRuns) -> str:
    """How many runs are finished and where the table is."""
    others = {"interrupted": runs.interrupted, "failed": runs.failed}
    listed = "".join(f", {len(those):,} {state}" for state, those in others.items() if those)
    finished = f"{len(runs.completed):,} of {len(runs.folders):,} runs are finished{listed}"
    return f"{finished}; tables/runs.parquet has a row for each, with {len(runs.columns)} columns."


def sections(runs: GatheredRuns, unreadable: list[Path], captions: Mapping[str, str]) -> tuple[Section, ...]:
    """The index of runs, and the failed ones where there are any.

    Args:
        runs: what was gathered.
        unreadable: folders that could not be read as runs.
        captions: of the figures, by name.
    """
    index = Section(title="Runs", sentences=_sentences(runs, unreadable), figures=captions, listing=_listing(runs))
    return (index, _failures(runs)) if runs.failed else (index,)


def figures(runs: GatheredRuns) -> dict[str, tuple[str, Callable[[], Figure]]]:
    """Caption and drawing of every figure; none where nothing was varied or measured."""
    done = runs.completed
    axes = {name: [runs.columns[key][i] for i in done] for name, key in runs.axes.items()}
    values = {name: [runs.columns[name][i] for i in done] for name in runs.shown}
    values = {name: column for name, column in values.items() if any(value is not None for value in column)}
    if not axes or not values or len(done) < 2:
        return {}
    from cofail_lab.report.figures import sweep

    plan = sweep.plan(axes)
    return {"small_multiples": (plan.caption, partial(sweep.small_multiples, plan, values))}


def _sentences(runs: GatheredRuns, unreadable: list[Path]) -> tuple[str, ...]:
    varied = ", ".join(f"{name} ({len({*map(repr, runs.columns[key])})} values)" for name, key in runs.axes.items())
    sentences = [f"Varied: {printable(varied)}." if varied else "All runs have the same parameters."]
    sentences += _extremes(runs) + _label_counts(runs)
    if len(runs.code_versions) > 1:
        sentences.append(
            f"The runs come from {len(runs.code_versions)} versions of the code; column code distinguishes them."
        )
    if unreadable:
        sentences.append(f"{len(unreadable):,} folders could not be read as runs, {unreadable[0].name} among them.")
    return tuple(sentences)


def _extremes(runs: GatheredRuns) -> list[str]:
    """For each metric shown: its smallest and its largest value, and the settings where it has them."""
    sentences = []
    # Seeds are repetitions: settings are compared by their means over seeds.
    own = {name: key for name, key in runs.axes.items() if key != "run.seed"}
    settings: dict[str, list[int]] = {}
    for i in runs.completed:
        settings.setdefault(" ".join(f"{name}={_text(runs.columns[key][i])}" for name, key in own.items()), []).append(
            i
        )
    for name in runs.shown if len(settings) > 1 else ():
        means = {}
        for setting, members in settings.items():
            values = [runs.columns[name][i] for i in members if runs.columns[name][i] is not None]
            if values:
                means[setting] = sum(values) / len(values)
        if len(set(means.values())) > 1:
            low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
            mean = "on average " if any(len(members) > 1 for members in settings.values()) else ""
            sentences.append(
                f"{name} goes {mean}from {number(means[low])} ({printable(low)}) to {number(means[high])} "
                f"({printable(high)})."
            )
    return sentences


def _label_counts(runs: GatheredRuns) -> list[str]:
    """For each label with few and short values: how many completed runs have each value."""
    sentences = []
    for name in runs.columns:
        if name not in runs.labels:
            continue
        counts = Counter(runs.columns[name][i] for i in runs.completed if runs.columns[name][i] is not None)
        if 2 <= len(counts) <= _MAX_VALUES and max(map(len, map(str, counts))) <= _MAX_VALUE_LENGTH:
            listed = ", ".join(f"{printable(str(value))} {n:,}" for value, n in counts.most_common())
            sentences.append(f"{name}: {listed} of {len(runs.completed):,} runs.")
    return sentences


def _listing(runs: GatheredRuns) -> Listing:
    # The status says something only where some run is not finished.
    names = ("run", *(() if len(runs.completed) == len(runs.folders) else ("status",)))
    return Listing(
        columns=(*names, *runs.axes, *runs.shown),
        rows=tuple(
            (
                *(runs.columns[name][i] for name in names),
                *(_text(runs.columns[key][i]) for key in runs.axes.values()),
                *(_text(runs.columns[name][i]) for name in runs.shown),
            )
            for i in range(len(runs.folders))
        ),
        links=runs.pages,
    )


def _failures(runs: GatheredRuns) -> Section:
    failed = runs.failed
    more = (f"The first {_MAX_ERRORS} of {len(failed):,}.",) if len(failed) > _MAX_ERRORS else ()
    rows = tuple(
        Row(runs.folders[i].name, str(runs.columns["error"][i]), _setting(runs.columns, runs.axes, i))
        for i in failed[:_MAX_ERRORS]
    )
    return Section(title="Failed", sentences=more, rows=rows)


def _setting(columns: Mapping[str, list[Any]], axes: Mapping[str, str], i: int) -> str:
    """What was varied, as run ``i`` has it."""
    return " ".join(f"{name}={_text(columns[key][i])}" for name, key in axes.items())


def _text(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return value.rpartition(".")[2] if value.startswith("cofail_lab.") else value
    return number(value)
