"""One process at a time per folder: a lock that the operating system takes back when its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Hold the lock ``path`` if nobody else does; yields whether it is held.

    A killed process leaves no lock behind. On a network file system this needs working ``flock`` (NFS 4, Lustre with -o
    flock, GPFS).
    """
    import fcntl

    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # a sweep that ended just now has tidied up
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            yield False
            return
        # The last holder may have removed the file between opening and locking it.
        if _names(path, handle):
            break
        os.close(handle)
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _names(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
