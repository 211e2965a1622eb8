"""The figure of `experiment=select`: queries left unsolved against the number of models."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted


@drawing()
def selection(
    greedy: Sequence[int], exact: Mapping[int, int], chosen: tuple[int, int], all_wrong: int, n_queries: int
) -> Figure:
    """Greedy choice as a line, best sets as points, the chosen set marked.

    Args:
        greedy: queries that the first 1..m greedy choices leave.
        exact: size -> queries that the best set of this size leaves.
        chosen: size of the chosen set, and what it leaves.
        all_wrong: queries that all models leave.
        n_queries: n.
    """
    figure, axes = canvas(4.2, 2.6)
    sizes = range(1, len(greedy) + 1)
    axes.plot(sizes, [left / n_queries for left in greedy], color=PALETTE[0], label="greedy choice")
    if exact:
        axes.plot(list(exact), [left / n_queries for left in exact.values()], ".", color=STRONG, label="best set")
    axes.plot(chosen[0], chosen[1] / n_queries, "o", mfc="none", color=STRONG, markersize=9, label="kept")
    axes.axhline(all_wrong / n_queries, color=OTHER, linestyle=":", label=f"all {len(greedy)} models")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("models kept")
    axes.set_ylabel("queries that all of them fail")
    axes.legend()
    return fitted(figure)
