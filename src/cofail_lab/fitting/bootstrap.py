"""The query bootstrap: every replicate refits marginals, all pairs and all predictions."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.fitting.point import Pairs, PointFit, fit_counts
from cofail_lab.numerics.streams import BOOTSTRAP, generator

# Bounds the arrays of one batch of replicates to tens of megabytes.
_PAIRS_PER_BATCH = 2**19
_MODELS_PER_BATCH = 2**15
_BATCHES_AT_ONCE = 2


class Replicates(NamedTuple):
    """One value per replicate.

    Attributes:
        all_wrong: β.
        single_best: accuracy of the replicate's own best model.
        fit: everything the point fit gives.
    """

    all_wrong: Float[np.ndarray, " replicates"]
    single_best: Float[np.ndarray, " replicates"]
    fit: PointFit

    @property
    def oracle_gain(self) -> Float[np.ndarray, " replicates"]:
        """G = (1 - β) - a_sb."""
        return 1 - self.all_wrong - self.single_best

    @property
    def foreclosed_share(self) -> Float[np.ndarray, " replicates"]:
        """β / (1 - a_sb); nan where the best model makes no error."""
        errors = 1 - self.single_best
        return np.divide(self.all_wrong, errors, out=np.full(len(errors), np.nan), where=errors > 0)


def bootstrap(
    wrong: Bool[np.ndarray, "n m"], pairs: Pairs, n_replicates: int, seed: int, advance: Callable[[int], None]
) -> Iterator[Replicates]:
    """Resample the queries with replacement ``n_replicates`` times and refit each; yields batches as they are done.

    Replicate b depends on (seed, b) alone, not on the batch it falls in. ``advance`` is called with the number
    finished. Cost per replicate: n m² for the counts and about 1 microsecond a pair; memory as stated in `fit_counts`.
    """
    n, m = wrong.shape
    size = max(1, min(n_replicates, _PAIRS_PER_BATCH // max(1, len(pairs.left)), _MODELS_PER_BATCH // m))
    columns = wrong.astype(np.float32 if n < 2**24 else np.float64)
    all_wrong = wrong.all(axis=1)

    def batch(start: int) -> Replicates:
        # The last batch is filled up so that one compiled shape serves all; what fills it is thrown away.
        weights = [resample_counts(n, seed, start + b) for b in range(size)]
        joint = np.stack([(columns.T * w.astype(columns.dtype)) @ columns for w in weights])
        counts = np.diagonal(joint, axis1=1, axis2=2).astype(np.int64)
        fit, _ = fit_counts(counts, joint[:, pairs.left, pairs.right].astype(np.int64), n, pairs)
        kept = min(size, n_replicates - start)
        return Replicates(
            all_wrong=(np.stack(weights)[:kept] @ all_wrong) / n,
            single_best=1 - counts[:kept].min(axis=1) / n,
            fit=PointFit(*(field[:kept] for field in fit)),
        )

    # NumPy and XLA leave a core idle half of the time; a second batch fills it. Batches come back in their order.
    pool = ThreadPoolExecutor(max_workers=min(_BATCHES_AT_ONCE, os.cpu_count() or 1))
    waiting: deque[Future[Replicates]] = deque()
    try:
        for start in range(0, n_replicates, size):
            waiting.append(pool.submit(batch, start))
            if len(waiting) > _BATCHES_AT_ONCE:
                yield _finished(waiting, advance)
        while waiting:
            yield _finished(waiting, advance)
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(waiting: "deque[Future[Replicates]]", advance: Callable[[int], None]) -> Replicates:
    done = waiting.popleft().result()
    advance(len(done.all_wrong))
    return done


def resample_counts(n: int, seed: int, replicate: int) -> np.ndarray:
    """How often each of n queries is drawn in a replicate, (n,) int64 summing to n."""
    return np.bincount(generator(seed, BOOTSTRAP, replicate).integers(n, size=n), minlength=n)


def join(batches: list[Replicates]) -> Replicates:
    """Batches in order, as one."""
    return Replicates(
        np.concatenate([batch.all_wrong for batch in batches]),
        np.concatenate([batch.single_best for batch in batches]),
        PointFit(*(np.concatenate(fields) for fields in zip(*(batch.fit for batch in batches), strict=True))),
    )


def percentile_interval(values: Float[np.ndarray, " replicates"], level: float) -> tuple[float, float] | None:
    """The central interval of the replicates that have the figure, None where fewer than half of them do."""
    present = values[~np.isnan(values)]
    if len(present) < max(2, len(values) / 2):
        return None
    low, high = np.quantile(present, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
