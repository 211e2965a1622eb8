"""The figures of `experiment=plan`: the probability that a certificate succeeds, and queries that show a tail."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, decades, drawing, fitted


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


@drawing()
def queries_for_tail(
    sizes: Int[np.ndarray, " k"], needed: Sequence[int | None], simulated: int | None, available: int | None
) -> Figure:
    """Queries needed against models, both in logs; a line for those that there are, a dot for the simulated check."""
    figure, axes = canvas(3.2, 2.0)
    known = np.array([np.nan if n is None else n for n in needed])
    axes.plot(sizes, known, color=PALETTE[0], marker=".")
    if simulated is not None:
        axes.plot(sizes[-1], simulated, "o", color=STRONG, markersize=5)
    if available is not None:
        axes.axhline(available, color=OTHER, linewidth=1)
    decades(axes.xaxis, float(sizes[0]), float(sizes[-1]))
    shown = [float(n) for n in (*needed, simulated, available) if n is not None]
    high = 2 * max(shown)
    # Down to a power of ten, so that the axis has a number.
    low = min(max(1.0, min(shown) / 2), 10.0 ** np.floor(np.log10(high)))
    decades(axes.yaxis, low, high)
    axes.set_ylim(low, high)
    axes.set_xlabel("models")
    axes.set_ylabel("queries needed")
    return fitted(figure)
