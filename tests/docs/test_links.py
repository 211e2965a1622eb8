"""Every link of the README and of the documentation leads to a file that exists, and to a heading that it has."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + [*(ROOT / "docs").rglob("*.md")]
)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\))?[^()\s]*)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")


def links(text: str) -> list[str]:
    """Targets of the links of a page; code holds none."""
    return _LINK.findall(_CODE.sub("code", _FENCE.sub("", text)))


@cache
def anchors(path: Path) -> set[str]:
    """What the headings of a page are called in an address, as the site and code hosts make them."""
    headings = re.findall(r"^#+ (.+?)\s*$", _FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        lost = anchor and path.suffix == ".md" and path.exists() and anchor not in anchors(path)
        if lost or not path.exists() or not path.is_relative_to(ROOT):
            broken.append(link)
    assert not broken


def test_what_a_link_is() -> None:
    text = "[a](b.md#c) ![i](f/i.svg) `[no](x.md)` [d [e]](g.md)\n```\n[no](y.md)\n```\n[w](https://a.b/c_(d))"
    assert links(text) == ["b.md#c", "f/i.svg", "g.md", "https://a.b/c_(d)"]
    assert {"how-much-of-the-gain-is-luck", "intervals"} <= anchors(ROOT / "docs" / "fit.md")
