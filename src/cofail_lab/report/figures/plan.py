"""The figure of `experiment=plan`: the probability that a certificate succeeds."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.report.figures.style import OTHER, PALETTE, canvas, drawing, fitted


@drawing()
def success_probability(sizes: Int[np.ndarray, " k"], probability: Float[np.ndarray, " k"], wanted: float) -> Figure:
    """Probability of success against the number of queries graded, with the wanted probability as a line."""
    figure, axes = canvas(3.2, 1.8)
    axes.axhline(wanted, color=OTHER, linewidth=1)
    axes.plot(sizes, probability, color=PALETTE[0])
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, None)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("queries graded")
    axes.set_ylabel("probability of success")
    return fitted(figure)
