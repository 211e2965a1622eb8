"""What one job of a sweep reports, for every state in which it finds its folder and every way in which it ends."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig

from cofail_lab import job
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import silent
from cofail_lab.result import Result
from cofail_lab.sweep import jobs
from cofail_lab.sweep.journal import HIDDEN, LOCKS, Journal, journal_folder
from cofail_lab.sweep.lock import locked

BAD = {"id": "T.i", "release": "lab", "status": "refuted", "expected": "confirmed"}
GOOD = {**BAD, "status": "confirmed"}


class Job:
    """A job in a folder of its own; `ran` has the arguments of every computation."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.ran, self.ends = folder, [], None
        self.subdir, self.retry = ".", False
        monkeypatch.setattr(HydraConfig, "get", self._hydra)
        monkeypatch.setattr(job, "resolve", lambda config: ("resolved", config))
        monkeypatch.setattr(job, "plain", lambda resolved: {"plain": resolved[0]})
        monkeypatch.setattr(jobs, "job_key", lambda plain: {"resolved": "key0"}[plain["plain"]])
        monkeypatch.setattr(jobs, "_run", self._run)

    def _hydra(self) -> Any:
        return SimpleNamespace(
            runtime=SimpleNamespace(cwd=str(self.folder.parent), choices={"experiment": "fit"}),
            sweep=SimpleNamespace(dir=str(self.folder), subdir=self.subdir),
            job=SimpleNamespace(env_set={jobs.LAUNCH: "now"}, num="5"),
            overrides=SimpleNamespace(task=["a=1", "b=x y"]),
        )

    def _run(self, resolved: Any, folder: Path, choices: Any, key: str, command: str) -> str | None:
        self.ran.append((resolved[0], str(folder.relative_to(self.folder)), choices, key, command))
        if isinstance(self.ends, BaseException):
            raise self.ends
        return self.ends

    def earlier(self, status: str, key: str = "key0", **more: Any) -> None:
        (self.folder / "key0").mkdir(parents=True, exist_ok=True)
        record = {"status": status, "provenance": {"key": key}, "verdicts": [GOOD], **more}
        (self.folder / "key0/results.json").write_text(json.dumps(record))

    def states(self) -> list[tuple[Any, ...]]:
        folder = journal_folder(self.folder, "now")
        for path in folder.glob("*.jsonl") if folder.is_dir() else ():
            path.unlink()
        config: Any = SimpleNamespace(sweep=SimpleNamespace(retry_failed=self.retry))
        jobs.run_job(config)
        return self.said()

    def said(self) -> list[tuple[Any, ...]]:
        (path,) = journal_folder(self.folder, "now").glob("*.jsonl")
        events = [json.loads(line) for line in path.read_text().splitlines()]
        assert all((one["number"], one["overrides"]) == (5, ["a=1", "b=x y"]) for one in events)
        return [(one["state"], one["folder"], one["error"], one["unexpected"], one["finding"]) for one in events]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return Job(tmp_path / "sweep", monkeypatch)


RUNNING = ("running", "key0", None, False, None)


@pytest.mark.parametrize("finding", [None, "T.i (lab) refuted"])
def test_a_new_job_is_computed(made: Job, finding: str | None) -> None:
    made.ends = finding
    assert made.states() == [RUNNING, ("completed", "key0", None, False, finding)]
    command = "cofail-lab a=1 'b=x y'"
    assert made.ran == [("resolved", "key0", {"experiment": "fit"}, "key0", command)]
    assert Path.cwd() == made.folder.parent
    made.subdir = "own/name"
    assert [state[:2] for state in made.states()] == [("running", "own/name"), ("completed", "own/name")]
    assert made.ran[-1][1] == "own/name"


