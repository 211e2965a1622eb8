"""How to cite the lab: the sentences of ``CITATION.cff``, which is at the top of the source tree and in the wheel."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def citation() -> tuple[str, ...]:
    """A sentence that asks for the citation, then one line per work: the software, and the works that it builds on."""
    package = Path(__file__).resolve().parent
    paths = (package / "CITATION.cff", package.parents[1] / "CITATION.cff")
    text = next(path for path in paths if path.is_file()).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    return (content["message"], *map(_line, [content, *content.get("references", ())]))


def _line(work: Mapping[str, Any]) -> str:
    """Authors, title, version or year, and identifiers of one work."""
    version = f"version {work['version']}" if "version" in work else ""
    identifiers = ", ".join(identifier["value"] for identifier in work.get("identifiers", ()))
    parts = (_names(work["authors"]), work["title"], version, str(work.get("year", "")), identifiers)
    return ". ".join(part for part in parts if part) + "."


def _names(authors: Sequence[Mapping[str, str]]) -> str:
    """``J. Chen`` for a person; the name of a group as it is."""
    return ", ".join(author.get("name") or f"{author['given-names']} {author['family-names']}" for author in authors)
