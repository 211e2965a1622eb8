"""The console script: Hydra composes the configuration, an experiment computes, the recorder writes."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cofail_lab.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    from omegaconf import DictConfig

    from cofail_lab.result import Section


@dataclass
class _Command:
    """What this process knows about its command so far.

    Hydra prints comments of its own about everything that a job raises. A job whose failure is foreseen therefore
    raises nothing: it writes the failure here, and `main` reads it.

    Attributes:
        job_begun: Hydra has composed a configuration and called `task`.
        n_shards: the number of shards to launch before the run itself; None if it is not split.
        shards: the tables that the shards have written, by name; None before they are launched.
        bad_input: why the command cannot be carried out.
        unexpected: the line that names verdicts which are not the expected ones.
        continues: the run was interrupted, and the same command goes on from what it has kept.
    """

    job_begun: bool = False
    n_shards: int | None = None
    shards: dict[str, pa.Table] | None = None
    bad_input: InputError | None = None
    unexpected: str | None = None
    continues: bool = False


_command = _Command()


def config_folder() -> Path:
    """``conf/``: inside the installed package, or at the top of the source tree."""
    package = Path(__file__).resolve().parent
    return next(folder for folder in (package / "conf", package.parents[1] / "conf") if folder.is_dir())


def main() -> None:
    """Entry point. Exit codes: 0 done, 2 bad input, 130 interrupted, 1 anything else, such as an unexpected verdict."""
    from cofail_lab import help as help_page

    if help_page.wanted(sys.argv[1:]):
        _escape_what_cannot_be_shown()
        print(help_page.text(sys.argv[1:], config_folder()))
        return
    from omegaconf import OmegaConf

    from cofail_lab.command_line import config_keys, for_hydra, misplaced
    from cofail_lab.garbage import collect_seldom
    from cofail_lab.hydra_parser import ensure_parser_builds
    from cofail_lab.sweep.controller import Sweep
    from cofail_lab.sweep.key import sweep_key

    collect_seldom()
    global _command
    _command = _Command()
    Sweep.current = None
    # Hydra prints tracebacks and exits with 1; with this variable it raises the exception here instead.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    _keep_compiled_code()
    signal.signal(signal.SIGTERM, _terminate)
    # A script starts background processes with SIGINT ignored; who sends one means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ensure_parser_builds()
    OmegaConf.register_new_resolver("sweep_key", lambda _root_: sweep_key(_root_.hydra.overrides.task), replace=True)
    if not all("=" in argument and argument[0].isalpha() for argument in sys.argv[1:]):
        refused = misplaced(sys.argv[1:], config_keys(config_folder()))
        if refused is not None:
            _leave(f"error: {refused}", 2)
    sys.argv[1:] = for_hydra(sys.argv[1:])
    try:
        _launch()
        if _command.n_shards is not None:
            _launch_shards(_command.n_shards)
            _launch()
    except BrokenPipeError:
        # The reader of our output, such as head, wants no more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt as interruption:
        message = f"interrupted{': ' if interruption.args else ''}{' '.join(map(str, interruption.args))}"
        if Sweep.current is not None:
            Sweep.current.close()
            message += f" ({Sweep.current.line()})"
        if _command.continues or Sweep.current is not None:
            message += "; the same command continues from there"
        _leave(message, 130)
    except BaseException as error:
        _command.bad_input = _bad_input(error)
        if _command.bad_input is None:
            raise
    if _command.bad_input is not None:
        _leave(f"error: {' '.join(str(_command.bad_input).split())}", 2)
    if _command.unexpected is not None:
        _leave(_command.unexpected, 1)
    if Sweep.current is not None:
        from cofail_lab.progress import Meter, current
        from cofail_lab.sweep.finish import finish

        with current(Meter()) as meter:
            code = finish(Sweep.current, meter)
        if code:
            sys.exit(code)


def _bad_input(error: BaseException) -> InputError | None:
    """The input error behind an exception; None where the input is not the cause."""
    from hydra.errors import HydraException, InstantiationException
    from omegaconf.errors import OmegaConfBaseException

    from cofail_lab.command_line import config_keys, explain
    from cofail_lab.job import input_error
    from cofail_lab.sweep.controller import Refused

    if isinstance(error, Refused):
        return error.args[0]
    if isinstance(error, HydraException | OmegaConfBaseException | InputError):
        known = input_error(error)
        return (
            known
            if known or isinstance(error, InstantiationException)
            else InputError(explain(error, config_keys(config_folder())))
        )
    if _command.job_begun:
        return None
    if isinstance(error, ValueError):
        return InputError(str(error))
    if isinstance(error, OSError):
        # Before the first job, only Hydra writes, and only the run folder.
        return InputError(f"hydra.run.dir: cannot create {error.filename} ({error.strerror})")
    return None


def _launch() -> None:
    import hydra

    hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")(task)()


def _launch_shards(n_shards: int) -> None:
    """Run the shards of this command as a sweep, with the launcher that the command names, and keep their tables."""
    from cofail_lab.sweep.controller import Sweep
    from cofail_lab.sweep.shards import collect_shards, shard_arguments

    _command.job_begun = False
    arguments = sys.argv[1:]
    sys.argv[1:] = shard_arguments(arguments, n_shards)
    try:
        _launch()
    finally:
        sys.argv[1:] = arguments
    sweep, Sweep.current = Sweep.current, None
    if sweep is None:
        raise RuntimeError("Hydra did not call the callback of the sweep")
    _command.shards = collect_shards(sweep)


def task(config: DictConfig) -> None:
    """Hydra calls this with every configuration that it composes, in this process or on another machine."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from cofail_lab.garbage import collect_as_usual
    from cofail_lab.job import input_error

    _keep_compiled_code()
    _command.job_begun = True
    if HydraConfig.get().mode != RunMode.RUN:
        from cofail_lab.sweep.jobs import run_job

        run_job(config)
        # Of a thousand jobs, what each leaves behind is more than what was imported.
        collect_as_usual()
        return
    try:
        _run_single(config)
    except Exception as error:
        _command.bad_input = input_error(error)
        if _command.bad_input is None:
            raise


