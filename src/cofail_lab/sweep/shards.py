"""The shards of one run (``run.shards``): a sweep that is launched first, whose tables the run then takes."""

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
    """The command line that launches the shards of a command; what failed before is tried again."""
    # Hydra wants all overrides side by side, wherever its own flags stand.
    place = next((k for k, word in enumerate(arguments) if "=" in word and word[0] != "-"), len(arguments))
    own = [f"run.shard=range(0,{n_shards})", "sweep.retry_failed=true"]
    return ["-m", *arguments[:place], *own, *arguments[place:]]


def collected(sweep: Sweep) -> dict[str, pa.Table]:
    """What the shards of a launch have left, by table; says what is missing, which the run itself then computes.

    Raises:
        InputError: there is nothing, because the input is bad.
    """
    import pyarrow as pa

    events = sweep.close()
    found: list[dict[str, pa.Table]] = []
    missing: list[str] = []
    for event in events:
        if event.state in ("completed", "kept") and event.folder is not None:
            try:
                found.append(runs.tables(sweep.folder / event.folder))
            except (OSError, pa.ArrowException) as error:
                missing.append(f"shard {event.number} cannot be read: {error}")
        else:
            reason = event.error or {"elsewhere": "another process is at it"}.get(event.state, "it did not finish")
            missing.append(f"shard {event.number} is missing: {reason}")
    failed = [event for event in events if event.state == "failed"]
    if len(failed) == len(events) and not any(event.unexpected for event in failed):
        raise InputError(failed[0].error)
    if kept := sum(event.state == "kept" for event in events):
        print(f"{kept:,} of {len(events):,} shards were finished earlier and not run again.", file=sys.stderr)
    for line in missing:
        print(f"{printable(' '.join(line.split()))}; its part is computed now.", file=sys.stderr)
    names = {name: None for tables in found for name in tables}
    return {name: pa.concat_tables([tables[name] for tables in found if name in tables]) for name in names}
