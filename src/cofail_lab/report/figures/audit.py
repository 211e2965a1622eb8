"""The figure of `experiment=audit`: how many all-wrong queries are genuine, as more of them are read."""

import numpy as np
from jaxtyping import Bool
from matplotlib.figure import Figure

from cofail_lab.bounds.without_replacement import ReadingLimits
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted


@drawing()
def reading(limits: ReadingLimits, genuine: Bool[np.ndarray, " r"], total: int) -> Figure:
    """Limits after each reading.

    Args:
        limits: after 0, 1, ..., r readings.
        genuine: whether each that was read is.
        total: K, all that there are to read.
    """
    figure, axes = canvas(4.2, 2.6)
    read = np.arange(len(limits.lower))
    found = np.concatenate([[0], np.cumsum(genuine)])
    axes.fill_between(read, limits.lower, limits.upper, step="post", color=OTHER, alpha=0.6, linewidth=0)
    for path in (limits.fixed_lower, limits.fixed_upper):
        axes.step(read, path, where="post", color=PALETTE[0], linewidth=0.9, linestyle=":")
    axes.step(read, found, where="post", color=STRONG, label="found genuine")
    axes.plot([], [], color=OTHER, linewidth=5, alpha=0.6, label="at every stop")
    axes.plot([], [], color=PALETTE[0], linewidth=0.9, linestyle=":", label="at one fixed stop")
    axes.set_xlim(0, max(total, 1))
    axes.set_ylim(0, max(total, 1))
    axes.set_xlabel("read, in random order")
    axes.set_ylabel("genuine among all")
    axes.legend()
    return fitted(figure)
