"""The terminal shows every text, and only as text."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cofail_lab.report.names import printable
from cofail_lab.report.terminal import render
from cofail_lab.result import Row, Section
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
