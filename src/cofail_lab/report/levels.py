"""How a metric moves along one axis of a sweep: its levels, their errors, and what of it the errors cannot explain.

Nothing is called a change that the errors explain: those over seeds where settings are repeated, else those that the
runs record, else the limits of both ends. Without any of them, a change is what the digits shown can tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cofail_lab.report.gathered import SEED, GatheredRuns, form, is_number

Trend = Literal["same", "within_error", "rises", "falls", "varies"]
_ERRORS = 2
"""Standard errors of a difference that are taken for chance, where they are known well."""


Cell = dict[str, list[int]]
"""The runs of one setting, by the value of the axis that is looked at."""


@dataclass(frozen=True)
class Level:
    """One value of an axis, and a metric there.

    Attributes:
        value: of the axis.
        mean: of the metric, over seeds and over the settings of the other axes.
        error: its standard error; None where it is not known.
        limits: of the metric, where this is a single run that records them.
        n: number of runs.
        degrees: of freedom of an error that is the spread over seeds.
    """

    value: Any
    mean: float
    error: float | None
    limits: tuple[float, float] | None
    n: int
    degrees: float = math.inf


def trend_of(levels: Sequence[Level], metric: str) -> Trend:
    """What happens from the first level to the last one; ``varies`` if there is no one direction."""
    up = down = False
    lowest = highest = levels[0]
    for level in levels[1:]:
        # Against the extremes so far: a sweep can have thousands of levels, and all of their pairs would take minutes.
        up |= level.mean > lowest.mean and _differ(lowest, level, metric)
        down |= level.mean < highest.mean and _differ(highest, level, metric)
        lowest, highest = min(lowest, level, key=mean_of), max(highest, level, key=mean_of)
    if not up and not down:
        return "same" if len({form(metric)(level.mean) for level in levels}) == 1 else "within_error"
    if (up and down) or not _differ(levels[0], levels[-1], metric):
        return "varies"
    return "rises" if up else "falls"


def _differ(a: Level, b: Level, metric: str) -> bool:
    if form(metric)(a.mean) == form(metric)(b.mean):
        return False
    if a.error is not None and b.error is not None:
        return abs(a.mean - b.mean) > _errors(a, b) * math.hypot(a.error, b.error)
    if a.limits is not None and b.limits is not None:
        return not (b.limits[0] <= a.mean <= b.limits[1] and a.limits[0] <= b.mean <= a.limits[1])
    return True


def _errors(a: Level, b: Level) -> float:
    """Standard errors of the difference that chance exceeds as rarely as a normal number `_ERRORS`.

    The spread of a few seeds is hardly known: of two at either end it is 4.5 (Welch 1947, Biometrika 34).
    """
    unsure = sum((level.error or 0.0) ** 4 / level.degrees for level in (a, b))
    if not unsure:
        return _ERRORS
    from scipy.special import ndtr, stdtrit

    return float(stdtrit(math.hypot(a.error or 0.0, b.error or 0.0) ** 4 / unsure, ndtr(_ERRORS)))


def cells_of(runs: GatheredRuns, metric: str, axis: str) -> tuple[list[Cell], int]:
    """The settings of the other axes that every value of this one has, and how many settings there are."""
    values = dict(values_of(runs, metric))
    own = runs.columns[runs.axes[axis]]
    others = [key for name, key in runs.axes.items() if name != axis and key != SEED]
    cells: dict[str, Cell] = {}
    for i in values:
        other = repr([runs.columns[key][i] for key in others])
        cells.setdefault(other, {}).setdefault(repr(own[i]), []).append(i)
    wanted = {repr(own[i]) for i in values}
    return [cell for cell in cells.values() if len(cell) == len(wanted)], len(cells)


def levels_of(runs: GatheredRuns, metric: str, axis: str, whole: Sequence[Cell]) -> list[Level]:
    """The values of an axis, with the metric averaged over these settings of the other axes."""
    values = dict(values_of(runs, metric))
    own = runs.columns[runs.axes[axis]]
    errors, lower, upper = (runs.columns.get(f"{metric}_{end}") for end in ("error", "lower", "upper"))
    levels = []
    for value in dict.fromkeys(repr(own[i]) for i in values):
        groups = [cell[value] for cell in whole]
        recorded = None if errors is None else [errors[i] for group in groups for i in group]
        single = groups[0][0] if len(groups) == 1 and len(groups[0]) == 1 else None
        ends = None if single is None or lower is None or upper is None else (lower[single], upper[single])
        levels.append(level_of(own[groups[0][0]], [[values[i] for i in group] for group in groups], recorded, ends))
    return levels


def level_of(
    value: Any,
    groups: Sequence[Sequence[float]],
    recorded: Sequence[float | None] | None,
    ends: tuple[float | None, float | None] | None,
) -> Level:
    """A level.

    Args:
        value: of the axis.
        groups: the metric of the runs of each setting, one group a setting.
        recorded: the errors that these runs record, if they do.
        ends: the limits that a single run records.
    """
    means = [sum(group) / len(group) for group in groups]
    known = None if recorded is None or None in recorded else [error or 0.0 for error in recorded]
    error, degrees = None, math.inf
    if all(len(group) > 1 for group in groups):
        variances = [_variance(group) / len(group) for group in groups]
        error = math.sqrt(sum(variances)) / len(groups)
        if error:
            unsure = sum(variance**2 / (len(group) - 1) for variance, group in zip(variances, groups, strict=True))
            degrees = sum(variances) ** 2 / unsure
    elif known is not None:
        error = math.sqrt(sum(one**2 for one in known)) / len(known)
    limits = None if ends is None or None in ends else (float(ends[0] or 0.0), float(ends[1] or 0.0))
    return Level(value, sum(means) / len(means), error, limits, sum(map(len, groups)), degrees)


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def same_everywhere(runs: GatheredRuns, metric: str, axis: str, whole: Sequence[Cell]) -> bool:
    """Whether an axis moves the metric one and the same way at each of these settings of the other axes."""
    values, own = dict(values_of(runs, metric)), runs.columns[runs.axes[axis]]
    ways = set()
    for cell in whole:
        levels = [level_of(own[group[0]], [[values[i] for i in group]], None, None) for group in cell.values()]
        trend = trend_of(levels, metric)
        if trend not in ("same", "within_error"):
            ends = (max(levels, key=mean_of).value, min(levels, key=mean_of).value)
            ways.add(trend if all(is_number(level.value) for level in levels) else ends)
    return len(ways) <= 1


def mean_of(level: Level) -> float:
    """The mean, as a key to sort by."""
    return level.mean


def values_of(runs: GatheredRuns, metric: str) -> list[tuple[int, float]]:
    """The runs that have a metric; those with the same parameters, such as of two versions of the code, are one."""
    same: dict[Any, list[int]] = {}
    for i in runs.completed:
        if runs.columns[metric][i] is not None:
            setting = repr([runs.columns[key][i] for key in runs.axes.values()]) if runs.axes else i
            same.setdefault(setting, []).append(i)
    return [(own[0], sum(runs.columns[metric][i] for i in own) / len(own)) for own in same.values()]
