"""The figure of `experiment=compare`: queries and models under two conditions."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted


@drawing()
def compare(first: np.ndarray, second: np.ndarray, accuracies: np.ndarray) -> Figure:
    """Left, a point for each query: share of the models that fail it; right, accuracies of the models of both.

    Args:
        first, second: shares, (n,).
        accuracies: under both conditions, (k, 2); without rows the right side is left out.
    """
    figure = Figure(figsize=(6.6 if len(accuracies) else 3.0, 2.7))
    width = 2.7 / figure.get_figwidth()
    left = figure.add_axes((0, 0, width, 1))
    places, times = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)
    defeated = (places == 1).any(axis=1)
    for chosen, color in ((~defeated, PALETTE[0]), (defeated, STRONG)):
        left.scatter(
            places[chosen, 0], places[chosen, 1], 4 * np.sqrt(times[chosen]), color=color, alpha=0.6, linewidths=0
        )
    left.set_xlabel("models that fail the query, first")
    left.set_ylabel("second")
    axes = [left]
    if len(accuracies):
        right = figure.add_axes((1 - width, 0, width, 1))
        right.plot(accuracies[:, 0], accuracies[:, 1], ".", color=PALETTE[0])
        right.set_xlabel("accuracy, first")
        right.set_ylabel("second")
        axes.append(right)
    for one in axes:
        one.plot([0, 1], [0, 1], color=OTHER, linewidth=0.8, zorder=0)
        one.xaxis.set_major_formatter(PercentFormatter(1.0))
        one.yaxis.set_major_formatter(PercentFormatter(1.0))
    return fitted(figure)
