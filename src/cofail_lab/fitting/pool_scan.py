"""The ratio of observed to predicted β over pool size, with the composition of the pool resampled."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.fitting.subpools import read_counts
from cofail_lab.numerics.streams import SCAN, generator

COMPOSITIONS = 200
"""Random sub-pools of each size."""

# The largest size but the whole pool: with more models a sub-pool's pairs cost more than they tell.
_LARGEST = 256


class PoolScan(NamedTuple):
    """Random sub-pools of growing size.

    Attributes:
        sizes: models in a sub-pool, ascending.
        all_wrong: β of each, (sizes, compositions).
        ratio: observed over one-factor β: 0 where no query defeats the sub-pool, nan without a prediction.
        null_all_wrong, null_ratio: the same compositions in matrices simulated without a common mode; None where none
            were.
    """

    sizes: Int[np.ndarray, " sizes"]
    all_wrong: Float[np.ndarray, "sizes compositions"]
    ratio: Float[np.ndarray, "sizes compositions"]
    null_all_wrong: Float[np.ndarray, "sizes compositions"] | None
    null_ratio: Float[np.ndarray, "sizes compositions"] | None


def scan_sizes(m: int) -> list[int]:
    """About eight sizes in geometric steps from 2 to below m."""
    largest = min(m - 1, _LARGEST)
    return sorted({round(size) for size in np.geomspace(2, largest, 8)}) if largest >= 2 else []


class Compositions:
    """The sub-pools of a scan, and what has been counted of them in one matrix each.

    Composition k is looked at in matrix k: the observed matrix for all of them, or simulated matrix k.

    Args:
        m: models in the whole pool.
        n: queries of a matrix.
        seed: of the compositions.
    """

    def __init__(self, m: int, n: int, seed: int) -> None:
        self.sizes, self._n = scan_sizes(m), n
        self.n_compositions = COMPOSITIONS if self.sizes else 0
        self._members: dict[int, np.ndarray] = {}
        for size in self.sizes:
            rng = generator(seed, SCAN, size)
            self._members[size] = np.sort(np.stack([rng.permutation(m)[:size] for _ in range(COMPOSITIONS)]), axis=1)
        self._errors = {size: np.zeros((COMPOSITIONS, size), dtype=np.int64) for size in self.sizes}
        self._joint = {size: np.zeros((COMPOSITIONS, size * (size - 1) // 2), dtype=np.int32) for size in self.sizes}
        self._all_wrong = np.full((len(self.sizes), COMPOSITIONS), np.nan)

    def look(self, k: int, wrong: Bool[np.ndarray, "n m"], joint: Int[np.ndarray, "m m"]) -> None:
        """Count composition k of every size in a matrix; others may be counted at the same time."""
        if k >= self.n_compositions:
            return
        for row, size in enumerate(self.sizes):
            members = self._members[size][k]
            part = joint[np.ix_(members, members)]
            self._errors[size][k] = np.diagonal(part)
            self._joint[size][k] = part[np.triu_indices(size, 1)]
            self._all_wrong[row, k] = wrong[:, members].all(axis=1).mean()

    def ratios(self) -> tuple[np.ndarray, np.ndarray]:
        """β and its ratio to the one-factor read, (sizes, compositions); nan where a composition was not counted."""
        ratio = np.full_like(self._all_wrong, np.nan)
        for row, size in enumerate(self.sizes):
            seen = ~np.isnan(self._all_wrong[row])
            if seen.any():
                found = read_counts(self._errors[size][seen], self._joint[size][seen], self._n)
                ratio[row, seen] = self._all_wrong[row, seen] / np.exp(found.log_predicted)
        return self._all_wrong, ratio
