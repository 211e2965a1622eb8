"""Every study of the configuration is a whole sweep, and its first job runs."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.types import RunMode

from cofail_lab import cli
from cofail_lab.progress import duration
from cofail_lab.sweep.controller import Sweep, n_jobs
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
