"""All that a figure shows, as lines of text: words, scales and their ends, and places and colours of what is drawn."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import Collection, LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Annotation
from matplotlib.ticker import FixedFormatter, FuncFormatter, PercentFormatter

# Labels that the figure chose itself; those that Matplotlib chooses may change with it.
_CHOSEN = (FixedFormatter, FuncFormatter, PercentFormatter)
# Of labels along an axis so many are written, from either end.
_LABELS = 6


def drawn(name: str, figure: Figure) -> Iterator[str]:
    """What a figure shows."""
    yield f"figure {name}: {' | '.join(text.get_text() for text in figure.texts)}"
    for legend in figure.legends:
        yield f"  legend: {' | '.join(text.get_text() for text in legend.get_texts())}"
    for axes in figure.axes:
        yield from _axes(axes)


def _axes(axes: Axes) -> Iterator[str]:
    words = (axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale(), axes.get_yscale())
    yield f"  axes: {' | '.join(words)}"
    yield f"    from {_numbers(axes.get_xlim())} to {_numbers(axes.get_ylim())}"
    for side, axis in (("below", axes.xaxis), ("left", axes.yaxis)):
        if labels := _labels(axis):
            yield f"    {side}: {' | '.join(labels)}"
    if hasattr(axes, "_colorbar"):  # drawn by Matplotlib, of a map that is described where it is
        return
    legend = axes.get_legend()
    texts = [] if legend is None else [legend.get_title(), *legend.get_texts()]
    yield from (f"    {' '.join(text.get_text().split())}" for text in texts if text.get_text().strip())
    for text in axes.texts:
        if text.get_text().strip():
            at = (*text.xy, *text.xyann) if isinstance(text, Annotation) else text.get_position()
            yield f"    {' '.join(text.get_text().split())} at {_numbers(at)}"
    for line in axes.lines:
        x, y = (_floats(values) for values in (line.get_xdata(), line.get_ydata()))
        look = f"{_colour(line.get_color())} {line.get_linestyle()} {line.get_marker()} {line.get_drawstyle()}"
        yield f"    line of {len(x)}{_label(line)}, {look}: {_places(x)}; {_places(y)}"
    yield from _patches(axes)
    for collection in axes.collections:
        yield f"    {_collection(collection)}"
    for image in axes.images:
        shades = np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan)
        yield f"    image {_map(image)} {_numbers(image.get_clim())}: {_places(shades.ravel())}"


def _patches(axes: Axes) -> Iterator[str]:
    """Bars by their name, other rectangles, and outlines."""
    left = dict.fromkeys(axes.patches)
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield f"    {_bars(container.patches, _label(container))}"
            left = {patch: None for patch in left if patch not in container.patches}
    if boxes := [patch for patch in left if isinstance(patch, Rectangle)]:
        yield f"    {_bars(boxes, '')}"
    for patch in left:
        if not isinstance(patch, Rectangle):
            ends = np.asarray(patch.get_path().vertices, float)
            yield f"    outline{_label(patch)}{_colours([patch])}: {_places(ends[:, 0])}; {_places(ends[:, 1])}"


def _bars(boxes: Sequence[Rectangle], label: str) -> str:
    places = [_places(_floats([getattr(box, f"get_{what}")() for box in boxes])) for what in _BOX]
    return f"{len(boxes)} bars{label}{_colours(boxes)}: {'; '.join(places)}"


_BOX = ("x", "y", "width", "height")


def _collection(found: Collection) -> str:
    shades = found.get_array()
    said = "" if shades is None else f", shades {_places(np.ma.filled(np.ma.asarray(shades, float), np.nan).ravel())}"
    said = f"{_label(found)}{_colours([found])}" + said
    if isinstance(found, LineCollection):
        ends = np.concatenate([np.asarray(part, float) for part in found.get_segments()] or [np.zeros((0, 2))])
        return f"{len(found.get_segments())} segments{said}: {_places(ends[:, 0])}; {_places(ends[:, 1])}"
    if isinstance(found, QuadMesh):
        ends = np.asarray(found.get_coordinates(), float).reshape(-1, 2)
        return f"mesh {_map(found)}{said}: {_places(ends[:, 0])}; {_places(ends[:, 1])}"
    if isinstance(found, PolyCollection):
        ends = np.concatenate([path.vertices for path in found.get_paths()])
        return f"area{said}: {_places(ends[:, 0])}; {_places(ends[:, 1])}"
    offsets = np.asarray(found.get_offsets(), float)
    sizes = _places(_floats(getattr(found, "get_sizes", lambda: ())()))
    return f"{len(offsets)} marks{said}: {_places(offsets[:, 0])}; {_places(offsets[:, 1])}; sizes {sizes}"


def _labels(axis: Axis) -> list[str]:
    if not isinstance(axis.get_major_formatter(), _CHOSEN):
        return []
    labels = [" ".join(text.get_text().split()) for text in axis.get_ticklabels()]
    labels = [label for label in labels if label]
    return labels if len(labels) <= 2 * _LABELS else [*labels[:_LABELS], "…", *labels[-_LABELS:]]


def _label(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else f" {' '.join(label.split())}"


def _colour(colour: Any) -> str:
    return str(to_hex(colour, keep_alpha=False))


def _map(shaded: ScalarMappable) -> str:
    """A map of colours by its ends and its middle: its name is Matplotlib's."""
    return " ".join(_colour(shaded.get_cmap()(place)) for place in (0.0, 0.5, 1.0))


def _colours(artists: Sequence[Patch | Collection]) -> str:
    """Colours of what is filled, or of its edges where nothing is."""
    found: dict[str, None] = {}
    for artist in artists:
        faces = np.atleast_2d(artist.get_facecolor())
        faces = faces if faces.size else np.atleast_2d(artist.get_edgecolor())
        found |= dict.fromkeys(_colour(face) for face in faces)
    return "".join(f" {colour}" for colour in [*found][:_LABELS])


def _floats(values: Any) -> np.ndarray:
    """Numbers; dates as days."""
    values = np.asarray(values)
    if values.dtype.kind == "M":
        return values.astype("datetime64[D]").astype(float)
    try:
        return np.atleast_1d(values.astype(float))
    except (TypeError, ValueError):
        return np.full(len(values), np.nan)


def _places(values: np.ndarray) -> str:
    """Their sum, their sum weighted by their place, which another order changes, and the first and the last."""
    known = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=0.0, neginf=0.0)
    if not len(known):
        return "none"
    weighted = float(known @ np.linspace(0.5, 1.5, len(known)))
    return f"{_numbers((known.sum(), weighted))}, {_numbers((known[0], known[-1]))}"


def _numbers(values: Sequence[float]) -> str:
    return " ".join("0" if abs(value) <= 1e-9 else f"{value:.6g}" for value in map(float, values))
