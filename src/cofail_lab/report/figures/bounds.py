"""Figures of `experiment=bounds`: what moments leave open, and the two laws at the ends of it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cofail_lab.bounds.count_lp import CountRange
from cofail_lab.bounds.moment_ladder import Rung
from cofail_lab.report.figures.style import PALETTE, STRONG, canvas, drawing, fitted
from cofail_lab.report.numbers import percent


@drawing()
def moment_ladder(ladder: Sequence[Rung], all_wrong: float) -> Figure:
    """Limits of the all-wrong rate against the number of moments, as observed and with sampling error.

    Args:
        ladder: one rung per number of moments, in order; the limits with sampling error may be None in all of them.
        all_wrong: the all-wrong rate, in [0, 1].
    """
    figure, axes = canvas(3.2, 2.2)
    k = [rung.n_moments for rung in ladder]
    confident = [(rung.lower_confident, rung.upper_confident) for rung in ladder]
    if confident[0][0] is not None:
        low, high = np.array(confident, dtype=float).T
        axes.fill_between(k, low, high, color=PALETTE[3], alpha=0.35, linewidth=0, label="with sampling error")
    axes.plot(k, [rung.upper for rung in ladder], marker="v", color=PALETTE[0], label="largest possible")
    axes.plot(k, [rung.lower for rung in ladder], marker="^", color=PALETTE[1], label="smallest possible")
    axes.axhline(all_wrong, color=STRONG, linewidth=1, label="all wrong")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(0, None)
    axes.set_xlabel("number of moments known")
    axes.set_ylabel("share of queries all get wrong")
    axes.legend()
    return fitted(figure)


@drawing()
def extremal_laws(limits: CountRange) -> Figure:
    """The two laws of the number of wrong models that reach the lower and the upper limit, side by side."""
    figure, axes = canvas(3.2, 2.0)
    for law, colour, name in (
        (limits.lower_law, PALETTE[1], f"all wrong: {percent(limits.lower)}"),
        (limits.upper_law, STRONG, f"all wrong: {percent(limits.upper)}"),
    ):
        used = np.flatnonzero(law)
        axes.vlines(used, 0, law[used], color=colour, linewidth=1.5)
        axes.plot(used, law[used], "o", color=colour, markersize=3, label=name)
    axes.set_xlim(-0.5, len(limits.lower_law) - 0.5)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("number of wrong models")
    axes.set_ylabel("share of queries")
    axes.legend()
    return fitted(figure)
