"""Figures of a fit judged: ratios in their null distributions, over pool size, and regimes by dataset."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.replicates.null import NullTest
from cofail_lab.report.figures.style import BARS, OTHER, PALETTE, STRONG, canvas, drawing, fitted, label, titled
from cofail_lab.report.numbers import count, p_value, percent, ratio

DATASETS = 30
"""Rows of `regime_map` at most, the whole matrix included."""


@drawing()
def null_calibration(
    laws: Sequence[str],
    tests: Sequence[NullTest],
    ratios: Sequence[float | None],
    intervals: Sequence[tuple[float, float] | None],
    level: float,
) -> Figure:
    """Observed over predicted β of each law, against the central 90% of matrices simulated without a common mode.

    Args:
        laws: names; one with an asterisk has its own law as the null.
        tests: where each falls.
        ratios: observed.
        intervals: their bootstrap intervals.
        level: of these intervals.
    """
    figure, axes = canvas(4.2, 0.27 * len(laws))
    place = np.arange(len(laws))
    # Matrices without an all-wrong query have ratio 0, which a log axis does not have: they are off its left edge.
    drawn = [x for test in tests for x in (test.lower, test.expected)] + [x for pair in intervals if pair for x in pair]
    floor = min((x for x in (*drawn, *(value for value in ratios if value)) if x > 0), default=1e-3) / 1.5
    for y, test, value, limits in zip(place, tests, ratios, intervals, strict=True):
        low = max(test.lower, floor)
        axes.barh(y, test.upper - low, left=low, height=0.5, color=BARS)
        axes.plot([test.expected] * 2, [y - 0.25, y + 0.25], color="#555555", lw=1.2)
        if limits is not None:
            axes.plot([max(limits[0], floor), limits[1]], [y, y], color=STRONG, lw=1)
        if value is not None:
            (dot,) = axes.plot(value, y, "o", ms=4, color=STRONG)
            titled(dot, f"{laws[int(y)]}: {ratio(value)}, p = {p_value(test.p_value)}")
        axes.annotate(
            p_value(test.p_value), (1, y), (34, 0), axes.get_yaxis_transform(), "offset points", ha="right", va="center"
        )
    axes.annotate("p", (1, -1), (34, 0), axes.get_yaxis_transform(), "offset points", ha="right", va="center")
    axes.axvline(1, color="#999999", lw=0.6, zorder=0)
    axes.set_yticks(place, laws)
    axes.set_ylim(len(laws) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xscale("log")
    axes.set_xlim(left=floor)
    _ratio_axis(axes, "x")
    axes.set_xlabel(
        "observed / predicted β" + ("; * against that law's own null" if any("*" in n for n in laws) else "")
    )
    handles = [
        Line2D([], [], marker="o", ms=4, color=STRONG, lw=1, label=f"observed, {100 * level:g}% bootstrap"),
        Patch(color=BARS, label="no common mode: central 90%, median"),
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
    return fitted(figure)


@drawing()
def pool_size_scan(scan: PoolScan) -> Figure:
    """Median and 5–95% band of observed over one-factor β in random pools of each size, and the share with a tail."""
    figure, axes = canvas(4.4, 2.3)
    below = figure.add_axes((0, -0.62, 1, 0.45))
    worlds = [(scan.ratio, scan.all_wrong, STRONG, "data")]
    if scan.null_ratio is not None and scan.null_all_wrong is not None:
        worlds.insert(0, (scan.null_ratio, scan.null_all_wrong, "#7c8794", "without a common mode"))
    sizes = scan.sizes
    bands = []
    for values, *_ in worlds:
        kept = [row[~np.isnan(row)] for row in values]
        bands.append([np.quantile(row, [0.05, 0.5, 0.95]) if len(row) else [np.nan] * 3 for row in kept])
    drawn = np.array(bands)
    # Pools without a tail have ratio 0, which a log axis does not have: their band ends at its lower edge.
    floor = float(drawn[drawn > 0].min()) / 1.05 if (drawn > 0).any() else 0.1
    for band, (_, all_wrong, colour, text) in zip(drawn, worlds, strict=True):
        low, middle, high = np.maximum(band, floor).T
        axes.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(sizes, middle, "o-", ms=2.5, color=colour, label=text)
        n_looked = (~np.isnan(all_wrong)).sum(axis=1)
        below.plot(sizes, (all_wrong > 0).sum(axis=1) / np.maximum(n_looked, 1), "o-", ms=2.5, color=colour)
    axes.axhline(1, color="#999999", lw=0.6, zorder=0)
    for part in (axes, below):
        part.set_xscale("log")
        part.xaxis.set_major_locator(FixedLocator(sizes.tolist()))
        part.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([])
    below.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
    below.set_xlabel("pool size")
    axes.set_yscale("log")
    axes.set_ylim(bottom=floor)
    _ratio_axis(axes, "y")
    axes.set_ylabel("observed / one-factor β")
    below.set_ylim(0, 1.03)
    below.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    below.set_ylabel("with a tail")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0, title="median and 5–95% of random pools"
    ).set_alignment("left")
    return fitted(figure)


@drawing()
def regime_map(regimes: Sequence[PoolRegime]) -> Figure:
    """Foreclosed share with its 95% limits, one row per dataset, the whole matrix first.

    Args:
        regimes: the whole matrix, then datasets; of more than `DATASETS`, the largest are shown.
    """
    largest = set(sorted(regimes[1:], key=lambda pool: -pool.n_queries)[: DATASETS - 1])
    rows = [regimes[0], *(pool for pool in regimes[1:] if pool in largest)]
    figure, axes = canvas(3.6, 0.2 * len(rows))
    colours = {"ceiling-bound": STRONG, "realizability-bound": PALETTE[1], "undetermined": PALETTE[0]}
    place = np.arange(len(rows))
    axes.axvspan(0.5, 1, color=STRONG, alpha=0.07, linewidth=0)
    for y, pool in zip(place, rows, strict=True):
        limits = pool.foreclosed_interval
        if limits is not None:
            axes.plot(limits, [y, y], color=colours[pool.regime], lw=1.2, alpha=0.6)
            (dot,) = axes.plot(pool.foreclosed_share or 0.0, y, "o", ms=4.5, color=colours[pool.regime])
            titled(dot, f"{label(pool.name)}: {percent(pool.foreclosed_share)}, {pool.regime}")
    axes.axhline(0.5, color=OTHER, lw=0.6)
    axes.set_yticks(place, [label(pool.name) for pool in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-0.01, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    axes.set_xlabel("share of the best model's errors that are everybody's, 95% limits")
    axes.tick_params(axis="y", length=0)
    columns = (
        ("queries", [count(pool.n_queries) for pool in rows]),
        ("best wrong", [percent(pool.best_errors / pool.n_queries) for pool in rows]),
        ("all wrong", [percent(pool.n_all_wrong / pool.n_queries) for pool in rows]),
    )
    for position, (title, cells) in enumerate(columns, start=1):
        for y, text in ((-1, title), *enumerate(cells)):
            axes.annotate(
                text, (1, y), (60 * position, 0), axes.get_yaxis_transform(), "offset points", ha="right", va="center"
            )
    handles = [Line2D([], [], marker="o", ls="", ms=4.5, color=colour, label=name) for name, colour in colours.items()]
    above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1 + 1.1 / len(rows)), "borderpad": 0}
    axes.legend(handles=handles, ncols=3, handletextpad=0.2, **above)
    return fitted(figure)


def _ratio_axis(axes: Axes, which: str) -> None:
    """A log scale labelled with ratios."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    if high / low > 2:
        steps = (1, 2, 5) if high / low > 5 else (1, 1.5, 2, 3, 5, 7)
        ticks = [float(f"{step * 10.0**power:.3g}") for power in range(-3, 7) for step in steps]
    else:
        # Multiples of a round step, which 1 is as well.
        ticks = [round(float(tick), 6) for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)]
    ticks = [tick for tick in ticks if low <= tick <= high]
    # As many ticks as fit, 1 among them.
    every = -(-len(ticks) // 7)
    first = ticks.index(1.0) % every if 1.0 in ticks else 0
    axis.set_major_locator(FixedLocator(ticks[first::every]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}×"))
