"""The end of a sweep: what failed is listed, and what is finished is put together in the sweep's own folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cofail_lab.sweep.controller import Sweep, failures

if TYPE_CHECKING:
    from cofail_lab.experiments.base import Progress


def finish(sweep: Sweep, progress: Progress) -> int:
    """Say what became of the jobs and gather their results; returns the exit code."""
    events = sweep.close()
    states = [event.state for event in events]
    if sweep.gather and any(state in ("completed", "kept") for state in states):
        _gather(sweep, [event.folder for event in events if event.folder is not None], progress)
    kept, elsewhere = states.count("kept"), states.count("elsewhere")
    if kept:
        print(f"{kept:,} of {len(events):,} jobs were finished earlier and not run again.", file=sys.stderr)
    if elsewhere:
        print(f"{elsewhere:,} of {len(events):,} jobs are being run by another process.", file=sys.stderr)
    if "failed" not in states:
        return 0
    print(failures(events), file=sys.stderr)
    return 1 if any(event.unexpected for event in events) else 2


def _gather(sweep: Sweep, names: list[str], progress: Progress) -> None:
    """Record the sweep as a whole in its own folder: table, figures, and a page that leads to every run."""
    from omegaconf import OmegaConf
    from rich.console import Console

    from cofail_lab.experiments.gather import gather
    from cofail_lab.record import Recorder
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
    result = gather([folder for folder in folders if (folder / "results.json").is_file()], progress=progress)
    with progress("Writing figures", total=len(result.figures)) as advance:
        recorder.finish(result, {}, advance)
    render(result, Console(highlight=False), recorder.folder)
