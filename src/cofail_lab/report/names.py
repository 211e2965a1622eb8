"""Names and texts that came from files, made safe to show: they are data, and may hold anything."""

import re
import unicodedata
from collections.abc import Iterable


def printable(text: str) -> str:
    """One line without control characters: white space collapses, what would steer a terminal is written as an escape.

    Bidirectional controls are escaped too: one of them in a model name would reorder the line around it. Leading spaces
    stay, they indent a row of a summary.
    """
    body = text.lstrip(" ")
    line = re.sub(r"\s+", " ", body).strip()
    return " " * (len(text) - len(body)) + "".join(escape(c) if _steers(c) else c for c in line)


def shorten(text: str, width: int = 38) -> str:
    """`printable`, and at most `width` characters: the middle goes, because the ends tell names apart."""
    line = printable(text).strip()
    if len(line) <= width:
        return line
    head = width // 2
    return f"{line[:head]}…{line[len(line) - (width - 1 - head) :]}"


def escape(character: str) -> str:
    r"""A character as Python would write it in ASCII, ``\u202e``."""
    return character.encode("unicode_escape").decode("ascii")


def texts(values: Iterable[object]) -> list[str]:
    """A column of names as strings; an empty one is ``unknown``."""
    return [str(value).strip() or "unknown" for value in values]


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or unicodedata.bidirectional(character) in _BIDI_CONTROLS


_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
