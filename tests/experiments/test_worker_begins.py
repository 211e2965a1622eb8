"""What a process that computes does first, and in what environment it is started; nothing is computed here."""

import os
import signal
import threading
from typing import Any

import pytest

from cofail_lab.experiments import workers


def test_a_worker_leaves_ctrl_c_and_termination_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with its run: a thread of its own waits for that."""
    ignored: dict[Any, Any] = {}
    threads: list[tuple[Any, Any]] = []

    class Thread:
        def __init__(self, *, target: Any, daemon: bool) -> None:
            self.made = (target, daemon)

        def start(self) -> None:
            threads.append(self.made)

    monkeypatch.setattr(signal, "signal", ignored.__setitem__)
    monkeypatch.setattr(threading, "Thread", Thread)
    monkeypatch.setattr(workers, "_at_hand", [])
    monkeypatch.setattr(workers, "_added", None)
    workers._begin("tasks", "added")
    assert ignored == {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_IGN}
    assert threads == [(workers._leave_with_parent, True)]
    assert (workers._at_hand, workers._added) == (["tasks"], "added")


def test_a_worker_ends_with_the_process_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []

    class Parent:
        def join(self) -> None:
            ended.append("waited")

    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(workers.multiprocessing, "parent_process", Parent)
    workers._leave_with_parent()
    monkeypatch.setattr(workers.multiprocessing, "parent_process", lambda: None)
    workers._leave_with_parent()
    assert ended == ["waited", 1]


def test_the_environment_of_a_worker_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(workers._ENVIRONMENT)
    monkeypatch.setenv(names[0], "7")
    for name in names[1:]:
        monkeypatch.delenv(name, raising=False)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with workers._as_worker():
        assert {name: os.environ[name] for name in names} == workers._ENVIRONMENT
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        assert not workers._SERVER or {signal.SIGINT, signal.SIGTERM} <= blocked
    assert os.environ[names[0]] == "7" and not any(name in os.environ for name in names[1:])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
