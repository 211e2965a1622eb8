"""What the end of a sweep says, and its exit code, for every mix of states."""

from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cofail_lab.experiments.base import silent
from cofail_lab.sweep import controller, finish
from cofail_lab.sweep.journal import Event, Journal, State, journal_folder, report_event


def event(number: int, state: State, **more: Any) -> Event:
    return Event(number, ("experiment=certify", f"seed={number}"), state, f"f{number}", **more)


def ended(events: list[Event], gather: bool = False) -> int:
    sweep: Any = SimpleNamespace(close=lambda: events, gather=gather)
    return finish.finish(sweep, silent)


FAILED = event(1, "failed", error="no such file")
BUG = event(2, "failed", error="ValueError: a bug", unexpected=True)
FOUND = event(3, "completed", finding="T.i (lab) refuted")


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([event(0, "completed"), event(1, "kept"), event(2, "elsewhere")], 0),
        ([event(0, "completed"), FAILED], 2),
        ([FAILED, BUG], 1),
        ([event(0, "completed"), FOUND], 1),
        ([FAILED, FOUND], 1),
    ],
)
def test_exit_codes(events: list[Event], code: int) -> None:
    """0 for nothing wrong, 2 for bad input, 1 for a bug or for verdicts that were not expected."""
    assert ended(events) == code


def test_a_job_is_named_by_what_it_does_not_share(capsys: pytest.CaptureFixture[str]) -> None:
    ended([event(0, "kept"), FAILED, event(2, "elsewhere"), FOUND])
    assert capsys.readouterr().err.splitlines() == [
        "1 of 4 jobs were finished earlier and not run again.",
        "1 of 4 jobs are being run by another process.",
        "error: 1 of 4 jobs failed; sweep.retry_failed=true runs them again",
        "  seed=1: no such file",
        "1 of 4 jobs have verdicts that are not the expected ones",
        "  seed=3: T.i (lab) refuted",
    ]
    ended([event(number, "failed", error="x") for number in range(23)])
    lines = capsys.readouterr().err.splitlines()
    assert (len(lines), lines[-1]) == (22, "  and 3 more")


@pytest.mark.parametrize(
    ("states", "asked", "gathered"),
    [
        (["kept", "kept"], True, True),
        (["completed", "failed"], True, True),
        (["failed", "elsewhere"], True, False),
        (["completed"], False, False),
    ],
)
def test_what_is_gathered(states: list[State], asked: bool, gathered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that was finished before is gathered again; one without any result is not."""
    seen: list[list[str]] = []
    monkeypatch.setattr(finish, "_gather", lambda _, names, *__, **___: seen.append(names))
    ended([event(number, state) for number, state in enumerate(states)], asked)
    assert seen == ([[f"f{number}" for number in range(len(states))]] if gathered else [])


def test_the_line_of_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten jobs: in 40 s three were completed and one failed, one was kept: 10 s a job, 5 jobs left."""
    counts = {"completed": 3, "kept": 1, "failed": 1, "running": 2}
    sweep = controller.Sweep.__new__(controller.Sweep)
    sweep.journal = SimpleNamespace(count=lambda *states: sum(counts.get(s, 0) for s in states))  # type: ignore[assignment]
    sweep.total, sweep._begun = 10, 60.0
    monkeypatch.setattr(controller.time, "monotonic", lambda: 100.0)
    assert sweep.line() == "sweep: 5 of 10 jobs done, 2 running, 1 failed, about 50 s left"
    sweep.total = None
    assert sweep.line() == "sweep: 5 jobs done, 2 running, 1 failed"


def test_jobs_are_in_their_own_order(tmp_path: Path) -> None:
    """Whichever ended first; the hidden folders are gone."""
    sweep = controller.Sweep.__new__(controller.Sweep)
    sweep.folder, sweep._watch = tmp_path, ExitStack()
    folder = journal_folder(tmp_path, "now")
    sweep.journal = Journal(folder)
    for number in (2, 0, 1):
        report_event(folder, event(number, "completed"))
    assert [one.number for one in sweep.close()] == [0, 1, 2]
    assert not list(tmp_path.iterdir())


def test_names_and_messages_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ended([Event(0, ("path=a\x1b[2J",), "failed", error="no a\x1b[31m"), event(1, "completed")])
    said = capsys.readouterr().err
    assert "\x1b" not in said and said.count("31m") == said.count("2J") == 1
