"""The figure of `experiment=raters`: how good each rater is, and which of them agree."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cofail_lab.report.figures.style import NAMED_MODELS, PALETTE, drawing, fitted, label


@drawing()
def raters(names: Sequence[str], kappa: np.ndarray, quality: np.ndarray | None) -> Figure:
    """κ of every pair as a table of shades; sensitivity against specificity where they are known.

    Args:
        names: of the raters, (k,).
        kappa: of each pair, nan where there is none, (k, k).
        quality: sensitivity and specificity of each rater, (k, 2); None leaves the points out.
    """
    side = float(np.clip(0.3 * len(names), 1.8, 4.5))
    figure = Figure(figsize=(side + (3.6 if quality is not None else 0), side))
    shades = figure.add_axes((0, 0, side / figure.get_figwidth(), 1))
    image = shades.imshow(kappa, vmin=0, vmax=1, cmap="viridis")
    shown = [label(name, 20) for name in names] if len(names) <= NAMED_MODELS else [""] * len(names)
    shades.set_xticks(range(len(names)), shown, rotation=90)
    shades.set_yticks(range(len(names)), shown)
    figure.colorbar(image, ax=shades, fraction=0.05, label="Cohen's κ")
    if quality is not None:
        points = figure.add_axes(((side + 1.9) / figure.get_figwidth(), 0.12, 1.7 / figure.get_figwidth(), 0.8))
        points.plot(quality[:, 1], quality[:, 0], "o", color=PALETTE[0])
        for name, (sensitivity, specificity) in zip(names, quality, strict=True):
            points.annotate(
                label(name, 16), (specificity, sensitivity), xytext=(3, 2), textcoords="offset points", fontsize=6
            )
        points.margins(0.15)
        for axis in (points.xaxis, points.yaxis):
            axis.set_major_locator(MaxNLocator(3))
        points.set_xlabel("specificity")
        points.set_ylabel("sensitivity")
    return fitted(figure)
