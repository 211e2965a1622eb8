"""What every page must be in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

LEAST = 9.0
"""Pixels of the smallest text in a figure."""

_TEXTS = """() => [...document.querySelectorAll("svg text")].filter(t => t.getBoundingClientRect().width).map(t => {
  const m = t.getScreenCTM();
  return [parseFloat(getComputedStyle(t).fontSize) * Math.hypot(m.a, m.b), t.textContent];
})"""


@dataclass(frozen=True)
class Visits:
    """Opens pages, and fails where one of them asks for anything or complains of anything."""

    browser: Browser

    @contextmanager
    def __call__(self, path: Path, width: int = 1200, look: str = "light", *, script: bool = True) -> Iterator[Page]:
        """A page at a width, ``light``, ``dark`` or as it is printed."""
        scheme = "dark" if look == "dark" else "light"
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            accept_downloads=True,
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda asked: complaints.append(f"request: {asked.url[:80]}") if _foreign(asked.url) else None
        )
        page.goto(path.as_uri())
        if look == "print":
            page.emulate_media(media="print")
        try:
            yield page
            assert not complaints
        finally:
            context.close()

    def is_sound(self, path: Path, width: int, look: str) -> None:
        """No sideways scrolling, no small text on a screen, nothing that axe-core finds; folded parts are opened."""
        with self(path, width, look) as page:
            page.evaluate("document.querySelectorAll('details.fold').forEach(one => { one.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            small = [(size, text) for size, text in page.evaluate(_TEXTS) if size < LEAST - 0.05]
            assert look == "print" or not small, small[:3]
            found = Axe().run(page).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


def _foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Visits:
    """See `Visits`."""
    return Visits(browser)
