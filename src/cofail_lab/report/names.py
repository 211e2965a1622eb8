"""Makes names and texts from files safe to show: they may contain any character."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def printable(text: str) -> str:
    """The text on one line, without characters that control a terminal: they are written as escapes.

    White space becomes single spaces; leading spaces stay, because they indent a row of a summary. Bidirectional
    controls are escaped too: in a model name, one of them would reorder the line around it.
    """
    body = text.lstrip(" ")
    line = re.sub(r"\s+", " ", body).strip()
    # Python takes no control for printable, of either kind; a page has texts of a megabyte, its figures.
    safe = line if line.isprintable() else "".join(escape(c) if _is_control(c) else c for c in line)
    return " " * (len(text) - len(body)) + safe


def shorten(text: str, width: int = 38) -> str:
    """`printable`, and at most `width` characters: the middle is cut out, because the ends distinguish names."""
    line = printable(text).strip()
    if len(line) <= width:
        return line
    head = width // 2
    return f"{line[:head]}…{line[len(line) - (width - 1 - head) :]}"


def listed(names: Iterable[str]) -> str:
    """Shortened names in a row, set off by semicolons where one of them has a comma of its own."""
    short = [shorten(name) for name in names]
    return ("; " if any("," in name for name in short) else ", ").join(short)


def escape(character: str) -> str:
    r"""A character as Python would write it in ASCII, ``\u202e``."""
    return character.encode("unicode_escape").decode("ascii")


def shown_path(path: Path) -> Path:
    """A path as people write it: from the working folder where it is inside."""
    with suppress(ValueError, OSError):
        return path.relative_to(Path.cwd())
    return path


def texts(values: Iterable[object]) -> list[str]:
    """A column of names as strings; an empty name becomes ``unknown``."""
    return [str(value).strip() or "unknown" for value in values]


def _is_control(character: str) -> bool:
    """Whether a character can change what a terminal does or the order in which text is shown."""
    return unicodedata.category(character) in ("Cc", "Cs") or unicodedata.bidirectional(character) in _BIDI_CONTROLS


_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
