"""One run of one composed configuration: build its objects, start its folder, compute, record."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cofail_lab import checks, runs
from cofail_lab.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    from omegaconf import DictConfig

    from cofail_lab.experiments.base import Announce, Experiment, Inputs, Progress, RunOptions
    from cofail_lab.record import Recorder
    from cofail_lab.result import Result

EXAMPLES_OF_KEYS = {
    "data.path": "grades.csv",
    "data.n_all_wrong": "17",
    "data.n_queries": "330",
    "data.n_models": "67",
    "experiment.other": "other.csv",
    "experiment.members": "[a,b,c]",
    "experiment.systems": "'*debate*'",
    "experiment.axes": "'{shock: [.01, .05]}'",
}
"""A value of every key that has no default and that people leave out."""
_SELECTION = ("dataset", "models", "min_coverage", "pool_size", "limits", "errors", "unanswered")
SHARDS_IN_A_SWEEP = "run.shards: every job of a sweep is a job of its own already; leave out run.shards or -m"
_OF_A_RUN = "cofail_lab.data.run.RunSource"
# Keys that say how a sweep is run and what is printed, not what is computed.
_FIGURES, _SECONDS_OF_FIGURES = "figures and page", 3.0
_NOT_RECORDED = ("sweep", "verbose")


def resolve(config: DictConfig) -> DictConfig:
    """The configuration that is computed and recorded: references are replaced by their values.

    Raises:
        InputError: a value is missing.
    """
    from omegaconf import OmegaConf, open_dict

    OmegaConf.resolve(config)
    with open_dict(config):
        for node in _NOT_RECORDED:
            config.pop(node, None)
    if missing := OmegaConf.missing_keys(config):
        key = sorted(missing)[0]
        meant = EXAMPLES_OF_KEYS.get(key, "...")
        raise InputError(f"{key}: a value is needed, such as {key}={meant}; cofail-lab --help says what it means")
    for group in ("data", "experiment", "run", "record"):
        if config[group] is None:
            raise InputError(f"{group}: null; choose one, or leave the default")
    if config.data.get("_target_") == _OF_A_RUN and config.data.path == "latest":
        # The folder is recorded, not a word that means another one tomorrow.
        config.data.path = str(runs.latest(Path("outputs")))
    return config


def recorder(
    config: DictConfig, folder: Path, experiment: str, *, drawn: bool, origin: Mapping[str, Any] | None = None
) -> Recorder:
    """The object that writes the folder of a run; nothing is written yet.

    Args:
        config: from `resolve`.
        folder: of the run.
        experiment: its name.
        drawn: whether figures are made if the configuration does not say; the page is, except that of a shard.
        origin: entries of the provenance that the recorder does not know.
    """
    from omegaconf import OmegaConf

    from cofail_lab.record import Recorder

    for key in ("figures", "report"):
        checks.flag(f"record.{key}", config.record[key])
    return Recorder(
        folder,
        experiment,
        OmegaConf.to_yaml(config),
        seed=config.run.get("seed"),
        figures=drawn if config.record.figures is None else config.record.figures,
        report=drawn or config.run.get("shard") is None if config.record.report is None else config.record.report,
        smoke=config.run.get("smoke", False),
        origin=origin,
    )


def build(
    config: DictConfig,
    shards: Mapping[str, pa.Table] | None = None,
    announce: Announce | None = None,
    *,
    all_cores: bool = False,
) -> tuple[Experiment, Inputs]:
    """The experiment and its inputs. A bad value in either is an error here, before anything is written.

    Args:
        config: from `resolve`.
        shards: the tables that the shards of the run have written; None where the run must not have shards.
        announce: shows a headline and sections before the rest is computed; None shows nothing.
        all_cores: whether nothing else runs beside this run, so that ``run.workers=null`` means all cores.
    """
    from hydra.utils import instantiate

    from cofail_lab.experiments.base import Inputs, RunOptions, Store, unannounced
    from cofail_lab.selection import Selection

    options = RunOptions(**plain(config.run))
    if options.workers is None and all_cores:
        options = replace(options, workers=n_cores())
    experiment = instantiate(config.experiment, _convert_="all")
    if options.shards > 1 or options.shard is not None:
        _check_split(experiment, options, may_have_shards=shards is not None)
    source = {key: value for key, value in plain(config.data).items() if key not in _SELECTION}
    inputs = Inputs(
        options=options,
        source=lambda: instantiate(source, _convert_="all"),
        selection=Selection(**{key: plain(config.data)[key] for key in _SELECTION}, seed=options.seed),
        law_factory=None if config.law is None else _law_factory(config.law),
        policies=_policies(config.policy),
        known=None if config.get("known") is None else instantiate(config.known, _convert_="all"),
        store=Store(shards or {}),
        announce=announce or unannounced,
    )
    return experiment, inputs


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_split(experiment: Experiment, options: RunOptions, *, may_have_shards: bool) -> None:
    from cofail_lab.experiments.base import Splittable

    if not isinstance(experiment, Splittable) or not experiment.splits:
        raise InputError(
            f"run.shards: {options.shards}, but there is nothing to split; experiment=fit has replicates (bootstrap, "
            "null), experiment=tail_curve has draws (simulate=true)"
        )
    if options.shard is None and not may_have_shards:
        raise InputError(SHARDS_IN_A_SWEEP)


def _policies(config: DictConfig | None) -> Mapping[str, Callable[[], Any]]:
    """What builds each policy, by its name in the `policy` group."""
    from hydra.utils import instantiate

    if config is None:
        return {}
    for name, node in config.items():
        if not hasattr(node, "get") or "_target_" not in node:
            raise InputError(f"policy.{name}: no such policy; cofail-lab --help lists the choices of the group policy")
    return {str(name): partial(instantiate, node, _convert_="all") for name, node in config.items()}


def _law_factory(config: DictConfig) -> Callable[..., Any]:
    """A function that builds the law.

    Hydra is asked once for a constructor: to call it with changed arguments costs a thousandth of instantiating again.
    """
    from hydra.utils import instantiate

    @cache
    def constructor() -> Any:
        return instantiate(config, _convert_="all", _partial_=True)

    def build(**changes: Any) -> Any:
        if unknown := sorted(set(changes) - set(config)):
            raise InputError(
                f"law.{unknown[0]}: no such parameter; there are {', '.join(sorted(set(config) - {'_target_'}))}"
            )
        return constructor()(**changes) if changes else instantiate(config, _convert_="all")

    return build


def compute(
    experiment: Experiment,
    inputs: Inputs,
    recorder: Recorder,
    progress: Progress,
    continued: Callable[[Path, Sequence[str]], None] = lambda _folder, _said: None,
) -> Result:
    """Run and record. A run that fails or is interrupted is recorded too, and its exception is raised again.

    Args:
        experiment: from `build`.
        inputs: likewise.
        recorder: of the run; what it has kept of the same run before is not computed again.
        progress: shows how far the run is.
        continued: told the folder of a run that goes on, and what it has kept.
    """
    from cofail_lab.experiments.base import Store

    recorder.start()
    try:
        kept, said = recorder.kept.tables()
        if said:
            continued(recorder.folder, said)
        inputs = replace(inputs, store=Store(_joined(inputs.store.tables, kept), recorder.kept.add), draw=recorder.draw)
        progress.plan({_FIGURES: _SECONDS_OF_FIGURES})
        run = experiment.run if inputs.options.shard is None else experiment.shard  # type: ignore[union-attr]
        result = run(inputs, progress)
        with progress(_FIGURES, total=len(result.figures)) as advance:
            return recorder.finish(result, inputs.provenance, advance)
    except KeyboardInterrupt as stop:
        recorder.interrupt(failure(stop), inputs.provenance)
        raise
    except BaseException as error:
        recorder.fail(failure(error), inputs.provenance, unexpected=error if input_error(error) is None else None)
        raise


def _joined(first: Mapping[str, pa.Table], second: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Tables by name; where both have one, the rows of both."""
    import pyarrow as pa

    names = {**first, **second}
    return {name: pa.concat_tables([tables[name] for tables in (first, second) if name in tables]) for name in names}


def failure(error: BaseException) -> str:
    """One line that says why a run failed."""
    known = input_error(error)
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted: {str(error) or 'stopped by the user'}"
    return " ".join(str(known).split()) if known else f"{type(error).__name__}: {' '.join(str(error).split())}"


def input_error(error: BaseException | None) -> InputError | None:
    """The InputError that caused an exception; None where there is none.

    Hydra wraps the exceptions of constructors. One of them is about an argument that a user adds with ``+key=value``
    and that the constructor does not have.
    """
    from hydra.errors import InstantiationException
    from omegaconf.errors import InterpolationResolutionError

    if isinstance(error, InterpolationResolutionError):
        reason = str(error).splitlines()[0]
        return InputError(f"{error.full_key or 'command line'}: {reason}; ${{...}} stands for the value of another key")
    unexpected = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unexpected and isinstance(error, InstantiationException):
        return InputError(f"{unexpected[1]}: no such key; cofail-lab --help lists the keys of this configuration")
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__
    return error


def plain(config: Any) -> dict[str, Any]:
    """A resolved configuration as plain dicts and lists."""
    from omegaconf import OmegaConf

    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]
