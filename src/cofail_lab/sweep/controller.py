"""The process that launches a sweep: it shows how far the jobs are, and says at the end what became of them."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.job import SHARDS_IN_A_SWEEP, plain
from cofail_lab.sweep.jobs import LAUNCH
from cofail_lab.sweep.journal import HIDDEN, Event, Journal, journal_folder


class Refused(BaseException):
    """Carries an InputError past Hydra, which turns every Exception of a callback into a warning."""


class Sweep:
    """A launch as its controller sees it.

    Attributes:
        folder: of the sweep.
        total: number of jobs; None where the sweeper decides as it goes.
        gather: whether the results are put together at the end.
        metrics: the metrics that are shown then, as for `Gather`.
        journal: what the jobs tell.
    """

    current: Sweep | None = None

    def __init__(self, config: DictConfig, total: int | None) -> None:
        self.folder, self.total = Path(config.hydra.sweep.dir), total
        # Shards are merged by their run, not gathered.
        self.gather = bool(config.sweep.gather) and _n_shards(config) == 1
        self.figures, self.metrics = config.record.figures, plain(config.sweep)["metrics"]
        self.journal = Journal(journal_folder(self.folder, config.hydra.job.env_set[LAUNCH]))
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._show, daemon=True)
        self._begun = time.monotonic()
        self._watch.start()

    def close(self) -> list[Event]:
        """Stop watching; the last event of every job, in the order of the jobs."""
        self._over.set()
        self._watch.join()
        self.journal.update()
        shutil.rmtree(self.journal.folder, ignore_errors=True)
        for folder in (self.folder / HIDDEN / "claims", self.folder / HIDDEN):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return [self.journal.events[number] for number in sorted(self.journal.events)]

    def _show(self) -> None:
        terminal = sys.stderr.isatty()
        said = self._begun
        while not self._over.wait(0.5 if terminal else 5):
            self.journal.update()
            if terminal:
                sys.stderr.write(f"\r\x1b[2K{self.line()}")
            elif time.monotonic() - said >= 60:
                said = time.monotonic()
                sys.stderr.write(self.line() + "\n")
            sys.stderr.flush()
        if terminal:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def line(self) -> str:
        """Jobs done, running and failed, and the time left at the pace so far."""
        count = self.journal.count
        computed, over = count("completed", "failed"), count("completed", "kept", "failed", "elsewhere", "interrupted")
        of = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{over:,}{of} jobs done", f"{count('running'):,} running", f"{count('failed'):,} failed"]
        if self.total is not None and computed and over < self.total:
            parts.append(f"about {_duration((time.monotonic() - self._begun) / computed * (self.total - over))} left")
        return "sweep: " + ", ".join(parts)


class SweepCallback(Callback):
    """Hooked into Hydra by ``hydra.callbacks`` in ``conf/config.yaml``."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Refuse a run folder that would be the working directory by accident."""
        _named(config.hydra.run.dir, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Begin to watch."""
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
    """Give every job the same absolute folder and the same launch, wherever and by whatever it is composed."""
    config.hydra.sweep.dir = str(Path(config.hydra.sweep.dir).absolute())
    launch = f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}_{os.getpid()}"
    with open_dict(config.hydra.job.env_set):
        config.hydra.job.env_set[LAUNCH] = launch
    quoted = config.hydra.sweep.dir.replace("\\", "\\\\").replace("'", "\\'")
    config.hydra.overrides.hydra.extend([f"hydra.sweep.dir='{quoted}'", f"++hydra.job.env_set.{LAUNCH}={launch}"])


def n_jobs(config: DictConfig) -> int | None:
    """Number of jobs of Hydra's basic sweeper; another one's is not known beforehand."""
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
        return None  # the sweeper will say what is wrong


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
