"""The templates of the page, its style and its script, and how texts and data get into them."""

import hashlib
import json
import re
from base64 import b64encode
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cofail_lab.report.names import printable
from cofail_lab.report.numbers import number, plus_minus

_FOLDER = files("cofail_lab.report.page").joinpath("templates")
STYLE = Markup(_FOLDER.joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704 (a file of the lab)
SCRIPT = Markup("\n" + _FOLDER.joinpath("page.js").read_text(encoding="utf-8"))  # noqa: S704 (a file of the lab)
SCRIPT_HASH = "sha256-" + b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
"""By which a browser knows the one script that may run."""


# Cached: a sweep renders a page per job, and to compile the templates costs ten times as much.
@cache
def environment() -> Environment:
    """Jinja with the page's filters; every text is escaped, and made printable."""
    made = Environment(
        loader=PackageLoader("cofail_lab.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    made.filters.update(number=partial(number, significant=6), plus_minus=plus_minus, lines=lines, anchor=anchor)
    return made


def lines(text: str) -> Markup:
    """A text with its line breaks, each line printable."""
    return Markup("\n").join(escape(printable(line)) for line in text.splitlines())


def anchor(title: str) -> str:
    """The id of a section with this title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def as_json(value: Any) -> Markup:
    """Data for the script, in an element that a browser does not run; nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
