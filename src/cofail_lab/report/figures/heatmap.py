"""The figure of pairwise correlations."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cofail_lab.report.figures.style import NAMED_MODELS, canvas, drawing, fitted, label
from cofail_lab.report.names import texts
from cofail_lab.report.numbers import count

_NESTED, _DISJOINT, _UNDEFINED = "black", "#e8b500", "#a9a9a9"


@drawing()
def correlation_heatmap(
    correlation: Float[np.ndarray, "m m"],
    models: Sequence[str],
    family: Sequence[str] | np.ndarray | None,
    boundary: Int[np.ndarray, "m m"],
) -> Figure:
    """Pairwise correlations, models ordered by family (largest first) and by mean correlation inside it.

    Args:
        correlation: symmetric, in [-1, 1], (m, m); nan for a pair with a constant model.
        models: names, (m,).
        family: family of each model, (m,), or None.
        boundary: +1 and -1 where a pair lies on its upper or lower Fréchet bound, else 0, (m, m); the diagonal is 0.
    """
    m = len(models)
    known = np.isfinite(correlation) & ~np.eye(m, dtype=bool)
    mean = np.where(known, correlation, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    families = [""] * m if family is None else texts(family)
    size = Counter(families)
    order = sorted(range(m), key=lambda i: (-size[families[i]], families[i], not known[i].any(), -mean[i]))
    values, edge = correlation[np.ix_(order, order)], boundary[np.ix_(order, order)]

    named = m <= NAMED_MODELS
    side = min(1.0 + 0.13 * m, 4.4 if named else 5.4)
    figure, axes = canvas(side, side)
    # Smoothing mixes neighbouring pairs; only where there are more pairs than pixels is that better than dropping some.
    shades: dict[str, Any] = {"vmin": -1, "vmax": 1, "interpolation": "nearest" if m <= 1000 else "auto"}
    colours = mpl.colormaps["RdBu_r"].with_extremes(bad=_UNDEFINED)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, **shades)
    # Pairs on their bound have no finite latent correlation: they are marked, not shaded.
    axes.imshow(np.ma.masked_equal(edge, 0), cmap=ListedColormap([_DISJOINT, _NESTED]), **shades)
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    names = [label(models[i]) for i in order] if named else []
    axes.set_yticks(range(len(names)), names, fontsize=min(7.5, 62 * side / m))
    axes.tick_params(length=0)
    if family is not None:
        _label_families(axes, [families[i] for i in order], side)
    scale = figure.add_axes((0, -0.16 / side, 1, 0.09 / side))
    bar = figure.colorbar(image, cax=scale, orientation="horizontal", ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label("pairwise correlation of errors")
    bar.outline.set_visible(False)

    pairs = np.triu_indices(m, 1)
    marks = (
        (_NESTED, "nested or identical errors", edge[pairs] > 0),
        (_DISJOINT, "disjoint errors or successes", edge[pairs] < 0),
        (_UNDEFINED, "undefined, a model always right or always wrong", np.isnan(values[pairs])),
    )
    handles = [
        Patch(color=c, label=f"{text}: {count(int(which.sum()))} pairs") for c, text, which in marks if which.any()
    ]
    if handles:
        axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.4, borderpad=0)
    return fitted(figure)


def _label_families(axes: Axes, families: list[str], side: float) -> None:
    """Separate neighbouring families and name them at the right, spread so that no two names touch.

    Where not all names fit, those of the families tall enough are given.
    """
    m = len(families)
    starts = [i for i in range(m) if i == 0 or families[i - 1] != families[i]]
    blocks = list(zip(starts, [*starts[1:], m], strict=True))
    need = 0.15 * m / side  # the height of a name, in models
    if len(blocks) <= m / need:
        for start in starts[1:]:
            axes.axhline(start - 0.5, color="white", linewidth=min(1.2, 80 / m))
            axes.axvline(start - 0.5, color="white", linewidth=min(1.2, 80 / m))
    else:
        blocks = [(start, end) for start, end in blocks if end - start >= need]
    centres = [(start + end - 1) / 2 for start, end in blocks]
    places = list(centres)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + need)
    limit = m - 0.5 - need / 2
    for i in reversed(range(len(places))):
        places[i] = min(places[i], limit)
        limit = places[i] - need
    for (start, _), centre, place in zip(blocks, centres, places, strict=True):
        axes.annotate(
            label(families[start], 20),
            xy=(1.0, centre),
            xytext=(1.06, place),
            xycoords=axes.get_yaxis_transform(),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=7.5,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": "#888888", "relpos": (0, 0.5), "shrinkB": 0},
        )
