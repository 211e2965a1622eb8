"""The figure of `experiment=errors`: which models make the same errors."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.cluster import hierarchy

from cofail_lab.report.figures.style import NAMED_MODELS, OTHER, PALETTE, drawing, fitted, label


@drawing()
def errors(tree: np.ndarray, alike: np.ndarray, names: Sequence[str]) -> Figure:
    """The tree of the models above the table of their pairs, both in one order.

    Args:
        tree: linkage of SciPy, of the models in the order of the matrix.
        alike: share of equal wrong answers, in the order of the leaves, nan where there is none, (k, k).
        names: in that order.
    """
    k = len(names)
    side = float(np.clip(0.16 * k, 2.2, 6.0))
    figure = Figure(figsize=(side, side + 0.9))
    height = side / (side + 0.9)
    top = figure.add_axes((0, height + 0.02, 1, 1 - height - 0.02))
    drawn = hierarchy.dendrogram(tree, no_plot=True)
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        top.plot(np.array(x) / 10 - 0.5, y, color=PALETTE[0], linewidth=0.8)
    top.set_xlim(-0.5, k - 0.5)
    top.set_ylim(bottom=0)
    top.set_xticks([])
    top.spines["bottom"].set_visible(False)
    top.set_ylabel("1 - same")
    table = figure.add_axes((0, 0, 1, height))
    table.set_facecolor(OTHER)
    image = table.imshow(alike, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    shown = [label(name, 26) for name in names] if k <= NAMED_MODELS else []
    table.set_xticks(range(len(shown)), shown, rotation=90)
    table.set_yticks(range(len(shown)), shown)
    figure.colorbar(image, ax=[table, top], fraction=0.04, label="same answer where both are wrong")
    return fitted(figure)
