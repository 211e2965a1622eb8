"""The console script: Hydra composes the configuration, an experiment computes, the recorder writes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cofail_lab.errors import InputError

if TYPE_CHECKING:
    from omegaconf import DictConfig

_SELECTION = ("dataset", "models", "min_coverage", "pool_size")


def config_folder() -> Path:
    """``conf/``: inside the installed package, or at the top of the source tree."""
    package = Path(__file__).resolve().parent
    return next(folder for folder in (package / "conf", package.parents[1] / "conf") if folder.is_dir())


def main() -> None:
    """Entry point. Exit codes: 0 done, 2 bad input, 130 interrupted, 1 anything else."""
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    # Hydra prints tracebacks and exits with 1; with this set it hands the exception to the handlers below instead.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    signal.signal(signal.SIGTERM, _terminate)
    run = hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")(_job)
    try:
        run()
    except KeyboardInterrupt as interruption:
        _leave(f"interrupted{': ' if interruption.args else ''}{' '.join(map(str, interruption.args))}", 130)
    except (HydraException, OmegaConfBaseException, InputError) as error:
        known = _input_error(error)
        if known is None and type(error).__name__ == "InstantiationException":
            raise
        _leave(f"error: {' '.join(str(known or error).split())}", 2)


def _job(config: DictConfig) -> None:
    """One run of one configuration."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from hydra.utils import instantiate
    from omegaconf import OmegaConf
    from rich.console import Console

    from cofail_lab.experiments.base import Inputs, RunOptions
    from cofail_lab.grades import Selection
    from cofail_lab.record import Recorder

    console = Console(highlight=False)
    hydra_config = HydraConfig.get()
    single = hydra_config.mode == RunMode.RUN
    OmegaConf.resolve(config)
    if missing := OmegaConf.missing_keys(config):
        raise InputError(f"{sorted(missing)[0]}: a value is needed, such as {sorted(missing)[0]}=...")
    # Everything is built before the folder is claimed: a bad value leaves nothing behind.
    options = RunOptions(**_plain(config.run))
    experiment = instantiate(config.experiment, _convert_="all")
    source = {key: value for key, value in _plain(config.data).items() if key not in _SELECTION}
    inputs = Inputs(
        options=options,
        source=lambda: instantiate(source, _convert_="all"),
        selection=Selection(**{key: _plain(config.data)[key] for key in _SELECTION}, seed=options.seed),
        law_factory=None if config.law is None else lambda: instantiate(config.law, _convert_="all"),
    )
    recorder = Recorder(
        Path(hydra_config.runtime.output_dir),
        hydra_config.runtime.choices["experiment"],
        OmegaConf.to_yaml(config),
        seed=options.seed,
        figures=single if config.record.figures is None else config.record.figures,
        report=single if config.record.report is None else config.record.report,
    )
    recorder.start()
    try:
        result = experiment.run(inputs, _progress)
        with _progress("Writing figures", total=len(result.figures)) as advance:
            recorder.finish(result, inputs.provenance, advance)
    except BaseException as error:
        known = _input_error(error)
        message = str(known or error) or "stopped by the user"
        recorder.fail(message if known else f"{type(error).__name__}: {message}", inputs.provenance)
        raise
    from cofail_lab.report.terminal import render

    render(result, console, recorder.folder)
    if result.interrupted is not None:
        raise KeyboardInterrupt(result.interrupted)


@contextmanager
def _progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while something takes long; nothing when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


def _plain(config: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf

    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


def _input_error(error: BaseException | None) -> InputError | None:
    """The InputError behind an exception: Hydra wraps what constructors raise."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__
    return error


def _terminate(signum: int, frame: object) -> NoReturn:  # noqa: ARG001
    """A polite kill is an interruption: what is computed is kept."""
    raise KeyboardInterrupt("terminated")


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
