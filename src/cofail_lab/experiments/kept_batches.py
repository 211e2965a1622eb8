"""Batches of replicates on their way to `Store.keep`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cofail_lab.experiments.base import Store
from cofail_lab.fitting.replicates.shards import to_table
from cofail_lab.fitting.replicates.stages import Replicates, Stage

_SECONDS = 5.0


class KeptBatches:
    """Keeps the batches of one step of a fit: as soon as they are computed, but not more often than every 5 seconds.

    Args:
        store: what keeps them.
        step: as people call it.
        total: replicates of the whole step.
        advance: called with the replicates of every batch that is computed here.
    """

    def __init__(self, store: Store, step: str, total: int, advance: Callable[[int], None]) -> None:
        self._store, self._step, self._total, self._advance = store, step, total, advance
        self._waiting: dict[str, dict[int, Replicates]] = {}
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def of(self, name: str, stage: Stage) -> Stage:
        """The stage, whose batches are kept. They are computed in several threads."""

        def batch(start: int) -> Replicates:
            computed = stage.batch(start)
            with self._lock:
                self._waiting.setdefault(name, {})[start] = computed
                self._advance(stage.batch_size(start))
            if time.monotonic() - self._last > _SECONDS:
                self.flush()
            return computed

        return stage._replace(batch=batch)

    def flush(self) -> None:
        """Keep what is still waiting."""
        with self._lock:
            waiting, self._waiting, self._last = self._waiting, {}, time.monotonic()
            for name, batches in waiting.items():
                rows = to_table(batches)
                self._store.keep(name, rows, self._step, len(rows), self._total)
