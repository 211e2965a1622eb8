"""The figure of `experiment=self_moa`: different models less repeated draws, against the quality gap."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.decisions.accuracy_band import BandSets
from cofail_lab.decisions.self_moa import Matched
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted


@drawing()
def self_moa(bands: Sequence[BandSets], matched: Matched, k: int) -> Figure:
    """Sets as points, their regressions, and the comparison with its limits.

    Args:
        bands: sets of each size.
        matched: the comparison.
        k: draws of either side.
    """
    figure, axes = canvas(4.2, 2.6)
    axes.axhline(0, color=OTHER, linewidth=0.8)
    for sets, color in zip(bands, PALETTE, strict=False):
        gap, difference = 100 * sets.gap, 100 * sets.difference
        axes.plot(gap, difference, ".", color=color, markersize=3, alpha=0.4, label=f"sets of {sets.size}")
        if sets.at_no_gap is not None and sets.lower is not None and sets.upper is not None:
            slope = np.polyfit(gap, difference, 1)[0]
            axes.plot([0, gap.max()], [100 * sets.at_no_gap, 100 * sets.at_no_gap + slope * gap.max()], color=color)
    gap = 100 * (matched.self_single - matched.mixed_single)
    axes.plot([gap, gap], [100 * matched.lower, 100 * matched.upper], color=STRONG, linewidth=1.2)
    axes.plot(gap, 100 * matched.difference, "D", color=STRONG, markersize=4.5, label=f"the {k} compared")
    axes.set_xlabel("quality gap (points)")
    axes.set_ylabel("mixed less repeated (points)")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fitted(figure)
