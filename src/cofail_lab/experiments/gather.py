"""`experiment=gather`: the runs of a folder as one table, with figures over what was varied and an index of reports."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cofail_lab import checks, runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report.names import printable
from cofail_lab.report.numbers import ABSENT, number
from cofail_lab.result import Listing, Result, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN_METRICS = 6
_SHOWN_ERRORS = 20
# A label of more kinds, or of longer ones, says nothing when counted.
_MOST_KINDS, _LONGEST_KIND = 4, 30


@dataclass(frozen=True)
class Gather:
    """Put the results of many runs together.

    Attributes:
        path: a folder, or several, with runs anywhere below it.
        metrics: names or patterns of the metrics to show; None shows the first six that differ between runs. The table
            holds all of them.
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

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:  # noqa: ARG002  (it reads runs, not data)
        """Read every run below the folders."""
        folders = [folder for path in self._paths for folder in runs.find(Path(path).expanduser())]
        return gather(folders, self.metrics, progress)


def gather(folders: Sequence[Path], metrics: str | list[str] | None = None, progress: Progress = silent) -> Result:
    """The result of putting these run folders together; gathered results and shards of runs among them are left out.

    Raises:
        InputError: no run among them; a pattern of ``metrics`` that matches nothing.
    """
    found: list[runs.Run] = []
    unreadable: list[Path] = []
    with progress("Reading runs", total=len(folders)) as advance:
        for folder, run in zip(folders, runs.read(folders), strict=True):
            if run is None:
                unreadable.append(folder)
            elif run.experiment != "gather" and run.parameters.get("run.shard") is None:
                found.append(run)
            advance(1)
    if not found:
        raise InputError("gather.path: no run there; a folder with results.json in it or below it is needed")
    columns = _columns(found)
    axes = _axes(columns, len(found))
    order = _order([columns[axis] for axis in axes.values()], len(found))
    found = [found[i] for i in order]
    columns = {name: [values[i] for i in order] for name, values in columns.items()}
    shown = _shown(columns, {name for run in found for name in run.metrics}, metrics)
    return _result(found, unreadable, columns, axes, shown)


def _columns(found: Sequence[runs.Run]) -> dict[str, list[Any]]:
    """Name -> one value per run: how it went, its parameters (dotted keys), its metrics, their errors, its labels."""
    parameters = dict.fromkeys(name for run in found for name in run.parameters)
    measured = dict.fromkeys(name for run in found for name in run.metrics)
    errors = dict.fromkeys(name for run in found for name in run.errors)
    labels = dict.fromkeys(name for run in found for name in run.labels)
    root = _common_folder(found)
    return {
        "run": [str(run.folder.relative_to(root)) for run in found],
        "experiment": [run.experiment for run in found],
        "status": [run.status for run in found],
        "error": [run.error for run in found],
        "code": [run.code for run in found],
        **{name: [run.parameters.get(name) for run in found] for name in parameters},
        **{name: [run.metrics.get(name) for run in found] for name in measured},
        # Some experiments give an error among their metrics; then that one stands.
        **{f"{n}_error": [run.errors.get(n) for run in found] for n in errors if f"{n}_error" not in measured},
        **{(f"{n}_label" if n in measured else n): [run.labels.get(n) for run in found] for n in labels},
    }


def _common_folder(found: Sequence[runs.Run]) -> Path:
    parents = [run.folder.parent for run in found]
    common = parents[0]
    while not all(parent.is_relative_to(common) for parent in parents):
        common = common.parent
    return common


