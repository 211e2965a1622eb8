"""Replicates of a matrix, resampled or simulated: what is stored of each, and how batches are computed."""

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

FIRST_WAVE = 64
"""Replicates after which it is first asked whether more are needed, then after twice as many, and so on."""

_BATCHES_AT_ONCE = 2


class Replicates(NamedTuple):
    """One value per replicate.

    Attributes:
        all_wrong: β.
        single_best: accuracy of the replicate's own best model.
        fit: the point fit.
        more: other numbers, by name; rows are replicates.
    """

    all_wrong: Float[np.ndarray, " replicates"]
    single_best: Float[np.ndarray, " replicates"]
    fit: PointFit
    more: Mapping[str, np.ndarray]

    @property
    def oracle_gain(self) -> Float[np.ndarray, " replicates"]:
        """G = (1 - β) - a_sb."""
        return 1 - self.all_wrong - self.single_best

    def log_predicted(self, law: str) -> Float[np.ndarray, " replicates"]:
        """Log β under a law of the point fit or of `more`; nan where the law does not exist."""
        name = f"log_{law}"
        return self.more[name] if name in self.more else getattr(self.fit, name)

    def has(self, law: str) -> bool:
        """Whether this law was fitted to the replicates."""
        return f"log_{law}" in self.more or hasattr(self.fit, f"log_{law}")

    def take(self, rows: Int[np.ndarray, " some"]) -> "Replicates":
        """Some of the replicates."""
        fit = PointFit(*(field[rows] for field in self.fit))
        more = {name: values[rows] for name, values in self.more.items()}
        return Replicates(self.all_wrong[rows], self.single_best[rows], fit, more)

    def ratios(self, law: str) -> Float[np.ndarray, " replicates"]:
        """Observed over predicted β of each replicate; nan without a prediction.

        It is 0 where the observed β is 0, also where the replicate has no such law: a replicate that happens to miss
        the few all-wrong queries often has none, and must not be left out for that.
        """
        none = self.all_wrong == 0
        with np.errstate(over="ignore"):
            return np.where(none, 0.0, np.exp(np.log(np.where(none, 1.0, self.all_wrong)) - self.log_predicted(law)))


class Batch(NamedTuple):
    """Some replicates while they are in memory.

    Attributes:
        first: number of the first replicate.
        error_counts: errors of each model.
        values: correlations of every pair in every replicate.
        weights: how often each query was drawn; None where the matrices were simulated.
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
        """`weights` of resampled queries; ValueError for simulated matrices, which have no weights."""
        if self.weights is None:
            raise ValueError("a batch of simulated matrices has no query weights")
        return self.weights

    @property
    def resampled_error_rates(self) -> Float[np.ndarray, "batch m"]:
        """α_i in each matrix of resampled queries."""
        return self.error_counts / self.resampled_weights.sum(axis=1, keepdims=True)

    @property
    def simulated(self) -> tuple[Bool[np.ndarray, "batch n m"], Int[np.ndarray, "batch m m"]]:
        """`wrong` and `joint` of simulated matrices; ValueError for resampled queries, which have no matrices."""
        if self.wrong is None or self.joint is None:
            raise ValueError("a batch of resampled queries has no matrices")
        return self.wrong, self.joint


More = Callable[[Batch], Mapping[str, np.ndarray]]
"""Computes what `Replicates.more` stores of a batch, by name."""


def nothing(batch: Batch) -> Mapping[str, np.ndarray]:
    """Store the point fit only."""
    del batch
    return {}


def join(batches: list[Replicates]) -> Replicates:
    """The replicates of all batches, in the order of the list."""
    return Replicates(
        np.concatenate([batch.all_wrong for batch in batches]),
        np.concatenate([batch.single_best for batch in batches]),
        PointFit(*(np.concatenate(fields) for fields in zip(*(batch.fit for batch in batches), strict=True))),
        {name: np.concatenate([batch.more[name] for batch in batches]) for name in batches[0].more},
    )


class Stage(NamedTuple):
    """Replicates of one kind, in batches that can be computed in any order.

    Attributes:
        n_replicates: number of replicates in all batches.
        size: replicates in every batch except the last, which can be smaller. It depends on the matrix only, not on the
            process that computes the batch: another array shape may be compiled to other instructions, with results
            that differ in the last bit.
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
        """Number of replicates in the batch that begins with ``start``."""
        return min(self.size, self.n_replicates - start)

    def replicates(self) -> Replicates:
        """All replicates of the stage."""
        return join(list(in_batches(self, self.starts)))


