"""Correlations that are remembered by the counts they come from, because large pools ask for the same ones again.

A matrix of 2,000 models and 1,300 queries has two million pairs, most of them with counts of their own; 200 resampled
matrices have 472 million, of only some 25 million kinds. What is remembered is what would be solved again, to the bit.
"""

import threading
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

LARGEST_N = 2048
"""Number of queries up to which correlations are remembered; with more, few pairs have the same counts."""

# Most joint counts in the row of two error counts, around the first that is seen: most of what resampling
# makes of a pair. So many rows fill 0.3 GB, little of which is touched in smaller pools.
_WIDTH, _MAX_ROWS = 96, 400_000

Solve = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class Remembered:
    """The correlations of pairs of models on n queries, by the smaller and the larger error count and the joint one."""

    def __init__(self, n: int) -> None:
        self._n, self._lock, self._n_rows = n, threading.Lock(), 0
        self._width = min(n // 2 + 1, _WIDTH)
        # Of every two error counts: the row of their correlations, from 1, and the joint count that it begins with.
        self._row, self._first = np.zeros((n + 1) ** 2, dtype=np.int32), np.zeros((n + 1) ** 2, dtype=np.int32)
        # Memory that nothing was written to is 0, and takes no place; a correlation of 0 is solved every time.
        self._known = np.zeros((min((n + 1) ** 2, _MAX_ROWS) + 1) * self._width)

    def find(
        self,
        small: Int[np.ndarray, " pairs"],
        large: Int[np.ndarray, " pairs"],
        both: Int[np.ndarray, " pairs"],
        solve: Solve,
    ) -> Float[np.ndarray, " pairs"]:
        """What ``solve`` gives for the smaller error count, the larger one and the joint one of every pair."""
        rates = small * (self._n + 1) + large
        row = self._row[rates]
        new = row == 0
        if new.any():
            self._begin_rows(rates[new], both[new])
            row = self._row[rates]
        column = both - self._first[rates]
        inside = (row > 0) & (column >= 0) & (column < self._width)
        place = np.where(inside, row * self._width + column, 0)
        found = self._known[place]
        missing = np.flatnonzero(found == 0)
        if not missing.size:
            return found
        # Pairs of the same counts are brought together, and the first of them is solved; place 0 is no place.
        order = missing[np.argsort(place[missing], kind="stable")]
        sorted_places = place[order]
        fresh = (np.diff(sorted_places, prepend=-1) > 0) | (sorted_places == 0)
        chosen = order[fresh]
        solved = solve(small[chosen], large[chosen], both[chosen])
        kept = place[chosen] > 0
        self._known[place[chosen][kept]] = solved[kept]
        found[order] = solved[np.cumsum(fresh) - 1]
        return found

    def _begin_rows(self, rates: np.ndarray, both: np.ndarray) -> None:
        """Give error counts that have none a row around the joint count that came with them, while there are any."""
        with self._lock:
            kinds, where = np.unique(rates, return_index=True)
            new = self._row[kinds] == 0
            kinds, where = (x[new][: len(self._known) // self._width - 1 - self._n_rows] for x in (kinds, where))
            small, large = np.divmod(kinds, self._n + 1)
            least = np.maximum(0, small + large - self._n)
            most = np.maximum(least, small - self._width + 1)
            self._first[kinds] = np.clip(both[where] - self._width // 2, least, most)
            # Last, because other threads look at it first.
            self._row[kinds] = self._n_rows + 1 + np.arange(len(kinds))
            self._n_rows += len(kinds)


@lru_cache(maxsize=2)
def remembered(n: int) -> Remembered:
    """What is remembered of matrices of n queries, in this process."""
    return Remembered(n)