def _axes(columns: Mapping[str, list[Any]], n: int) -> dict[str, str]:
    """What was varied: a short name -> the parameter, the one with most values first.

    Of parameters that vary together, such as a law and the copy of it in ``data=law``, one stands for all; a
    parameter of a law (or a source) that is the same wherever that law is says no more than its name.
    """
    kept: dict[tuple[int, ...], str] = {}
    varied = [name for name in columns if "." in name and len({*map(repr, columns[name])}) > 1]
    for name in sorted(varied, key=lambda name: (name.count("."), len(name))):
        numbers: dict[str, int] = {}
        kept.setdefault(tuple(numbers.setdefault(repr(value), len(numbers)) for value in columns[name]), name)
    del n
    kinds = [name for name in varied if name.endswith("._target_")]
    names = [name for name in kept.values() if not any(_follows(columns, kind, name) for kind in kinds)]
    names.sort(key=lambda name: -len({*map(repr, columns[name])}))
    return {name.removesuffix("._target_"): name for name in names}


def _follows(columns: Mapping[str, list[Any]], kind: str, name: str) -> bool:
    """Whether a parameter of a law (or a source) has one value for each law."""
    if name == kind or not name.startswith(kind.removesuffix("_target_")):
        return False
    laws = [*map(repr, columns[kind])]
    return len({*zip(laws, map(repr, columns[name]), strict=True)}) == len({*laws})


def _order(axes: Sequence[Sequence[Any]], n: int) -> list[int]:
    def rank(i: int) -> list[tuple[int, Any]]:
        return [
            (0, value) if isinstance(value, int | float) else (1, str(value)) for value in (axis[i] for axis in axes)
        ]

    return sorted(range(n), key=rank)


def _shown(columns: Mapping[str, list[Any]], measured: set[str], wanted: str | list[str] | None) -> list[str]:
    """The metrics of the terminal, the index and the figures."""
    names = [name for name in columns if name in measured]
    if wanted is None:
        varying = [name for name in names if len({value for value in columns[name] if value is not None}) > 1]
        return (varying or names)[:_SHOWN_METRICS]
    patterns = wanted if isinstance(wanted, list) else [wanted]
    for pattern in patterns:
        if not fnmatch.filter(names, str(pattern)):
            raise InputError(f"gather.metrics: {pattern!r} matches no metric; there are {', '.join(names[:8])}, ...")
    return [name for name in names if any(fnmatch.fnmatchcase(name, str(pattern)) for pattern in patterns)]


def _result(
    found: Sequence[runs.Run],
    unreadable: Sequence[Path],
    columns: Mapping[str, list[Any]],
    axes: Mapping[str, str],
    shown: Sequence[str],
) -> Result:
    states = columns["status"]
    done = [i for i, state in enumerate(states) if state == "completed"]
    versions = {code for code in columns["code"] if code is not None}
    varied = ", ".join(f"{name} ({len({*map(repr, columns[key])})} values)" for name, key in axes.items())
    sentences = [f"Varied: {printable(varied)}." if varied else "All runs have the same parameters."]
    sentences += _says(columns, axes, {name for run in found for name in run.labels}, done, shown)
    if len(versions) > 1:
        sentences.append(f"The runs come from {len(versions)} versions of the code; column code tells them apart.")
    if unreadable:
        sentences.append(f"{len(unreadable):,} folders could not be read as runs, {unreadable[0].name} among them.")
    drawn = _figures({name: [columns[key][i] for i in done] for name, key in axes.items()}, columns, done, shown)
    failed = [run for run in found if run.status == "failed"]
    sections = [
        Section(
            title="Runs",
            sentences=tuple(sentences),
            figures={name: caption for name, (caption, _) in drawn.items()},
            listing=Listing(
                columns=("run", *(() if len(done) == len(found) else ("status",)), *axes, *shown),
                rows=tuple(
                    (
                        columns["run"][i],
                        *(() if len(done) == len(found) else (states[i],)),
                        *(_text(columns[key][i]) for key in axes.values()),
                        *(_text(columns[name][i]) for name in shown),
                    )
                    for i in range(len(found))
                ),
                links=tuple(_page(run) for run in found),
            ),
        )
    ]
    if failed:
        rows = tuple(Row(run.folder.name, str(run.error), _setting(run, axes)) for run in failed[:_SHOWN_ERRORS])
        more = (f"The first {_SHOWN_ERRORS} of {len(failed):,}.",) if len(failed) > _SHOWN_ERRORS else ()
        sections.append(Section(title="Failed", sentences=more, rows=rows))
    return Result(
        headline=f"{len(done):,} of {len(found):,} runs are finished"
        + (f", {len(failed):,} failed" if failed else "")
        + f"; tables/runs.parquet has a row for each, with {len(columns)} columns.",
        metrics={
            "n_runs": len(found),
            "n_completed": len(done),
            "n_failed": len(failed),
            "n_unreadable": len(unreadable),
            "n_axes": len(axes),
            "n_code_versions": len(versions),
        },
        labels={"axes": ", ".join(axes.values())},
        tables={"runs": pa.table({name: _column(values) for name, values in columns.items()})},
        figures={name: draw for name, (_, draw) in drawn.items()},
        sections=tuple(sections),
    )


