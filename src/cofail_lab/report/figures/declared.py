"""Figures of declared Fréchet classes: the interval against the facts, and the two pools at its ends."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cofail_lab.bounds.declared.answer import DeclaredRange
from cofail_lab.report.figures.style import BARS, PALETTE, STRONG, canvas, drawing, fitted
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import percent


@drawing()
def facts_one_by_one(
    names: Sequence[str], limits: Sequence[tuple[float, float]], target: str, observed: float | None
) -> Figure:
    """An interval for the facts so far, one row each, from none to all.

    Args:
        names: what each row adds.
        limits: lower and upper limit of each row, in [0, 1].
        target: what is limited.
        observed: its value in the matrix, if there is one.
    """
    figure, axes = canvas(3.4, 0.5 + 0.24 * len(names))
    rows = np.arange(len(names))
    low, high = np.array(limits).T
    axes.hlines(rows, low, high, color=BARS, linewidth=7)
    axes.plot(low, rows, "|", color=PALETTE[1], markersize=9, markeredgewidth=1.6)
    axes.plot(high, rows, "|", color=PALETTE[0], markersize=9, markeredgewidth=1.6)
    if observed is not None:
        axes.axvline(observed, color=STRONG, linewidth=1, label="in the matrix")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    axes.set_yticks(rows, [name if n < 2 else f"+ {name}" for n, name in enumerate(names)])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.01, 1.01)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(shorten(target, 60))
    return fitted(figure)


@drawing()
def extremal_pools(found: DeclaredRange) -> Figure:
    """The number of wrong models in the two pools that reach the limits, side by side.

    Args:
        found: a range with laws.
    """
    figure = Figure(figsize=(6.6, 2.1))
    places = figure.add_axes((0, 0, 0.44, 1)), figure.add_axes((0.53, 0, 0.44, 1))
    sides = ((found.lower_law, found.lower, PALETTE[1]), (found.upper_law, found.upper, STRONG))
    highest = 0.0
    for axes, (law, limit, colour) in zip(places, sides, strict=True):
        probs = np.zeros(1) if law is None else law.count_probs()
        used = np.flatnonzero(probs > 0)
        axes.vlines(used, 0, probs[used], color=colour, linewidth=1.5)
        axes.plot(used, probs[used], "o", color=colour, markersize=3)
        axes.set_title(f"{shorten(found.target.words, 40)}: {percent(limit)}", fontsize=8)
        axes.set_xlim(-0.5, len(probs) - 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("number of wrong models")
        highest = max(highest, float(probs.max()))
    for axes in places:
        axes.set_ylim(0, 1.08 * highest)
    places[0].set_ylabel("share of queries")
    return fitted(figure)
