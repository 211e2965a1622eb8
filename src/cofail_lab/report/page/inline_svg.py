"""A figure as part of a page: only what draws is kept, its ids are its own, its colours follow the page's."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from markupsafe import Markup, escape

from cofail_lab.report.figures import SCREEN

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_DRAWING = {"svg", "g", "path", "text", "tspan", "use", "defs", "clipPath", "rect", "image", "title", "symbol"}
_ATTRIBUTES = {"id", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "transform", "viewBox", "style"}
_ATTRIBUTES |= {"clip-path", "clip-rule", "preserveAspectRatio", "fill", "stroke", "opacity"}
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]*\Z")
_STYLE = re.compile(r"[a-z-]+: (?:[^;:<>{}@\\]|url\(#)*(?:; ?[a-z-]+: (?:[^;:<>{}@\\]|url\(#)*)*;?\s*\Z")
_FONT = re.compile(r"font: ((?:bold|italic|oblique|\d{3}) )?([\d.]+)px [^;]*")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")

DARK = {
    "#000000": "#e4e7ea",
    "#ffffff": "#16181b",
    "#332288": "#9d8cff",
    "#44aa99": "#44aa99",
    "#ddaa33": "#ddaa33",
    "#aa4499": "#d670c5",
    "#88ccee": "#88ccee",
    "#117733": "#2f9e55",
    "#661100": "#b5523d",
    "#888822": "#a8a83c",
    "#cc6677": "#f2a0ae",
    "#cccccc": "#5f6670",
    "#d1350f": "#ff7a55",
    "#c3ccd6": "#596470",
    "#555555": "#a0a8b2",
    "#333333": "#c8cdd3",
    "#777777": "#98a0aa",
    "#999999": "#79818b",
    "#888888": "#88909a",
    "#7c8794": "#98a3b0",
    "#bbbbbb": "#565d66",
    "#dddddd": "#33393f",
    "#e8e8e8": "#2b3036",
    "#e3e8ed": "#333a42",
    "#bcd3e6": "#46617a",
    "#85b0d3": "#5b87ab",
    "#4a83b5": "#7db1de",
    "#1d4e80": "#b3d4f2",
}
"""Colours of the figures -> what they are on a dark page. The first ten of the palette stay apart for every eye."""


def inline(svg: str, name: str, labelled_by: str) -> Markup:
    """The figure as an ``svg`` element of a page.

    Args:
        svg: text of a file that Matplotlib has written; elements and attributes that do not draw are dropped.
        name: unlike that of any other figure of the page; ids begin with it.
        labelled_by: id of the element that says what the figure shows.

    Raises:
        ValueError: the text is no SVG.
    """
    try:
        root = ET.fromstring(svg)  # noqa: S314 (this process has written it)
    except ET.ParseError as error:
        raise ValueError(f"{name}: not an SVG ({error})") from error
    box = root.get("viewBox", "0 0 1 1").split()
    opening = (
        f'<svg role="img" aria-labelledby="{escape(labelled_by)}" viewBox="{escape(" ".join(box))}" '
        f'width="{float(box[2]) * SCREEN:.0f}" height="{float(box[3]) * SCREEN:.0f}">'
    )
    prefix = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    inner = "".join(_element(child, prefix) for child in root if not _is_page(child))
    return Markup(opening + inner + "</svg>")  # noqa: S704 (every part of it is escaped above)


def dark_variables() -> str:
    """The declarations by which a dark page changes the colours of its figures."""
    return " ".join(f"--f{colour[1:]}: {dark};" for colour, dark in DARK.items())


def _is_page(element: ET.Element) -> bool:
    return element.tag not in {_SVG + name for name in _DRAWING}


def _element(element: ET.Element, prefix: str) -> str:
    if _is_page(element):
        return ""
    tag = element.tag.removeprefix(_SVG)
    if tag == "title":
        return f"<title>{escape((element.text or '').strip())}</title>"
    if tag == "g" and element.get("id") == "patch_1":
        # The white paper of the whole figure: the page has its own.
        return ""
    attributes = "".join(
        f' {key}="{escape(value)}"'
        for key, raw in element.attrib.items()
        if (pair := _attribute(key, raw, prefix)) is not None
        for key, value in [pair]
    )
    text = escape(element.text or "") if tag in ("text", "tspan") else ""
    inner = "".join(_element(child, prefix) for child in element)
    if tag == "g" and not attributes and inner.count("<") == 0:
        return inner
    return f"<{tag}{attributes}>{text}{inner}</{tag}>"


def _attribute(key: str, raw: str, prefix: str) -> tuple[str, str] | None:
    """A safe attribute; None for one that is dropped."""
    if key == _XLINK + "href":
        if raw.startswith("#"):
            return "href", f"#{prefix}-{raw[1:]}"
        return ("href", re.sub(r"\s", "", raw)) if _PICTURE.match(raw) else None
    if key not in _ATTRIBUTES:
        return None
    if key == "id":
        return "id", f"{prefix}-{raw}"
    value = _REFERENCE.sub(rf"url(#{prefix}-\1)", raw)
    if key == "style":
        if not _STYLE.match(value):
            return None
        value = _FONT.sub(lambda match: _font(match.group(1), match.group(2)), value)
    if key in ("style", "fill", "stroke"):
        value = _COLOUR.sub(lambda match: _variable(match.group()), value)
    return key, value


def _font(weight: str | None, size: str) -> str:
    return f"font-size: {size}px" + (f"; font-weight: {weight.strip()}" if weight and "bold" in weight else "")


def _variable(colour: str) -> str:
    return f"var(--f{colour[1:].lower()}, {colour})" if colour.lower() in DARK else colour