def _says(
    columns: Mapping[str, list[Any]],
    axes: Mapping[str, str],
    labels: set[str],
    done: Sequence[int],
    shown: Sequence[str],
) -> list[str]:
    """What the sweep shows: where each metric is smallest and largest, and how often each label was given."""
    said = []
    # Seeds are repetitions: what is compared are means over them.
    own = {name: key for name, key in axes.items() if key != "run.seed"}
    settings: dict[str, list[int]] = {}
    for i in done:
        settings.setdefault(" ".join(f"{name}={_text(columns[key][i])}" for name, key in own.items()), []).append(i)
    for name in shown if len(settings) > 1 else ():
        means = {}
        for setting, members in settings.items():
            values = [columns[name][i] for i in members if columns[name][i] is not None]
            if values:
                means[setting] = sum(values) / len(values)
        if len(set(means.values())) > 1:
            low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
            mean = "on average " if any(len(members) > 1 for members in settings.values()) else ""
            said.append(
                f"{name} runs {mean}from {number(means[low])} ({printable(low)}) to {number(means[high])} "
                f"({printable(high)})."
            )
    for name in columns:
        times = Counter(columns[name][i] for i in done if name in labels and columns[name][i] is not None)
        if 2 <= len(times) <= _MOST_KINDS and max(map(len, map(str, times))) <= _LONGEST_KIND:
            counted = ", ".join(f"{printable(str(kind))} {n:,}" for kind, n in times.most_common())
            said.append(f"{name}: {counted} of {len(done):,} runs.")
    return said


def _figures(
    axes: Mapping[str, list[Any]], columns: Mapping[str, list[Any]], done: Sequence[int], shown: Sequence[str]
) -> dict[str, tuple[str, Callable[[], Figure]]]:
    """Caption and drawing of every figure; none where nothing was varied or measured."""
    values = {name: [columns[name][i] for i in done] for name in shown}
    values = {name: column for name, column in values.items() if any(value is not None for value in column)}
    if not axes or not values or len(done) < 2:
        return {}
    from cofail_lab.report.figures import sweep as sweep_figures

    plan = sweep_figures.plan(axes)
    return {"small_multiples": (plan.caption, partial(sweep_figures.small_multiples, plan, values))}


def _column(values: Iterable[Any]) -> pa.Array:
    """The narrowest type that holds every value as it is; text where kinds are mixed."""
    values = list(values)
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if kinds == {int} and any(value is not None and not -(2**63) <= value < 2**63 for value in values):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values) if kinds else pa.nulls(len(values), pa.float64())


def _text(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return value.rpartition(".")[2] if value.startswith("cofail_lab.") else value
    return number(value)


def _setting(run: runs.Run, axes: Mapping[str, str]) -> str:
    return " ".join(f"{name}={_text(run.parameters.get(key))}" for name, key in axes.items())


def _page(run: runs.Run) -> Path:
    """The run's report where there is one, else its numbers."""
    report = run.folder / "report.html"
    return report if report.is_file() else run.folder / "results.json"
