"""Every study of the configuration is a whole sweep, and its first job runs."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from cofail_lab import cli
from cofail_lab.progress import duration
from cofail_lab.sweep import controller
from cofail_lab.sweep.controller import Sweep, _share, n_jobs
from cofail_lab.sweep.jobs import LAUNCH
from cofail_lab.sweep.journal import Event, Journal
from tests.conftest import Run


@pytest.mark.parametrize(
    ("study", "jobs"),
    [("dichotomy", 2), ("regime_map", 20), ("coverage_map", 120), ("atlas", 13), ("smile", 1), ("clayton_grid", 1)],
)
def test_a_study_names_a_whole_sweep(study: str, jobs: int) -> None:
    """So many jobs; a study of one is no sweep."""
    with initialize_config_dir(str(cli.config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"study={study}"], return_hydra_config=True)
        assert n_jobs(config) == jobs
        assert (config.hydra.mode == RunMode.MULTIRUN) == (jobs > 1)


LAWS = "[independent,one_factor,clayton]"


@pytest.mark.parametrize("study", sorted(path.stem for path in (cli.config_folder() / "study").glob("*.yaml")))
def test_the_first_job_of_every_study_runs(run: Run, tmp_path: Path, study: str) -> None:
    """With the metrics that the study shows; by a few of the points of a grid, and by small pools of one size."""
    with initialize_config_dir(str(cli.config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"study={study}"], return_hydra_config=True)
    swept = {} if config.hydra.sweeper.params is None else config.hydra.sweeper.params
    first = [f"{key}={str(values).split(',')[0]}" for key, values in swept.items() if "(" not in str(values)]
    few = {
        "clayton_grid": ["experiment.axes.theta.n=2", "experiment.axes.error_rates=[0.05x3]"],
        "dichotomy": ["law.error_rates=0.4x3"],
        "regime_map": ["law.base_error_rates=0.1x3"],
        "atlas_of_matrices": [
            "data.path=grades.csv",
            "experiment.bootstrap=2",
            "experiment.null=3",
            f"experiment.laws={LAWS}",
        ],
    }.get(study, [])
    rows = [f"q{i},{i % 3 // 2},{i % 4 // 3},{i % 5 // 4}" for i in range(60)]
    (tmp_path / "grades.csv").write_text("\n".join(["query,a,b,c", *rows]))
    code, out, err = run(f"study={study}", "hydra.mode=RUN", "hydra.run.dir=r", "record.figures=false", *first, *few)
    assert (code, err) == (0, ""), out
    record = json.loads((tmp_path / "r/results.json").read_text())
    assert record["status"] == "completed"
    assert set(config.sweep.metrics or ()) <= set(record["metrics"])


def test_the_time_left_is_that_of_the_jobs_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four jobs took 40 seconds, one was there already: five are left, at ten seconds each."""
    states = ("completed",) * 4 + ("kept", "running")
    sweep = Sweep.__new__(Sweep)
    sweep.total, sweep._begun = 10, 100.0
    sweep.journal = Journal(Path(), {i: Event(i, (), state) for i, state in enumerate(states)})
    monkeypatch.setattr("cofail_lab.sweep.controller.time.monotonic", lambda: 140.0)
    assert sweep.line() == f"sweep: 5 of 10 jobs done, 1 running, 0 failed, about {duration(50)} left"


def _config(**changes: Any) -> DictConfig:
    config = OmegaConf.create(
        {
            "hydra": {
                "run": {"dir": "r"},
                "sweep": {"dir": "out", "subdir": "."},
                "job": {"env_set": {}},
                "overrides": {"task": ["run.seed=1,2"], "hydra": []},
                "sweeper": {"_target_": "hydra._internal.BasicSweeper", "params": None},
            },
            "sweep": {"retry_failed": False, "gather": True, "metrics": None},
            "record": {"figures": None},
            "run": {"shards": 1},
            "verbose": False,
        }
    )
    for key, value in changes.items():
        OmegaConf.update(config, key.replace("__", "."), value)
    return config


