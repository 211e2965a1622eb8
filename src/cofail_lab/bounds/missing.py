"""What a matrix with missing cells still says: best and worst case over everything the cells could have held."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper


class MissingCells(NamedTuple):
    """Intervals over all ways to fill in the missing cells; (lowest, highest).

    Attributes:
        all_wrong: share of queries that everyone gets wrong; both ends are attained.
        oracle_gain: G of the sample. The lower end is attained; the upper one, min_i of each model's own worst case,
            holds but need not be.
        max_gain: certified upper limit of the population's G (P1.v at the worst case).
        min_gain: certified lower limit (P1.vii at the best case).
    """

    all_wrong: tuple[float, float]
    oracle_gain: tuple[float, float]
    max_gain: float
    min_gain: float


def partial_identification(
    wrong: Bool[np.ndarray, "n m"], missing: Bool[np.ndarray, "n m"], delta: float = 0.05
) -> MissingCells:
    """Intervals from an incomplete matrix without any assumption on why cells are missing.

    Args:
        wrong: True where a graded answer is wrong; ignored where missing.
        missing: True where there is no graded answer.
        delta: error probability of each certified limit.
    """
    checks.probability("delta", delta)
    n, m = wrong.shape
    seen_wrong, seen_right = wrong & ~missing, ~wrong & ~missing
    could_all_fail = ~np.any(seen_right, axis=1)
    all_wrong = float(np.all(seen_wrong, axis=1).mean()), float(could_all_fail.mean())
    # i fails and someone answers right: for certain only if both were seen, possibly if nothing seen excludes either.
    least = (seen_wrong & ~could_all_fail[:, None]).sum(axis=0)
    others_may = (seen_right | missing).sum(axis=1)[:, None] - missing > 0
    most = ((seen_wrong | missing) & others_may).sum(axis=0)
    return MissingCells(
        all_wrong,
        (float(least.min() / n), float(most.min() / n)),
        float(clopper_pearson_upper(int(most.min()), n, delta / m)),
        float(clopper_pearson_lower(int(least.min()), n, delta)),
    )
