"""The figures of policies: their gains, and accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from cofail_lab.decisions import budget_frontier, query_oracle_frontier
from cofail_lab.policies.contest import Contest
from cofail_lab.policies.score import Score
from cofail_lab.report.figures.style import MARKERS, OTHER, PALETTE, STRONG, canvas, drawing, fitted, label, titled
from cofail_lab.report.numbers import number, points


@drawing()
def gains(scores: Sequence[Score]) -> Figure:
    """Gain over the train-chosen single best with its interval, one row a policy, the largest on top.

    Args:
        scores: of the policies to draw and of ceilings (hollow); the single best itself is the line at zero.
    """
    rows = sorted(scores, key=lambda s: s.gain)
    figure, axes = canvas(4.0, max(0.22 * len(rows), 0.6))
    axes.axvline(0, color=OTHER, linewidth=1)
    for y, score in enumerate(rows):
        colour = OTHER if score.constant and not score.ceiling else PALETTE[0]
        if score.gain_lower is not None and score.gain_upper is not None:
            axes.plot([100 * score.gain_lower, 100 * score.gain_upper], [y, y], color=colour, linewidth=1)
        (dot,) = axes.plot(
            100 * score.gain, y, "o", color=colour, markersize=4, markerfacecolor="white" if score.ceiling else colour
        )
        titled(dot, f"{label(score.name)}: {points(score.gain)}")
    axes.set_yticks(range(len(rows)), [label(score.name) for score in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("gain over the single best model (points)")
    return fitted(figure)


@drawing()
def dollars(contest: Contest, ceiling: float) -> Figure:
    """Accuracy against mean cost per query: models, hull of constants, policies with intervals, oracle, ceiling.

    Args:
        contest: with costs.
        ceiling: 1 - β.
    """
    graded = contest.trials.graded
    best = contest.reference
    if graded.cost is None or best.cost is None:
        raise ValueError("contest: no costs to draw")
    accuracy, cost = graded.accuracy, graded.cost.mean(axis=0)
    hull = budget_frontier(accuracy[None], cost, np.ones(1))
    oracle = query_oracle_frontier(~graded.right, graded.cost, "cheapest")
    figure, axes = canvas(5.0, 3.0)
    axes.axhline(ceiling, color=STRONG, linewidth=0.8, linestyle=":", label="1 − β, no policy passes it")
    axes.plot(oracle.costs, oracle.values, color=STRONG, label="oracle at each budget")
    axes.plot(cost, accuracy, "o", color=OTHER, markersize=3.5, label="models")
    # A mixture is a straight line between dollars, which a log scale bends.
    between = np.interp(np.linspace(0, len(hull.costs) - 1, 400), np.arange(len(hull.costs)), hull.costs)
    axes.plot(between, hull.value(between), color="#777777", linewidth=1, label="constants mixed at random")
    axes.plot(best.cost, best.accuracy, "o", color="#555555", markersize=5, label="single best, chosen in training")
    for i, score in enumerate(contest.contestants):
        if score.cost is None:
            continue
        colour = PALETTE[i % len(PALETTE)]
        if score.gain_lower is not None and score.gain_upper is not None:
            ends = [contest.reference.accuracy + limit for limit in (score.gain_lower, score.gain_upper)]
            axes.plot([score.cost] * 2, ends, color=colour, linewidth=1)
        axes.plot(
            score.cost,
            score.accuracy,
            MARKERS[i % len(MARKERS)],
            color=colour,
            markersize=4.5,
            label=label(score.name),
        )
    if (cost > 0).all() and oracle.least_cost > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("mean cost per query, in the unit of the costs")
    axes.set_ylabel("share right")
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return fitted(figure)
