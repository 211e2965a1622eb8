"""The shards of one run (``run.shards``): a sweep that is launched first, whose tables the run then reuses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.report.names import printable

if TYPE_CHECKING:
    import pyarrow as pa

    from cofail_lab.sweep.controller import Sweep


def shard_arguments(arguments: list[str], n_shards: int) -> list[str]:
    """The command line that launches the shards of a command; shards that failed before run again."""
    # Hydra accepts its own flags anywhere, but all overrides must stand next to each other.
    place = next((k for k, word in enumerate(arguments) if "=" in word and word[0] != "-"), len(arguments))
    own = [f"run.shard=range(0,{n_shards})", "sweep.retry_failed=true"]
    return ["-m", *arguments[:place], *own, *arguments[place:]]


def collect_shards(sweep: Sweep) -> dict[str, pa.Table]:
    """The tables that the shards of a launch have written, by name; the rows of all shards in one table.

    Prints which shards are missing; the run computes their part itself.

    Raises:
        InputError: every shard failed, because the input is bad.
    """
    import pyarrow as pa

    events = sweep.close()
    shards: list[dict[str, pa.Table]] = []
    missing: list[str] = []
    for event in events:
        if event.state in ("completed", "kept") and event.folder is not None:
            try:
                shards.append(runs.tables(sweep.folder / event.folder))
            except (OSError, pa.ArrowException) as error:
                missing.append(f"shard {event.number} cannot be read: {error}")
        else:
            reason = event.error or {"elsewhere": "another process is running it"}.get(event.state, "it did not finish")
            missing.append(f"shard {event.number} is missing: {reason}")
    failed = [event for event in events if event.state == "failed"]
    if len(failed) == len(events) and not any(event.unexpected for event in failed):
        raise InputError(failed[0].error)
    if kept := sum(event.state == "kept" for event in events):
        print(f"{kept:,} of {len(events):,} shards were finished earlier and not run again.", file=sys.stderr)
    for line in missing:
        print(f"{printable(' '.join(line.split()))}; its part is computed now.", file=sys.stderr)
    names = {name: None for tables in shards for name in tables}
    return {name: pa.concat_tables([tables[name] for tables in shards if name in tables]) for name in names}
