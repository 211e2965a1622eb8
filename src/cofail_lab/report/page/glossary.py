"""What each number is, in a sentence or two of ``docs/numbers.md``, which is in the wheel as well."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_LONGEST = 420
_NAME = re.compile(r"`([A-Za-z][\w.<>*…]*)`")
# What a name of a number may end in where the paragraph explains it without.
_ENDINGS = {"_lower": "Lower limit. ", "_upper": "Upper limit. ", "_error": "Error. ", "_bca": "BCa. "}


def definition(name: str) -> str | None:
    """The sentences that explain a number or a label; None where there are none."""
    if (exact := _exact().get(name)) is not None:
        return exact
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), None)
    if ending is not None and (found := definition(name.removesuffix(ending))) is not None:
        return _ENDINGS[ending] + found
    return next((said for pattern, said in _patterns() if pattern.fullmatch(name)), None)


@cache
def _exact() -> dict[str, str]:
    """Name -> sentences, for names that are written out; the table says it last and shortest."""
    return dict(_mentions())


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Names with a part that stands for others: ``accuracy_P``, ``predicted_<law>``, ``repeats_*``."""
    made = []
    for name, said in reversed(_mentions()):
        pattern = re.sub(r"<\w+>|\\\*|(?<=_)P(?=_|$)", r"[A-Za-z]\\w*", re.escape(name).replace("\\_", "_"))
        if pattern != re.escape(name):
            made.append((re.compile(pattern), said))
    return made


@cache
def _mentions() -> list[tuple[str, str]]:
    """Every name in the file with the sentences around it, in the order of the file."""
    package = Path(__file__).resolve().parents[2]
    paths = (package / "numbers.md", package.parents[1] / "docs" / "numbers.md")
    text = next(path for path in paths if path.is_file()).read_text(encoding="utf-8")
    found = []
    for block in re.split(r"\n\s*\n", text):
        if block.startswith("|"):
            found += _in_table(block)
        if block.startswith(("#", "|")):
            continue
        plain = " ".join(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", block).split())
        heading, _, body = plain.removeprefix("**").partition("** ") if plain.startswith("**") else ("", "", plain)
        sentences = re.split(r"(?<=[.;]) (?=[A-Z`(*])", body)
        for sentence in sentences:
            said = sentence if not heading else f"{heading.rstrip('.')}: {sentence}"
            found += [(name, _cut(_plain(said))) for name in _NAME.findall(sentence)]
    return found


def _in_table(block: str) -> list[tuple[str, str]]:
    """Names in the first column of a table, with the second."""
    rows = [line.strip("| ").split(" | ") for line in block.splitlines()]
    return [(name, _plain(row[1])) for row in rows if len(row) == 2 for name in _NAME.findall(row[0])]


def _plain(text: str) -> str:
    """Without the marks of Markdown; an asterisk between backticks is part of a name."""
    parts = text.split("`")
    return "".join(part if i % 2 else part.replace("*", "") for i, part in enumerate(parts))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2].rsplit(" ", 1)[0] + " …"
