"""The figure of the comparison of laws."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.law_fits import LawFit
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted, label


@drawing()
def law_comparison(comparison: LawComparison) -> Figure:
    """Held-out differences beside predicted over observed β, one row per law."""
    fits = [fit for fit in comparison.fits if fit.absent is None]
    height = 0.19 * (len(fits) + 1)
    page = Figure(figsize=(6.6, height))
    left, right = page.add_axes((0, 0, 0.48, 1)), page.add_axes((0.54, 0, 0.46, 1))
    place = np.arange(len(fits))
    for y, fit in enumerate(fits):
        colour = PALETTE[3] if FITTED_LAWS[fit.name].atom else PALETTE[0]
        _draw_difference(left, y, fit, comparison, colour)
        _draw_prediction(right, y, fit, comparison, colour)
    for axes in (left, right):
        axes.set_ylim(len(fits) - 0.4, -0.6)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        first_atom = next((y for y, fit in enumerate(fits) if FITTED_LAWS[fit.name].atom), None)
        if first_atom:
            axes.axhline(first_atom - 0.5, color="#bbbbbb", linewidth=0.5)
    left.set_yticks(place, [label(fit.label) for fit in fits])
    right.set_yticks(place, [""] * len(fits))
    left.axvline(0, color="#555555", linewidth=0.6)
    linear = _linear(comparison)
    left.set_xscale("symlog", linthresh=linear, linscale=2)
    lowest = min(left.get_xlim()[0], -linear)
    left.set_xlim(left=lowest)
    left.set_xticks([-linear * 10**k for k in range(1 + int(np.log10(-lowest / linear)))] + [0])
    left.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "best" if x == 0 else f"−{_short(-x)}"))
    left.minorticks_off()
    left.set_xlabel("held-out log-likelihood per 1,000 queries\nminus that of the best law (±2 SE)")
    observed = comparison.observed > 0
    right.set_xscale("log")
    low, high = _prediction_range(comparison, fits)
    right.set_xlim(low, high)
    if high / low < 30:
        ticks = [x for x in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10) if low <= x <= high]
        if observed and len(ticks) > 1:
            right.set_xticks(ticks)
    else:
        right.xaxis.set_major_locator(LogLocator(numticks=8))
    right.minorticks_off()
    right.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    if observed:
        right.axvline(1, color=STRONG, linewidth=1)
    right.set_xlabel("predicted β / observed β" if observed else "predicted β (none observed)")
    return fitted(page)


def _short(number: float) -> str:
    return f"{number / 1000:,.0f}k" if number >= 1000 else f"{number:.0f}"


def _linear(comparison: LawComparison) -> float:
    """Where the axis turns from linear to logarithmic: the power of ten nearest to the reach of the close laws."""
    near = [
        1000 * (2 * fit.difference_error - fit.difference)
        for fit in comparison.fits
        if fit.close and fit.difference is not None and fit.difference_error is not None
    ]
    return float(10 ** np.round(np.log10(max([*near, 10.0]))))


def _draw_difference(axes: Axes, y: int, fit: LawFit, comparison: LawComparison, colour: str) -> None:
    if fit.difference is None or fit.difference_error is None:
        _annotate(axes, "not judged", (1, y), -4, ha="right", color="#777777")
        return
    best = comparison.best is not None and fit.name == comparison.best.name
    axes.errorbar(
        1000 * fit.difference,
        y,
        xerr=None if best else 2000 * fit.difference_error,
        fmt="D" if best else "o",
        markersize=4.5 if best else 3.5,
        color=colour,
        markerfacecolor=colour if fit.close else "white",
        elinewidth=1,
        capsize=1.5,
    )


def _draw_prediction(axes: Axes, y: int, fit: LawFit, comparison: LawComparison, colour: str) -> None:
    value = fit.predicted.value
    low, _ = _prediction_range(comparison, list(comparison.fits))
    scale = comparison.observed or 1.0
    if value is None or value / scale < low:
        power = "" if fit.log_predicted is None else f"10^{(fit.log_predicted - np.log(scale)) / np.log(10):.0f}"
        _annotate(axes, f"◂ {power}", (0, y), 2, color=colour)
        return
    error = 2 * (fit.predicted.error or 0.0) / scale if fit.predicted.kind == "monte_carlo" else 0.0
    axes.errorbar(value / scale, y, xerr=error or None, fmt="o", markersize=3.5, color=colour, elinewidth=1)


def _annotate(axes: Axes, text: str, place: tuple[float, float], shift: float, **style: Any) -> None:
    """A small text at a share of the width and a row, moved to the right by ``shift`` points."""
    position = axes.get_yaxis_transform(), "offset points"
    axes.annotate(text, place, (shift, 0), *position, va="center", fontsize=7, **style)


def _prediction_range(comparison: LawComparison, fits: list[LawFit]) -> tuple[float, float]:
    """Ends of the axis: what is not astronomically small."""
    scale = comparison.observed or 1.0
    values = [fit.predicted.value / scale for fit in fits if fit.predicted.value]
    shown = [value for value in values if value > max(values) / 1e3] or [1.0]
    if comparison.observed:
        shown.append(1.0)
    return 0.8 * min(shown), 1.25 * max(shown)
