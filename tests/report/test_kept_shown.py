"""The terminal, Markdown, LaTeX and cards of one result and of several objects: kept whole, line by line."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from cofail_lab.bounds.certificate import certify_counts
from cofail_lab.estimate import Estimate
from cofail_lab.outcomes import LeftOut
from cofail_lab.report import cards, export, terminal
from cofail_lab.result import Listing, Origin, Result, Row, Section
from cofail_lab.verdict import Verdict
from tests.experiments.whole import keep
from tests.report.by_hand import CERTIFICATE, fitted, pool
from tests.report.test_kept_checks import verdict

LISTING = Listing(
    ("model", "right", "share of the solved queries", "note"),
    tuple((f"model-{i:02}", f"{i}.5%", f"-{i}", "—" if i else "words") for i in range(27)),
    (None,) * 27,
)
RESULT = Result(
    "Something was found, and this sentence is long enough to be wrapped on a screen of eighty columns.",
    {"all_wrong": 0.05375, "n_queries": 12032, "ratio": None},
    {"best_model": "a_b", "regime": "50% & more"},
    {"predicted": Estimate(0.0512, 0.0004, "monte_carlo"), "absent": Estimate(None, None, "lp")},
    (verdict("P3.v", "refuted", "refuted"), replace(verdict("P3.v", "refuted", "refuted"), release="june")),
    interrupted="signal 15",
    brief=(Section("First", ("- A sentence.",), (Row("label", "1 < 2", "a_note"),)), Section("Second", ("1. More.",))),
    sections=(
        Section("One", ("A sentence.", "+ another"), (Row("label", "value", "[note]"), Row("  inner", "2", ""))),
        Section("Two", listing=LISTING),
        Section("Only a figure", figures={"f": "A caption"}),
    ),
)
RESULT = replace(RESULT, verdicts=(*RESULT.verdicts, verdict("P4.i", "undecided", "confirmed")))


def screen(result: Result, width: int = 80, **options: Any) -> list[str]:
    stream = io.StringIO()
    terminal.render(result, Console(file=stream, width=width), Path("outputs/now"), **options)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_screens() -> None:
    said = []
    for options in (
        {"verbose": True, "following": "go on"},
        {"verbose": False, "following": "go on"},
        {"verbose": False, "announced": 1},
        {"verbose": True, "width": 40},
    ):
        said += [str(options), *screen(RESULT, **options)]
    plain = replace(RESULT, brief=(), interrupted=None)
    said += screen(plain, verbose=False, following="go on")
    keep("screens", said)
    assert len(screen(plain, verbose=False, following="go on")) == terminal.SCREEN


def test_markdown_and_latex() -> None:
    said = []
    for result in (RESULT, replace(RESULT, brief=(), interrupted=None)):
        said += [*export.to_markdown(result).splitlines(), *export.to_latex(result).splitlines()]
    for name in ("metrics", "labels", "estimates", "verdicts"):
        said += [*export.to_markdown(RESULT, name).splitlines(), *export.to_latex(RESULT, name).splitlines()]
    said += export.to_markdown(RESULT, "verdicts", ["status", "tolerance"]).splitlines()
    keep("exports", said)


def test_cards() -> None:
    left = LeftOut(25, 4, 6, np.array([20, 10, 10]), np.array([9, 5, 4]), {})
    columns = {f"c{i}": np.array(["x"] * 100, object) for i in range(8)}
    rich = replace(pool(), left_out=left, per_query=columns, notes=("One.", "Two."))
    totals = certify_counts(n_all_wrong=20, n_queries=400, n_models=8, best_correct=370)
    bare = Verdict("P1.i", "lab", "It holds.", "", "confirmed", "undecided", None, None, None)
    origin = Origin(experiment="fit", command="cofail-lab", inputs={})
    things = [
        rich,
        replace(rich, wrong=rich.wrong[:0], queries=(), per_query={}),
        CERTIFICATE,
        totals,
        *RESULT.verdicts[1:],
        bare,
        RESULT,
        replace(RESULT, brief=(), interrupted=None, origin=origin, figures={"f": lambda: None}),  # type: ignore[dict-item,return-value]
        fitted(),
    ]
    keep("cards", [line for thing in things for line in [*cards.as_text(thing).splitlines(), cards.as_html(thing)]])


@pytest.mark.parametrize(("n", "said"), [(6, "a0, a1, a2, a3, a4, a5"), (7, "a0, a1, a2, a3, a4, a5 and 1 more")])
def test_names_on_a_card(n: int, said: str) -> None:
    assert cards._names([f"a{i}" for i in range(n)]) == said
