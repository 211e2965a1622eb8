"""How figures look and how they become bytes: one style, one palette, deterministic output."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from cofail_lab.report.names import shorten

ONE_COLUMN = 3.5
TWO_COLUMNS = 7.2
"""Widths in inches."""

RC = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": False,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8.5,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    # Text as outlines: the same on every machine, whatever fonts it has.
    "svg.fonttype": "path",
    "svg.hashsalt": "cofail-lab",
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

PALETTE = ("#332288", "#44aa99", "#ddaa33", "#88ccee", "#aa4499", "#117733", "#cc6677", "#999933", "#5f6b7a", "#7b3f00")
"""Ten colours, after Paul Tol's muted scheme, told apart under the common colour-vision deficiencies."""

OTHER = "#b5b5b5"
"""Whatever has no colour of its own."""

STRONG = "#d1350f"
"""The all-wrong event, everywhere."""

BARS = "#c3ccd6"
"""Observed shares that need no emphasis."""


@contextmanager
def drawing() -> Iterator[None]:
    """The style, whatever the user's matplotlibrc says; also usable as a decorator."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def label(name: str, width: int = 38) -> str:
    """A name of at most `width` characters that the figures' font can draw; what it lacks is written as an escape."""
    glyphs = _glyphs()
    return shorten("".join(c if ord(c) in glyphs or c.isspace() else _escape(c) for c in str(name)), width)


@drawing()
def svg(figure: Figure) -> str:
    """The figure as SVG text; the same figure gives the same bytes."""
    buffer = io.StringIO()
    # The resolution is that of the images inside, heat maps.
    figure.savefig(buffer, format="svg", dpi=250, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


@drawing()
def png(figure: Figure, dpi: int = 200) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


@cache
def _glyphs() -> frozenset[int]:
    font = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
    return frozenset(FT2Font(font).get_charmap())


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
