"""The summary as one HTML page that needs no other file and no network."""

import base64
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from cofail_lab.citation import citation
from cofail_lab.report.names import printable
from cofail_lab.report.numbers import number, plus_minus
from cofail_lab.result import Result


def render_page(
    result: Result, title: str, provenance: Mapping[str, str], figures: Mapping[str, str], folder: Path = Path()
) -> str:
    """A self-contained page: no network, no scripts; every text from a file is escaped.

    Args:
        result: what the experiment returned.
        title: of the page.
        provenance: name -> value, how and from what this was made.
        figures: name -> SVG text. A figure that a section names is in that section, the others are at the end; a figure
            that is named but not given is left out.
        folder: where the page will be; links to other files are relative to it.
    """
    # Figures are embedded as images: an SVG in an image cannot run scripts, and its ids cannot clash with others.
    images = {
        name: "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
        for name, svg in figures.items()
    }
    placed = {name for section in result.sections for name in section.figures}
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            result=result,
            title=title,
            citation=citation(),
            provenance=provenance,
            images=images,
            loose=[name for name in images if name not in placed],
            link=lambda target: quote(os.path.relpath(target, folder)),
        )
    )


# Cached: a sweep renders a page per job, and to compile the template costs ten times as much.
@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cofail_lab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters.update(number=lambda value: number(value, significant=6), plus_minus=plus_minus)
    return environment
