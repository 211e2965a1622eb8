"""The console script: Hydra composes the configuration, an experiment computes, the recorder writes."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    from hydra.errors import HydraException, InstantiationException
    from omegaconf.errors import OmegaConfBaseException

    # Hydra prints tracebacks and exits with 1; with this set it hands the exception to the handlers below instead.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    _keep_compiled_code()
    signal.signal(signal.SIGTERM, _terminate)
    begun, refused = [], []

    def job(config: DictConfig) -> None:
        begun.append(True)
        try:
            _job(config)
        except Exception as error:
            # Hydra comments on what a job raises: in a sweep that names the job, a single run keeps its one line.
            known = _input_error(error)
            if known is None or not _single_run():
                raise
            refused.append(known)

    try:
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")(job)()
    except KeyboardInterrupt as interruption:
        _leave(f"interrupted{': ' if interruption.args else ''}{' '.join(map(str, interruption.args))}", 130)
    except (HydraException, OmegaConfBaseException, InputError) as error:
        known = _input_error(error)
        if known is None and isinstance(error, InstantiationException):
            raise
        refused.append(known or InputError(_explain(error)))
    except ValueError as error:
        if begun:
            raise
        refused.append(InputError(str(error)))
    except OSError as error:
        # Before the first job, the only thing written is the run folder, by Hydra.
        if begun:
            raise
        refused.append(InputError(f"hydra.run.dir: cannot create {error.filename} ({error.strerror})"))
    if refused:
        _leave(f"error: {' '.join(str(refused[0]).split())}", 2)


def _job(config: DictConfig) -> None:
    """One run of one configuration."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.utils import instantiate
    from omegaconf import OmegaConf
    from rich.console import Console

    from cofail_lab import checks
    from cofail_lab.experiments.base import Inputs, RunOptions
    from cofail_lab.grades import Selection
    from cofail_lab.record import Recorder

    # A terminal that cannot show β gets its escape, not a traceback.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    console = Console(highlight=False)
    hydra_config = HydraConfig.get()
    single = _single_run()
    OmegaConf.resolve(config)
    if missing := OmegaConf.missing_keys(config):
        raise InputError(f"{sorted(missing)[0]}: a value is needed, such as {sorted(missing)[0]}=...")
    for group in ("data", "experiment", "run", "record"):
        if config[group] is None:
            raise InputError(f"{group}: null; choose one, or leave the default")
    # Everything is built before the folder is claimed: a bad value leaves no results behind.
    options = RunOptions(**_plain(config.run))
    experiment = instantiate(config.experiment, _convert_="all")
    source = {key: value for key, value in _plain(config.data).items() if key not in _SELECTION}
    inputs = Inputs(
        options=options,
        source=lambda: instantiate(source, _convert_="all"),
        selection=Selection(**{key: _plain(config.data)[key] for key in _SELECTION}, seed=options.seed),
        law_factory=None if config.law is None else lambda: instantiate(config.law, _convert_="all"),
    )
    for key in ("figures", "report"):
        checks.flag(f"record.{key}", config.record[key])
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
    """The InputError behind an exception: Hydra wraps what constructors raise, and +key=value what they do not take."""
    from hydra.errors import InstantiationException

    unexpected = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unexpected and isinstance(error, InstantiationException):
        return InputError(f"{unexpected[1]}: no such key; cofail-lab --help lists the keys of this configuration")
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__
    return error


def _keep_compiled_code() -> None:
    """Let JAX keep what it compiles, which saves the next run seconds; a folder of the user's choice wins."""
    from cofail_lab.cache import cache_folder

    with suppress(RuntimeError):
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    # They tell at INFO of accelerators not found and of fonts.
    for chatty in ("jax", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _single_run() -> bool:
    """False for a job of a sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    return HydraConfig.get().mode == RunMode.RUN


def _explain(error: Exception) -> str:
    """What Hydra found wrong with the command line, in the words of this lab."""
    from hydra.errors import ConfigCompositionException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: not a key=value that can be read; quote a value with special characters: key='\"...\"'"
        )
    if isinstance(error, ConfigCompositionException) and "is not in struct" in f"{error} {error.__cause__}":
        key = str(error).split("'")[1]
        return f"{key}: no such key; cofail-lab --help lists the keys of this configuration"
    return str(error).split("Config search path")[0]


def _terminate(signum: int, frame: object) -> NoReturn:  # noqa: ARG001
    """A polite kill is an interruption: what is computed is kept."""
    raise KeyboardInterrupt("terminated")


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
