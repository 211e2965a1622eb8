"""Replicates of a matrix, resampled or simulated: what is kept of each, and how batches of them are computed."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import jax
import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.point import PairValues, PointFit

_BATCHES_AT_ONCE = 2


class Replicates(NamedTuple):
    """One value per replicate.

    Attributes:
        all_wrong: β.
        single_best: accuracy of the replicate's own best model.
        fit: everything the point fit gives.
        more: what else was asked for, by name; rows are replicates.
    """

    all_wrong: Float[np.ndarray, " replicates"]
    single_best: Float[np.ndarray, " replicates"]
    fit: PointFit
    more: Mapping[str, np.ndarray]

    @property
    def oracle_gain(self) -> Float[np.ndarray, " replicates"]:
        """G = (1 - β) - a_sb."""
        return 1 - self.all_wrong - self.single_best

    @property
    def foreclosed_share(self) -> Float[np.ndarray, " replicates"]:
        """β / (1 - a_sb); nan where the best model makes no error."""
        errors = 1 - self.single_best
        return np.divide(self.all_wrong, errors, out=np.full(len(errors), np.nan), where=errors > 0)

    def log_predicted(self, law: str) -> Float[np.ndarray, " replicates"]:
        """Log β under a law of the point fit or of `more`; nan where it does not exist."""
        name = f"log_{law}"
        return self.more[name] if name in self.more else getattr(self.fit, name)

    def has(self, law: str) -> bool:
        """Whether the law was fitted to each replicate."""
        return f"log_{law}" in self.more or hasattr(self.fit, f"log_{law}")

    def ratios(self, law: str) -> Float[np.ndarray, " replicates"]:
        """Observed over predicted β of each replicate; 0 where none was observed, nan without a prediction."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.exp(np.log(self.all_wrong) - self.log_predicted(law))


class Batch(NamedTuple):
    """Some replicates while they are in memory.

    Attributes:
        error_counts: (batch, m).
        values: every pair of every replicate.
        weights: how often each query was drawn, (batch, n); None where the matrices were simulated.
    """

    error_counts: Int[np.ndarray, "batch m"]
    values: PairValues
    weights: Int[np.ndarray, "batch n"] | None


More = Callable[[Batch], Mapping[str, np.ndarray]]
"""What else to keep of each replicate."""


def nothing(batch: Batch) -> Mapping[str, np.ndarray]:  # noqa: ARG001
    """Keep the point fit only."""
    return {}


def join(batches: list[Replicates]) -> Replicates:
    """Batches in order, as one."""
    return Replicates(
        np.concatenate([batch.all_wrong for batch in batches]),
        np.concatenate([batch.single_best for batch in batches]),
        PointFit(*(np.concatenate(fields) for fields in zip(*(batch.fit for batch in batches), strict=True))),
        {name: np.concatenate([batch.more[name] for batch in batches]) for name in batches[0].more},
    )


T = TypeVar("T")


def in_batches(batch: Callable[[int], T], n_replicates: int, size: int, advance: Callable[[int], None]) -> Iterator[T]:
    """``batch(first)`` for every batch of ``size`` replicates, in order; ``advance`` hears how many are done.

    NumPy and XLA leave a core idle half of the time; a second batch fills it. Batches go to all JAX devices in turn.
    """
    devices = jax.devices()
    at_once = max(min(_BATCHES_AT_ONCE, os.cpu_count() or 1), len(devices))
    pool = ThreadPoolExecutor(max_workers=at_once)
    waiting: deque[tuple[int, Future[T]]] = deque()

    def on_device(start: int) -> T:
        with jax.default_device(devices[start // size % len(devices)]):
            return batch(start)

    def finished() -> T:
        kept, future = waiting.popleft()
        done = future.result()
        advance(kept)
        return done

    try:
        for start in range(0, n_replicates, size):
            waiting.append((min(size, n_replicates - start), pool.submit(on_device, start)))
            if len(waiting) > at_once:
                yield finished()
        while waiting:
            yield finished()
    finally:
        pool.shutdown(cancel_futures=True)


def percentile_interval(values: Float[np.ndarray, " replicates"], level: float) -> tuple[float, float] | None:
    """The central interval of the replicates that have the figure, None where fewer than half of them do."""
    present = values[~np.isnan(values)]
    if len(present) < max(2, len(values) / 2):
        return None
    low, high = np.quantile(present, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
