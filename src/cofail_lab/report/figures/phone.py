"""Figures on a phone: the same figure made narrow, so that no text is smaller than nine pixels there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator

from cofail_lab.report.figures import SCREEN
from cofail_lab.report.figures.style import drawing, fitted, svg
from cofail_lab.report.names import shorten

COLUMN = 356.0
"""Width of a page's column on a phone of 390 pixels, in CSS pixels."""
PAGE = 728.0
"""Width of the column on the narrowest page that has the figures as they are."""
LEAST = 9.0
"""Size of the smallest text in CSS pixels."""

_FONT = 9.2
# Widest figure in inches whose texts of `_FONT` points are `LEAST` pixels high in the column.
_WIDEST = COLUMN * _FONT / LEAST / 72 - 0.02
# Characters of a name beside the axes, and the narrowest axes in inches.
_NAME, _NARROWEST = 18, 1.3
# Axes narrower than this, in inches, are colour bars: they stay with the axes before them.
_BAR = 0.2
_MARGIN = 0.06
# Names beside a map at most.
_MAPPED = 12


def for_page(figure: Figure, drawn: str | None = None) -> tuple[str, str | None]:
    """The figure as SVG for a page, and for a phone where it must be another one; the figure itself is changed.

    Args:
        figure: changed in place.
        drawn: `svg` of the figure, where it is at hand.
    """
    wide = svg(figure) if drawn is None else drawn
    if not too_small(figure, COLUMN):
        return wide, None
    useless = too_small(figure, PAGE)
    phone = svg(narrow(figure))
    return (phone, None) if useless else (wide, phone)


def for_any_page(figure: Figure) -> str:
    """The figure as one SVG for wide pages and phones: narrow where a phone needs it; the figure itself is changed."""
    return svg(narrow(figure) if too_small(figure, COLUMN) else figure)


