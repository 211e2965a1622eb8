"""One line for a whole run on standard error: how far it is, and how long it still takes."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")
_BAR = 20
# Seconds that a guess counts for, beside what has been measured.
_PRIOR = 2.0
# From this share of a step on, its own pace says how long the rest of it takes.
_OWN_PACE = 0.2


class Meter:
    """How far a run is. Guesses of the seconds of its steps are scaled by what the steps have taken so far.

    Args:
        clock: in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guesses: dict[str, float] = {}
        self._guessed = self._taken = self._begun = self._share = 0.0
        self._description, self._total, self._done = "", 0, 0
        self._lock = threading.Lock()

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Name steps that are still to come, with a guess of their seconds; only the ratios matter in the long run."""
        self._guesses |= seconds

    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """One step of ``total`` parts; yields the function to call with the number of parts that were just finished."""
        self._description, self._total, self._done, self._begun = description, total, 0, self._clock()

        def advance(parts: int) -> None:
            with self._lock:
                self._done += parts

        try:
            yield advance
        finally:
            if description in self._guesses:
                self._guessed += self._guesses.pop(description)
                self._taken += self._clock() - self._begun
            else:
                # A step that nobody has planned says nothing about the others.
                self._description = ""
            self._total = self._done = 0

    def left(self) -> float | None:
        """Seconds that the run still takes; None where nothing is known."""
        later = dict(self._guesses)
        if not self._total:
            return self._pace(0.0, 0.0) * sum(later.values()) if later else None
        elapsed, share = self._clock() - self._begun, min(self._done / self._total, 1.0)
        own = elapsed * (1 - share) / share if share else None
        guess = later.pop(self._description, None)
        pace = self._pace(elapsed, guess * share) if guess else self._pace(0.0, 0.0)
        if guess is None and own is None:
            return None
        weight = 1.0 if guess is None else min(share / _OWN_PACE, 1.0)
        here = weight * (own or 0.0) + (1 - weight) * max((guess or 0.0) * pace - elapsed, 0.0)
        return here + pace * sum(later.values())

    def _pace(self, elapsed: float, guessed: float) -> float:
        """Seconds per guessed second, so far."""
        return (self._taken + elapsed + _PRIOR) / (self._guessed + guessed + _PRIOR)

    def line(self) -> str:
        """The line; empty where nothing runs."""
        if not self._description:
            return ""
        left, elapsed = self.left(), self._taken + (self._clock() - self._begun if self._total else 0.0)
        parts = [self._description if self._total <= 1 else f"{self._description} {self._done:,} of {self._total:,}"]
        if left is None:
            return parts[0]
        # The bar never goes back when an estimate grows.
        self._share = max(self._share, elapsed / (elapsed + left) if elapsed else 0.0)
        filled = round(_BAR * self._share)
        parts.append(f"about {duration(left)} left")
        return f"{'━' * filled}{'─' * (_BAR - filled)} {100 * self._share:3.0f}%  {', '.join(parts)}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@contextmanager
def shown(line: Callable[[], str], every: float = 60.0) -> Iterator[None]:
    """Show a line while the context is open: in place in a terminal or a notebook, else now and then.

    Args:
        line: gives the line of the moment; nothing is shown where it is empty.
        every: seconds between lines in a file.
    """
    over = threading.Event()
    thread = threading.Thread(target=_show, args=(line, over, every), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show(line: Callable[[], str], over: threading.Event, every: float) -> None:
    in_place, last, width = sys.stderr.isatty() or _in_notebook(), time.monotonic(), 0
    while not over.wait(0.5 if in_place else min(every, 5.0)):
        said = line()
        if in_place:
            said = said[: shutil.get_terminal_size().columns - 1]
            if said or width:
                sys.stderr.write(f"\r{said.ljust(width)}")
            width = len(said)
        elif said and time.monotonic() - last >= every:
            last = time.monotonic()
            sys.stderr.write(said + "\n")
        sys.stderr.flush()
    if width:
        sys.stderr.write(f"\r{' ' * width}\r")
        sys.stderr.flush()


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, whose output follows carriage returns."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


_current: Meter | None = None


@contextmanager
def current(meter: Meter) -> Iterator[Meter]:
    """Show a meter, which `track` advances too."""
    global _current
    _current = meter
    try:
        with shown(meter.line, every=300.0):
            yield meter
    finally:
        _current = None


def track(items: Iterable[_T], description: str, total: int) -> Iterator[_T]:
    """The same items; each is a part of a step of the run, where one is shown."""
    if _current is None or total < 2:
        yield from items
        return
    with _current(description, total) as advance:
        for item in items:
            yield item
            advance(1)
