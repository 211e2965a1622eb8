"""What the jobs of one sweep tell its controller: a line per event, a file per process, so that no two write to one."""

import json
import os
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

State = Literal["running", "completed", "kept", "failed", "elsewhere", "interrupted"]
"""``kept``: finished earlier; ``elsewhere``: another process is at it."""

HIDDEN = ".sweep"
"""Folder of a sweep for journals and locks."""


@dataclass(frozen=True)
class Event:
    """What became of a job.

    Attributes:
        number: of the job within the sweep.
        overrides: that make it.
        state: what it came to.
        folder: name of its folder within the sweep's; None where it never had one.
        error: why it failed, in one line.
        unexpected: whether that was no fault of the input.
        finding: of a finished job, the line that names its verdicts that are not the expected ones, if there are any.
    """

    number: int
    overrides: tuple[str, ...]
    state: State
    folder: str | None = None
    error: str | None = None
    unexpected: bool = False
    finding: str | None = None


def journal_folder(sweep_dir: Path, launch: str) -> Path:
    """Where the jobs of one launch of a sweep write."""
    return sweep_dir / HIDDEN / f"launch_{launch}"


def tell(folder: Path, event: Event) -> None:
    """Append an event to this process's own file."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(event.__dict__) + "\n"
    with (folder / f"{_process(os.getpid())}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)


@cache
def _process(pid: int) -> str:
    # A process number may exist on several machines.
    return f"{pid}-{uuid.uuid4().hex[:8]}"


@dataclass
class Journal:
    """Reads the events of a launch as they come; the last one of every job counts.

    Attributes:
        folder: from `journal_folder`.
        events: by number of the job.
    """

    folder: Path
    events: dict[int, Event] = field(default_factory=dict)
    _read: dict[str, int] = field(default_factory=dict)

    def update(self) -> None:
        """Read what is new."""
        if not self.folder.is_dir():
            return
        for entry in os.scandir(self.folder):
            begin = self._read.get(entry.name, 0)
            if entry.stat().st_size <= begin:
                continue
            with open(entry.path, "rb") as file:  # noqa: PTH123  (an open DirEntry is cheaper than a Path)
                file.seek(begin)
                content = file.read()
            # A line that is still being written is for the next time.
            whole = content.rfind(b"\n") + 1
            self._read[entry.name] = begin + whole
            for line in content[:whole].splitlines():
                self._take(json.loads(line))

    def _take(self, fields: dict[str, Any]) -> None:
        event = Event(**{**fields, "overrides": tuple(fields["overrides"])})
        before = self.events.get(event.number)
        # A job that was killed and started again elsewhere may be told of out of order.
        if before is None or before.state == "running" or event.state != "running":
            self.events[event.number] = event

    def count(self, *states: State) -> int:
        """Jobs whose last event is one of these."""
        return sum(event.state in states for event in self.events.values())
