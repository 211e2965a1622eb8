"""The figure of a refuted statement: what it claims of one case, and what was measured there."""

import math

from matplotlib.figure import Figure

from cofail_lab.report.figures.style import PALETTE, STRONG, canvas, drawing, fitted, titled
from cofail_lab.report.numbers import span


@drawing()
def refutation(allowed: tuple[float, float], measured: tuple[float, float]) -> Figure:
    """A line of numbers with the claimed range above and the measured one below.

    Args:
        allowed: ends of what the statement allows; an infinite end is not drawn.
        measured: ends of what was measured, finite.
    """
    known = [value for value in (*allowed, *measured) if math.isfinite(value)]
    low, high = min(known), max(known)
    pad = 0.35 * (high - low) or 0.1 * abs(high) or 1.0
    left, right = low - pad, high + pad
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
            axes.plot(shown, y, "o" if math.isfinite(value) else mark, color=colour, ms=5, clip_on=False)
    axes.set_yticks([1, 0], [f"{name} {_short(span(*ends))}" for name, ends, _, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, 1.6)
    axes.set_xlim(left, right)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x")
    return fitted(figure)


def _short(text: str) -> str:
    return text.replace("at least", "≥").replace("at most", "≤")
