"""The figure of `experiment=ensemble_size`: majority votes by size, predicted and cast."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted

if TYPE_CHECKING:
    from cofail_lab.report.ensemble_size import Part


@drawing()
def ensemble_size(whole: "Part", size_any: int, size_in_order: int, ceiling: float) -> Figure:
    """Lines predicted, points cast, and the predicted sizes ringed.

    Args:
        whole: all queries.
        size_any, size_in_order: where each prediction stops paying.
        ceiling: 1 - β.
    """
    figure, axes = canvas(4.2, 2.6)
    curves = (
        ("best first", PALETTE[0], whole.predicted_in_order, whole.cast_in_order, size_in_order),
        ("members drawn", PALETTE[1], whole.predicted_any, whole.cast_any, size_any),
    )
    for name, color, predicted, cast, size in curves:
        axes.plot(whole.sizes, predicted, color=color, label=f"{name}, predicted")
        axes.plot(whole.sizes, cast, ".", color=color, markersize=4, label=f"{name}, votes cast")
        at = float(predicted[whole.sizes == size][0])
        axes.plot(size, at, "o", mfc="none", color=color, markersize=10)
    axes.axhline(ceiling, color=STRONG, linewidth=0.8, linestyle=":", label="1 − β, no policy passes it")
    axes.axhline(whole.limit, color=OTHER, linestyle=":", label="limit of drawn members (P5.ii)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("members of the vote (ringed: where adding stops paying)")
    axes.set_ylabel("majority right")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fitted(figure)
