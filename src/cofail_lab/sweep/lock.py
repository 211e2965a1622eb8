"""One process at a time per folder: a lock that the operating system releases when the process that holds it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Take the lock ``path`` if no other process holds it; yields whether this process holds it now.

    A process that is killed leaves no lock behind. On a network file system this needs working ``flock`` (NFS 4, Lustre
    with -o flock, GPFS).
    """
    import fcntl

    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # a sweep that has just ended removed its empty folders
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            yield False
            return
        # The previous holder may have removed the file after it was opened here and before it was locked.
        if _is_file(path, handle):
            break
        os.close(handle)
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _is_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
