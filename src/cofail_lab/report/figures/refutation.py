"""The figure of a refuted statement: what it claims of one case, and what was measured there."""

import math

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cofail_lab.report.figures.style import PALETTE, STRONG, canvas, decades, drawing, fitted, titled
from cofail_lab.report.numbers import number, span

_WIDE = 50
"""A range so many times as wide as the gap beside it hides the gap."""


@drawing()
def refutation(allowed: tuple[float, float], measured: tuple[float, float]) -> Figure:
    """A line of numbers with the claimed range above and the measured one below.

    Args:
        allowed: ends of what the statement allows; one that is infinite, or too far off to see the other, is an arrow.
        measured: ends of what was measured, finite.
    """
    left, right, log = _window(allowed, measured)
    figure, axes = canvas(4.0, 0.55)
    rows = (
        ("claimed", allowed, 1, PALETTE[0]),
        ("measured", measured, 0, STRONG),
    )
    for name, (start, end), y, colour in rows:
        start_, end_ = max(start, left), min(end, right)
        (line,) = axes.plot([start_, end_], [y, y], color=colour, lw=4, solid_capstyle="butt")
        titled(line, f"{name} {span(start, end)}")
        for value, shown, mark in ((start, start_, "<"), (end, end_, ">")):
            axes.plot(shown, y, "o" if value == shown else mark, color=colour, ms=5, clip_on=False)
        # Beside the line and not in its name: a phone cuts long names, and a number must not lose its sign.
        axes.annotate(
            _short(span(start, end)),
            (1, y),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks([row[2] for row in rows], [row[0] for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, 1.6)
    axes.set_xlim(left, right)
    if log:
        decades(axes.xaxis, left, right)
        axes.set_xlabel("log scale")
    else:
        axes.locator_params(axis="x", nbins=5)
        if right - left > 1e-4 * max(abs(left), abs(right)):
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 6)))
    axes.grid(axis="x")
    return fitted(figure)


def _window(allowed: tuple[float, float], measured: tuple[float, float]) -> tuple[float, float, bool]:
    """Ends of the axis, and whether it is a log scale: the gap between what is claimed and measured is to be seen."""
    known = sorted(value for value in (*allowed, *measured) if math.isfinite(value))
    if known[0] > 0 and known[-1] > _WIDE * known[0]:
        factor = (known[-1] / known[0]) ** 0.35
        return known[0] / factor, known[-1] * factor, True
    edge, far = allowed if measured[0] < allowed[0] else allowed[::-1]
    gap = max(allowed[0] - measured[0], measured[1] - allowed[1])
    if math.isfinite(far) and 0 < _WIDE * gap < abs(far - edge):
        known = sorted((edge, *measured))
    low, high = known[0], known[-1]
    pad = 0.35 * (high - low) or 0.1 * abs(high) or 1.0
    return low - pad, high + pad, False


def _short(text: str) -> str:
    return text.replace("at least", "≥").replace("at most", "≤")
