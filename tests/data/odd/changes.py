"""Small logs with some of their fields changed."""

import copy
from typing import Any

from tests.data.odd.rich_logs import RICH, Log

ABSENT = object()
Step = str | int


def changed(document: Any, path: tuple[Step, ...], value: Any) -> Any:
    """A copy of the document with another value at a place; `ABSENT` takes it away."""
    whole = held = copy.deepcopy(document)
    for step in path[:-1]:
        held = held[step]
    if value is ABSENT:
        del held[path[-1]]
    else:
        held[path[-1]] = value
    return whole


def rich(name: str, changes: dict[str, Any] | None = None, *, file: int = 0, without: int | None = None) -> Log:
    """A log with everything in it, with other values at some places of one of its files, and without another file.

    Args:
        name: of the log.
        changes: path, with dots, to the value there.
        file: number of the file that is changed.
        without: number of the file that is left out; None for none.
    """
    log = dict(RICH[name][1])
    names = list(log)
    for path, value in (changes or {}).items():
        steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
        log[names[file]] = changed(log[names[file]], steps, value)
    if without is not None:
        del log[names[without]]
    return log


def renamed(log: Log, name: str) -> Log:
    """The log with another name for its first file."""
    first, *others = log
    return {name: log[first], **{other: log[other] for other in others}}
