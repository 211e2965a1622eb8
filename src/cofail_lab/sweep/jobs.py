"""One job of a sweep: find its folder, leave what is finished, claim the rest, and let no failure out."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cofail_lab import job
from cofail_lab.sweep.journal import HIDDEN, Event, State, journal_folder, tell
from cofail_lab.sweep.key import code_version, job_key
from cofail_lab.sweep.lock import claimed

if TYPE_CHECKING:
    from omegaconf import DictConfig

LAUNCH = "COFAIL_LAB_LAUNCH"
"""Entry of ``hydra.job.env_set`` with the time of the launch: the one thing that all jobs of a launch share."""


def run_job(config: DictConfig) -> None:
    """Run the job that Hydra has composed, unless it is finished or another process is at it.

    Whatever goes wrong is told in the folder and in the journal; only an interruption is raised.
    """
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    # A worker of another machine starts elsewhere; relative paths are those of the command.
    os.chdir(hydra.runtime.cwd)
    sweep_dir = Path(hydra.sweep.dir)
    journal = journal_folder(sweep_dir, hydra.job.env_set[LAUNCH])
    number, overrides = int(hydra.job.num), tuple(hydra.overrides.task)
    retry = bool(config.sweep.retry_failed)
    folder: Path | None = None

    def told(state: State, error: str | None = None, *, unexpected: bool = False, finding: str | None = None) -> None:
        name = None if folder is None else str(folder.relative_to(sweep_dir))
        tell(journal, Event(number, overrides, state, name, error, unexpected, finding))

    try:
        resolved = job.resolve(config)
        key = job_key(job.plain(resolved))
        # By default the folder is named by the content; a hydra.sweep.subdir of the user's choice wins.
        folder = sweep_dir / (key if hydra.sweep.subdir == "." else hydra.sweep.subdir)
        with claimed(sweep_dir / HIDDEN / "claims" / str(folder.relative_to(sweep_dir)).replace("/", "_")) as mine:
            if not mine:
                told("elsewhere")
                return
            record = _earlier(folder, key)
            if record.get("status") == "completed":
                told("kept", finding=_finding(record))
                return
            if record.get("status") == "failed" and not retry:
                told("failed", record.get("error"), unexpected="traceback" in record)
                return
            told("running")
            command = shlex.join(["cofail-lab", *overrides])
            told("completed", finding=_run(resolved, folder, hydra.runtime.choices["experiment"], key, command))
    except KeyboardInterrupt:
        told("interrupted")
        raise
    except Exception as error:
        told("failed", job.failure(error), unexpected=job.input_error(error) is None)


def _run(config: DictConfig, folder: Path, experiment: str, key: str, command: str) -> str | None:
    """Compute and record; returns what was not expected."""
    from cofail_lab.experiments.base import silent

    origin = {"command": command, "key": key, "code": code_version()}
    recorder = job.recorder(config, folder, experiment, drawn=False, origin=origin)
    try:
        computes, inputs = job.build(config)
    except Exception as error:
        # A single run leaves nothing behind here; in a sweep the folder is where a failure is found again.
        recorder.start()
        recorder.fail(job.failure(error), {}, unexpected=error if job.input_error(error) is None else None)
        raise
    result = job.compute(computes, inputs, recorder, silent)
    if result.interrupted is not None:
        raise KeyboardInterrupt(result.interrupted)
    return result.unexpected


def _earlier(folder: Path, key: str) -> dict[str, Any]:
    """What this very job recorded in an earlier launch; nothing if it must run."""
    try:
        record: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # What was stopped is no failure: it goes on without being asked for.
    stopped = str(record.get("error")).startswith("interrupted")
    return {} if stopped or record.get("provenance", {}).get("key") != key else record


def _finding(record: dict[str, Any]) -> str | None:
    from cofail_lab.verdict import unexpected

    return unexpected([(v["id"], v["release"], v["status"], v["expected"]) for v in record["verdicts"]])