def too_small(figure: Figure, column: float) -> bool:
    """Whether the figure as it is has a text below `LEAST` pixels in a column of so many pixels."""
    sizes = [float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    width = 72 * figure.get_size_inches()[0]
    return bool(sizes) and min(sizes) * min(SCREEN, column / width) < LEAST


@dataclass(frozen=True)
class _Key:
    """A legend taken off a figure: its marks, texts and title, and the room it needs in inches."""

    axes: Axes | None
    handles: list[Any]
    texts: list[str]
    title: str

    @property
    def columns(self) -> int:
        longest = max(map(len, self.texts), default=0)
        return 1 if longest > 24 else 2 if longest > 12 else 3

    @property
    def height(self) -> float:
        lines = sum(text.count("\n") + 1 for text in self.texts)
        return 0.2 * (-(-lines // self.columns) + bool(self.title)) + 0.08

    def put(self, figure: Figure, left: float, at: float, side: Literal["lower left", "upper left"]) -> None:
        """Put it back, with its corner at a place in pixels, above or below it."""
        axes = self.axes or figure.axes[-1]
        # In shares of the axes, which stay as they are when the page is fitted around them.
        anchor = axes.transAxes.inverted().transform((left, at))
        legend = (self.axes or figure).legend(
            self.handles,
            self.texts,
            title=self.title or None,
            ncols=self.columns,
            fontsize=_FONT,
            title_fontsize=_FONT,
            loc=side,
            bbox_to_anchor=anchor,
            bbox_transform=axes.transAxes,
            borderaxespad=0.4,
            borderpad=0,
        )
        legend.set_alignment("left")


def narrow(figure: Figure) -> Figure:
    """The same figure, changed in place: one column of axes, larger texts, legends above, long names cut.

    What is drawn stays as it is; only the room around it and the width of the axes change.
    """
    with drawing():
        return _narrowed(figure)


def _narrowed(figure: Figure) -> Figure:
    keys = [_take(legend, axes) for axes in figure.axes if (legend := axes.get_legend()) is not None]
    below = [_take(legend, None) for legend in [*figure.legends]]
    for axes in figure.axes:
        axes.tick_params(labelsize=_FONT)
    for text in figure.findobj(Text):
        text.set_fontsize(max(float(text.get_fontsize()), _FONT))
    for axes in figure.axes:
        if axes.get_aspect() == 1:
            _square(axes)
        _cut_names(axes)
        _wrap(axes.xaxis.label, 34)
        _wrap(axes.title, 40)
    _in_one_column(figure, {key.axes: key.height for key in keys})
    box = figure.get_tightbbox()
    for _ in range(4):
        excess = box.width - (_WIDEST - 2 * _MARGIN)
        if excess <= 0.01:
            break
        _scale(figure, excess)
        box = figure.get_tightbbox()
    # Every one of the axes; to measure a figure again takes as long as to draw it.
    thinned = [_thin(axes, axes.xaxis) for axes in figure.axes]
    if any(thinned):
        box = figure.get_tightbbox()
    # A legend has the width of the whole figure: it begins where the names do.
    tops = [0.0 if key.axes is None or (own := key.axes.get_tightbbox()) is None else own.y1 for key in keys]
    for key, top in zip(keys, tops, strict=True):
        key.put(figure, box.x0 * figure.dpi, top, "lower left")
    for key in below:
        key.put(figure, box.x0 * figure.dpi, box.y0 * figure.dpi - 4, "upper left")
    return fitted(figure, _MARGIN)


def _take(legend: Legend, axes: Axes | None) -> _Key:
    texts = ["\n".join(fill(line, 46) for line in text.get_text().split("\n")) for text in legend.get_texts()]
    key = _Key(axes, [*legend.legend_handles], texts, fill(legend.get_title().get_text(), 52))
    legend.remove()
    return key


def _square(axes: Axes) -> None:
    """A map stays square and above its scale of colours; many names beside it would touch each other."""
    axes.set_anchor("SW")
    if len(axes.get_yticklabels()) > _MAPPED:
        axes.tick_params(labelleft=False)


def _cut_names(axes: Axes) -> None:
    """Long names at the left get their middle cut out."""
    names = [text.get_text() for text in axes.get_yticklabels() if text.get_visible()]
    if any(len(name) > _NAME for name in names):
        axes.set_yticks(axes.get_yticks(), [shorten(name, _NAME) for name in names])
        axes.tick_params(axis="y", labelsize=_FONT)


def _wrap(text: Text, width: int) -> None:
    said = text.get_text()
    if len(said) > width:
        text.set_text("\n".join(fill(line, width) for line in said.split("\n")))


def _groups(figure: Figure) -> list[list[Axes]]:
    """Axes with the colour bars that follow them."""
    groups: list[list[Axes]] = []
    width = figure.get_size_inches()[0]
    for axes in figure.axes:
        if groups and axes.get_position().width * width < _BAR:
            groups[-1].append(axes)
        else:
            groups.append([axes])
    return groups


def _in_one_column(figure: Figure, above: Mapping[Axes | None, float]) -> None:
    """Axes side by side are put below each other, in reading order; ``above``: inches that a legend needs."""
    groups = _groups(figure)
    left = [group[0].get_position().x0 for group in groups]
    if max(left) - min(left) < 0.05:
        return
    height = figure.get_size_inches()[1]
    groups.sort(key=lambda group: (-round(group[0].get_position().y1, 2), group[0].get_position().x0))
    _own_labels(groups)
    top = height
    for group in groups:
        first = group[0].get_position()
        boxes = [axes.get_tightbbox() for axes in group]
        high = max(box.y1 for box in boxes if box is not None) / figure.dpi
        low = min(box.y0 for box in boxes if box is not None) / figure.dpi
        shift = top - high - 0.18 - max(above.get(axes, 0.0) for axes in group)
        for axes in group:
            old = axes.get_position()
            axes.set_position((old.x0 - first.x0, old.y0 + shift / height, old.width, old.height))
        top = low + shift


def _own_labels(groups: list[list[Axes]]) -> None:
    """Names that stood once for a row of axes stand at each of them."""
    before: Axes | None = None
    for group in groups:
        axes = group[0]
        if before is not None:
            labels = [text.get_text() for text in axes.get_yticklabels()]
            same = np.array_equal(axes.get_yticks(), before.get_yticks())
            if same and labels and not any(labels):
                axes.set_yticks(before.get_yticks(), [text.get_text() for text in before.get_yticklabels()])
            axes.tick_params(labelleft=True, labelbottom=True, labelsize=_FONT)
            if not axes.get_ylabel() and not any(labels):
                axes.set_ylabel(before.get_ylabel(), fontsize=_FONT)
            if not axes.get_xlabel():
                axes.set_xlabel(before.get_xlabel(), fontsize=_FONT)
        before = axes


def _scale(figure: Figure, excess: float) -> None:
    """Take so many inches from the width of the axes."""
    width = figure.get_size_inches()[0]
    for group in _groups(figure):
        own = group[0].get_position()
        new = max(own.width - excess / width, _NARROWEST / width)
        for axes in group:
            old = axes.get_position()
            if axes is group[0]:
                axes.set_position((old.x0, old.y0, new, old.height))
            else:
                axes.set_position((old.x0 + new - own.width, old.y0, old.width, old.height))


def _thin(axes: Axes, axis: Axis) -> bool:
    """Leave out labels until no two of them touch; whether any had to go."""
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
    formatter = axis.get_major_formatter()
    labels = formatter.format_ticks(ticks) if ticks else []
    boxes = [text.get_window_extent() for text in axis.get_ticklabels() if text.get_text() and text.get_visible()]
    turned = any(text.get_rotation() for text in axis.get_ticklabels())
    if turned or len(boxes) < 2:
        return False
    touching = any(b.x0 < a.x1 + 3 for a, b in pairwise(boxes) if b.x0 >= a.x0)
    if touching:
        axis.set_major_locator(FixedLocator(ticks[::2]))
        axis.set_major_formatter(FixedFormatter(labels[::2]))
        _thin(axes, axis)
    return touching
