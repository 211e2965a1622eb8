"""The ratio of observed to predicted β over pool size, with the composition of the pool resampled."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.fitting.readings.subpools import predict_from_counts
from cofail_lab.numerics.streams import SCAN, generator

COMPOSITIONS = 200
"""Number of random sub-pools of each size."""

# The largest size: the pairs of larger sub-pools cost much time and hardly change the scan.
_MAX_SIZE = 256


class PoolScan(NamedTuple):
    """Random sub-pools of growing size.

    Attributes:
        sizes: models in a sub-pool, ascending.
        all_wrong: β of each, (sizes, compositions).
        ratio: observed over one-factor β: 0 where no query defeats the sub-pool, nan without a prediction.
        null_all_wrong, null_ratio: the same for matrices simulated without a common mode; None where no matrix was
            simulated.
    """

    sizes: Int[np.ndarray, " sizes"]
    all_wrong: Float[np.ndarray, "sizes compositions"]
    ratio: Float[np.ndarray, "sizes compositions"]
    null_all_wrong: Float[np.ndarray, "sizes compositions"] | None
    null_ratio: Float[np.ndarray, "sizes compositions"] | None


def scan_sizes(m: int) -> list[int]:
    """About eight sizes, in geometric steps from 2 to m, but at most 256; empty with fewer than 2 models."""
    largest = min(m, _MAX_SIZE)
    return sorted({round(size) for size in np.geomspace(2, largest, 8)}) if largest >= 2 else []


class Compositions:
    """The random sub-pools of a scan.

    Composition k is counted in matrix k, which is the observed matrix for every k, or simulated matrix k.

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
        """Count the errors of compositions ``first``, ``first`` + 1, ... in as many matrices.

        Args:
            first: number of the first matrix, and of its composition.
            wrong: the matrices.
            joint: their joint counts.

        Returns:
            Arrays by name, a row per matrix; rows of matrices without a composition hold nan and zeros.
        """
        batch = len(wrong)
        counts = {"scan_all_wrong": np.full((batch, len(self.sizes)), np.nan)}
        for column, size in enumerate(self.sizes):
            errors = np.zeros((batch, size), dtype=np.int64)
            both = np.zeros((batch, size * (size - 1) // 2), dtype=np.int32)
            for row, members in enumerate(self._members[size][first : first + batch]):
                part = joint[row][np.ix_(members, members)]
                errors[row], both[row] = np.diagonal(part), part[np.triu_indices(size, 1)]
                counts["scan_all_wrong"][row, column] = wrong[row][:, members].all(axis=1).mean()
            counts |= {f"scan_errors_{size}": errors, f"scan_joint_{size}": both}
        return counts

    def ratios(self, counts: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """β and its ratio to the one-factor prediction, (sizes, compositions); nan for compositions not counted."""
        all_wrong = np.full((len(self.sizes), COMPOSITIONS), np.nan)
        counted = counts["scan_all_wrong"][:COMPOSITIONS].T
        all_wrong[:, : counted.shape[1]] = counted
        ratio = np.full_like(all_wrong, np.nan)
        for row, size in enumerate(self.sizes):
            present = np.flatnonzero(~np.isnan(all_wrong[row]))
            if present.size:
                errors, joint = counts[f"scan_errors_{size}"][present], counts[f"scan_joint_{size}"][present]
                prediction = predict_from_counts(errors, joint, self._n)
                ratio[row, present] = all_wrong[row, present] / np.exp(prediction.log_predicted)
        return all_wrong, ratio
