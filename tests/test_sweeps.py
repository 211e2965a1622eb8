"""Sweeps: one folder per content, resuming, failures, claims, gathering; the grid that stands for thousands of jobs."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from cofail_lab import cli
from cofail_lab.claims.claim import Check, Claim, Control, equals
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.gather import Gather, gather
from cofail_lab.experiments.grid import Grid
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.models import AbstractErrorLaw, Clayton, CommonShock
from cofail_lab.sweep.controller import n_jobs
from cofail_lab.sweep.journal import Event, Journal, tell
from cofail_lab.sweep.key import job_key, sweep_key
from cofail_lab.sweep.lock import claimed

Run = Callable[..., tuple[int, str, str]]
COUNTS = ("experiment=certify", "data=counts", "data.n_queries=330", "data.n_models=67", "data.best_correct=276")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs the command in an empty folder; returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cofail-lab", *arguments])
        GlobalHydra.instance().clear()
        code = 0
        try:
            cli.main()
        except SystemExit as leave:
            code = int(leave.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield call
    GlobalHydra.instance().clear()


def jobs(sweep: Path) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in sweep.glob("*/results.json")}


def states(sweep: Path) -> Counter[str]:
    return Counter(job["status"] for job in jobs(sweep).values())


def test_the_same_command_goes_on_where_it_stopped(run: Run, tmp_path: Path) -> None:
    """Finished jobs are not touched, a job that is new to the folder is run, an interrupted one again."""
    code, out, err = run("-m", *COUNTS, "data.n_all_wrong=0,17", "record.figures=false")
    assert (code, err) == (0, "")
    assert "2 of 2 runs are finished" in out
    (sweep,) = (tmp_path / "outputs/certify").iterdir()
    first = jobs(sweep)
    before = {path: path.stat().st_mtime_ns for name in first for path in (sweep / name).iterdir()}
    assert all(job["provenance"]["key"] == name for name, job in first.items())
    (seventeen,) = (job for job in first.values() if job["metrics"]["n_all_wrong"] == 17)
    assert seventeen["provenance"]["command"].split()[-2:] == ["data.n_all_wrong=17", "record.figures=False"]

    code, _, err = run("-m", "data.n_all_wrong=0,17", "record.figures=false", *COUNTS)  # in another order
    assert code == 0
    assert "2 of 2 jobs were finished earlier" in err
    assert {path: path.stat().st_mtime_ns for name in jobs(sweep) for path in (sweep / name).iterdir()} == before

    stopped = next(iter(first))
    for name, status, error in ((stopped, "started", None), (stopped, "failed", "interrupted: terminated")):
        record = {**first[name], "status": status, **({} if error is None else {"error": error})}
        (sweep / name / "results.json").write_text(json.dumps(record))
        code, _, err = run("-m", *COUNTS, "data.n_all_wrong=0,17", "record.figures=false")
        assert "1 of 2 jobs were finished earlier" in err
        assert states(sweep) == {"completed": 2}
    code, _, _ = run("-m", *COUNTS, "data.n_all_wrong=0,17,5", "record.figures=false", f"hydra.sweep.dir={sweep}")
    assert code == 0
    assert states(sweep) == {"completed": 3}
    assert not (sweep / ".sweep").exists()


def test_failures_are_listed_and_retried_on_request(run: Run, tmp_path: Path) -> None:
    command = ("-m", *COUNTS, "data.n_all_wrong=0,400,17", "sweep.gather=false")
    code, _, err = run(*command)
    assert code == 2
    assert err.splitlines() == [
        "error: 1 of 3 jobs failed; sweep.retry_failed=true runs them again",
        "  data.n_all_wrong=400: n_all_wrong: 400 of 330 queries",
    ]
    (sweep,) = (tmp_path / "outputs/certify").iterdir()
    assert states(sweep) == {"completed": 2, "failed": 1}
    (failed,) = (sweep / name / "results.json" for name, job in jobs(sweep).items() if job["status"] == "failed")
    time_of_failure = failed.stat().st_mtime_ns
    code, _, err = run(*command)
    assert code == 2
    assert "400 of 330" in err
    assert failed.stat().st_mtime_ns == time_of_failure
    run(*command, "sweep.retry_failed=true")
    assert failed.stat().st_mtime_ns > time_of_failure
    # What failed for no fault of the input says where, and the exit code is another.
    record = {**json.loads(failed.read_text()), "error": "RuntimeError: a bug", "traceback": "..."}
    failed.write_text(json.dumps(record))
    code, _, err = run(*command)
    assert code == 1
    assert "RuntimeError: a bug" in err


def test_a_value_refused_before_the_run_is_listed_too(run: Run, tmp_path: Path) -> None:
    code, _, err = run("-m", *COUNTS, "data.n_all_wrong=0", "experiment.delta=0,0.05", "hydra.sweep.dir=s")
    assert code == 2
    assert "experiment.delta=0: experiment.delta: 0 is outside (0, 1)" in err
    assert "Error executing job" not in err
    assert states(tmp_path / "s") == {"completed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("hydra.run.dir=",), "hydra.run.dir: ''"),
        (("-m", "hydra.sweep.dir="), "hydra.sweep.dir: ''"),
        (("-m", "sweep.gather=perhaps"), "sweep.gather: 'perhaps'"),
        (("-m", "sweep.metrics=[]"), "sweep.metrics: []"),
        (("experiment=gather",), "gather.path: a value is needed"),
        (("experiment=gather", "gather.path=absent"), "gather.path: absent is not a folder"),
        (("experiment=gather", "gather.path=."), "gather.path: no run there"),
        (("experiment=grid",), "experiment.axes: a value is needed"),
        (("experiment=grid", "experiment.axes={shock:3}", "law=common_shock"), "experiment.axes.shock: 3"),
        (("experiment=grid", "experiment.axes={shok:[0.1]}", "law=common_shock"), "law.shok: no such parameter"),
        (("experiment=grid", "experiment.axes={shock:[0.1,2]}", "law=common_shock"), "law.shock: 2 is outside"),
    ],
)
def test_bad_input_is_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    before = set(tmp_path.iterdir())
    extra = (
        () if any("hydra." in argument for argument in arguments) else ("hydra.run.dir=here", "hydra.sweep.dir=here")
    )
    code, out, err = run(*arguments, *extra)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {says}")
    assert err.count("\n") == 1
    assert not {path.name for path in set(tmp_path.iterdir()) - before} - {"here"}


def test_a_sweep_says_which_verdicts_were_not_expected(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding, not a failure: the job is completed and not run again, and every launch of the sweep exits with 1."""

    def select(name: str) -> tuple[Claim, ...]:
        claimed = float(name.removeprefix("two="))
        check = Check("arithmetic", "exact", lambda value, _: equals(2.0, value, 0.1), ({},))
        control = Control("three", "refuted", 3.0)
        return (Claim("T.i", ("lab",), "Two.", "2", "none", "confirmed", claimed, (check,), control, {"3": 3.0}),)

    monkeypatch.setattr("cofail_lab.experiments.verify.select", select)
    command = ("-m", "experiment=verify", "hydra.sweep.dir=s", "sweep.gather=false")
    code, _, err = run(*command, "experiment.claims='two=2.0'")
    assert (code, err) == (0, "")
    before: dict[str, int] = {}
    for kept in (1, 2):
        code, _, err = run(*command, "experiment.claims='two=2.0','two=2.5'")
        assert code == 1
        assert err.splitlines() == [
            f"{kept} of 2 jobs were finished earlier and not run again.",
            "1 of 2 jobs have verdicts that are not the expected ones",
            "  experiment.claims='two=2.5': 1 of 1 verdicts are not the expected ones: T.i (lab) refuted",
        ]
        assert states(tmp_path / "s") == {"completed": 2}
        times = {name: (tmp_path / "s" / name / "results.json").stat().st_mtime_ns for name in jobs(tmp_path / "s")}
        assert before.items() <= times.items()
        before = times


