"""A single run goes on where the same command was interrupted or killed: its folder is found by the key of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cofail_lab.errors import InputError
from cofail_lab.kept import KEPT
from cofail_lab.record import unfinished
from cofail_lab.sweep.lock import locked

_LOCK = ".lock"


@contextmanager
def run_folder(new: Path, key: str, *, stated: bool) -> Iterator[Path]:
    """The folder of a single run, locked until it ends.

    Args:
        new: the folder that Hydra has made; it is removed again if the run goes on in another one.
        key: from `key.job_key`.
        stated: whether the user has named the folder. Otherwise those beside it are looked through, the latest first.

    Raises:
        InputError: another process is writing to the stated folder.
    """
    beside = [] if stated else sorted(new.parent.glob(f"*/{KEPT}"), reverse=True)
    for folder in (place.parent for place in beside):
        if unfinished(folder, key) is None:
            continue
        with locked(folder / _LOCK) as mine:
            # Until it was locked, another process may have finished it.
            if mine and unfinished(folder, key) is not None:
                with suppress(OSError):
                    new.rmdir()
                yield folder
                return
    with locked(new / _LOCK) as mine:
        if not mine:
            raise InputError(f"hydra.run.dir: {new} is being written by another process")
        yield new
