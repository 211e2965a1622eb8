"""How figures look and how they become bytes: one style, one palette, deterministic output."""

import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from cofail_lab.report.names import escape, shorten

RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": False,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 8,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    # Text that a reader can select, search and enlarge.
    "svg.fonttype": "none",
    "svg.hashsalt": "cofail-lab",
    # Hinted text has another width at every resolution, and `fitted` must hold at each.
    "text.hinting": "none",
    # Names from files are not mathematics.
    "text.parse_math": False,
    "text.usetex": False,
    "xtick.color": "#555555",
    "xtick.labelcolor": "black",
    "xtick.labelsize": 7.5,
    "ytick.color": "#555555",
    "ytick.labelcolor": "black",
    "ytick.labelsize": 7.5,
}
"""Differences from matplotlib's own defaults."""

PALETTE = ("#332288", "#44aa99", "#ddaa33", "#aa4499", "#88ccee", "#117733", "#661100", "#888822", "#000000", "#cc6677")
"""Ten colours after Paul Tol's muted scheme. Any two, and `OTHER`, are at least 15 apart in CIELAB as normal eyes see
them, and as simulated protan, deutan and tritan eyes do (Machado 2009)."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
"""A shape for each of the ten colours."""

OTHER = "#cccccc"
"""Things without a colour of their own."""

STRONG = "#d1350f"
"""The all-wrong event, everywhere."""

BARS = "#c3ccd6"
"""Observed shares that need no emphasis."""

# Matplotlib writes the link of a mark, which becomes its title.
_TITLE = "title:"
_TITLED = re.compile(r"""<a xlink:href=(["'])title:(.*?)\1[^>]*>""")

NAMED_MODELS = 60
"""Pools up to this size are drawn model by model."""


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the style of the lab and not of the user's matplotlibrc; also usable as a decorator."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with axes of this size in inches; names and legends go around them, and `fitted` makes room."""
    figure = Figure(figsize=(width, height))
    return figure, figure.add_axes((0, 0, 1, 1))


def fitted(figure: Figure, pad: float = 0.06) -> Figure:
    """The figure grown so that everything around its axes is inside, with `pad` inches to spare; log scales are named.

    The axes keep their size and the page grows, not the reverse: a layout engine fails on long names.
    """
    for axes in figure.axes:
        for scale, text in ((axes.get_xscale(), axes.xaxis.label), (axes.get_yscale(), axes.yaxis.label)):
            if scale == "log" and text.get_text() and "log" not in text.get_text():
                text.set_text(f"{text.get_text()} (log scale)")
    box = figure.get_tightbbox().padded(pad)
    width, height = figure.get_size_inches()
    for axes in figure.axes:
        old = axes.get_position()
        axes.set_position(
            (
                (old.x0 * width - box.x0) / box.width,
                (old.y0 * height - box.y0) / box.height,
                old.width * width / box.width,
                old.height * height / box.height,
            )
        )
    figure.set_size_inches(box.width, box.height)
    return figure


def label(name: str, width: int = 38) -> str:
    """A name of at most `width` characters; characters that the font of the figures lacks are written as escapes."""
    glyphs = _glyphs()
    return shorten("".join(c if ord(c) in glyphs or c.isspace() else escape(c) for c in str(name)), width)


def titled(artist: Artist, *texts: str) -> None:
    """What a reader sees who points at a mark: one text for a line or a bar, one per mark for points drawn together."""
    said = [_TITLE + label(text, 200) for text in texts]
    if isinstance(artist, Collection):
        artist.set_urls(said)
    else:
        artist.set_url(said[0])


def decades(axis: Axis, low: float, high: float) -> None:
    """A log scale labelled at powers of ten, at most seven of them; plain text, as names are not mathematics here."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first) / 6))
    scale = axis.axes.set_xscale if axis is axis.axes.xaxis else axis.axes.set_yscale
    scale("log")
    axis.set_major_locator(FixedLocator([10.0**power for power in range(first, last + 1, step)]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))


@drawing()
def svg(figure: Figure) -> str:
    """The figure as SVG text; the same figure gives the same bytes."""
    buffer = io.StringIO()
    # The resolution is that of the images inside, heat maps.
    figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return _TITLED.sub(r"<g><title>\2</title>", buffer.getvalue()).replace("</a>", "</g>")


@drawing()
def png(figure: Figure, dpi: int = 200) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    # Files as small as at the usual level 6, in two thirds of the time.
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def _power(value: float) -> str:
    return f"{value:,.0f}" if 1 <= value < 1e5 else f"1e{round(math.log10(value))}"


@cache
def _glyphs() -> frozenset[int]:
    font = Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
    return frozenset(FT2Font(font).get_charmap())
