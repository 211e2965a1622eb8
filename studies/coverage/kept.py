"""What was measured about intervals: rows, counts, and a file that keeps them."""

import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

Found = dict[str, dict[str, tuple[int, int]]]
"""Name of an interval -> column -> matrices with the number inside, and matrices with such an interval."""

Limits = tuple[float | None, float | None]


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        printed: names in ``results.json`` without ``_lower`` and ``_upper``; ``*`` stands for any text.
        covers: the number of the population.
        made: how.
        level: nominal confidence.
    """

    printed: str
    covers: str
    made: str
    level: float = 0.95


class Kept:
    """What was measured, by table, row and column, in a JSON file that is written after every step.

    Attributes:
        tables: name of a table -> what was found.
        seconds: of processor time, in all runs that added to it.
    """

    def __init__(self, path: Path | None) -> None:
        """From a file, or empty."""
        self._path = path
        read = json.loads(path.read_text()) if path and path.exists() else {}
        self.tables: dict[str, Found] = read.get("tables", {})
        self.seconds: float = read.get("seconds", 0.0)
        self._since = time.process_time()

    def has(self, table: str, column: str) -> bool:
        """Whether a column of a table was measured."""
        return any(column in cells for cells in self.tables.get(table, {}).values())

    def add(self, table: str, found: Found) -> None:
        """Add columns of rows, and write."""
        for name, cells in found.items():
            self.tables.setdefault(table, {}).setdefault(name, {}).update(cells)
        now = time.process_time()
        self.seconds, self._since = self.seconds + now - self._since, now
        print(f"{table}: {', '.join(name for name, cells in found.items() if cells)}, {now:.0f} s", flush=True)
        if self._path:
            self._path.write_text(json.dumps({"tables": self.tables, "seconds": self.seconds}))


def count(found: Found, stem: str, column: str, printed: Limits, target: float) -> None:
    """Count an interval; nothing where none is printed or the number does not exist."""
    low, high = printed
    if (low is None and high is None) or np.isnan(target):
        return
    held, asked = found[stem].get(column, (0, 0))
    # Rounding of a limit that is exactly the number is no miss.
    near = 1e-9 * (1 + abs(target))
    inside = (low is None or low <= target + near) and (high is None or target - near <= high)
    found[stem][column] = held + inside, asked + 1