def _run_single(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig
    from rich.console import Console

    from cofail_lab import checks, job
    from cofail_lab.progress import Meter, current
    from cofail_lab.report.next_steps import next_step
    from cofail_lab.report.terminal import announce, render
    from cofail_lab.sweep.key import code_version, job_key
    from cofail_lab.sweep.resume import run_folder

    _escape_what_cannot_be_shown()
    console = Console(highlight=False)
    hydra_config = HydraConfig.get()
    checks.flag("verbose", config.verbose)
    verbose = config.verbose
    config = job.resolve(config)
    announced: list[Section] = []

    def show(headline: str, sections: tuple[Section, ...]) -> None:
        announced.extend(sections)
        announce(headline, sections, console)

    experiment, inputs = job.build(
        config, shards=_command.shards or {}, announce=None if verbose else show, all_cores=True
    )
    folder = Path(hydra_config.runtime.output_dir)
    if inputs.options.shards > 1 and inputs.options.shard is None and _command.shards is None:
        _command.n_shards = inputs.options.shards
        # Hydra has made the folder of the run, but there is nothing to write yet.
        with suppress(OSError):
            folder.rmdir()
        return
    key = job_key(job.plain(config))
    stated = any(override.startswith("hydra.run.dir=") for override in hydra_config.overrides.hydra)
    with run_folder(folder, key, stated=stated) as folder:
        origin = {"key": key, "code": code_version()}
        recorder = job.recorder(config, folder, hydra_config.runtime.choices["experiment"], drawn=True, origin=origin)
        try:
            with current(Meter()) as meter:
                result = job.compute(experiment, inputs, recorder, meter, _say_continued)
        except KeyboardInterrupt:
            _command.continues = bool(recorder.kept)
            raise
        following = next_step(hydra_config.runtime.choices["experiment"], result, recorder.folder)
        render(result, console, folder, verbose=verbose, announced=len(announced), following=following)
        if result.interrupted is not None:
            _command.continues = bool(recorder.kept)
            raise KeyboardInterrupt(result.interrupted)
    _command.unexpected = result.unexpected


def _say_continued(folder: Path, kept: Sequence[str]) -> None:
    from cofail_lab.report.names import printable

    with suppress(ValueError):
        folder = folder.relative_to(Path.cwd())
    print(f"continues {printable(str(folder))}: {', '.join(kept)}", file=sys.stderr)


def _escape_what_cannot_be_shown() -> None:
    """Let a terminal that cannot show β show an escape sequence instead of a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _keep_compiled_code() -> None:
    """Let JAX keep compiled code, which saves the next run seconds. A folder that the user has chosen is respected."""
    from cofail_lab.cache import cache_folder

    with suppress(RuntimeError):
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    # Where another process is still writing an entry, or was killed while writing, JAX compiles again.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    # At level INFO these two report missing accelerators and fonts.
    for package in ("jax", "matplotlib"):
        logging.getLogger(package).setLevel(logging.WARNING)


def _terminate(*_: object) -> NoReturn:
    """Treat SIGTERM as an interruption: results computed so far are kept."""
    raise KeyboardInterrupt("terminated")


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
