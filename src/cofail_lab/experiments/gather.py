"""`experiment=gather`: the runs of a folder as one table, with figures over what was varied and an index of reports."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cofail_lab import checks, runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report import gather as gather_words
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
    return Result(
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
        tables={"runs": pa.table({name: _column(gathered.columns[name]) for name in _reading_order(gathered)})},
        csv=("runs",),
        figures={name: draw for name, (_, draw) in drawn.items()},
        brief=gather_words.brief(gathered),
        sections=gather_words.sections(gathered, unreadable, {name: caption for name, (caption, _) in drawn.items()}),
    )


def _reading_order(runs: GatheredRuns) -> list[str]:
    """Names of all columns: what was varied and what is shown before the rest."""
    first = ("run", "status", *runs.axes.values(), *runs.shown)
    return [*dict.fromkeys((*first, *runs.columns))]


def _gathered(loaded: Sequence[runs.Run], metrics: str | list[str] | None) -> GatheredRuns:
    """The runs as columns, ordered by what was varied."""
    columns = _columns(loaded)
    axes = _axes(columns)
    order = _order([columns[axis] for axis in axes.values()], len(loaded))
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
        labels=frozenset(_label_columns(loaded).values()),
        folders=tuple(run.folder for run in loaded),
        pages=tuple(_page(run) for run in loaded),
        gains=policies.gains,
        leading=about or LEADING,
        chosen=metrics is not None,
    )


def _columns(loaded: Sequence[runs.Run]) -> dict[str, list[Any]]:
    """Name -> one value per run: its status, its parameters (dotted keys), its metrics, their errors, its labels."""
    parameters = dict.fromkeys(name for run in loaded for name in run.parameters)
    measured = dict.fromkeys(name for run in loaded for name in run.metrics)
    errors = dict.fromkeys(name for run in loaded for name in run.errors)
    root = _common_folder(loaded)
    return {
        "run": [str(run.folder.relative_to(root)) for run in loaded],
        "experiment": [run.experiment for run in loaded],
        "status": [run.status for run in loaded],
        "error": [run.error for run in loaded],
        "code": [run.code for run in loaded],
        **{name: [run.parameters.get(name) for run in loaded] for name in parameters},
        **{name: [run.metrics.get(name) for run in loaded] for name in measured},
        # Where an experiment has such an error among its metrics, the column holds that one.
        **{f"{n}_error": [run.errors.get(n) for run in loaded] for n in errors if f"{n}_error" not in measured},
        **{column: [run.labels.get(name) for run in loaded] for name, column in _label_columns(loaded).items()},
    }


def _label_columns(loaded: Sequence[runs.Run]) -> dict[str, str]:
    """Label -> its column, which has another name where a metric or a parameter has that one."""
    labels = dict.fromkeys(name for run in loaded for name in run.labels)
    taken = {name for run in loaded for name in (*run.metrics, *run.parameters)}
    return {name: f"{name}_label" if name in taken else name for name in labels}


def _common_folder(loaded: Sequence[runs.Run]) -> Path:
    parents = [run.folder.parent for run in loaded]
    common = parents[0]
    while not all(parent.is_relative_to(common) for parent in parents):
        common = common.parent
    return common


def _axes(columns: Mapping[str, list[Any]]) -> dict[str, str]:
    """What was varied: short name -> the column of the parameter, the one with most values first.

    Where parameters vary together, such as a law and its copy in ``data=law``, only one of them is an axis. A parameter
    of a law (or a source, or a policy) that has the same value in all runs of that law is no axis: the name of the law
    says it.
    """
    kept: dict[tuple[int, ...], str] = {}
    parameters = [name for name in columns if "." in name or name == "policy"]
    varied = [name for name in parameters if len({*map(repr, columns[name])}) > 1]
    # The name of a policy or a law goes first: a parameter that varies exactly with it would stand for it, and then be
    # left out.
    for name in sorted(varied, key=lambda n: (n != "policy", not n.endswith("._target_"), n.count("."), len(n))):
        numbers: dict[str, int] = {}
        kept.setdefault(tuple(numbers.setdefault(repr(value), len(numbers)) for value in columns[name]), name)
    kinds = [name for name in varied if name.endswith("._target_") or name == "policy"]
    names = [name for name in kept.values() if not any(_follows(columns, kind, name) for kind in kinds)]
    names.sort(key=lambda name: -len({*map(repr, columns[name])}))
    return {name.removesuffix("._target_"): name for name in names}


def _follows(columns: Mapping[str, list[Any]], kind: str, name: str) -> bool:
    """Whether a parameter of a law (or a source, or a policy) has one value per law."""
    if not name.startswith("policy." if kind == "policy" else kind.removesuffix("_target_")) or name == kind:
        return False
    laws = [*map(repr, columns[kind])]
    return len({*zip(laws, map(repr, columns[name]), strict=True)}) == len({*laws})


def _order(axes: Sequence[Sequence[Any]], n: int) -> list[int]:
    def rank(i: int) -> list[tuple[int, Any]]:
        return [
            (0, value) if isinstance(value, int | float) else (1, str(value)) for value in (axis[i] for axis in axes)
        ]

    return sorted(range(n), key=rank)


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


def _column(values: Iterable[Any]) -> pa.Array:
    """A column of the narrowest type that holds every value unchanged; text where types are mixed."""
    values = list(values)
    types = {type(value) for value in values if value is not None}
    if types == {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(types) > 1 or not types <= {bool, int, float, str}:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if types == {int} and any(value is not None and not -(2**63) <= value < 2**63 for value in values):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values) if types else pa.nulls(len(values), pa.float64())


def _page(run: runs.Run) -> Path:
    """The report of the run where it has one, else its numbers."""
    report = run.folder / "report.html"
    return report if report.is_file() else run.folder / "results.json"
