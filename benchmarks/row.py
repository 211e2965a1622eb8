"""One line of the table that every benchmark returns."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A measured time beside that of a named alternative.

    Attributes:
        name: what was done, with its size.
        seconds: wall time.
        alternative: what it is compared with; empty where a limit is all there is to say.
        ratio: how many times faster than the alternative; None without one.
        limit: what the issue asks for, in words.
        note: what else was checked, equal values above all.
    """

    name: str
    seconds: float
    alternative: str = ""
    ratio: float | None = None
    limit: str = ""
    note: str = ""


def timed(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Least wall time of some calls, and what the last one returned."""
    best, value = float("inf"), None
    for _ in range(repeats):
        begun = time.perf_counter()
        value = call()
        best = min(best, time.perf_counter() - begun)
    return best, value


def peak_memory() -> float:
    """Peak resident memory of this process so far, in GiB (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
