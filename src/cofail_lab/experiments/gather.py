"""`experiment=gather`: the runs of a folder as one table, with figures over what was varied and an index of reports."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cofail_lab import checks, runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.atlas_audit import with_states
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.experiments.run_columns import arrow_column, axes_of, columns_of, label_columns, order_of
from cofail_lab.report import atlas
from cofail_lab.report import gather as gather_words
from cofail_lab.report.atlas_matrix import matrices_of
from cofail_lab.report.finding_policies import policy_numbers
from cofail_lab.report.gathered import LEADING, GatheredRuns
from cofail_lab.result import Result

_MAX_METRICS = 6


@dataclass(frozen=True)
class Gather:
    """Put the results of many runs together.

    Attributes:
        path: a folder, or several, with runs anywhere below it.
        metrics: names or patterns of the metrics to show; None shows six: the gain, its certificate, and others that
            differ between runs. The table holds all of them.
    """

    path: str | list[str] | None
    metrics: str | list[str] | None = None

    def __post_init__(self) -> None:
        if self.path is None:
            raise InputError("gather.path: a value is needed, such as gather.path=outputs/fit")
        if not all(isinstance(path, str) and path for path in self._paths):
            raise InputError(f"gather.path: {self.path!r} is not the path of a folder with runs, nor a list of them")
        checks.patterns("gather.metrics", self.metrics)

    @property
    def _paths(self) -> list[Any]:
        return self.path if isinstance(self.path, list) else [self.path]

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Read every run below the folders."""
        del inputs  # runs are read, not data
        folders = [folder for path in self._paths for folder in runs.find(Path(path).expanduser())]
        return gather(folders, self.metrics, progress)


def gather(folders: Sequence[Path], metrics: str | list[str] | None = None, progress: Progress = silent) -> Result:
    """The result of putting these run folders together; gathered results and shards among them are left out.

    Raises:
        InputError: no run among them; a pattern of ``metrics`` that matches nothing.
    """
    loaded: list[runs.Run] = []
    unreadable: list[Path] = []
    with progress("Reading runs", total=len(folders)) as advance:
        for folder, run in zip(folders, runs.read(folders), strict=True):
            if run is None:
                unreadable.append(folder)
            elif run.experiment != "gather" and run.parameters.get("run.shard") is None:
                loaded.append(run)
            advance(1)
    if not loaded:
        raise InputError("gather.path: no run there; a folder with results.json in it or below it is needed")
    gathered = _gathered(loaded, metrics)
    drawn = gather_words.figures(gathered)
    result = Result(
        headline=gather_words.headline(gathered),
        metrics={
            "n_runs": len(loaded),
            "n_completed": len(gathered.completed),
            "n_failed": len(gathered.failed),
            "n_interrupted": len(gathered.with_status("interrupted")),
            "n_unreadable": len(unreadable),
            "n_axes": len(gathered.axes),
            "n_code_versions": len(gathered.code_versions),
        },
        labels={"axes": ", ".join(gathered.axes.values())},
        tables={"runs": pa.table({name: arrow_column(gathered.columns[name]) for name in _reading_order(gathered)})},
        csv=("runs",),
        figures={name: draw for name, (_, draw) in drawn.items()},
        brief=gather_words.brief(gathered),
        sections=gather_words.sections(gathered, unreadable, {name: caption for name, (caption, _) in drawn.items()}),
    )
    matrices = [with_states(one) for one in matrices_of(gathered)]
    return atlas.before(result, matrices, gather_words.unfinished(gathered)) if matrices else result


def _reading_order(runs: GatheredRuns) -> list[str]:
    """Names of all columns: what was varied and what is shown before the rest."""
    first = ("run", "status", *runs.axes.values(), *runs.shown)
    return [*dict.fromkeys((*first, *runs.columns))]


def _gathered(loaded: Sequence[runs.Run], metrics: str | list[str] | None) -> GatheredRuns:
    """The runs as columns, ordered by what was varied."""
    columns = columns_of(loaded)
    axes = axes_of(columns)
    order = order_of([columns[axis] for axis in axes.values()], len(loaded))
    loaded = [loaded[i] for i in order]
    columns = {name: [values[i] for i in order] for name, values in columns.items()}
    policies = policy_numbers(columns)
    columns |= policies.columns
    about = (*policies.gains, *policies.others)
    measured = {*about, *(name for run in loaded for name in run.metrics)}
    return GatheredRuns(
        columns=columns,
        axes=axes,
        shown=tuple(_shown(columns, axes, (*about, *LEADING), about or LEADING[:2], measured, metrics)),
        labels=frozenset(label_columns(loaded).values()),
        folders=tuple(run.folder for run in loaded),
        pages=tuple(_page(run) for run in loaded),
        gains=policies.gains,
        leading=about or LEADING,
        chosen=metrics is not None,
    )


def _shown(
    columns: Mapping[str, list[Any]],
    axes: Mapping[str, str],
    leading: Sequence[str],
    always: Sequence[str],
    measured: set[str],
    wanted: str | list[str] | None,
) -> list[str]:
    """The metrics to show on the terminal, in the index and in the figures.

    Args:
        columns, axes: of the runs.
        leading: metrics that come first.
        always: those among them that are shown even where they do not vary.
        measured: columns that are metrics.
        wanted: patterns of the user; None for a few that vary.
    """
    names = [name for name in leading if name in measured] + [
        name for name in columns if name in measured and name not in leading
    ]
    if wanted is None:
        varied = [columns[key] for key in axes.values()]
        varying = [
            name
            for name in names
            if len({value for value in columns[name] if value is not None}) > 1 and columns[name] not in varied
        ]
        gain = [name for name in always if any(value is not None for value in columns.get(name, ()))]
        return ([*dict.fromkeys([*gain, *varying])] or names)[:_MAX_METRICS]
    patterns = wanted if isinstance(wanted, list) else [wanted]
    for pattern in patterns:
        if not fnmatch.filter(names, str(pattern)):
            raise InputError(f"gather.metrics: {pattern!r} matches no metric; there are {', '.join(names[:8])}, ...")
    return [name for name in names if any(fnmatch.fnmatchcase(name, str(pattern)) for pattern in patterns)]


def _page(run: runs.Run) -> Path:
    """The report of the run where it has one, else its numbers."""
    report = run.folder / "report.html"
    return report if report.is_file() else run.folder / "results.json"
