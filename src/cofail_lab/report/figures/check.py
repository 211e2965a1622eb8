"""The figure of `experiment=check`: the margin of a statement over one or two parameters."""

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from cofail_lab.claims.checking.slices import Slice
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, decades, drawing, fitted


@drawing()
def margin(shown: Slice) -> Figure:
    """A line, or a map; the point with the smallest margin, or the counterexample, is marked."""
    return _line(shown) if len(shown.names) == 1 else _map(shown)


def _line(shown: Slice) -> Figure:
    figure, axes = canvas(3.6, 2.2)
    axes.axhline(0, color=OTHER, linewidth=1)
    axes.plot(shown.values[0], shown.margin, color=PALETTE[0], marker="." if len(shown.values[0]) < 30 else "")
    nearest = int(np.argmin(np.abs(shown.values[0] - shown.point[0])))
    axes.plot(shown.point[0], shown.margin[nearest], "o", color=STRONG, markersize=5, zorder=5)
    if shown.log[0]:
        decades(axes.xaxis, shown.values[0][0], shown.values[0][-1])
    axes.set_xlabel(shown.names[0])
    axes.set_ylabel("margin (below 0: false)")
    return fitted(figure)


def _map(shown: Slice) -> Figure:
    figure, axes = canvas(3.6, 2.8)
    finite = shown.margin[np.isfinite(shown.margin)]
    # Most of the map is seen, whatever a few points at its edge are.
    # Where it is false has a scale of its own: it may fail by little.
    norm = TwoSlopeNorm(0.0, *(sign * _size(sign * finite) for sign in (-1, 1)))
    drawn = axes.pcolormesh(*shown.values, shown.margin.T, cmap="RdBu", norm=norm, shading="nearest", rasterized=True)
    axes.set_facecolor("#eeeeee")
    # A dark and a light ring: one of them is seen on every shade, also where a dark page turns them around.
    for colour, size, width in (("white", 8, 3.0), ("black", 8, 1.2)):
        axes.plot(*shown.point, "o", color=colour, markerfacecolor="none", markersize=size, markeredgewidth=width)
    for axis, values, log in zip((axes.xaxis, axes.yaxis), shown.values, shown.log, strict=True):
        if log:
            decades(axis, values[0], values[-1])
    axes.set_xlabel(shown.names[0])
    axes.set_ylabel(shown.names[1])
    figure.colorbar(drawn, ax=axes, label="margin (below 0: false)")
    return fitted(figure)


def _size(values: np.ndarray) -> float:
    """What nearly all of the positive values stay below; 1 without any."""
    positive = values[values > 0]
    return float(np.quantile(positive, 0.95)) if positive.size else 1.0
