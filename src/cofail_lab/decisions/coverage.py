"""Which k models to keep so that most queries have someone right: greedy choice with a bound on the best (P10.iv)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab import checks
from cofail_lab.errors import InputError


class Coverage(NamedTuple):
    """A greedy choice of members and how much better any other could be.

    Attributes:
        members: in the order chosen, (k,).
        covered: 1 - β of the chosen, in [0, 1]; at least 1 - 1/e of the best.
        upper: no choice of k covers more: the least, over the greedy prefixes S, of 1 - β(S) plus the k largest
            marginal gains.
    """

    members: Int[np.ndarray, " k"]
    covered: float
    upper: float


def greedy_coverage(
    wrong: Float[np.ndarray, "n m"], n_members: int, weights: Float[np.ndarray, " n"] | None = None
) -> Coverage:
    """Add the model that repairs most of what is still all wrong, k times; among equals the first.

    Args:
        wrong: 0/1, (n, m).
        n_members: k, from 1 to m.
        weights: of the queries, >= 0 with a positive sum; None weighs them alike.

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    table = np.asarray(wrong)
    if table.ndim != 2 or not table.size:
        raise InputError(f"wrong: shape {table.shape}; (n, m) is needed")
    if not np.isin(table, (0, 1)).all():
        raise InputError("wrong: only 0 and 1 are possible")
    checks.within("n_members", n_members, 1, table.shape[1])
    mass = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=float)
    if mass.shape != (len(table),) or not (mass >= 0).all() or not 0 < mass.sum() < np.inf:
        raise InputError(f"weights: {len(table)} finite numbers >= 0 with a positive sum are needed")
    right, left = 1.0 - table, mass / mass.sum()
    members, covered, upper = [], 0.0, 1.0
    for step in range(n_members + 1):
        gains = left @ right
        upper = min(upper, covered + float(np.sort(gains)[-n_members:].sum()))
        if step == n_members:
            break
        gains[members] = -1.0  # once chosen, never again, also where nothing is left to repair
        members.append(int(gains.argmax()))
        left = left * (1 - right[:, members[-1]])
        covered = 1 - float(left.sum())
    return Coverage(np.array(members), covered, upper)
