"""P11: how often the limits of a searched set hold, and how far greedy choice is from the best set."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from cofail_lab.claims.reference.binomial_coverage import binomial
from cofail_lab.decisions.selection import best_set, greedy_set, selection_limits, unsolved
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted
from cofail_lab.report.numbers import count

N_QUERIES, RATE, DELTA = 300, 0.064, 0.05


@drawing()
def draw() -> Figure:
    """Left, exact coverage by the number of sets searched; right, what greedy and best sets leave of random pools."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    sets = np.unique(np.round(np.logspace(0, 4, 25)).astype(int))
    naive, corrected = np.array([_coverage(int(s)) for s in sets]).T
    left.plot(sets, corrected, color=STRONG, label="P11.ii: corrected")
    left.plot(sets, naive, color=PALETTE[0], label="as if not searched")
    left.axhline(1 - DELTA, color="0.6", linewidth=0.8, linestyle=":")
    left.set_xscale("log")
    left.xaxis.set_major_formatter(FuncFormatter(lambda sets, _: count(sets)))
    left.xaxis.set_minor_formatter(NullFormatter())
    left.set_ylim(0, 1.03)
    left.set_xlabel("sets searched")
    left.set_ylabel("coverage of the upper limit")
    left.legend(loc="lower left")
    draw = np.random.default_rng(11)
    pools = [draw.random((200, 14)) < draw.uniform(0.3, 0.7, size=14) for _ in range(40)]
    for k, color in zip((2, 3, 4), PALETTE, strict=False):
        best = [best_set(wrong, k).n_unsolved for wrong in pools]
        greedy = [unsolved(wrong, greedy_set(wrong, k)) for wrong in pools]
        right.plot(best, greedy, ".", color=color, label=f"k = {k}")
    most = right.get_xlim()[1]
    right.plot([0, most], [0, most], color="0.6", linewidth=0.8)
    right.set_xlabel("queries the best set leaves")
    right.set_ylabel("queries the greedy set leaves")
    right.legend(loc="upper left")
    return fitted(figure)


def _coverage(sets: int) -> tuple[float, float]:
    """P(limit >= β) of the chosen one of independent sets with β = `RATE`: without and with the correction."""
    at_least = np.append(np.cumsum(binomial(N_QUERIES, RATE)[::-1])[::-1], 0.0)
    least = at_least[:-1] ** sets - at_least[1:] ** sets
    limits = [selection_limits(k, k, N_QUERIES, sets, DELTA) for k in range(N_QUERIES + 1)]
    naive = np.array([one.naive_upper for one in limits]) >= RATE
    corrected = np.array([one.chosen_upper for one in limits]) >= RATE
    return float(least[naive].sum()), float(least[corrected].sum())
