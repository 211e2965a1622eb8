"""Garbage collection in the processes that are the lab's own: seldom."""

import atexit
import gc

_USUAL, _SELDOM = gc.get_threshold(), (50_000, 5, 5)


def collect_seldom() -> None:
    """Look for garbage after 50,000 new objects, instead of 700, and not at the end of the process.

    The libraries that a run imports make half a million objects, which stay. Python looks through them again and again
    while they are made, and once more before it ends: a tenth of the processor time of a run of a few seconds.
    """
    gc.set_threshold(*_SELDOM)
    atexit.register(gc.freeze)


def collect_as_usual() -> None:
    """End `collect_seldom`, for a process that goes on: what is there now stays, and only what is new is looked at."""
    if gc.get_threshold() == _SELDOM:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_USUAL)
