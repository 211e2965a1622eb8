"""What a sweep found, in a sentence: how a metric moves as what was varied grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cofail_lab.report.gathered import SEED, GatheredRuns, called, form, is_number, value_text
from cofail_lab.report.levels import (
    Cell,
    Level,
    cells_of,
    level_of,
    levels_of,
    mean_of,
    same_everywhere,
    trend_of,
    values_of,
)
from cofail_lab.report.numbers import count, percent, points, ratio


def headline(runs: GatheredRuns) -> str:
    """What was found, from how many of the runs where not all are finished."""
    found, n, done = _found(runs), len(runs.folders), len(runs.completed)
    if not found:
        return tally(runs)
    return found if done == n else f"{found} (From {count(done)} of {count(n)} runs.)"


def tally(runs: GatheredRuns) -> str:
    """How many runs are finished, and what became of the others."""
    n, done = len(runs.folders), len(runs.completed)
    others = [(status, len(runs.with_status(status))) for status in dict.fromkeys(runs.columns["status"])]
    listed = "".join(f", {count(k)} {_STATUS.get(s, s)}" for s, k in others if s != "completed")
    return f"{count(done)} of {count(n)} runs are finished{listed}."


_STATUS = {"started": "not ended"}


def _found(runs: GatheredRuns) -> str:
    if not runs.completed:
        return ""
    if {runs.columns["experiment"][i] for i in runs.completed} == {"verify"}:
        return _verdicts(runs)
    leading = main_metric(runs)
    return "" if leading is None else sentence(runs, leading)


def main_metric(runs: GatheredRuns) -> str | None:
    """The metric that the headline is about: the first shown that varies, else the first; of policies, their gain."""
    measured = [name for name in runs.shown if any(runs.columns[name][i] is not None for i in runs.completed)]
    measured = [name for name in measured if name in runs.gains] or measured
    varied = (name for name in measured if len({form(name)(value) for _, value in values_of(runs, name)}) > 1)
    return next(varied, measured[0] if measured else None)


def sentence(runs: GatheredRuns, metric: str, *, in_full: bool = True) -> str:
    """How a metric moves over everything that was varied; the axis that moves it most comes first.

    Args:
        runs: what was gathered.
        metric: a column of them.
        in_full: whether to say what is averaged over, and what the other axes do.
    """
    axes = [name for name, key in runs.axes.items() if key != SEED]
    if not axes:
        return _repeated(runs, metric)
    cells = {name: cells_of(runs, metric, name) for name in axes}
    found = {
        name: levels_of(runs, metric, name, whole) for name, (whole, _) in cells.items() if whole and len(whole[0]) > 1
    }
    if not found:
        return _extremes(runs, metric)
    first, *others = sorted(found, key=lambda name: -_spread(found[name]))
    said = _moves(runs, metric, first, found[first])
    if not in_full:
        return f"{said}."
    said += _averaged(runs, first, *cells[first])
    if not same_everywhere(runs, metric, first, cells[first][0]):
        said += ", though not with each of them"
    others = [name for name in others if len(cells[name][0]) == cells[name][1]]
    moving = [name for name in others if trend_of(found[name], metric) not in ("same", "within_error")]
    still = [runs.short(name) for name in others if name not in moving]
    weaker = [f"{runs.short(name)} moves it by {form(metric)(_spread(found[name]))}" for name in moving]
    weaker += [f"{_listed(still)} make{'s' if len(still) == 1 else ''} no difference"] if still else []
    return f"{said}." + (f" {'; '.join(weaker)}." if weaker else "")


def _averaged(runs: GatheredRuns, axis: str, whole: Sequence[Cell], n_settings: int) -> str:
    """What the values of an axis are averaged over."""
    others = [runs.short(name) for name, key in runs.axes.items() if name != axis and key != SEED]
    seeds = [f"{len({*map(repr, runs.columns[SEED])})} seeds"] if SEED in runs.axes.values() else []
    if len(whole) == n_settings:
        return f", on average over {_listed([*others, *seeds])}" if others or seeds else ""
    if len(whole) > 1:
        return f", on average over the {len(whole)} of {n_settings} settings of {_listed(others)} that all of them have"
    one = next(iter(whole[0].values()))[0]
    return f", at {runs.setting(one, (runs.axes[axis], SEED))}"


def _verdicts(runs: GatheredRuns) -> str:
    wrong = [i for i in runs.completed if runs.columns["n_unexpected"][i]]
    n = len(runs.completed)
    if not wrong:
        return f"{'Every verdict is' if n == 1 else f'In each of {count(n)} runs every verdict is'} the expected one."
    named = ", ".join(runs.setting(i) or runs.folders[i].name for i in wrong[:3]) + (", ..." if len(wrong) > 3 else "")
    have = "has" if len(wrong) == 1 else "have"
    return f"{count(len(wrong))} of {count(n)} runs {have} verdicts that are not the expected ones: {named}."


def _repeated(runs: GatheredRuns, metric: str) -> str:
    """A metric where nothing but the seed was varied."""
    values = [value for _, value in values_of(runs, metric)]
    level, show, n = level_of(None, [values], None, None), form(metric), len(values)
    what = "seeds" if SEED in runs.axes.values() else "runs with the same parameters"
    low, high = show(min(values)), show(max(values))
    if low == high:
        where = "" if n == 1 else f" with each of {count(n)} {what}" if what == "seeds" else f" in {count(n)} {what}"
        return f"{_capital(called(metric))} is {low}{where}."
    spread = f"from {low.removesuffix(' points')} to {high}"
    return f"{_capital(called(metric))} is {_said(metric, level)} on average over {count(n)} {what}, {spread}."


def _extremes(runs: GatheredRuns, metric: str) -> str:
    """Where a metric is least and greatest, where no two values of an axis have the same other settings."""
    values = values_of(runs, metric)
    if not values:
        return ""
    if len(values) == 1:
        return f"{_capital(called(metric))} is {form(metric)(values[0][1])} at {runs.setting(values[0][0])}."
    (low, least), (high, most) = min(values, key=lambda v: v[1]), max(values, key=lambda v: v[1])
    show = form(metric)
    if show(least) == show(most):
        return f"{_capital(called(metric))} is {show(least)} throughout."
    return (
        f"{_capital(called(metric))} is least, {show(least)}, at {runs.setting(low)} and greatest, {show(most)}, at "
        f"{runs.setting(high)}."
    )


def _moves(runs: GatheredRuns, metric: str, axis: str, levels: Sequence[Level]) -> str:
    what, trend = _capital(called(metric)), trend_of(levels, metric)
    low, high = min(levels, key=mean_of), max(levels, key=mean_of)
    first, last = levels[0], levels[-1]
    if not all(is_number(level.value) for level in levels):
        name = runs.short(axis)
        if trend == "same":
            return f"{what} is {_said(metric, low)} whatever the {name}"
        ends = f"{value_text(high.value)} ({_said(metric, high)})", f"{value_text(low.value)} ({_said(metric, low)})"
        if trend == "within_error":
            return f"{what} does not differ within error by {name}: from {ends[1]} to {ends[0]}"
        return f"{what} is greatest with {name} {ends[0]} and least with {ends[1]}"
    grows = f"as {runs.what_grows(axis)} grows from {value_text(first.value)} to {value_text(last.value)}"
    if trend == "same":
        return f"{what} stays at {_said(metric, first)} {grows}"
    if trend == "within_error":
        return f"{what} does not change within error {grows}: {_from_to(metric, first, last)}"
    if trend == "varies":
        where = [f"at {value_text(level.value)} ({_said(metric, level)})" for level in (low, high)]
        return f"{what} goes up and down {grows}: least {where[0]}, greatest {where[1]}"
    return f"{what} {trend} {_from_to(metric, first, last)} {grows}"


def _spread(levels: Sequence[Level]) -> float:
    means = [level.mean for level in levels]
    return max(means) - min(means)


def _listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _said(metric: str, level: Level) -> str:
    """A value, with its standard error where one was measured and can be seen."""
    show = form(metric)
    text = show(level.mean)
    if level.n < 2 or not level.error:
        return text
    unit = _unit(metric)
    error = f"{100 * level.error:.1f}" if unit in (" points", "%") else f"{level.error:.2g}"
    return text if float(error) == 0 else f"{text.removesuffix(unit)} ± {error}{unit}"


def _unit(metric: str) -> str:
    units: dict[Any, str] = {points: " points", percent: "%", ratio: "×"}
    return units.get(form(metric), "")


def _from_to(metric: str, first: Level, last: Level) -> str:
    return f"from {_said(metric, first).removesuffix(' points')} to {_said(metric, last)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
