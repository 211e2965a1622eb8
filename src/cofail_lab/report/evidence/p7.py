"""P7: a majority vote falls short of the mean score, by what π/2 times fewer members would cost."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from cofail_lab.claims.propositions.p5_diversification import majority_error
from cofail_lab.claims.propositions.p7_votes import half_pi, mean_score
from cofail_lab.decisions import majority_floor
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted

ALPHA, RHO = 0.3, 0.4
SIZES = (1, 3, 5, 7, 11, 17, 27, 43, 69, 111, 177, 281, 447, 709)


@drawing()
def draw() -> Figure:
    """Left, accuracy of both votes against their number of members; right, what the two formulas miss, times k."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    k = np.array(SIZES)
    votes = np.array([1 - majority_error(ALPHA, RHO, size) for size in SIZES])
    means = np.array([mean_score(ALPHA, RHO, size) for size in SIZES])
    stretched = np.array([half_pi(ALPHA, RHO, size) for size in SIZES])
    left.axhline(1 - majority_floor(ALPHA, RHO), color=OTHER, label="limit of both, Φ(μ/√ρ)")
    left.plot(k, means, color=PALETTE[0], label="mean score, Φ(μ/√V(k))")
    left.plot(k, votes, "o", ms=3.2, color=STRONG, label="majority vote, quadrature")
    left.plot(k, stretched, color="black", lw=0.8, ls=":", label="π/2 · (1-ρ)/k for (1-ρ)/k")
    _members(left)
    left.set_xlabel(f"members k (α = {ALPHA:g}, ρ = {RHO:g})")
    left.set_ylabel("accuracy")
    left.legend(loc="lower right", fontsize=7)
    right.plot(k[1:], np.log10(k * np.abs(means - votes))[1:], color=PALETTE[0], label="June: mean score's formula")
    right.plot(k[1:], np.log10(k * np.abs(stretched - votes))[1:], color="black", ls=":", label="lab: with π/2")
    _members(right)
    right.set_xlabel("members k")
    right.set_ylabel("log10 of k × error for a majority")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


def _members(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([1, 3, 10, 30, 100, 300]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
