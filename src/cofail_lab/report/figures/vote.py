"""The figure of `experiment=vote`: majorities between the limits of accuracy, and their gain against correlation."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.bounds.moments import at_least_range
from cofail_lab.decisions.vote_slopes import VoteSets
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted

# More points are no clearer, and make a large file.
_DRAWN = 3000


@drawing()
def votes(sets: VoteSets, size: int) -> Figure:
    """Left, each vote against its members' mean accuracy; right, its gain against their correlation.

    Args:
        sets: all votes.
        size: members of a vote.
    """
    figure = Figure(figsize=(7.4, 2.8))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    shown = np.linspace(0, len(sets.gain) - 1, min(_DRAWN, len(sets.gain))).astype(int)
    mean = 1 - sets.headroom - sets.quality_gap
    left.plot(mean[shown], sets.majority[shown], ".", color=PALETTE[0], markersize=2, alpha=0.5)
    grid = np.linspace(max(0, mean.min() - 0.05), min(1, mean.max() + 0.05), 60)
    # At equal accuracies a: the worst and the best dependence for a majority.
    limits = np.array([at_least_range(np.full(size, a), size // 2 + 1) for a in grid])
    for column in limits.T:
        left.plot(grid, column, color=STRONG, linewidth=0.9)
    left.plot(grid, grid, color=OTHER, linewidth=0.8, linestyle=":")
    left.set_xlabel("mean accuracy of the members")
    left.set_ylabel("majority right")
    known = shown[np.isfinite(sets.correlation[shown])]
    points = right.scatter(
        sets.correlation[known],
        100 * sets.gain[known],
        c=100 * sets.quality_gap[known],
        s=3,
        cmap="viridis",
        rasterized=True,
    )
    right.axhline(0, color=OTHER, linewidth=0.8)
    right.set_xlabel("mean correlation of the members' errors")
    right.set_ylabel("gain over the best member (points)")
    figure.colorbar(points, ax=right, label="quality gap (points)")
    left.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    left.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return fitted(figure)
