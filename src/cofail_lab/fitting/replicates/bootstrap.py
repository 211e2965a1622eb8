"""The query bootstrap: error rates, all pairs and all predictions are refitted to every replicate."""

import threading
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
from jaxtyping import Bool

from cofail_lab.exact_counts import count_dtype
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import PointFit, fit_counts
from cofail_lab.fitting.replicates.stages import Batch, More, Replicates, Stage, nothing
from cofail_lab.fitting.replicates.weighted_counts import weighted_joint_counts
from cofail_lab.numerics.streams import BOOTSTRAP, generator

# Bounds the arrays of one batch of replicates to tens of megabytes.
_PAIRS_PER_BATCH = 2**19
_MODELS_PER_BATCH = 2**15
_QUERIES_PER_BATCH = 2**25
_PAIRS_ALONE = 2**23
# Number of groups of queries that the jackknife leaves out in turn; with at most this many queries each is a group.
JACKKNIFE_GROUPS = 200

AT_ONCE = 256
"""Largest number of replicates in a batch: larger batches are not faster, and are harder to split over processes."""


def bootstrap(
    wrong: Bool[np.ndarray, "n m"],
    pairs: Pairs,
    n_replicates: int,
    seed: int,
    more: More = nothing,
    first: int = 0,
    at_once: int = AT_ONCE,
) -> Stage:
    """Resample the queries with replacement ``n_replicates`` times and refit each.

    Replicate b uses the random numbers of replicate ``first`` + b of the seed, independently of its batch.
    Cost per replicate: n m² for the counts and about 1 microsecond a pair; memory as stated in `fit_counts`.
    """
    n = len(wrong)

    def weights(start: int, size: int) -> np.ndarray:
        return np.stack([resample_counts(n, seed, first + start + b) for b in range(size)])

    return _reweighted(wrong, pairs, weights, n, n_replicates, more, at_once)


def jackknife(
    wrong: Bool[np.ndarray, "n m"],
    pairs: Pairs,
    seed: int,
    more: More = nothing,
    at_once: int = AT_ONCE,
    groups: int = JACKKNIFE_GROUPS,
) -> Stage:
    """Refit without one group of queries, for each of at most ``groups`` random groups (see `bca_interval`).

    Groups are equally large: the few queries that remain after the division into groups are never left out.
    """
    n = len(wrong)
    n_groups = min(n, groups)
    group_size = n // n_groups
    order = generator(seed, BOOTSTRAP, 2**31).permutation(n)

    def weights(start: int, size: int) -> np.ndarray:
        kept = np.ones((size, n), dtype=np.int64)
        for row in range(size):
            first = min(start + row, n_groups - 1) * group_size
            kept[row, order[first : first + group_size]] = 0
        return kept

    return _reweighted(wrong, pairs, weights, n - group_size, n_groups, more, at_once)


def _reweighted(
    wrong: np.ndarray,
    pairs: Pairs,
    weights: Callable[[int, int], np.ndarray],
    n_drawn: int,
    n_replicates: int,
    more: More,
    at_once: int,
) -> Stage:
    """Refit under integer query weights, (replicates, n), each row summing to ``n_drawn``."""
    n, m = wrong.shape
    fitting = _PAIRS_PER_BATCH // max(1, len(pairs.left)), _MODELS_PER_BATCH // m, _QUERIES_PER_BATCH // n
    size = max(1, min(n_replicates, at_once, *fitting))
    columns = wrong.astype(count_dtype(n))
    all_wrong = wrong.all(axis=1)
    # Of the largest pools one replicate takes a gigabyte: threads wait for each other.
    alone = threading.Lock() if len(pairs.left) > _PAIRS_ALONE else nullcontext()

    def batch(start: int) -> Replicates:
        with alone:
            return refitted(start)

    def refitted(start: int) -> Replicates:
        # The last batch is filled up, so that all have the one compiled shape; the extra replicates are dropped.
        drawn = weights(start, size)
        joint = weighted_joint_counts(columns, drawn)
        both = pairs.gather(joint)
        counts = np.diagonal(joint, axis1=1, axis2=2).astype(np.int64)
        # In large pools the square of counts takes as much memory as all correlations.
        del joint
        fit, values = fit_counts(counts, both, n_drawn, pairs)
        kept = min(size, n_replicates - start)
        done = Batch(start, counts[:kept], type(values)(*(field[:kept] for field in values)), drawn[:kept])
        return Replicates(
            all_wrong=(drawn[:kept] @ all_wrong) / n_drawn,
            single_best=1 - counts[:kept].min(axis=1) / n_drawn,
            fit=PointFit(*(field[:kept] for field in fit)),
            more=more(done),
        )

    return Stage(n_replicates, size, batch)


def resample_counts(n: int, seed: int, replicate: int) -> np.ndarray:
    """How often each of n queries is drawn in a replicate, (n,) int64 summing to n."""
    return np.bincount(generator(seed, BOOTSTRAP, replicate).integers(n, size=n), minlength=n)
