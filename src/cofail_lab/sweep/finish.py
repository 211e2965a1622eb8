"""The end of a sweep: failed jobs are listed, and the results of the others are gathered in the sweep's own folder."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cofail_lab.errors import InputError
from cofail_lab.report.names import printable
from cofail_lab.sweep.controller import Sweep

if TYPE_CHECKING:
    from cofail_lab.experiments.base import Progress
    from cofail_lab.sweep.journal import Event

MAX_LISTED = 20


def finish(sweep: Sweep, progress: Progress) -> int:
    """Report the state of the jobs and gather their results; returns the exit code."""
    events = sweep.close()
    states = [event.state for event in events]
    if sweep.gather and any(state in ("completed", "kept") for state in states):
        folders = [event.folder for event in events if event.folder is not None]
        _gather(sweep, folders, progress, failed="failed" in states)
    kept, elsewhere = states.count("kept"), states.count("elsewhere")
    if kept:
        print(f"{kept:,} of {len(events):,} jobs were finished earlier and not run again.", file=sys.stderr)
    if elsewhere:
        print(f"{elsewhere:,} of {len(events):,} jobs are being run by another process.", file=sys.stderr)
    failed = {event.number: event.error or "" for event in events if event.state == "failed"}
    findings = {event.number: event.finding for event in events if event.finding is not None}
    if failed:
        heading = f"error: {len(failed):,} of {len(events):,} jobs failed; sweep.retry_failed=true runs them again"
        print(_listed(heading, failed, events), file=sys.stderr)
    if findings:
        heading = f"{len(findings):,} of {len(events):,} jobs have verdicts that are not the expected ones"
        print(_listed(heading, findings, events), file=sys.stderr)
    if findings or any(event.unexpected for event in events):
        return 1
    return 2 if failed else 0


def _listed(heading: str, messages: Mapping[int, str], events: Sequence[Event]) -> str:
    """A heading, then one line per job: the overrides that distinguish the job from others, and its message."""
    times = Counter(override for event in events for override in event.overrides)
    lines = [heading]
    for event in [event for event in events if event.number in messages][:MAX_LISTED]:
        own = [override for override in event.overrides if times[override] < len(events)]
        lines.append(f"  {printable(' '.join(own) or f'job {event.number}')}: {printable(messages[event.number])}")
    if len(messages) > MAX_LISTED:
        lines.append(f"  and {len(messages) - MAX_LISTED:,} more")
    return "\n".join(lines)


def _gather(sweep: Sweep, names: list[str], progress: Progress, *, failed: bool) -> None:
    """Record the whole sweep in its own folder: a table, figures, and a page with links to every run."""
    from omegaconf import OmegaConf
    from rich.console import Console

    from cofail_lab.experiments.gather import gather
    from cofail_lab.record import Recorder
    from cofail_lab.report.next_steps import after_sweep
    from cofail_lab.report.terminal import render

    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    folders = [sweep.folder / name for name in dict.fromkeys(names)]
    recorder = Recorder(
        sweep.folder,
        "gather",
        OmegaConf.to_yaml({"gather": {"path": str(sweep.folder)}}),
        seed=None,
        figures=sweep.figures is not False,
    )
    recorder.start()
    finished = [folder for folder in folders if (folder / "results.json").is_file()]
    try:
        result = gather(finished, sweep.metrics, progress)
    except InputError as error:  # no job has this metric, which is known only now; the results are still gathered
        print(f"error: {str(error).replace('gather.metrics', 'sweep.metrics')}", file=sys.stderr)
        result = gather(finished, progress=progress)
    with progress("figures", total=len(result.figures)) as advance:
        recorder.finish(result, {}, advance)
    following = after_sweep(failed, recorder.folder)
    render(result, Console(highlight=False), recorder.folder, verbose=sweep.verbose, following=following)
