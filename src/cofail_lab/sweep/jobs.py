"""One job of a sweep: find its folder, skip it if it is finished, lock it otherwise, and record every failure."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cofail_lab import job
from cofail_lab.sweep.journal import HIDDEN, LOCKS, Event, State, journal_folder, report_event
from cofail_lab.sweep.key import code_version, job_key
from cofail_lab.sweep.lock import locked

if TYPE_CHECKING:
    from omegaconf import DictConfig

_ONE_AFTER_THE_OTHER = "basic"
LAUNCH = "COFAIL_LAB_LAUNCH"
"""Entry of ``hydra.job.env_set`` that holds the time of the launch. All jobs of a launch share it."""


def run_job(config: DictConfig) -> None:
    """Run the job that Hydra has composed, unless it is finished or another process is running it.

    An error is written to the folder and to the journal, and not raised. Only an interruption is raised.
    """
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    # A worker on another machine starts in another folder; relative paths mean the folder of the command.
    os.chdir(hydra.runtime.cwd)
    sweep_dir = Path(hydra.sweep.dir)
    journal = journal_folder(sweep_dir, hydra.job.env_set[LAUNCH])
    number, overrides = int(hydra.job.num), tuple(hydra.overrides.task)
    retry = bool(config.sweep.retry_failed)
    folder: Path | None = None

    def report(state: State, error: str | None = None, *, unexpected: bool = False, finding: str | None = None) -> None:
        name = None if folder is None else str(folder.relative_to(sweep_dir))
        report_event(journal, Event(number, overrides, state, name, error, unexpected, finding))

    try:
        resolved = job.resolve(config)
        key = job_key(job.plain(resolved))
        # By default the folder is named by its content; a hydra.sweep.subdir that the user has set is respected.
        folder = sweep_dir / (key if hydra.sweep.subdir == "." else hydra.sweep.subdir)
        lock = sweep_dir / HIDDEN / LOCKS / str(folder.relative_to(sweep_dir)).replace("/", "_")
        with locked(lock) as is_held:
            if not is_held:
                report("elsewhere")
                return
            record = _earlier(folder, key)
            if record.get("status") == "completed":
                report("kept", finding=_finding(record))
                return
            if record.get("status") == "failed" and not retry:
                report("failed", record.get("error"), unexpected="traceback" in record)
                return
            report("running")
            command = shlex.join(["cofail-lab", *overrides])
            report("completed", finding=_run(resolved, folder, hydra.runtime.choices, key, command))
    except KeyboardInterrupt:
        report("interrupted")
        raise
    except Exception as error:
        report("failed", job.failure(error), unexpected=job.input_error(error) is None)


def _run(config: DictConfig, folder: Path, choices: Mapping[str, str], key: str, command: str) -> str | None:
    """Compute and record; returns the line that names unexpected verdicts, None without any."""
    from cofail_lab.experiments.base import silent

    origin = {"command": command, "key": key, "code": code_version()}
    recorder = job.recorder(config, folder, choices["experiment"], drawn=False, origin=origin)
    try:
        experiment_object, inputs = job.build(config, all_cores=choices["hydra/launcher"] == _ONE_AFTER_THE_OTHER)
    except Exception as error:
        # A single run writes nothing in this case. A sweep needs the folder: the next launch reads the failure there.
        recorder.start()
        recorder.fail(job.failure(error), {}, unexpected=error if job.input_error(error) is None else None)
        raise
    result = job.compute(experiment_object, inputs, recorder, silent)
    if result.interrupted is not None:
        raise KeyboardInterrupt(result.interrupted)
    return result.unexpected


def _earlier(folder: Path, key: str) -> dict[str, Any]:
    """The record of the same job from an earlier launch; empty if there is none."""
    try:
        record: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if record.get("provenance", {}).get("key") == key else {}


def _finding(record: dict[str, Any]) -> str | None:
    from cofail_lab.verdict import unexpected

    return unexpected([(v["id"], v["release"], v["status"], v["expected"]) for v in record["verdicts"]])