@pytest.mark.parametrize(
    ("gather", "shards", "gathers"), [(True, 1, True), (True, 2, False), (False, 1, False), (False, 2, False)]
)
def test_what_a_sweep_is_told(monkeypatch: pytest.MonkeyPatch, gather: bool, shards: int, gathers: bool) -> None:
    """The shards of one run are merged by it, and not gathered."""
    monkeypatch.setattr(controller, "shown", lambda _: nullcontext())
    config = _config(
        sweep__gather=gather, run__shards=shards, sweep__metrics=["a*"], verbose=True, record__figures=False
    )
    config.hydra.job.env_set[LAUNCH] = "now"
    sweep = controller.Sweep(config, 7)
    assert (sweep.folder, sweep.total, sweep.gather, sweep.verbose) == (Path("out"), 7, gathers, True)
    assert (sweep.figures, sweep.metrics, sweep.journal.folder.name) == (False, ["a*"], "launch_now")
    plain = _config()
    plain.hydra.job.env_set[LAUNCH] = "now"
    sweep = controller.Sweep(plain, None)
    assert (sweep.total, sweep.verbose, sweep.figures, sweep.metrics) == (None, False, None, None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"run__shards": 3}, "run.shards"),
        ({"run__shards": 3, "hydra__overrides__task": ["run.shard=0,1,2"]}, None),
        ({"hydra__overrides__task": ["run.shard=0,1,2"]}, None),
        ({"hydra__sweep__dir": " "}, "hydra.sweep.dir: ' ' is not the path of a folder"),
        ({"hydra__sweep__subdir": ""}, "hydra.sweep.subdir: '' is not the path of a folder"),
        ({"sweep__gather": "yes"}, "sweep.gather: 'yes' is not true or false"),
        ({"sweep__retry_failed": 1}, "sweep.retry_failed: 1 is not true or false"),
        ({"sweep__metrics": {"a": 1}}, "sweep.metrics"),
    ],
)
def test_options_of_a_sweep_are_checked_first(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], says: str | None
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(controller, "n_jobs", lambda _: 7)
    monkeypatch.setattr(controller, "Sweep", lambda config, n: begun.append((config, n)))
    config, watch = _config(**changes), controller.SweepCallback()
    if says is None:
        controller.Sweep.current = None
        watch.on_multirun_start(config)
        assert [n for _, n in begun] == [7]
        folder, launch = config.hydra.sweep.dir, config.hydra.job.env_set[LAUNCH]
        assert folder == str(Path("out").absolute()) and launch.endswith(f"_{os.getpid()}")
        assert list(config.hydra.overrides.hydra) == [
            f"hydra.sweep.dir='{folder}'",
            f"++hydra.job.env_set.{LAUNCH}={launch}",
        ]
    else:
        with pytest.raises(controller.Refused) as refused:
            watch.on_multirun_start(config)
        assert not begun and str(refused.value.args[0]).startswith(says)


def test_a_run_has_a_folder_with_a_name() -> None:
    controller.SweepCallback().on_run_start(_config())
    for name in ("", "  ", None):
        with pytest.raises(controller.Refused, match=r"hydra\.run\.dir"):
            controller.SweepCallback().on_run_start(_config(hydra__run__dir=name))


@pytest.mark.parametrize("name", ["out", "a b", "it's", "a\\b", "a\\'b", "end\\", "a,b=c", "a\\\\b'"])
def test_every_job_has_the_folder_that_was_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    config = _config(hydra__sweep__dir=name)
    _share(config)
    folder, launch = config.hydra.overrides.hydra
    assert OverridesParser.create().parse_override(folder).value() == config.hydra.sweep.dir == str(tmp_path / name)
    assert launch == f"++hydra.job.env_set.{LAUNCH}={config.hydra.job.env_set[LAUNCH]}"
