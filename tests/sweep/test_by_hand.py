"""What a sweep, its shards, its journal and what a run keeps say and hold, on both sides of every branch."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pyarrow as pa
import pytest

from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import silent
from cofail_lab.kept import KEPT, Kept
from cofail_lab.record import unfinished
from cofail_lab.sweep import controller, finish, jobs, resume
from cofail_lab.sweep.journal import Event, Journal, State, report_event
from cofail_lab.sweep.lock import locked
from cofail_lab.sweep.resume import run_folder
from cofail_lab.sweep.shards import collect_shards, shard_arguments


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (["g.csv", "experiment=fit"], (["g.csv"], ["experiment=fit"])),
        (["--config-dir", "x=y", "a=1"], (["--config-dir"], ["x=y", "a=1"])),
        (["-x=1", "a=1", "b=2"], (["-x=1"], ["a=1", "b=2"])),
        (["--help"], (["--help"], [])),
    ],
)
def test_the_command_of_the_shards(arguments: list[str], rest: tuple[list[str], list[str]]) -> None:
    own = ["run.shard=range(0,3)", "sweep.retry_failed=true"]
    assert shard_arguments(arguments, 3) == ["-m", *rest[0], *own, *rest[1]]


def test_what_is_said_of_every_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(folder: Path) -> dict[str, pa.Table]:
        number = int(folder.name)
        if number == 6:
            raise OSError("gone")
        return {"draws": pa.table({"shard": [number]}), f"own_{number}": pa.table({"x": [1]})}

    monkeypatch.setattr(runs, "tables", read)
    states: list[State] = ["completed", "kept", "failed", "elsewhere", "interrupted", "running", "completed"]
    events = [Event(i, (), state, str(i), "no   memory\nleft" * (state == "failed")) for i, state in enumerate(states)]
    events.append(Event(7, (), "completed"))
    sweep: Any = SimpleNamespace(folder=tmp_path, close=lambda: events)
    tables = collect_shards(sweep)
    assert {name: table.num_rows for name, table in tables.items()} == {"draws": 2, "own_0": 1, "own_1": 1}
    assert tables["draws"]["shard"].to_pylist() == [0, 1]
    after = "; its part is computed now."
    assert capsys.readouterr().err.splitlines() == [
        "1 of 8 shards were finished earlier and not run again.",
        "shard 2 is missing: no memory left" + after,
        "shard 3 is missing: another process is running it" + after,
        "shard 4 is missing: it did not finish" + after,
        "shard 5 is missing: it did not finish" + after,
        "shard 6 cannot be read: gone" + after,
        "shard 7 is missing: it did not finish" + after,
    ]
    bug = Event(1, (), "failed", "1", "ValueError: x", unexpected=True)
    events[:] = [bug, Event(2, (), "failed", "2", "bad")]
    assert collect_shards(sweep) == {}  # a bug is no bad input: the run itself computes, and says so
    events[:] = [Event(1, (), "failed", "1", "first"), Event(2, (), "failed", "2", "second")]
    with pytest.raises(InputError, match=r"^first$"):
        collect_shards(sweep)


def test_the_line_of_a_sweep_in_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = controller.Sweep.__new__(controller.Sweep)
    monkeypatch.setattr(controller.time, "monotonic", lambda: 160.0)
    sweep._begun = 60.0

    def line(total: int | None, **counts: int) -> str:
        sweep.journal = SimpleNamespace(count=lambda *states: sum(counts.get(s, 0) for s in states))  # type: ignore[assignment]
        sweep.total = total
        return sweep.line()

    begin = "sweep: 7 of 12 jobs done, 0 running, 1 failed"
    # Of seven that are done, five were computed, in 100 s; five are left. What was kept or is elsewhere took no time.
    assert line(12, completed=4, failed=1, kept=1, elsewhere=1) == f"{begin}, about 100 s left"
    assert line(12, kept=3) == "sweep: 3 of 12 jobs done, 0 running, 0 failed"
    assert line(1200, running=2) == "sweep: 0 of 1,200 jobs done, 2 running, 0 failed"
    assert line(5, completed=5, interrupted=1) == "sweep: 5 of 5 jobs done, 0 running, 0 failed"
    assert line(None, completed=5) == "sweep: 5 jobs done, 0 running, 0 failed"


def test_the_last_event_of_every_job_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none")
    journal.update()
    assert not journal.events
    journal = Journal(tmp_path)
    for number, state in enumerate(get_args(State)):
        report_event(tmp_path, Event(number, ("a=1", "b=2"), state, f"f{number}", "why", unexpected=True, finding="x"))
        journal.update()  # between the lines: every line is read once
    assert list(journal.events.values()) == [
        Event(number, ("a=1", "b=2"), state, f"f{number}", "why", True, "x")
        for number, state in enumerate(get_args(State))
    ]
    assert [journal.count(state) for state in get_args(State)] == [1] * len(get_args(State))
    assert (journal.count(), journal.count("running", "kept", "failed")) == (0, 3)
    before = dict(journal.events)
    journal.update()
    assert journal.events == before
    report_event(tmp_path, Event(0, (), "failed"))
    report_event(tmp_path, Event(1, (), "running"))  # read out of order: it is over
    journal.update()
    assert (journal.events[0].state, journal.events[1].state) == ("failed", "completed")


@pytest.mark.parametrize(("n", "more"), [(20, None), (21, "  and 1 more"), (1023, "  and 1,003 more")])
def test_at_most_twenty_failures_are_listed(capsys: pytest.CaptureFixture[str], n: int, more: str | None) -> None:
    shared = Event(9999, ("seed=1",), "completed", "f")
    events = [Event(i, ("x=y", f"seed={i % 2}"), "failed", f"f{i}", f"why {i}", unexpected=False) for i in range(n)]
    sweep: Any = SimpleNamespace(close=lambda: [*events, shared], gather=False)
    assert finish.finish(sweep, silent) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"error: {n:,} of {n + 1:,} jobs failed; sweep.retry_failed=true runs them again"
    # What not every job has is its own, also where several have it.
    assert lines[1:4] == ["  x=y seed=0: why 0", "  x=y seed=1: why 1", "  x=y seed=0: why 2"]
    assert (lines[20], lines[21:]) == ("  x=y seed=1: why 19", [] if more is None else [more])
    sweep = SimpleNamespace(close=lambda: events[:1], gather=False)
    finish.finish(sweep, silent)
    assert capsys.readouterr().err.splitlines()[1] == "  job 0: why 0"


def test_a_lock_is_gone_and_free_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "a" / "job") as mine:
            assert mine and (tmp_path / "a" / "job").is_file()
        assert not (tmp_path / "a" / "job").exists()
    with pytest.raises(ValueError, match="x"), locked(tmp_path / "job"):
        raise ValueError("x")
    assert not (tmp_path / "job").exists()


def test_only_the_same_job_was_earlier(tmp_path: Path) -> None:
    record: dict[str, Any] = {"status": "completed", "provenance": {"key": "k"}}
    (tmp_path / "results.json").write_text(json.dumps(record))
    assert jobs._earlier(tmp_path, "k") == record
    assert jobs._earlier(tmp_path, "other") == {}
    assert jobs._earlier(tmp_path / "none", "k") == {}
    for text in ("{", "{}", '{"provenance": {}}'):
        (tmp_path / "results.json").write_text(text)
        assert jobs._earlier(tmp_path, "k") == {}


def test_the_latest_unfinished_run_goes_on(tmp_path: Path) -> None:
    """By the names of the folders, which are times; the folder that was made for the new run is removed."""
    for name, key in (("1", "k"), ("2", "k"), ("3", "other")):
        (tmp_path / name / KEPT).mkdir(parents=True)
        record = {"status": "interrupted", "provenance": {"key": key}}
        (tmp_path / name / "results.json").write_text(json.dumps(record))
    new = tmp_path / "4"
    for held, expected in ((None, "2"), ("2", "1")):
        new.mkdir()
        if held is None:
            with run_folder(new, "k", stated=False) as folder:
                assert (folder.name, new.exists()) == (expected, False)
                with locked(folder / ".lock") as mine:
                    assert not mine
        else:
            with locked(tmp_path / held / ".lock"), run_folder(new, "k", stated=False) as folder:
                assert (folder.name, new.exists()) == (expected, False)
    new.mkdir()
    with run_folder(new, "k", stated=True) as folder:
        assert folder == new
        written = re.escape(f"hydra.run.dir: {new} is being written by another process")
        with pytest.raises(InputError, match=f"^{written}$"), run_folder(new, "k", stated=True):
            pass
    (tmp_path / "2" / KEPT).rmdir()
    (tmp_path / "1" / KEPT).rmdir()  # nothing is kept there: a run without the folder was finished
    with run_folder(new, "k", stated=False) as folder:
        assert folder == new


def test_what_a_run_keeps(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert not kept and kept.tables() == ({}, [])
    kept.begin()
    assert not kept
    parts = (
        ("a", [1, 2], "bootstrap", 2, 1200),
        ("a", [3], "bootstrap", 1000, 1200),
        ("b", [4], "bootstrap", 198, 1200),
    )
    for age, (name, rows, step, done, of) in enumerate((*parts, ("c", [5], "laws, held out", 1, 3))):
        kept.add(name, pa.table({"x": rows}), step, done, of)
        newest = max((tmp_path / KEPT).iterdir(), key=lambda path: path.stat().st_ctime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    names = sorted(path.name for path in (tmp_path / KEPT).iterdir())
    assert names == ["a.0.parquet", "a.1.parquet", "b.0.parquet", "c.0.parquet"]
    tables, said = kept.tables()
    assert {name: table["x"].to_pylist() for name, table in tables.items()} == {"a": [1, 2, 3], "b": [4], "c": [5]}
    assert said == ["bootstrap kept", "laws, held out resumed (1 of 3)"]
    assert kept
    (tmp_path / KEPT / "a.0.parquet").write_bytes(b"PAR1")
    tables, said = kept.tables()
    assert said == [
        "bootstrap resumed (1,198 of 1,200)",
        "laws, held out resumed (1 of 3)",
        "a.0.parquet is damaged and was discarded",
    ]
    assert not (tmp_path / KEPT / "a.0.parquet").exists()
    kept.add("a", pa.table({"x": [9]}), "bootstrap", 2, 1200)
    assert (tmp_path / KEPT / "a.2.parquet").is_file()
    kept.forget()
    assert not (tmp_path / KEPT).exists()
    kept.forget()


@pytest.mark.parametrize("states", [["completed", "failed"], ["kept", "elsewhere"]])
@pytest.mark.parametrize("figures", [None, True, False])
def test_a_sweep_is_gathered_with_what_it_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: list[State],
    figures: bool | None,
) -> None:
    """A job without results is left out; figures are drawn unless they are declined; a failure changes the advice."""
    from cofail_lab import record
    from cofail_lab.experiments import gather
    from cofail_lab.report import next_steps, terminal
    from cofail_lab.result import Result

    seen: dict[str, Any] = {"folders": []}

    class Recorded:
        def __init__(self, folder: Path, experiment: str, config: str, **named: Any) -> None:
            assert (folder, experiment, config.split()) == (tmp_path, "gather", ["gather:", "path:", str(tmp_path)])
            seen["named"], self.folder = named, folder

        def start(self) -> None:
            seen["started"] = True

        def finish(self, result: Result, made: dict[str, str], advance: Any) -> None:
            seen["finished"] = (result, made)

    def gathered(folders: list[Path], metrics: Any = None, progress: Any = None) -> Result:
        seen["folders"].append(([folder.name for folder in folders], metrics, progress))
        if metrics == "none*":
            raise InputError("gather.metrics: 'none*' matches no metric")
        return result

    result = Result("All.", {"n": 1})
    monkeypatch.setattr(record, "Recorder", Recorded)
    monkeypatch.setattr(gather, "gather", gathered)
    monkeypatch.setattr(
        next_steps, "after_sweep", lambda failed, folder: seen.update(advice=(failed, folder)) or "next"
    )
    monkeypatch.setattr(
        terminal, "render", lambda *given, **named: seen.update(render=named, shown=(given[0], *given[2:]))
    )
    events = [Event(i, (), state, f"f{i}") for i, state in enumerate(states)]
    events += [Event(2, (), "completed", "f2"), Event(3, (), "completed", "f2"), Event(4, (), "elsewhere")]
    events += [Event(i, (), "completed", f"g{9 - i}") for i in range(5, 9)]
    ended = ["f0", "f2", "g4", "g3", "g2", "g1"]
    for name in ended:
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").touch()
    for metrics in ("gain", "none*"):
        sweep: Any = SimpleNamespace(
            folder=tmp_path, gather=True, figures=figures, metrics=metrics, verbose=True, close=lambda: events
        )
        finish.finish(sweep, silent)
    assert "error: sweep.metrics: 'none*' matches no metric\n" in capsys.readouterr().err
    assert seen["folders"] == [
        (ended, "gain", silent),
        (ended, "none*", silent),
        (ended, None, silent),
    ]
    assert seen["named"] == {"seed": None, "figures": figures is not False}
    assert seen["started"] and seen["finished"] == (result, {})
    assert seen["advice"] == ("failed" in states, tmp_path) and seen["shown"] == (result, tmp_path)
    assert seen["render"] == {"verbose": True, "following": "next"}


def test_a_run_that_another_process_has_just_finished_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1" / KEPT).mkdir(parents=True)
    (tmp_path / "2").mkdir()
    answers: list[dict[str, Any] | None] = [{"status": "started"}, None]
    monkeypatch.setattr(resume, "unfinished", lambda folder, key: answers.pop(0))
    with run_folder(tmp_path / "2", "k", stated=False) as folder:
        assert folder == tmp_path / "2" and not answers


def test_a_run_without_a_key_is_never_the_same(tmp_path: Path) -> None:
    record: dict[str, Any] = {"status": "started", "provenance": {"key": None}}
    (tmp_path / "results.json").write_text(json.dumps(record))
    assert unfinished(tmp_path, None) is None
