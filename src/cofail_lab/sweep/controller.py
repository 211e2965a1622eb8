"""The process that launches a sweep: it shows the progress of the jobs while they run."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.job import SHARDS_IN_A_SWEEP, plain
from cofail_lab.progress import duration, shown
from cofail_lab.sweep.jobs import LAUNCH
from cofail_lab.sweep.journal import HIDDEN, LOCKS, Event, Journal, journal_folder


class Refused(BaseException):
    """Carries an InputError through Hydra, which turns every Exception of a callback into a warning."""


class Sweep:
    """One launch of a sweep, in the process that launched it.

    Attributes:
        folder: of the sweep.
        total: number of jobs; None where the sweeper decides on it while it runs.
        gather: whether the results are gathered at the end.
        verbose: whether all of them is printed, not one screen.
        metrics: the metrics that are shown then, as for `experiments.gather.Gather`.
        journal: the events that the jobs report.
    """

    current: Sweep | None = None

    def __init__(self, config: DictConfig, total: int | None) -> None:
        self.folder, self.total = Path(config.hydra.sweep.dir), total
        # The run of the shards merges them; they are not gathered.
        self.gather = bool(config.sweep.gather) and _n_shards(config) == 1
        self.verbose = bool(config.verbose)
        self.figures, self.metrics = config.record.figures, plain(config.sweep)["metrics"]
        self.journal = Journal(journal_folder(self.folder, config.hydra.job.env_set[LAUNCH]))
        self._begun = time.monotonic()
        self._watch = ExitStack()
        self._watch.enter_context(shown(self._updated))

    def close(self) -> list[Event]:
        """Stop watching; returns the last event of every job, in the order of the jobs."""
        self._watch.close()
        self.journal.update()
        shutil.rmtree(self.journal.folder, ignore_errors=True)
        for folder in (self.folder / HIDDEN / LOCKS, self.folder / HIDDEN):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return [self.journal.events[number] for number in sorted(self.journal.events)]

    def _updated(self) -> str:
        self.journal.update()
        return self.line()

    def line(self) -> str:
        """Number of jobs done, running and failed, and an estimate of the time left."""
        count = self.journal.count
        computed, over = count("completed", "failed"), count("completed", "kept", "failed", "elsewhere")
        of = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{over:,}{of} jobs done", f"{count('running'):,} running", f"{count('failed'):,} failed"]
        if self.total is not None and computed and over < self.total:
            parts.append(f"about {duration((time.monotonic() - self._begun) / computed * (self.total - over))} left")
        return "sweep: " + ", ".join(parts)


class SweepCallback(Callback):
    """Hydra calls it: ``hydra.callbacks`` in ``conf/config.yaml`` names it."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Refuse an empty name of the run folder, which would mean the working directory."""
        _named(config.hydra.run.dir, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Check the options of the sweep and start to watch its jobs."""
        _named(config.hydra.sweep.dir, "hydra.sweep.dir")
        _named(config.hydra.sweep.subdir, "hydra.sweep.subdir")
        if _n_shards(config) != 1 and not any(
            override.startswith("run.shard=") for override in config.hydra.overrides.task
        ):
            raise Refused(InputError(SHARDS_IN_A_SWEEP))
        _share(config)
        for key in ("retry_failed", "gather"):
            if not isinstance(config.sweep[key], bool):
                raise Refused(InputError(f"sweep.{key}: {config.sweep[key]!r} is not true or false"))
        try:
            checks.patterns("sweep.metrics", plain(config.sweep)["metrics"])
        except InputError as error:
            raise Refused(error) from None
        Sweep.current = Sweep(config, n_jobs(config))


def _n_shards(config: DictConfig) -> Any:
    return OmegaConf.select(config, "run.shards", default=1)


def _named(folder: Any, key: str) -> None:
    if folder is None or not str(folder).strip():
        raise Refused(InputError(f"{key}: {folder!r} is not the path of a folder"))


def _share(config: DictConfig) -> None:
    """Give every job the same absolute folder and the same launch, whichever machine or launcher composes it."""
    config.hydra.sweep.dir = str(Path(config.hydra.sweep.dir).absolute())
    launch = f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}_{os.getpid()}"
    with open_dict(config.hydra.job.env_set):
        config.hydra.job.env_set[LAUNCH] = launch
    # In Hydra's quotes a backslash is one, but for those before a quote.
    quoted = re.sub(r"(\\*)('|$)", lambda end: 2 * end[1] + end[2].replace("'", r"\'"), config.hydra.sweep.dir)
    config.hydra.overrides.hydra.extend([f"hydra.sweep.dir='{quoted}'", f"++hydra.job.env_set.{LAUNCH}={launch}"])


def n_jobs(config: DictConfig) -> int | None:
    """Number of jobs of Hydra's basic sweeper; None for another sweeper, whose number is not known beforehand."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if not str(config.hydra.sweeper._target_).endswith(".BasicSweeper"):
        return None
    fixed = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    try:
        parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
        overrides = parser.parse_overrides([*fixed, *config.hydra.overrides.task])
        return sum(map(len, BasicSweeper.split_arguments(overrides, None)))
    except HydraException:
        return None  # the sweeper reports what is wrong
