"""P3: what the first K moments leave open, and where common shock and the matched Gaussian stand in it."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from cofail_lab.claims.propositions.p3_extremes import gaussian_all_wrong
from cofail_lab.claims.propositions.p3_ladder import ladder, shock_counts
from cofail_lab.report.figures.style import BARS, PALETTE, STRONG, drawing, fitted

SHOCK, BASE, N_MODELS, MOST = 0.05, 0.3, 67, 8


@drawing()
def draw() -> Figure:
    """Left, the range of β against the number of moments; right, its end from pairs alone as the pool grows."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    law = shock_counts({"shock": SHOCK, "base": BASE, "n_models": N_MODELS})
    moments = np.arange(1, MOST + 1)
    lower, upper = np.array([ladder(law, int(k)) for k in moments]).T
    left.vlines(moments, lower, upper, color=BARS, lw=7)
    left.plot(moments, upper, "_", color=PALETTE[0], ms=12, mew=1.3, label="sharp limits")
    left.plot(moments, lower, "_", color=PALETTE[0], ms=12, mew=1.3)
    left.axhline(SHOCK, color=STRONG, lw=1, label="common shock")
    alpha, pair = (SHOCK + (1 - SHOCK) * BASE**k for k in (1, 2))
    left.axhline(gaussian_all_wrong(alpha, pair, N_MODELS), color=PALETTE[1], lw=1, ls="--", label="matched Gaussian")
    left.set_ylim(-0.004, 0.08)
    left.annotate(f"to {upper[0]:.3f}", (1, 0.08), xytext=(6, -1), textcoords="offset points", va="top", fontsize=7)
    left.set_xticks(moments)
    left.set_xlabel(f"moments used, K (ω = {SHOCK:g}, α0 = {BASE:g}, m = {N_MODELS})")
    left.set_ylabel("all-wrong rate β")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=3, columnspacing=1)
    sizes = np.unique(np.geomspace(3, 600, 25).astype(int))
    ends = [ladder_of_pairs(alpha, pair, int(m)) for m in sizes]
    right.plot(sizes, np.log10([end - SHOCK for end in ends]), color=PALETTE[0], label="β_max - ω")
    room = (1 - SHOCK) * BASE / (1 + (sizes - 1) * (1 - BASE))
    right.plot(sizes, np.log10(room), color="black", lw=0.8, ls=":", label="(1-ω)α0/(1 + (m-1)(1-α0))")
    right.plot(sizes, np.log10((1 - SHOCK) * BASE ** sizes.astype(float)), color=STRONG, lw=1, label="shock's β - ω")
    gaussian = [gaussian_all_wrong(alpha, pair, int(m)) for m in sizes]
    right.plot(sizes, np.log10(gaussian), color=PALETTE[1], lw=1, ls="--", label="matched Gaussian's β")
    right.set_xscale("log")
    right.xaxis.set_major_locator(FixedLocator([3, 10, 30, 100, 300]))
    right.xaxis.set_minor_locator(NullLocator())
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.set_ylim(-6, -0.5)
    right.set_xlabel("models m, only pairs known")
    right.set_ylabel("log10 of the distance to ω, or 0")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


def ladder_of_pairs(error_rate: float, pairwise_wrong: float, n_models: int) -> float:
    """Greatest β given pairs."""
    from cofail_lab.bounds import wrong_count_range

    return wrong_count_range([error_rate, pairwise_wrong], n_models).upper
