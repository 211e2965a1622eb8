"""Sweeps: one folder per content, resuming, failures, kills."""

import json
import random
import signal
import time
from pathlib import Path

import pytest

from cofail_lab.claims.claim import Check, Claim, Control, equals
from cofail_lab.sweep.lock import locked
from tests.conftest import Run
from tests.sweep.counts import COUNTS, jobs, states


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
    for name, status, error in ((stopped, "started", None), (stopped, "interrupted", "interrupted: terminated")):
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

    for place in ("experiments.verify", "claims.tasks"):
        monkeypatch.setattr(f"cofail_lab.{place}.select", select)
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


def test_two_processes_share_a_sweep(run: Run, tmp_path: Path) -> None:
    """A job that another process holds is left to it and said so."""
    run("-m", *COUNTS, "data.n_all_wrong=1,2", "hydra.sweep.dir=s", "sweep.gather=false")
    name = next(iter(jobs(tmp_path / "s")))
    (tmp_path / "s" / name / "results.json").unlink()
    with locked(tmp_path / "s/.sweep/locks" / name) as mine:
        assert mine
        code, _, err = run("-m", *COUNTS, "data.n_all_wrong=1,2", "hydra.sweep.dir=s", "sweep.gather=false")
    assert code == 0
    assert "1 of 2 jobs are being run by another process" in err
    assert not (tmp_path / "s" / name / "results.json").exists()


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_many_times_and_resumed(run: Run, tmp_path: Path, kills: int) -> None:
    """SIGKILL at random points: nothing is lost, and what was finished once is never written again."""
    dice = random.Random(8)  # noqa: S311  (no secret)
    values = f"data.n_all_wrong={','.join(map(str, range(8)))}"
    command = ("-m", *COUNTS, values, "hydra.sweep.dir=s", "record.figures=false")
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
        process = run.start(*command)
        # From the first job on, anywhere in the next ones or in the gathering.
        while process.poll() is None and set(tmp_path.glob("s/.sweep/launch_*")) == journals:
            time.sleep(0.01)
            assert time.monotonic() - begun < 120
        time.sleep(dice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        deaths += process.wait() == -signal.SIGKILL
        look()
    assert deaths >= kills / 2
    done = run(*command, process=True)
    assert done.code == 0, done.err
    look()
    assert "8 of 8 runs are finished" in done.out
    found = [job["metrics"]["n_all_wrong"] for job in jobs(tmp_path / "s").values()]
    assert sorted(found) == list(range(8))


def test_a_folder_is_kept_for_the_same_job_only(run: Run, tmp_path: Path) -> None:
    """In a folder that the user names, another error probability is another job."""
    command = (
        "-m",
        *COUNTS,
        "data.n_all_wrong=17",
        "hydra.sweep.dir=s",
        "hydra.sweep.subdir=fixed",
        "sweep.gather=false",
    )
    found = []
    for delta in ("0.05", "0.05", "0.2"):
        code, _, err = run(*command, f"experiment.delta={delta}", "record.figures=false")
        assert code == 0
        found.append((jobs(tmp_path / "s")["fixed"]["metrics"]["paired_max_gain"], "finished earlier" in err))
    assert [kept for _, kept in found] == [False, True, False]
    assert found[0][0] == found[1][0] > found[2][0]


def test_two_jobs_of_one_content_are_one_run(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("-m", *COUNTS, "data.n_all_wrong=1,1", "hydra.sweep.dir=s", "record.figures=false")
    assert code == 0
    assert json.loads((tmp_path / "s/results.json").read_text())["metrics"]["n_runs"] == 1
