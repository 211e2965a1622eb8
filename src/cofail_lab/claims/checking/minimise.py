"""A counterexample in its simplest form: small whole numbers, then as few digits as still violate."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cofail_lab.claims.checking.box import Axis, Box, Points

Violates = Callable[[Points], np.ndarray]
"""Whether each of some points violates for certain."""

Case = dict[str, float | list[float]]
"""A point as plain numbers, which replays."""


def minimise(box: Box, case: Case, violates: Violates) -> Case:
    """The same counterexample, each number as simple as it can be while the others stay.

    Args:
        box: simple numbers stay inside it.
        case: a counterexample.
        violates: of many points.
    """
    simple = dict(case)
    for whole in (True, False):
        for name in box.varying:
            axis = box.axes[name]
            if axis.whole != whole or axis.values:
                continue
            trials = _smaller(axis, simple[name]) if whole else _rounded(axis, simple[name])
            if not trials:
                continue
            first = _first(trials, simple, name, violates)
            if first is None:
                continue
            simple[name] = trials[first]
            if whole and first:
                # Between two trials as well.
                between = np.unique(np.linspace(trials[first - 1], trials[first], 66).astype(int))[1:]  # type: ignore[arg-type]
                nearer = _first(between.astype(float).tolist(), simple, name, violates)
                simple[name] = simple[name] if nearer is None else float(between[nearer])
    return simple


def _first(trials: list, case: Case, name: str, violates: Violates) -> int | None:
    """The first trial value of a parameter that violates."""
    found = np.flatnonzero(violates(stacked([{**case, name: trial} for trial in trials])))
    return int(found[0]) if found.size else None


def _smaller(axis: Axis, value: float | list[float]) -> list[float | list[float]]:
    """Whole numbers from the least on, closer together at the beginning."""
    if isinstance(value, list):
        return []
    steps = np.unique(np.concatenate([np.arange(12), np.geomspace(12, max(13.0, value - axis.low), 20)]).astype(int))
    return [float(axis.low + step) for step in steps if axis.low + step < value]


def _rounded(axis: Axis, value: float | list[float]) -> list[float | list[float]]:
    """The value with one digit, two, ... where it stays inside."""
    numbers = value if isinstance(value, list) else [value]
    trials: list[float | list[float]] = []
    for digits in range(1, 9):
        rounded = [float(f"{x:.{digits}g}") for x in numbers]
        if all(axis.low <= x <= axis.high for x in rounded):
            trials.append(rounded if isinstance(value, list) else rounded[0])
    return trials


def stacked(cases: list[Case]) -> Points:
    """Cases as points."""
    return {name: np.array([case[name] for case in cases], dtype=float) for name in cases[0]}


def case_of(points: Mapping[str, np.ndarray], index: int) -> Case:
    """One of some points as plain numbers."""
    return {name: column[index].tolist() for name, column in points.items()}
