"""The ratio of observed to predicted β over pool size, with the composition of the pool resampled."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.fitting.readings.subpools import read_counts
from cofail_lab.numerics.streams import SCAN, generator

COMPOSITIONS = 200
"""Random sub-pools of each size."""

# The largest size: with more models a sub-pool's pairs cost more than they tell.
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
    """About eight sizes in geometric steps from 2 to the whole pool, whose band in the data is a point."""
    largest = min(m, _LARGEST)
    return sorted({round(size) for size in np.geomspace(2, largest, 8)}) if largest >= 2 else []


class Compositions:
    """The sub-pools of a scan.

    Composition k is counted in matrix k: the observed matrix for all of them, or simulated matrix k.

    Args:
        m: models in the whole pool.
        n: queries of a matrix.
        seed: of the compositions.
    """

    def __init__(self, m: int, n: int, seed: int) -> None:
        self.sizes, self._n = scan_sizes(m), n
        self._members: dict[int, np.ndarray] = {}
        for size in self.sizes:
            rng = generator(seed, SCAN, size)
            self._members[size] = np.sort(np.stack([rng.permutation(m)[:size] for _ in range(COMPOSITIONS)]), axis=1)

    def count(
        self, first: int, wrong: Bool[np.ndarray, "batch n m"], joint: Int[np.ndarray, "batch m m"]
    ) -> dict[str, np.ndarray]:
        """Count compositions in matrices numbered from ``first`` on, one row for each; empty rows beyond the last.

        Args:
            first: number of the first matrix.
            wrong: the matrices.
            joint: their joint counts.
        """
        batch = len(wrong)
        found = {"scan_all_wrong": np.full((batch, len(self.sizes)), np.nan)}
        for column, size in enumerate(self.sizes):
            errors = np.zeros((batch, size), dtype=np.int64)
            both = np.zeros((batch, size * (size - 1) // 2), dtype=np.int32)
            for row, members in enumerate(self._members[size][first : first + batch]):
                part = joint[row][np.ix_(members, members)]
                errors[row], both[row] = np.diagonal(part), part[np.triu_indices(size, 1)]
                found["scan_all_wrong"][row, column] = wrong[row][:, members].all(axis=1).mean()
            found |= {f"scan_errors_{size}": errors, f"scan_joint_{size}": both}
        return found

    def ratios(self, counts: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """β and its ratio to the one-factor read, (sizes, compositions); nan where a composition was not counted."""
        all_wrong = np.full((len(self.sizes), COMPOSITIONS), np.nan)
        counted = counts["scan_all_wrong"][:COMPOSITIONS].T
        all_wrong[:, : counted.shape[1]] = counted
        ratio = np.full_like(all_wrong, np.nan)
        for row, size in enumerate(self.sizes):
            seen = np.flatnonzero(~np.isnan(all_wrong[row]))
            if seen.size:
                found = read_counts(counts[f"scan_errors_{size}"][seen], counts[f"scan_joint_{size}"][seen], self._n)
                ratio[row, seen] = all_wrong[row, seen] / np.exp(found.log_predicted)
        return all_wrong, ratio
