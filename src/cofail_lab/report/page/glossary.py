"""What each number is, in a sentence or two of ``docs/numbers.md``, which is in the wheel as well."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_LONGEST = 420
_NAME = re.compile(r"`([A-Za-z][\w.<>*…]*)`")
# What a name of a number may end in where the paragraph explains it without.
_ENDINGS = ("_lower", "_upper", "_error", "_bca", "_own", "_certified")


def definition(name: str) -> str | None:
    """The sentences that explain a number or a label; None where there are none."""
    for candidate in _shorter(name):
        if (found := _exact().get(candidate)) is not None:
            return found
        for pattern, said in _patterns():
            if pattern.fullmatch(candidate):
                return said
    return None


def _shorter(name: str) -> list[str]:
    """The name, then without its endings."""
    names = [name]
    while (ending := next((e for e in _ENDINGS if names[-1].endswith(e)), None)) is not None:
        names.append(names[-1].removesuffix(ending))
    return names


@cache
def _exact() -> dict[str, str]:
    """Name -> sentences, for names that are written out."""
    found: dict[str, str] = {}
    for name, said in _mentions():
        found.setdefault(name, said)
    return found


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Names with a part that stands for others: ``accuracy_P``, ``predicted_<law>``, ``repeats_*``."""
    made = []
    for name, said in _mentions():
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
        if block.startswith(("#", "|")):
            continue
        plain = " ".join(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", block).split())
        heading, _, body = plain.removeprefix("**").partition("** ") if plain.startswith("**") else ("", "", plain)
        sentences = re.split(r"(?<=[.;]) (?=[A-Z`(*])", body)
        for sentence in sentences:
            said = sentence if not heading else f"{heading.rstrip('.')}: {sentence}"
            found += [(name, _cut(said.replace("`", "").replace("*", ""))) for name in _NAME.findall(sentence)]
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2].rsplit(" ", 1)[0] + " …"
