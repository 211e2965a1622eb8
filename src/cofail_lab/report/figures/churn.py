"""The figure of `experiment=churn`: models by release date, and the best so far."""

from collections.abc import Sequence

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.decisions.release_history import Advantage, CheapestAtFloor, Timeline
from cofail_lab.report.figures.style import BARS, OTHER, PALETTE, STRONG, drawing, fitted, label

# More names than this do not fit beside the axes.
_NAMED = 16


@drawing()
def timeline(
    line: Timeline,
    released: np.ndarray,
    accuracy: np.ndarray,
    observed: Advantage,
    split: Advantage,
    ceiling: np.ndarray,
    adopted: tuple[np.ndarray, Sequence[str]],
    dollars: CheapestAtFloor | None,
) -> Figure:
    """Accuracy by date above, dollars per right answer at the floor below where they are known.

    Args:
        line: the dated models.
        released: date of each dated model, datetime64[D].
        accuracy: of the dated models.
        observed, split: frontiers chosen and scored on the same and on different queries.
        ceiling: 1 - β of the models released so far.
        adopted: model in use on each release day, and the names of the different ones in order.
        dollars: on each release day.
    """
    figure = Figure(figsize=(5.6, 2.8))
    axes = figure.add_axes((0, 0.0 if dollars is None else 0.36, 1, 1.0 if dollars is None else 0.64))
    dates, days = released, released[line.starts]
    axes.plot(days, ceiling, color=STRONG, linewidth=0.9, linestyle=":", drawstyle="steps-post", label="ceiling, 1 − β")
    axes.plot(dates, accuracy, "o", color=BARS, markersize=3, label="models")
    axes.plot(days, observed.frontier, color=PALETTE[0], drawstyle="steps-post", label="best so far")
    axes.plot(days, split.frontier, color=PALETTE[1], linewidth=0.9, drawstyle="steps-post", label="on the other half")
    commit = released[0] + np.timedelta64(line.commit_day, "D")
    axes.plot([commit, days[-1]], [observed.committed] * 2, color=PALETTE[3], linestyle="--", label="committed to")
    shown = list(enumerate(zip(dict.fromkeys(adopted[0].tolist()), adopted[1], strict=True), 1))[-_NAMED:]
    for step, (place, _) in shown:
        axes.plot(dates[place], accuracy[place], "o", color=PALETTE[0], markersize=3.5)
        # Above and below in turn: steps can follow one another within days.
        side = (0, 4) if step % 2 else (0, -10)
        at = (date2num(dates[place]), accuracy[place])
        axes.annotate(str(step), at, side, textcoords="offset points", ha="center", fontsize=6)
    names = "\n".join(f"{step}  {label(name, 30)}" for step, (_, name) in shown)
    axes.text(1.03, 0.02, names, transform=axes.transAxes, fontsize=6, va="bottom")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel("queries answered right")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
    bottom = axes
    if dollars is not None:
        axes.tick_params(labelbottom=False)
        bottom = figure.add_axes((0, 0, 1, 0.28), sharex=axes)
        bottom.plot(days, dollars.dollars, color=PALETTE[0], drawstyle="steps-post")
        bottom.set_ylim(bottom=0)
        bottom.set_ylabel("dollars a\nright answer")
    bottom.axvline(float(date2num(commit)), color=OTHER, linewidth=0.8)
    locator = AutoDateLocator()
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return fitted(figure)
