"""Which queries a policy is fitted to, and on which it is judged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from cofail_lab.numerics.streams import OUTER_FOLDS, generator


class Split(NamedTuple):
    """Indices of the queries to fit to and to decide about; no query and no cluster is in both."""

    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]


def cross_fitting(
    n: int, folds: int, seed: int, cluster: np.ndarray | None = None, purpose: int = OUTER_FOLDS
) -> list[Split]:
    """Random parts of equal size; each is decided by a policy fitted to the others.

    Args:
        n: number of queries.
        folds: number of parts, at least 2; not more than there are groups.
        seed: of the assignment.
        cluster: group of each query (n,); whole groups go into the part that is smallest so far, large groups first.
        purpose: random stream, from `numerics.streams`.
    """
    rng = generator(seed, purpose)
    if cluster is None:
        part = rng.permutation(np.arange(n) % min(folds, n))
    else:
        groups, which = np.unique(cluster, return_inverse=True)
        sizes = np.bincount(which)
        order = np.lexsort((rng.random(len(groups)), -sizes))
        filled, home = np.zeros(min(folds, len(groups))), np.zeros(len(groups), dtype=int)
        for group in order:
            home[group] = filled.argmin()
            filled[home[group]] += sizes[group]
        part = home[which]
    return [Split(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(part.max() + 1)]


def random_splits(n: int, n_splits: int, train_share: float, cluster: np.ndarray | None = None) -> list[Split]:
    """Repeated splits: the first ``int(train_share * n)`` of ``default_rng(s).permutation(n)`` train, s = 0, 1, ...

    With clusters, the groups are permuted, and the first of them train, up to that share of the groups.
    """
    groups, which = (np.arange(n), np.arange(n)) if cluster is None else np.unique(cluster, return_inverse=True)
    splits = []
    for s in range(n_splits):
        order = np.random.default_rng(s).permutation(len(groups))
        size = min(max(int(train_share * len(groups)), 1), len(groups) - 1)
        if cluster is None:
            splits.append(Split(order[:size], order[size:]))
        else:
            chosen = np.isin(which, order[:size])
            splits.append(Split(np.flatnonzero(chosen), np.flatnonzero(~chosen)))
    return splits
