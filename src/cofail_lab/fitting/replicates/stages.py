"""Replicates of a matrix, resampled or simulated: what is kept of each, and how batches of them are computed."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int
from threadpoolctl import threadpool_limits

from cofail_lab.fitting.estimators.pairs import PairValues
from cofail_lab.fitting.estimators.point import PointFit

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

    def take(self, rows: Int[np.ndarray, " some"]) -> "Replicates":
        """Some of them."""
        fit = PointFit(*(field[rows] for field in self.fit))
        more = {name: values[rows] for name, values in self.more.items()}
        return Replicates(self.all_wrong[rows], self.single_best[rows], fit, more)

    def ratios(self, law: str) -> Float[np.ndarray, " replicates"]:
        """Observed over predicted β of each replicate; 0 where none was observed, nan without a prediction."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.exp(np.log(self.all_wrong) - self.log_predicted(law))


class Batch(NamedTuple):
    """Some replicates while they are in memory.

    Attributes:
        first: number of the first of them.
        error_counts: (batch, m).
        values: every pair of every replicate.
        weights: how often each query was drawn, (batch, n); None where the matrices were simulated.
        wrong, joint: the simulated matrices and their joint counts; None where queries were resampled.
    """

    first: int
    error_counts: Int[np.ndarray, "batch m"]
    values: PairValues
    weights: Int[np.ndarray, "batch n"] | None = None
    wrong: Bool[np.ndarray, "batch n m"] | None = None
    joint: Int[np.ndarray, "batch m m"] | None = None

    @property
    def resampled_weights(self) -> Int[np.ndarray, "batch n"]:
        """`weights` of resampled queries; ValueError for simulated matrices, which have none."""
        if self.weights is None:
            raise ValueError("a batch of simulated matrices has no query weights")
        return self.weights

    @property
    def resampled_error_rates(self) -> Float[np.ndarray, "batch m"]:
        """α_i in each matrix of resampled queries."""
        return self.error_counts / self.resampled_weights.sum(axis=1, keepdims=True)

    @property
    def simulated(self) -> tuple[Bool[np.ndarray, "batch n m"], Int[np.ndarray, "batch m m"]]:
        """`wrong` and `joint` of simulated matrices; ValueError for resampled queries, which have none."""
        if self.wrong is None or self.joint is None:
            raise ValueError("a batch of resampled queries has no matrices")
        return self.wrong, self.joint


More = Callable[[Batch], Mapping[str, np.ndarray]]
"""What else to keep of each replicate."""


def nothing(batch: Batch) -> Mapping[str, np.ndarray]:
    """Keep the point fit only."""
    del batch
    return {}


def join(batches: list[Replicates]) -> Replicates:
    """Batches in order, as one."""
    return Replicates(
        np.concatenate([batch.all_wrong for batch in batches]),
        np.concatenate([batch.single_best for batch in batches]),
        PointFit(*(np.concatenate(fields) for fields in zip(*(batch.fit for batch in batches), strict=True))),
        {name: np.concatenate([batch.more[name] for batch in batches]) for name in batches[0].more},
    )


class Stage(NamedTuple):
    """Replicates of one kind, in batches none of which needs another.

    Attributes:
        n_replicates: how many there are.
        size: of every batch but perhaps the last. It depends on the matrix alone, not on who computes what: another
            shape may be compiled to other instructions, and differ in the last bit.
        batch: computes the batch that begins with a given replicate.
    """

    n_replicates: int
    size: int
    batch: Callable[[int], Replicates]

    @property
    def starts(self) -> range:
        """The first replicate of every batch."""
        return range(0, self.n_replicates, self.size)

    def batch_size(self, start: int) -> int:
        """Replicates of the batch that begins with ``start``."""
        return min(self.size, self.n_replicates - start)

    def replicates(self) -> Replicates:
        """All of them."""
        return join(list(in_batches(self, self.starts)))


def in_batches(
    stage: Stage, starts: Iterable[int], advance: Callable[[int], None] = lambda _: None
) -> Iterator[Replicates]:
    """Some batches of a stage, in the order given; ``advance`` is called with the number of replicates just done.

    NumPy and XLA leave a core idle half of the time; a second batch fills it. Batches go to all JAX devices in turn.
    """
    devices = jax.devices()
    at_once = max(min(_BATCHES_AT_ONCE, os.cpu_count() or 1), len(devices))
    pool = ThreadPoolExecutor(max_workers=at_once)
    waiting: deque[tuple[int, Future[Replicates]]] = deque()

    def on_device(start: int) -> Replicates:
        with jax.default_device(devices[start // stage.size % len(devices)]):
            return stage.batch(start)

    def finished() -> Replicates:
        kept, future = waiting.popleft()
        done = future.result()
        advance(kept)
        return done

    try:
        with one_thread():
            for start in starts:
                waiting.append((stage.batch_size(start), pool.submit(on_device, start)))
                if len(waiting) > at_once:
                    yield finished()
            while waiting:
                yield finished()
    finally:
        pool.shutdown(cancel_futures=True)


def one_thread() -> threadpool_limits:
    """The context in which BLAS uses one thread.

    It then sums in the same order whatever the number of cores, and its spinning threads do not hold up the batches
    that run side by side, which on a busy machine is a factor of ten.
    """
    return threadpool_limits(1, "blas")


def run_stages(
    stages: Mapping[str, Stage], advance: Callable[[int], None] = lambda _: None
) -> tuple[dict[str, Replicates], bool]:
    """The replicates of some stages, by name, and whether they are complete: a KeyboardInterrupt keeps what is done.

    A stage of which nothing is done is left out.
    """
    done: dict[str, list[Replicates]] = {}
    finished = True
    try:
        for name, stage in stages.items():
            for batch in in_batches(stage, stage.starts, advance):
                done.setdefault(name, []).append(batch)
    except KeyboardInterrupt:
        finished = False
    return {name: join(batches) for name, batches in done.items()}, finished
