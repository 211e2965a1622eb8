"""The console script: Hydra composes the configuration, an experiment computes, the recorder writes."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cofail_lab.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    from omegaconf import DictConfig

_EXTRAS = {"joblib": "joblib", "ray": "ray", "ray_cluster": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
# What the single run of this process came to; Hydra comments on whatever a job raises, so it raises nothing foreseen.
_begun: list[bool] = []
_to_split: list[int] = []
_shards: list[dict[str, pa.Table]] = []
_refused: list[InputError] = []
_unexpected: list[str] = []


def config_folder() -> Path:
    """``conf/``: inside the installed package, or at the top of the source tree."""
    package = Path(__file__).resolve().parent
    return next(folder for folder in (package / "conf", package.parents[1] / "conf") if folder.is_dir())


def main() -> None:
    """Entry point. Exit codes: 0 done, 2 bad input, 130 interrupted, 1 anything else, such as an unexpected verdict."""
    from hydra.errors import HydraException, InstantiationException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from cofail_lab.job import input_error
    from cofail_lab.sweep.controller import Refused, Sweep
    from cofail_lab.sweep.key import sweep_key

    # Hydra prints tracebacks and exits with 1; with this set it hands the exception to the handlers below instead.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    _keep_compiled_code()
    signal.signal(signal.SIGTERM, _terminate)
    OmegaConf.register_new_resolver("sweep_key", lambda _root_: sweep_key(_root_.hydra.overrides.task), replace=True)
    for left in (_begun, _to_split, _shards, _refused, _unexpected):
        left.clear()
    Sweep.current = None
    sys.argv[1:] = _commas_as_lists(sys.argv[1:])
    try:
        _launch()
        if _to_split:
            _launch_shards(_to_split[0])
            _launch()
    except KeyboardInterrupt as interruption:
        said = f"interrupted{': ' if interruption.args else ''}{' '.join(map(str, interruption.args))}"
        if Sweep.current is not None:
            Sweep.current.close()
            said += f" ({Sweep.current.line()}); the same command goes on from there"
        _leave(said, 130)
    except Refused as refusal:
        _refused.append(refusal.args[0])
    except (HydraException, OmegaConfBaseException, InputError) as error:
        known = input_error(error)
        if known is None and isinstance(error, InstantiationException):
            raise
        _refused.append(known or InputError(_explain(error)))
    except ValueError as error:
        if _begun:
            raise
        _refused.append(InputError(str(error)))
    except OSError as error:
        # Before the first job, the only thing written is the run folder, by Hydra.
        if _begun:
            raise
        _refused.append(InputError(f"hydra.run.dir: cannot create {error.filename} ({error.strerror})"))
    if _refused:
        _leave(f"error: {' '.join(str(_refused[0]).split())}", 2)
    if _unexpected:
        _leave(_unexpected[0], 1)
    if Sweep.current is not None:
        from cofail_lab.sweep.finish import finish

        code = finish(Sweep.current, _progress)
        if code:
            sys.exit(code)


def _launch() -> None:
    import hydra

    hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")(task)()


def _launch_shards(n_shards: int) -> None:
    """Run the shards of this command as a sweep, by whatever launcher it names, and keep what they have left."""
    from cofail_lab.sweep.controller import Sweep
    from cofail_lab.sweep.shards import collected, shard_arguments

    _begun.clear()
    arguments = sys.argv[1:]
    sys.argv[1:] = shard_arguments(arguments, n_shards)
    try:
        _launch()
    finally:
        sys.argv[1:] = arguments
    assert Sweep.current is not None  # noqa: S101  (its callback ran)
    sweep, Sweep.current = Sweep.current, None
    _shards.append(collected(sweep))


def task(config: DictConfig) -> None:
    """What Hydra calls with every configuration it has composed, in this process or on another machine."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from cofail_lab.job import input_error

    _keep_compiled_code()
    _begun.append(True)
    if HydraConfig.get().mode != RunMode.RUN:
        from cofail_lab.sweep.jobs import run_job

        run_job(config)
        return
    try:
        _run_single(config)
    except Exception as error:
        known = input_error(error)
        if known is None:
            raise
        _refused.append(known)


def _run_single(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig
    from rich.console import Console

    from cofail_lab import job
    from cofail_lab.report.terminal import render

    # A terminal that cannot show β gets its escape, not a traceback.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    console = Console(highlight=False)
    hydra_config = HydraConfig.get()
    config = job.resolve(config)
    experiment, inputs = job.build(config, shards=_shards[0] if _shards else {})
    folder = Path(hydra_config.runtime.output_dir)
    if inputs.options.shards > 1 and inputs.options.shard is None and not _shards:
        _to_split.append(inputs.options.shards)
        # Hydra has made the folder of the run; there is nothing to write yet.
        with suppress(OSError):
            folder.rmdir()
        return
    recorder = job.recorder(config, folder, hydra_config.runtime.choices["experiment"], drawn=True)
    result = job.compute(experiment, inputs, recorder, _progress)
    render(result, console, recorder.folder)
    if result.interrupted is not None:
        raise KeyboardInterrupt(result.interrupted)
    if result.unexpected is not None:
        _unexpected.append(result.unexpected)


def _commas_as_lists(arguments: list[str]) -> list[str]:
    """``key=a,b`` as ``key=[a,b]`` in a single run, where Hydra would refuse it: only a sweep has choices."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep
    from hydra.errors import OverrideParseException

    if {"-m", "--multirun"} & set(arguments) or not any("," in argument for argument in arguments):
        return arguments
    parser, read = OverridesParser.create(), []
    for argument in arguments:
        try:
            value = parser.parse_override(argument).value() if "," in argument else None
        except OverrideParseException:
            value = None  # Hydra says what is wrong with it
        if isinstance(value, ChoiceSweep) and value.simple_form:
            key, _, choices = argument.partition("=")
            argument = f"{key}=[{choices}]"
        read.append(argument)
    return read


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


def _keep_compiled_code() -> None:
    """Let JAX keep what it compiles, which saves the next run seconds; a folder of the user's choice wins."""
    from cofail_lab.cache import cache_folder

    with suppress(RuntimeError):
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    # JAX compiles anew what another process is still writing there, or was killed while writing.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    # They tell at INFO of accelerators not found and of fonts.
    for chatty in ("jax", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


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
    said = str(error).split("Config search path")[0]
    for launcher, extra in _EXTRAS.items():
        if f"'hydra/launcher/{launcher}'" in said or (f"'{launcher}'" in said and "hydra/launcher" in said):
            return f"hydra/launcher={launcher}: not installed; pip install 'cofail-lab[{extra}]' brings it"
    return said


def _terminate(signum: int, frame: object) -> NoReturn:  # noqa: ARG001
    """A polite kill is an interruption: what is computed is kept."""
    raise KeyboardInterrupt("terminated")


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
