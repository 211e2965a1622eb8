"""Figures of `experiment=reference_work`: published numbers with ours on them, and the published audit."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.data.sheet import STATES, State
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted, label

# Numbers beyond this stand on a log scale, so that shares beside them can be told apart.
_LINEAR = 1.0


@drawing()
def beside(names: Sequence[str], published: Sequence[float], ours: Sequence[float | None]) -> Figure:
    """One row per number: a ring for the published one, a dot for ours where there is one."""
    figure, axes = canvas(4.4, 0.19 * len(names) + 0.2)
    places = np.arange(len(names))[::-1]
    known = [i for i, value in enumerate(ours) if value is not None]
    axes.scatter(published, places, s=28, facecolors="none", edgecolors=PALETTE[0], linewidths=1, label="published")
    axes.scatter([float(ours[i] or 0) for i in known], places[known], s=7, color=STRONG, label="ours", zorder=3)
    axes.set_yticks(places, [label(name, 60) for name in names])
    if max(map(abs, published), default=0) > _LINEAR:
        axes.set_xscale("symlog", linthresh=_LINEAR, linscale=2)
        axes.set_xticks([0, 0.5, 1, 10], ["0", "0.5", "1", "10"])
    axes.axvline(0, color=OTHER, linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fitted(figure)


@drawing()
def audited(events: Mapping[str, Mapping[State, int]]) -> Figure:
    """One bar per pool: its all-wrong queries by what a reading found."""
    figure, axes = canvas(4.4, 0.24 * len(events) + 0.2)
    places = np.arange(len(events))[::-1]
    left = np.zeros(len(events))
    for state, color in zip(STATES[:-1], (STRONG, *PALETTE[:4]), strict=True):
        sizes = np.array([counts[state] for counts in events.values()], float)
        axes.barh(places, sizes, left=left, color=color, height=0.7, label=state.replace("_", " "))
        left += sizes
    axes.set_yticks(places, [label(name) for name in events])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("queries that defeated everyone in June")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fitted(figure)
