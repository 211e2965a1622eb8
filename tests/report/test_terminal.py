"""The terminal shows every text, and only as text."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cofail_lab.report.names import printable
from cofail_lab.report.terminal import _print_listing, render
from cofail_lab.result import Listing, Result, Row, Section
from cofail_lab.verdict import Release, Status
from tests.report.made import HOSTILE, RESULT


def words(text: str) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)


@pytest.mark.parametrize("width", [60, 80, 100, 240])
def test_terminal_keeps_to_its_width_and_loses_nothing(width: int) -> None:
    stream = io.StringIO()
    render(RESULT, Console(file=stream, width=width), Path("outputs/fit/now"))
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert "\x1b" not in text
    shown = words(text)
    section = RESULT.sections[0]
    for part in (
        RESULT.headline,
        section.title,
        *section.sentences,
        "signal 15",
        "outputs/fit/now",
        "Singlebest82.4%[bold]x",
    ):
        assert words(printable(part)) in shown
    # Cells wrap beside each other, so their letters are counted, column contents being known.
    assert shown.count("label") == shown.count("value") == 12 and shown.count("note") == 30 and text.count("last") == 2
    assert shown.count("y") >= 2 * 99
    for word in ("P3.v", "june", "undecided", "refuted", "Gaussian"):
        assert word in shown
    assert "Only a figure" not in text


def test_terminal_escapes_control_characters_even_in_colour() -> None:
    stream = io.StringIO()
    sections = (Section("t", rows=(Row(HOSTILE[4], "1"),)),)
    render(replace(RESULT, sections=sections), Console(file=stream, width=80, force_terminal=True), None)
    assert "模型\\x1b[31m\\u202e" in stream.getvalue() and "\x1b[31m" not in stream.getvalue()


def test_what_is_not_printed_is_counted() -> None:
    stream = io.StringIO()
    listing = Listing(("query", "right"), tuple((f"q{i}", str(i)) for i in range(31)), (None,) * 31)
    render(Result("h", {}, sections=(Section("t", listing=listing),)), Console(file=stream, width=80), None)
    assert "The page has 6 more rows." in stream.getvalue()


def test_lines_that_do_not_fit_are_counted() -> None:
    stream = io.StringIO()
    long = Section("Long", tuple(f"sentence {i}" for i in range(40)))
    render(Result("h", {}, sections=(long,)), Console(file=stream, width=80), None, verbose=False)
    lines = stream.getvalue().splitlines()
    # The box has 3 lines, the title and 20 sentences follow, and 20 sentences are left.
    assert len(lines) == 25 and lines[-2:] == ["sentence 19", "... 20 more lines"]


@pytest.mark.parametrize(
    ("status", "expected", "shown"),
    [("refuted", "refuted", "refuted"), ("undecided", "confirmed", "undecided, not confirmed")],
)
def test_a_verdict_says_where_another_was_expected(status: Status, expected: Status, shown: str) -> None:
    stream = io.StringIO()
    one = replace(RESULT.verdicts[0], status=status, expected=expected)
    render(Result("h", {}, verdicts=(one,)), Console(file=stream, width=240), None)
    assert f" {shown} " in stream.getvalue()
    assert (", not" in stream.getvalue()) == (status != expected)


def test_releases_share_a_row_where_statement_and_verdict_are_the_same() -> None:
    stream = io.StringIO()
    one = replace(RESULT.verdicts[0], id="P9.z", statement="It holds.", status="confirmed", expected="confirmed")
    releases: tuple[tuple[Release, Status], ...] = (("june", "confirmed"), ("sept", "confirmed"), ("lab", "refuted"))
    verdicts = tuple(replace(one, release=release, status=status) for release, status in releases)
    render(Result("h", {}, verdicts=verdicts), Console(file=stream, width=240), None)
    rows = [line.split() for line in stream.getvalue().splitlines() if "P9.z" in line]
    assert [row[1:4] for row in rows] == [["june,", "sept", "confirmed"], ["lab", "refuted,", "not"]]


def test_of_a_listing_the_first_column_is_shown_however_narrow_the_window() -> None:
    """24 letters and 3 of room: a window of 27 has the first column, of 26 as well, and of 34 the second too."""
    listing = Listing(("name", "n"), (("x" * 24, "1234"), ("y", "5")), (None, None))
    shown = {}
    for width in (26, 27, 33, 34):
        console = Console(file=io.StringIO(), width=width)
        _print_listing(listing, console)
        said = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]
        shown[width] = ("y" in said, "1234" in said, "1 more columns" in said)
    assert shown == {26: (True, False, True), 27: (True, False, True), 33: (True, False, True), 34: (True, True, False)}
