"""Garbage collection in the processes that are the lab's own: seldom."""

import atexit
import gc

_SELDOM = (50_000, 5, 5)
# Thresholds as they were, from `collect_seldom` to `collect_as_usual`.
_usual: tuple[int, int, int] | None = None


def collect_seldom() -> None:
    """Look for garbage after 50,000 new objects, instead of some hundreds, and not at the end of the process.

    The libraries that a run imports make half a million objects, which stay. Python looks through them again and again
    while they are made, and once more before it ends: a tenth of the processor time of a run of a few seconds.
    """
    global _usual
    if _usual is None:
        _usual = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        atexit.register(gc.freeze)


def collect_as_usual() -> None:
    """End `collect_seldom`, for a process that goes on: what is there now stays, and only what is new is looked at."""
    global _usual
    if _usual is not None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_usual)
        _usual = None
