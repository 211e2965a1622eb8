"""The processes that compute the parts of one run (``run.workers``).

A process with JAX threads must never be forked. Where there is a fork server (Linux), this process starts one, which
imports the package, computes nothing and has one thread; workers are forked from it in milliseconds. Elsewhere they are
started afresh. Each has one thread of BLAS and one of XLA, ignores Ctrl-C, and leaves when this process is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import forkserver
from multiprocessing.reduction import ForkingPickler
from typing import Any, Self

WORTH = 8.0
"""Expected seconds of replicates, matrices and laws below which no process is started: each costs a second or two."""

_SERVER = sys.platform == "linux"
# Of a worker: one thread each. XLA reads NPROC. No worker shares an accelerator.
_ENVIRONMENT = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"), "1") | {
    "JAX_PLATFORMS": "cpu"
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# The fork server imports it before the tasks.
_FIRST = "cofail_lab.experiments.fork_server"


def n_worth(asked: int, seconds: float) -> int:
    """Number of processes for work of ``seconds`` on one core: all that are asked for, or 1, which is this process.

    Where JAX computes on an accelerator, this process alone does.
    """
    if asked < 2 or seconds < WORTH:
        return 1
    import jax

    return asked if jax.default_backend() == "cpu" else 1


def prepare(module: str) -> None:
    """Start the fork server, which imports the module of the tasks while this process computes something else."""
    if _SERVER:
        multiprocessing.get_context("forkserver").set_forkserver_preload([_FIRST, module])
        with _as_worker():
            forkserver.ensure_running()


class Workers:
    """Processes that compute the tasks of one run; a context, at the end of which they are gone.

    Args:
        n: number of processes. With 1 there is none, and everything is computed here.
        tasks: a dataclass whose methods are the tasks. It can be sent to another process.
    """

    def __init__(self, n: int, tasks: Any) -> None:
        self._n, self._tasks = n, [tasks]
        self._futures: dict[tuple[Any, ...], Future[Any]] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())
        if n > 1:
            context = multiprocessing.get_context("forkserver" if _SERVER else "spawn")
            self._added = context.Queue()
            # A copy, without what this process may have cached in it.
            arguments = (replace(tasks), self._added)
            self._pool = ProcessPoolExecutor(n, mp_context=context, initializer=_begin, initargs=arguments)

    @property
    def at_work(self) -> bool:
        """Whether there are processes."""
        return self._pool is not None

    def add(self, tasks: Any) -> None:
        """More tasks, of which not enough was known at the start; their methods have names of their own."""
        self._tasks.append(tasks)
        if self._pool is not None:
            # Each process takes one when it is asked for the first of them. The queue has a thread, which must not read
            # what this one goes on with.
            sent = bytes(ForkingPickler.dumps(replace(tasks)))
            for _ in range(self._n):
                self._added.put(sent)

    def send(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> None:
        """Let the processes compute a method of the tasks for these arguments, after all that was sent before.

        What was sent and not asked for yet is not sent again.
        """
        if self._pool is None:
            return
        _owner(self._tasks, method)
        try:
            with _as_worker():
                for each in arguments:
                    if (method, *each) not in self._futures:
                        self._futures[method, *each] = self._pool.submit(_compute, method, *each)
        except BrokenProcessPool:
            self._lost()

    def recall(self, method: str) -> None:
        """Forget the calls of a method that no process has begun."""
        for key, future in list(self._futures.items()):
            if key[0] == method and future.cancel():
                del self._futures[key]

    def waiting(self, method: str) -> list[tuple[Any, ...]]:
        """Arguments of the calls of a method that are computed, and that nobody has asked for yet."""
        done = [key for key, future in self._futures.items() if future.done() and not future.cancelled()]
        return [key[1:] for key in done if key[0] == method and self._futures[key].exception() is None]

    def result(self, method: str, *arguments: Any) -> Any:
        """What a method of the tasks gives, from the process that it was sent to, or computed here."""
        future = self._futures.pop((method, *arguments), None)
        if future is not None:
            try:
                return future.result()
            except (BrokenProcessPool, CancelledError):
                self._lost()
        return getattr(_owner(self._tasks, method), method)(*arguments)

    def _lost(self) -> None:
        """Go on alone: the system has ended a process, most likely because memory was short."""
        if self._pool is not None:
            print("a worker process was killed; its part is computed by the main process now", file=sys.stderr)
            self._stop()

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            self._added.cancel_join_thread()
            pool.shutdown(wait=False, cancel_futures=True)
            # What they are computing is not needed any more.
            for process in set(multiprocessing.active_children()) - self._others:
                process.kill()
                process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._futures.clear()


@contextmanager
def _as_worker() -> Iterator[None]:
    """What is started here has one thread in each library, and no Ctrl-C: it inherits the environment and the mask."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _SERVER else None
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _owner(tasks: Sequence[Any], method: str) -> Any:
    """The tasks that have a method; StopIteration where none has."""
    return next(one for one in tasks if hasattr(one, method))


# Of a worker: its tasks, and where it finds those that were added.
_at_hand: list[Any] = []
_added: Any = None


def _begin(tasks: Any, added: Any) -> None:
    """Runs first in every worker."""
    global _added
    _at_hand.append(tasks)
    _added = added
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _compute(method: str, *arguments: Any) -> Any:
    from cofail_lab.fitting.replicates.stages import one_thread

    while not any(hasattr(one, method) for one in _at_hand):
        _at_hand.append(pickle.loads(_added.get()))  # noqa: S301 - of the process that started this one
    with one_thread():
        return getattr(_owner(_at_hand, method), method)(*arguments)