def test_keys_follow_content(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("query,a,b\n1,0,1\n")
    config = {"data": {"path": str(path)}, "run": {"seed": 0}}
    key = job_key(config)
    assert job_key({"run": {"seed": 0}, "data": {"path": str(path)}}) == key
    assert job_key({**config, "run": {"seed": 1}}) != key
    (tmp_path / "grades.models.csv").write_text("model,family\n")
    beside = job_key(config)
    assert beside != key
    (tmp_path / "other.csv").write_text("")
    assert job_key(config) == beside
    path.write_text("query,a,b\n1,1,1\n")
    assert job_key(config) != beside
    assert job_key({"data": {"path": [str(tmp_path)]}}) != job_key({"data": {"path": str(tmp_path / "absent")}})
    assert sweep_key(["a=1", "b=2"]) == sweep_key(["b=2", "a=1", "sweep.retry_failed=true"]) != sweep_key(["a=1"])


def test_a_claim_is_held_by_one(tmp_path: Path) -> None:
    lock = tmp_path / "claims" / "job"
    held, lost = [], []

    def contend() -> None:
        for _ in range(200):
            with claimed(lock) as mine:
                if mine:
                    held.append(1)
                    assert sum(held) == 1
                    held.pop()
                else:
                    lost.append(1)

    threads = [threading.Thread(target=contend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with claimed(lock) as first, claimed(lock) as second:
        assert (first, second) == (True, False)
    assert not lock.exists()


def test_two_processes_share_a_sweep(run: Run, tmp_path: Path) -> None:
    """A job that another process holds is left to it and said so."""
    run("-m", *COUNTS, "data.n_all_wrong=1,2", "hydra.sweep.dir=s", "sweep.gather=false")
    name = next(iter(jobs(tmp_path / "s")))
    (tmp_path / "s" / name / "results.json").unlink()
    with claimed(tmp_path / "s/.sweep/claims" / name) as mine:
        assert mine
        code, _, err = run("-m", *COUNTS, "data.n_all_wrong=1,2", "hydra.sweep.dir=s", "sweep.gather=false")
    assert code == 0
    assert "1 of 2 jobs are being run by another process" in err
    assert not (tmp_path / "s" / name / "results.json").exists()


def test_the_journal_survives_what_kills_do(tmp_path: Path) -> None:
    """A line half written is not read yet; a job started twice and finished once is finished."""
    journal = Journal(tmp_path)
    for state in ("running", "running", "completed"):
        tell(tmp_path, Event(0, ("a=1",), state))  # type: ignore[arg-type]
    with (tmp_path / "other.jsonl").open("w") as other:
        other.write('{"number": 1, "overrides": [], "state": "fai')
        other.flush()
        journal.update()
        assert journal.count("completed") == 1
        assert set(journal.events) == {0}
        other.write('led"}\n')
    tell(tmp_path, Event(0, ("a=1",), "running"))
    journal.update()
    assert {number: event.state for number, event in journal.events.items()} == {0: "completed", 1: "failed"}


@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_many_times_and_resumed(tmp_path: Path, kills: int) -> None:
    """SIGKILL at random points: nothing is lost, and what was finished once is never written again."""
    dice = random.Random(8)  # noqa: S311  (no secret)
    command = [
        sys.executable, "-m", "cofail_lab", "-m", *COUNTS, f"data.n_all_wrong={','.join(map(str, range(8)))}",
        "hydra.sweep.dir=s", "record.figures=false",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    finished: dict[Path, tuple[int, bytes]] = {}

    def look() -> None:
        for path in tmp_path.glob("s/*/results.json"):
            content = path.read_bytes()
            record = json.loads(content)  # every file is whole
            state = path.stat().st_mtime_ns, content
            assert finished.get(path, state) == state
            if record["status"] == "completed":
                finished[path] = state

    deaths = 0
    for _ in range(kills):
        begun, journals = time.monotonic(), set(tmp_path.glob("s/.sweep/launch_*"))
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # From the first job on, anywhere in the next ones or in the gathering.
        while process.poll() is None and set(tmp_path.glob("s/.sweep/launch_*")) == journals:
            time.sleep(0.01)
            assert time.monotonic() - begun < 120
        time.sleep(dice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        deaths += process.wait() == -signal.SIGKILL
        look()
    assert deaths >= kills / 2
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    look()
    assert "8 of 8 runs are finished" in done.stdout
    found = [job["metrics"]["n_all_wrong"] for job in jobs(tmp_path / "s").values()]
    assert sorted(found) == list(range(8))


def test_gather_makes_one_table_figures_and_an_index(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "-m", *COUNTS, "data.n_all_wrong=0,17,400", "experiment.delta=0.05,0.1", "experiment.overhead=null,0.01",
        "record.report=true", "hydra.sweep.dir='s<b>'",
    )  # fmt: skip
    assert code == 2
    assert "8 of 12 runs are finished, 4 failed" in out
    sweep = tmp_path / "s<b>"
    rows = pq.read_table(sweep / "tables/runs.parquet").to_pylist()
    assert len(rows) == 12
    for row in rows:
        metrics = jobs(sweep)[row["run"]]["metrics"]
        if row["status"] == "completed":
            assert row["max_gain"] == metrics["max_gain"]
            assert row["n_all_wrong"] == metrics["n_all_wrong"] == row["data.n_all_wrong"]
        else:
            assert "400 of 330" in row["error"]
            assert row["data.n_all_wrong"] == 400
    assert json.loads((sweep / "results.json").read_text())["metrics"]["n_axes"] == 3
    assert (sweep / "figures/small_multiples.svg").exists()
    page = (sweep / "report.html").read_text()
    for name, job in jobs(sweep).items():
        assert f'href="{name}/{"report.html" if job["status"] == "completed" else "results.json"}"' in page
    # Gathered again from elsewhere, the links lead there, and the gathered result is none of the runs.
    code, out, _ = run("experiment=gather", "gather.path='s<b>'", "gather.metrics=[max*]", "hydra.run.dir=g")
    assert code == 0
    assert "8 of 12 runs" in out
    page = (tmp_path / "g/report.html").read_text()
    assert f'href="../s%3Cb%3E/{next(iter(jobs(sweep)))}/' in page
    assert "paired_max_gain" not in page.split("<details>")[0]
    assert "<b>" not in page.replace("s&lt;b&gt;", "")


def test_gather_refuses_what_matches_nothing_and_counts_what_it_cannot_read(run: Run, tmp_path: Path) -> None:
    run("-m", *COUNTS, "data.n_all_wrong=0,1", "hydra.sweep.dir=s", "sweep.gather=false")
    with pytest.raises(InputError, match=r"gather.metrics: 'no\*' matches no metric"):
        Gather(str(tmp_path / "s"), ["no*"]).run(Inputs(RunOptions()))
    known = jobs(tmp_path / "s")
    (tmp_path / "s/broken").mkdir()
    (tmp_path / "s/broken/results.json").write_text("{")
    found = Gather([str(tmp_path / "s")]).run(Inputs(RunOptions()))
    assert (found.metrics["n_runs"], found.metrics["n_unreadable"]) == (2, 1)
    # Rows are in the order of what was varied.
    assert [known[name]["metrics"]["n_all_wrong"] for name in found.tables["runs"]["run"].to_pylist()] == [0, 1]
    with pytest.raises(InputError, match="no run there"):
        gather([])


@pytest.mark.parametrize(
    ("study", "jobs"),
    [("dichotomy", 2), ("regime_map", 20), ("coverage_map", 120), ("atlas", 9), ("smile", 1), ("clayton_grid", 1)],
)
def test_a_study_names_a_whole_sweep(study: str, jobs: int) -> None:
    """So many jobs; a study of one is no sweep."""
    with initialize_config_dir(str(cli.config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"study={study}"], return_hydra_config=True)
        assert n_jobs(config) == jobs
        assert (config.hydra.mode == RunMode.MULTIRUN) == (jobs > 1)


@pytest.mark.parametrize("study", sorted(path.stem for path in (cli.config_folder() / "study").glob("*.yaml")))
def test_the_first_job_of_every_study_runs(run: Run, tmp_path: Path, study: str) -> None:
    """With the metrics that the study shows; a grid of hundreds of points by a few of them."""
    with initialize_config_dir(str(cli.config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"study={study}"], return_hydra_config=True)
    swept = {} if config.hydra.sweeper.params is None else config.hydra.sweeper.params
    first = [f"{key}={str(values).split(',')[0]}" for key, values in swept.items() if "(" not in str(values)]
    few = ["experiment.axes.theta.n=2"] if study == "clayton_grid" else []
    code, out, err = run(f"study={study}", "hydra.mode=RUN", "hydra.run.dir=r", "record.figures=false", *first, *few)
    assert (code, err) == (0, ""), out
    record = json.loads((tmp_path / "r/results.json").read_text())
    assert record["status"] == "completed"
    assert set(config.sweep.metrics or ()) <= set(record["metrics"])


@pytest.mark.parametrize(
    ("law", "axes"),
    [
        (lambda **p: CommonShock(**{"shock": 0.05, "base_error_rates": "0.3x20", **p}),
         {"shock": [0.001, 0.02, 0.25], "base_error_rates": ["0.2x20", "0.6x20"]}),
        (lambda **p: Clayton(**{"error_rates": "0.4x20", "theta": 2.0, **p}),
         {"theta": {"from": 0.5, "to": 8, "n": 5}}),
    ],
)  # fmt: skip
def test_a_grid_is_its_jobs(law: Callable[..., AbstractErrorLaw], axes: dict[str, Any]) -> None:
    """Integers equal, floats to 1e-13; logs of ratios, which are differences, to 1e-13 of the logs that differ."""
    sizes = (2, 5, 20)
    inputs = Inputs(RunOptions(), law_factory=law)
    grid = Grid(axes, sizes).run(inputs)
    points, curves = grid.tables["points"].to_pylist(), grid.tables["curves"]
    assert len(points) == grid.metrics["n_points"] == (6 if "shock" in axes else 5)
    for number, point in enumerate(points):
        parameters = {name: point[name] for name in axes}
        alone = TailCurve(sizes, False).run(Inputs(RunOptions(), law_factory=lambda p=parameters: law(**p)))
        for name, value in alone.metrics.items():
            scale = abs(alone.metrics["log_all_wrong"]) if name.startswith("log_ratio") else 0
            if isinstance(value, int) or value is None:
                assert point[name] == value
            else:
                assert point[name] == pytest.approx(value, rel=1e-13, abs=1e-13 * scale), name
        rows, single = curves.slice(number * len(sizes), len(sizes)), alone.tables["tail_curve"]
        assert rows["pool_size"].equals(single["pool_size"])
        for name in ("log_all_wrong", "tetrachoric", "pearson", "log_one_factor"):
            np.testing.assert_allclose(rows[name].to_numpy(), single[name].to_numpy(), rtol=1e-13)
    # Another point is another curve: the comparison could have failed.
    assert points[0]["all_wrong"] != pytest.approx(points[-1]["all_wrong"], rel=1e-3)