def test_what_is_there_already_is_not_computed_again(made: Job) -> None:
    made.earlier("completed")
    assert made.states() == [("kept", "key0", None, False, None)]
    made.earlier("completed", verdicts=[GOOD, BAD])
    ((state, _, _, _, finding),) = made.states()
    assert state == "kept" and finding is not None and "T.i" in finding
    made.earlier("failed", error="no memory")
    assert made.states() == [("failed", "key0", "no memory", False, None)]
    made.earlier("failed", error="a bug", traceback="Traceback")
    assert made.states() == [("failed", "key0", "a bug", True, None)]
    assert not made.ran
    made.retry = True
    assert [state[0] for state in made.states()] == ["running", "completed"]
    made.earlier("completed")
    assert [state[0] for state in made.states()] == ["kept"]
    made.retry = False
    for status, key in (("interrupted", "key0"), ("started", "key0"), ("completed", "other"), ("failed", "other")):
        made.earlier(status, key)
        assert [state[0] for state in made.states()] == ["running", "completed"]


def test_a_job_that_is_held_is_elsewhere(made: Job) -> None:
    with locked(made.folder / HIDDEN / LOCKS / "key0"):
        assert made.states() == [("elsewhere", "key0", None, False, None)]
    made.subdir = "own/name"
    with locked(made.folder / HIDDEN / LOCKS / "own_name"):
        assert made.states() == [("elsewhere", "own/name", None, False, None)]
    assert not made.ran


def test_how_a_job_ends(made: Job) -> None:
    made.ends = InputError("data.path: none")
    assert made.states() == [RUNNING, ("failed", "key0", "data.path: none", False, None)]
    made.ends = ValueError("a bug")
    assert made.states() == [RUNNING, ("failed", "key0", "ValueError: a bug", True, None)]
    made.ends = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        made.states()
    assert made.said() == [RUNNING, ("interrupted", "key0", None, False, None)]
    journal = Journal(journal_folder(made.folder, "now"))
    journal.update()
    assert journal.events[5].state == "interrupted"


def test_a_configuration_that_is_refused_has_no_folder(made: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> Any:
        raise InputError("run.seed: x")

    monkeypatch.setattr(job, "resolve", refuse)
    assert made.states() == [("failed", None, "run.seed: x", False, None)]


@pytest.mark.parametrize(("launcher", "all_cores"), [("basic", True), ("joblib", False)])
def test_a_job_is_built_computed_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, all_cores: bool
) -> None:
    """A job has every core only where the jobs run one after the other; its figures are not drawn unless asked for."""
    seen: list[Any] = []
    recorder = SimpleNamespace(
        start=lambda: seen.append("start"),
        fail=lambda why, made, *, unexpected: seen.append(("fail", why, made, type(unexpected))),
    )

    def recorded(*given: Any, **named: Any) -> Any:
        seen.append((given, named))
        return recorder

    results = [Result("said", {"n": 1}), Result("said", {"n": 1}, interrupted="half")]
    monkeypatch.setattr(job, "recorder", recorded)
    monkeypatch.setattr(job, "build", lambda config, all_cores: ("built", all_cores))
    monkeypatch.setattr(job, "compute", lambda *given: (seen.append(given), results.pop(0))[1])
    monkeypatch.setattr(jobs, "code_version", lambda: "code")
    choices, config = {"experiment": "fit", "hydra/launcher": launcher}, "config"
    run = lambda: jobs._run(config, tmp_path, choices, "k", "command")  # type: ignore[arg-type] # noqa: E731
    assert run() is None
    origin = {"command": "command", "key": "k", "code": "code"}
    assert seen == [
        (("config", tmp_path, "fit"), {"drawn": False, "origin": origin}),
        ("built", all_cores, recorder, silent),
    ]
    with pytest.raises(KeyboardInterrupt, match="half"):
        run()
    for error, unexpected in ((InputError("bad"), type(None)), (ValueError("x"), ValueError)):

        def failing(config: Any, all_cores: bool, error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(job, "build", failing)
        seen.clear()
        with pytest.raises(type(error)):
            run()
        assert seen[1:] == ["start", ("fail", job.failure(error), {}, unexpected)]


def test_relative_paths_mean_the_folder_of_the_command(made: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that starts elsewhere goes there before it reads a file."""
    there = Path.cwd()
    (there / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert made.states()[-1][0] == "completed"
    assert Path.cwd() == there
