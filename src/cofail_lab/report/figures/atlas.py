"""The figure of an atlas: every matrix a row."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from cofail_lab.report.figures.style import BARS, OTHER, PALETTE, STRONG, drawing, fitted, label

_MARKERS = "osD^vP"


@drawing()
def atlas(
    names: Sequence[str],
    ratios: Mapping[str, Sequence[float | None]],
    nulls: Sequence[tuple[float | None, float | None]],
    shares: np.ndarray,
) -> Figure:
    """Left, observed over predicted β by law; right, where the queries go.

    Args:
        names: of the matrices.
        ratios: law -> its ratio of each matrix, None or 0 where there is none.
        nulls: limits of the one-factor ratio without a common mode, by matrix.
        shares: accuracy of the best model and gain of a perfect router, (k, 2).
    """
    k = len(names)
    height = 0.26 * k + 0.2
    figure = Figure(figsize=(7.4, height))
    left, right = figure.add_axes((0, 0, 0.56, 1)), figure.add_axes((0.62, 0, 0.38, 1))
    rows = np.arange(k)
    for row, (low, high) in zip(rows, nulls, strict=True):
        if low is not None and high is not None and high > 0:
            left.barh(row, high - low, 0.6, left=low, color=BARS, linewidth=0)
    seen = [high for _, high in nulls if high]
    for place, (law, values) in enumerate(ratios.items()):
        points = [(value, row) for value, row in zip(values, rows, strict=True) if value]
        if points:
            x, y = zip(*points, strict=True)
            seen += x
            left.plot(x, y, _MARKERS[place % 6], color=PALETTE[place], markersize=4, label=law, linestyle="none")
    left.axvline(1, color=OTHER, linewidth=0.8, zorder=0)
    if seen:
        _ratio_axis(left, min(0.5, *seen), max(2.0, *seen))
        left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    left.set_xlabel("observed over predicted all-wrong rate")
    left.set_yticks(rows, [label(name, 26) for name in names])
    best, gain = shares.T
    right.barh(rows, best, 0.7, color=BARS, label="best model")
    right.barh(rows, gain, 0.7, left=best, color=PALETTE[1], label="perfect router")
    right.barh(rows, 1 - best - gain, 0.7, left=best + gain, color=STRONG, label="all wrong")
    right.set_xlim(0, 1)
    right.xaxis.set_major_formatter(PercentFormatter(1.0))
    right.set_yticks(rows, [""] * k)
    right.set_xlabel("queries")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=0.8, handlelength=1)
    for axes in (left, right):
        axes.set_ylim(k - 0.5, -0.5)
    return fitted(figure)


def _ratio_axis(axes: Axes, low: float, high: float) -> None:
    """A log scale labelled at 1, 2 and 5 times powers of ten, at every power where there are many."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    ticks = [step * 10.0**power for power in powers for step in steps]
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
