"""What every page must be in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Visits:
    """Opens pages, and fails where one of them asks for anything or complains of anything.

    One window is used again and again, from an empty page each time: a new one takes longer than most tests.
    """

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    windows: dict[bool, Page] = field(default_factory=dict)

    @contextmanager
    def __call__(self, path: Path, width: int = 1200, look: str = "light", *, script: bool = True) -> Iterator[Page]:
        """A page at a width, ``light``, ``dark`` or as it is printed."""
        page = self.windows.get(script) or self._window(script)
        page.goto("about:blank")
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if look == "dark" else "light", media="screen")
        self.complaints.clear()
        page.goto(path.as_uri())
        if look == "print":
            page.emulate_media(media="print")
        yield page
        assert not self.complaints

    def _window(self, script: bool) -> Page:
        context = self.browser.new_context(java_script_enabled=script, accept_downloads=True)
        context.set_default_timeout(10_000)
        page = self.windows[script] = context.new_page()
        said = self.complaints.append
        page.on("console", lambda message: said(f"console: {message.text}"))
        page.on("pageerror", lambda error: said(f"error: {error}"))
        page.on("dialog", lambda dialog: (said(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: said(f"request: {asked.url[:80]}") if _foreign(asked.url) else None)
        return page

    def is_sound(self, path: Path, width: int, look: str) -> None:
        """See `sound`; nothing else is looked at."""
        with self.sound(path, width, look):
            pass

    @contextmanager
    def sound(self, path: Path, width: int, look: str) -> Iterator[Page]:
        """No sideways scrolling, no small text on a screen, nothing that axe-core finds; folded parts are opened."""
        with self(path, width, look) as page:
            yield page
            page.evaluate("document.querySelectorAll('details.fold').forEach(one => { one.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            small = [(size, text) for size, text in page.evaluate(_TEXTS) if size < LEAST - 0.05]
            assert look == "print" or not small, small[:3]
            found = Axe().run(page).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


def _foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Visits:
    """See `Visits`."""
    return Visits(browser)
