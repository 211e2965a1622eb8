"""The figure of `experiment=frontier`: accuracy against cost."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from cofail_lab.decisions import Frontier
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted
from cofail_lab.report.numbers import number


@drawing()
def cost_frontier(
    oracle: Frontier, by_dataset: Frontier | None, cost: Float[np.ndarray, " m"], accuracy: Float[np.ndarray, " m"]
) -> Figure:
    """Models as points, frontiers as lines; costs on a log scale where all of them are positive.

    Args:
        oracle: of the perfect router.
        by_dataset: of the router that sees the dataset only; None where there is none.
        cost: mean cost per query of each model.
        accuracy: share of queries that each model gets right.
    """
    figure, axes = canvas(5.0, 2.6)
    axes.plot(cost, accuracy, "o", color=OTHER, markersize=4, label="models")
    axes.plot(oracle.costs, oracle.values, color=STRONG, label="perfect router, per query")
    if by_dataset is not None:
        axes.plot(by_dataset.costs, by_dataset.values, color=PALETTE[0], label="best model per dataset")
    if (cost > 0).all() and oracle.least_cost > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: number(cost)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("mean cost per query, in the unit of the costs")
    axes.set_ylabel("share right")
    axes.legend()
    return fitted(figure)
