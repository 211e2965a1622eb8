"""A job's folder is held by one process."""

import threading
from pathlib import Path

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
