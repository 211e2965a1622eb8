"""The journal survives what kills do."""

from pathlib import Path

from cofail_lab.sweep.journal import Event, Journal, _process, report_event


def test_the_journal_survives_what_kills_do(tmp_path: Path) -> None:
    """A line half written is not read yet; a job started twice and finished once is finished."""
    journal = Journal(tmp_path)
    for state in ("running", "running", "completed"):
        report_event(tmp_path, Event(0, ("a=1",), state))  # type: ignore[arg-type]
    with (tmp_path / "other.jsonl").open("w") as other:
        other.write('{"number": 1, "overrides": [], "state": "fai')
        other.flush()
        journal.update()
        assert journal.count("completed") == 1
        assert set(journal.events) == {0}
        other.write('led"}\n')
    report_event(tmp_path, Event(0, ("a=1",), "running"))
    journal.update()
    assert {number: event.state for number, event in journal.events.items()} == {0: "completed", 1: "failed"}


def test_a_job_that_goes_on_after_an_end_is_what_it_came_to(tmp_path: Path) -> None:
    """It failed, was started again elsewhere and is finished."""
    journal = Journal(tmp_path)
    for state in ("running", "failed", "running", "completed"):
        report_event(tmp_path, Event(0, (), state))  # type: ignore[arg-type]
    journal.update()
    assert journal.events[0].state == "completed"


def test_two_machines_may_use_one_process_number() -> None:
    first = _process(7)
    _process.cache_clear()
    assert first.startswith("7-") and _process(7) != first


def test_a_job_that_has_begun_is_running(tmp_path: Path) -> None:
    """Two have begun and one of them has ended; every field comes back."""
    journal = Journal(tmp_path)
    for number, state in ((0, "running"), (1, "running"), (1, "kept")):
        report_event(tmp_path, Event(number, (f"a={number}", "b=x"), state, f"f{number}"))  # type: ignore[arg-type]
    journal.update()
    assert (journal.count("running"), journal.count("kept"), journal.count("running", "kept")) == (1, 1, 2)
    assert journal.events[0] == Event(0, ("a=0", "b=x"), "running", "f0")
    report_event(tmp_path, Event(0, ("a=0", "b=x"), "failed", "f0", "no file", True, "T.i refuted"))
    journal.update()
    assert journal.events[0] == Event(0, ("a=0", "b=x"), "failed", "f0", "no file", True, "T.i refuted")