def in_batches(
    stage: Stage, starts: Iterable[int], advance: Callable[[int], None] = lambda _: None
) -> Iterator[Replicates]:
    """Some batches of a stage, in the order of ``starts``; ``advance`` is called with the replicates of each when done.

    NumPy and XLA leave a core idle half of the time, so two batches are computed at once. Batches go to all JAX devices
    in turn.
    """
    devices = jax.devices()
    at_once = max(min(_BATCHES_AT_ONCE, os.cpu_count() or 1), len(devices))
    pool = ThreadPoolExecutor(max_workers=at_once)
    waiting: deque[tuple[int, Future[Replicates]]] = deque()

    def on_device(start: int) -> Replicates:
        if len(devices) == 1:
            # To name the only device would have everything compiled once more.
            return stage.batch(start)
        with jax.default_device(devices[start // stage.size % len(devices)]):
            return stage.batch(start)

    def finished() -> Replicates:
        size, future = waiting.popleft()
        replicates = future.result()
        advance(size)
        return replicates

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

    BLAS then sums in the same order on any number of cores. Also, its waiting threads do not take cores from the
    batches that run side by side, which would make them ten times slower on a busy machine.
    """
    return threadpool_limits(1, "blas")


Enough = Callable[[str, Mapping[str, Replicates]], bool]
"""Whether a stage needs no more replicates, from those of all stages so far."""


def run_stages(
    stages: Mapping[str, Stage],
    *,
    elsewhere: bool = False,
    enough: Enough | None = None,
    ahead: Callable[[str, list[int]], None] = lambda *_: None,
) -> tuple[dict[str, Replicates], bool]:
    """The replicates of some stages, by name, and whether they are complete.

    After a KeyboardInterrupt the finished batches are returned; a stage without any finished batch is left out.

    Args:
        stages: by name.
        elsewhere: whether other processes compute the batches, so that there is only to wait for one after the other.
        enough: asked after each wave of all stages; without it all replicates are computed.
        ahead: told which batches of a stage come next, before any of them is asked for.
    """
    done: dict[str, list[Replicates]] = {}
    finished = True
    try:
        for wave in _waves(stages, enough, done):
            for name, starts in wave.items():
                ahead(name, starts)
            for name, starts in wave.items():
                stage = stages[name]
                for batch in map(stage.batch, starts) if elsewhere else in_batches(stage, starts):
                    done.setdefault(name, []).append(batch)
    except KeyboardInterrupt:
        finished = False
    return {name: join(batches) for name, batches in done.items()}, finished


def _waves(
    stages: Mapping[str, Stage], enough: Enough | None, done: Mapping[str, list[Replicates]]
) -> Iterator[dict[str, list[int]]]:
    """Stage -> first replicates of the batches that come next, until all stages have enough."""
    if enough is None:
        yield {name: list(stage.starts) for name, stage in stages.items()}
        return
    low, high, unfinished = 0, FIRST_WAVE, dict(stages)
    while any(stage.n_replicates > low for stage in unfinished.values()):
        yield {name: [start for start in stage.starts if low <= start < high] for name, stage in unfinished.items()}
        low, high = high, 2 * high
        so_far = {name: join(batches) for name, batches in done.items()}
        unfinished = {name: stage for name, stage in unfinished.items() if not enough(name, so_far)}
