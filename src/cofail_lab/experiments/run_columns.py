"""What runs have in common as columns, and which of them were varied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cofail_lab import runs


def columns_of(loaded: Sequence[runs.Run]) -> dict[str, list[Any]]:
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
        **{column: [run.labels.get(name) for run in loaded] for name, column in label_columns(loaded).items()},
    }


def label_columns(loaded: Sequence[runs.Run]) -> dict[str, str]:
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


def axes_of(columns: Mapping[str, list[Any]]) -> dict[str, str]:
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


def order_of(axes: Sequence[Sequence[Any]], n: int) -> list[int]:
    """Places of n runs in ascending order of what was varied, numbers before texts."""

    def rank(i: int) -> list[tuple[int, Any]]:
        return [
            (0, value) if isinstance(value, int | float) else (1, str(value)) for value in (axis[i] for axis in axes)
        ]

    return sorted(range(n), key=rank)


def arrow_column(values: Iterable[Any]) -> pa.Array:
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
