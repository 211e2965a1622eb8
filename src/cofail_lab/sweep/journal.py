"""The events that the jobs of a sweep report to its controller: one line per event, one file per process.

No two processes write to the same file.
"""

import json
import os
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

State = Literal["running", "completed", "kept", "failed", "elsewhere", "interrupted"]
"""``kept``: finished in an earlier launch; ``elsewhere``: another process is running the job."""

HIDDEN = ".sweep"
"""Folder of a sweep for journals and locks."""

LOCKS = "locks"
"""Folder of the locks within `HIDDEN`."""


@dataclass(frozen=True)
class Event:
    """A change of state of a job.

    Attributes:
        number: of the job within the sweep.
        overrides: the command-line values of the job.
        state: the new state.
        folder: path of the job's folder, relative to the folder of the sweep; None if the job has none.
        error: why the job failed, in one line; None if it did not.
        unexpected: whether the job failed for another reason than bad input.
        finding: the line that names the verdicts of a finished job which are not the expected ones; None without any.
    """

    number: int
    overrides: tuple[str, ...]
    state: State
    folder: str | None = None
    error: str | None = None
    unexpected: bool = False
    finding: str | None = None


def journal_folder(sweep_dir: Path, launch: str) -> Path:
    """The folder that the jobs of one launch of a sweep write to."""
    return sweep_dir / HIDDEN / f"launch_{launch}"


def report_event(folder: Path, event: Event) -> None:
    """Append an event to the file of this process."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(event.__dict__) + "\n"
    with (folder / f"{_process(os.getpid())}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)


@cache
def _process(pid: int) -> str:
    # Two machines may use the same process number.
    return f"{pid}-{uuid.uuid4().hex[:8]}"


@dataclass
class Journal:
    """Reads the events of a launch while it runs, and keeps the last one of every job.

    Attributes:
        folder: from `journal_folder`.
        events: number of the job -> its last event.
    """

    folder: Path
    events: dict[int, Event] = field(default_factory=dict)
    _read: dict[str, int] = field(default_factory=dict)

    def update(self) -> None:
        """Read the lines that were added since the last call."""
        if not self.folder.is_dir():
            return
        for entry in os.scandir(self.folder):
            begin = self._read.get(entry.name, 0)
            if entry.stat().st_size <= begin:
                continue
            with Path(entry.path).open("rb") as file:
                file.seek(begin)
                content = file.read()
            # A line without its end is still being written; the next call reads it.
            whole = content.rfind(b"\n") + 1
            self._read[entry.name] = begin + whole
            for line in content[:whole].splitlines():
                self._take(json.loads(line))

    def _take(self, fields: dict[str, Any]) -> None:
        event = Event(**fields | {"overrides": tuple(fields["overrides"])})
        before = self.events.get(event.number)
        # The events of a job that was killed and started again elsewhere may be read out of order.
        if before is None or before.state == "running" or event.state != "running":
            self.events[event.number] = event

    def count(self, *states: State) -> int:
        """Number of jobs whose last event has one of these states."""
        return sum(event.state in states for event in self.events.values())
