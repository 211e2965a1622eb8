"""One line with one time left: how good its guesses become, and where it is shown."""

import io
import sys
import time
from types import SimpleNamespace

import pytest

from cofail_lab import progress
from cofail_lab.progress import Meter, current, duration, shown, track


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def passed(seconds: dict[str, float], guesses: dict[str, float]) -> list[tuple[float, float, str]]:
    """Steps of ten parts that take these seconds: after each part what is left, what is said, and the line."""
    clock = Clock()
    meter, total, seen = Meter(clock), sum(seconds.values()), []
    meter.plan(guesses)
    for step, length in seconds.items():
        with meter(step, 10) as advance:
            for _ in range(10):
                clock.now += length / 10
                advance(1)
                seen.append((total - clock.now, meter.left() or 0.0, meter.line()))
    return seen


def test_with_right_guesses_the_time_left_is_right_from_the_start() -> None:
    for truth, said, _ in passed({"a": 10, "b": 20, "c": 5}, {"a": 10, "b": 20, "c": 5}):
        assert said == pytest.approx(truth, abs=1e-9)


@pytest.mark.parametrize("scale", [0.5, 1.0, 30.0])
def test_guesses_count_by_their_ratios(scale: float) -> None:
    """On a slow machine all steps are slower: from a third of the run on the time left is right within a fifth."""
    guesses = {"a": 10.0, "b": 20.0, "c": 5.0}
    seen = passed({step: scale * seconds for step, seconds in guesses.items()}, guesses)
    for truth, said, _ in seen[10:]:
        assert said == pytest.approx(truth, rel=0.2, abs=1.0)


def test_a_step_that_was_guessed_wrong_is_judged_by_its_own_pace() -> None:
    seen = passed({"a": 10, "b": 80, "c": 5}, {"a": 10, "b": 10, "c": 5})
    for truth, said, _ in seen[12:19]:
        assert said == pytest.approx(truth, abs=16)
    shares = [line.split("%")[0].split()[-1] for _, _, line in seen]
    assert [int(share) for share in shares] == sorted(int(share) for share in shares)
    assert seen[4][2].endswith("% a 5 of 10, about 20 s left".replace("% ", "%  "))


def test_a_step_that_nobody_planned_has_its_own_time_left() -> None:
    assert [round(said, 6) for _, said, _ in passed({"a": 10}, {})] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (119, "119 s"), (300, "5 min"), (7200, "2 h"), (2e5, "2 d")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


class Screen(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def written(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, line: str, every: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with shown(lambda: line, every):
        time.sleep(0.7)
    return stream.getvalue()


def test_in_a_terminal_one_line_is_written_over_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = written(monkeypatch, Screen(), "0123456789" * 3, 60)
    assert text == "\r" + ("0123456789" * 2)[:19] + "\r" + " " * 19 + "\r"
    assert written(monkeypatch, Screen(), "", 60) == ""


def test_in_a_notebook_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel))
    assert written(monkeypatch, io.StringIO(), "half", 60) == "\rhalf\r    \r"


def test_in_a_file_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, io.StringIO(), "half", 60) == ""
    assert set(written(monkeypatch, io.StringIO(), "half", 0.2).splitlines()) == {"half"}


def test_items_advance_the_run_that_is_shown_or_nothing() -> None:
    assert list(track("abc", "reading", 3)) == list("abc")
    meter = Meter()
    with current(meter):
        lines = [meter.line() for _ in track("abc", "reading", 3)]
    assert lines[0] == "reading 0 of 3"
    assert "reading 2 of 3, about " in lines[2]
    assert meter.line() == ""
    assert progress._current is None
