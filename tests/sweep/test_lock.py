"""A job's folder is held by one process."""

import os
import threading
from pathlib import Path

import pytest

from cofail_lab.sweep.lock import locked


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "job"
    held, lost = [], []

    def contend() -> None:
        for _ in range(200):
            with locked(lock) as mine:
                if mine:
                    held.append(1)
                    assert sum(held) == 1
                    held.pop()
                else:
                    lost.append(1)

    threads = [threading.Thread(target=contend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with locked(lock) as first, locked(lock) as second:
        assert (first, second) == (True, False)
    assert not lock.exists()


def test_a_file_that_its_last_holder_removed_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened before the removal and locked after it: another process would lock a new file of that name."""
    lock, really_open = tmp_path / "job", os.open
    opened: list[int] = []

    def removed_once(path: Path, flags: int) -> int:
        opened.append(really_open(path, flags))
        if len(opened) == 1:
            lock.unlink()
        return opened[-1]

    monkeypatch.setattr("cofail_lab.sweep.lock.os.open", removed_once)
    with locked(lock) as mine:
        assert mine
        assert lock.exists()
    assert len(opened) == 2
