"""Small multiples over what a sweep varied: one row of panels per metric, one column per value of the third axis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cofail_lab.report.figures.style import PALETTE, drawing, fitted, label
from cofail_lab.report.numbers import number

_LINES = len(PALETTE) - 2
_COLUMNS = 5
_METRICS_ACROSS = 3
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _BAR = 1.8, 1.4, 0.75, 0.6, 0.1
# Positive values that span more powers of ten than this are shown on a log scale.
_MAX_LINEAR_DECADES = 2


@dataclass(frozen=True)
class Plan:
    """Which axis goes where.

    Attributes:
        x: name and value of every run, along the panels.
        second: colours of lines, or the vertical direction of a map; None without one.
        third: columns of panels; None without one.
        is_map: whether the second axis has too many values for lines.
        caption: what is drawn, and what is pooled.
    """

    x: tuple[str, list[Any]]
    second: tuple[str, list[Any]] | None
    third: tuple[str, list[Any]] | None
    is_map: bool
    caption: str


def plan(axes: Mapping[str, list[Any]]) -> Plan:
    """Numbers with most values go along the panels; ``axes`` (one or more) are ordered by their number of values."""
    ordered = sorted(axes, key=lambda name: not _numeric(axes[name]))
    # Seeds are repetitions, not a dimension, unless nothing else was varied.
    ordered = [name for name in ordered if name != "run.seed" or len(axes) == 1]
    x, others = ordered[0], ordered[1:]
    second, third, *rest = [*others, None, None]
    is_map = second is not None and len(_distinct(axes[second])) > _LINES
    parts = [f"Every metric against {x}"]
    if second is not None:
        parts.append(f"by {second}")
    if third is not None:
        many = len(_distinct(axes[third]))
        parts.append(f"by {third}" if many <= _COLUMNS else f"by {third} ({_COLUMNS} of its {many} values)")
    pooled = [name for name in (*rest, *(["run.seed"] if "run.seed" in axes and len(axes) > 1 else [])) if name]
    caption = ", ".join(parts) + "."
    if pooled:
        caption += f" Lines and cells are means over {', '.join(pooled)}; points are single runs."

    def axis(name: str | None) -> tuple[str, list[Any]] | None:
        return None if name is None else (name, axes[name])

    return Plan((x, axes[x]), axis(second), axis(third), is_map, caption)


@drawing()
def small_multiples(plan: Plan, metrics: Mapping[str, Sequence[float | None]]) -> Figure:
    """One panel per metric and value of the third axis, on common scales along each row.

    Args:
        plan: from `plan`.
        metrics: name -> one value per run, in the order of the axes' values; None where there is none.
    """
    facets = [None] if plan.third is None else _spread(_distinct(plan.third[1]), _COLUMNS)
    # Without a third axis the metrics themselves fill the columns.
    across = min(_METRICS_ACROSS, len(metrics)) if plan.third is None else len(facets)
    down = -(-len(metrics) * len(facets) // across)
    gap_x = _GAP_X + (_BAR if plan.is_map else 0)
    width, height = across * (_WIDTH + gap_x), down * (_HEIGHT + _GAP_Y)
    figure = Figure(figsize=(width, height))
    panels: list[Axes] = []
    for name, values in metrics.items():
        y = np.array([np.nan if value is None else float(value) for value in values])
        first: Axes | None = None
        for facet in facets:
            row, column = divmod(len(panels), across)
            left, bottom = column * (_WIDTH + gap_x) / width, 1 - (row * (_HEIGHT + _GAP_Y) + _HEIGHT) / height
            axes = figure.add_axes((left, bottom, _WIDTH / width, _HEIGHT / height), sharey=first)
            panels.append(axes)
            mask = np.ones(len(y), bool) if plan.third is None else np.array([v == facet for v in plan.third[1]])
            title = [] if plan.third is None else [f"{label(plan.third[0], 22)} = {_value(facet)}"] * (row == 0)
            if plan.is_map:
                title = [*title, label(name, 34)] if first is None else title
                mesh = _map(axes, plan, y, mask)
                if facet is facets[-1]:
                    bar = figure.add_axes((left + (_WIDTH + 0.06) / width, bottom, 0.07 / width, _HEIGHT / height))
                    figure.colorbar(mesh, cax=bar)
                    _plain_ticks(bar.yaxis, isinstance(mesh.norm, LogNorm))
                axes.set_ylabel(label(plan.second[0], 26) if column == 0 else "")  # type: ignore[index]
                # Every map of a row has the same directions, and colour bars need the room.
                axes.tick_params(labelleft=column == 0)
            else:
                _lines(axes, plan, y, mask)
                axes.set_ylabel(label(name, 26) if first is None else "")
            axes.set_title("\n".join(title), fontsize=8)
            if len(panels) + across > len(metrics) * len(facets):
                axes.set_xlabel(label(plan.x[0], 30))
            elif not plan.is_map and not _numeric(plan.x[1]):
                # Names are long: they stand once, below the last panel of a column.
                axes.tick_params(labelbottom=False)
            first = first or axes
    if plan.second is not None and not plan.is_map:
        place: dict[str, Any] = {"title": label(plan.second[0], 26), "loc": "upper left", "bbox_to_anchor": (1.04, 1)}
        panels[across - 1].legend(*panels[0].get_legend_handles_labels(), **place)
    return fitted(figure)


def _lines(axes: Axes, plan: Plan, y: np.ndarray, mask: np.ndarray) -> None:
    groups = [None] if plan.second is None else _distinct(plan.second[1])
    place, ticks = _positions(plan.x[1])
    for index, group in enumerate(groups):
        chosen = mask if plan.second is None else mask & np.array([value == group for value in plan.second[1]])
        chosen = chosen & np.isfinite(y)
        at = np.unique(place[chosen])
        mean = [y[chosen & (place == where)].mean() for where in at]
        text = None if plan.second is None else _value(group)
        axes.plot(at, mean, "-" if ticks is None else "o", color=PALETTE[index], label=text, ms=3)
        if chosen.sum() > len(at):
            axes.plot(place[chosen], y[chosen], ".", color=PALETTE[index], ms=2, alpha=0.5)
        elif ticks is None:
            axes.plot(at, mean, ".", color=PALETTE[index], ms=3)
    if ticks is not None:
        axes.set_xticks(
            range(len(ticks)),
            [label(_value(tick), 18) for tick in ticks],
            rotation=60,
            ha="right",
            rotation_mode="anchor",
        )
    elif _wide(place):
        axes.set_xscale("log")
        _plain_ticks(axes.xaxis, True)
    if _wide(y[np.isfinite(y)]):
        axes.set_yscale("log")
        _plain_ticks(axes.yaxis, True)


def _map(axes: Axes, plan: Plan, y: np.ndarray, mask: np.ndarray) -> Any:
    if plan.second is None:
        raise ValueError("a map needs two axes")
    cells = []
    for name, values in (plan.x, plan.second):
        del name
        place, ticks = _positions(values)
        levels = np.unique(place)
        cells.append((levels, np.searchsorted(levels, place), ticks))
    (across, i, ticks_x), (up, j, ticks_y) = cells
    chosen = mask & np.isfinite(y)
    total, n = np.zeros((len(up), len(across))), np.zeros((len(up), len(across)))
    np.add.at(total, (j[chosen], i[chosen]), y[chosen])
    np.add.at(n, (j[chosen], i[chosen]), 1)
    mean = np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)
    seen = y[np.isfinite(y)]
    norm = (LogNorm if _wide(seen) else Normalize)(seen.min(), seen.max()) if len(seen) else None
    mesh = axes.pcolormesh(np.arange(len(across) + 1), np.arange(len(up) + 1), mean, norm=norm, cmap="viridis")
    for set_ticks, levels, ticks in ((axes.set_xticks, across, ticks_x), (axes.set_yticks, up, ticks_y)):
        some = np.unique(np.linspace(0, len(levels) - 1, min(5, len(levels))).round().astype(int))
        set_ticks(some + 0.5, [label(_value(levels[k] if ticks is None else ticks[k]), 12) for k in some])
    return mesh


def _plain_ticks(axis: Axis, log: bool) -> None:
    """Numbers as text: mathematics is not parsed in these figures, since names from files must not be."""
    if log:
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _positions(values: Sequence[Any]) -> tuple[np.ndarray, list[Any] | None]:
    """Where each value stands along an axis: a number at itself, anything else in a row with its name."""
    if _numeric(values):
        return np.array([float(value) for value in values]), None
    names = _distinct(values)
    return np.array([names.index(value) for value in values], dtype=float), names


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _distinct(values: Sequence[Any]) -> list[Any]:
    unique = list(dict.fromkeys(values))
    return sorted(unique) if _numeric(unique) else unique


def _spread(values: list[Any], most: int) -> list[Any]:
    if len(values) <= most:
        return values
    return [values[k] for k in np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))]


def _wide(values: np.ndarray) -> bool:
    return len(values) > 1 and values.min() > 0 and np.log10(values.max() / values.min()) > _MAX_LINEAR_DECADES


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value.rpartition(".")[2] if value.startswith("cofail_lab.") else value
    return "null" if value is None else number(value)
