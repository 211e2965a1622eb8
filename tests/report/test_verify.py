"""Figures of `experiment=verify` are drawn and captioned."""

import math
from typing import Any

import numpy as np
import pytest

from cofail_lab.claims import all_claims
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms, PlantedMutant
from cofail_lab.report import verify
from cofail_lab.report.evidence import CAPTIONS, FIGURES
from cofail_lab.report.figures.phone import narrow
from cofail_lab.report.figures.refutation import refutation
from cofail_lab.report.numbers import span
from cofail_lab.report.verify import figures
from cofail_lab.verdict import Verdict

PROPOSITIONS = ("P3", "L1", "P4", "P5", "P6", "P7")
MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in PROPOSITIONS]


def test_every_figure_is_drawn_and_captioned():
    drawn = figures(MINE)
    assert sorted(drawn) == ["evidence_p3", "evidence_p4", "evidence_p5", "evidence_p7"]
    for key, draw in drawn.items():
        assert draw().axes
        assert CAPTIONS[key.removeprefix("evidence_")]
    assert {FIGURES[p] for p in PROPOSITIONS} == {"p3", "p4", "p5", "p7"}


@pytest.mark.parametrize(
    ("allowed", "measured", "log"),
    [
        ((1e-12, 1.0), (5e-14, 5e-14), True),
        ((0.0, 1.0), (1.001, 1.001), False),
        ((-math.inf, 138.2), (151.0, 151.0), False),
        ((1e7, math.inf), (8.6e6, 8.6e6), False),
        ((0.5, 0.5), (0.4, 0.42), False),
    ],
)
def test_a_gap_between_claim_and_measurement_is_seen(
    allowed: tuple[float, float], measured: tuple[float, float], log: bool
):
    axes = refutation(allowed, measured).axes[0]
    assert [text.get_text() for text in axes.texts][1] == span(*measured)
    assert [text.get_text() for text in narrow(refutation(allowed, measured)).axes[0].texts][1] == span(*measured)
    assert (axes.get_xscale() == "log") == log

    def place(value: float) -> float:
        return axes.transAxes.inverted().transform(axes.transData.transform((value, 0)))[0]

    edge = allowed[0] if measured[0] < allowed[0] else allowed[1]
    nearest = min(measured, key=lambda value: abs(value - edge))
    assert abs(place(edge) - place(nearest)) > 0.03
    assert all(0 <= place(value) <= 1 for value in (edge, *measured))


def verdict(claim: str, status: Any, expected: Any) -> Verdict:
    return Verdict(claim, "lab", "It holds.", "", expected, status, None, None, None)


def test_verdicts_in_words() -> None:
    mutants = [PlantedMutant("P1.i", "lab", "m", status, "check", 1.0) for status in ("refuted", "undecided")]
    alarms = FalseAlarms(20, 7, 50, 0.01, (FalseAlarm("P1.i", "lab", "refuted", 3, True),))
    wanted = verdict("P3.v", "refuted", "refuted")
    said = verify.headline([verdict("P1.i", "confirmed", "confirmed"), wanted], mutants, alarms)
    assert said.startswith("1 of 2 statements fell, 1 stands. 1 of 2 planted false variants")
    assert "Of 20 repetitions at other seeds 0 had" in said and "what is not simulated, 1 from what is" in said
    assert "From a simulated one: 1, 5.0% (95% limits" in verify.false_alarm_sentence(alarms)
    assert verify.span(-np.inf, 2.0) == "at most 2" and verify.span(3.0, np.inf) == "at least 3"
    assert verify.headline([verdict("P1.i", "undecided", "confirmed"), wanted], None, None) == (
        "1 of 2 verdicts are not the expected ones: P1.i (lab) undecided."
    )


def test_the_evidence_of_a_proposition_is_that_of_its_own_statements() -> None:
    def counted(claim: str, status: Any, cases: int, searched: int) -> Verdict:
        evidence = {"checks": [{"n_cases": cases, "n_searched": searched}]}
        return Verdict(claim, "lab", "It holds.", "", "confirmed", status, None, None, None, evidence)

    both = [
        counted("P1.i", "confirmed", 3, 0),
        counted("P1.ii", "undecided", 4, 20),
        counted("P11.i", "refuted", 50, 9),
    ]
    assert verify._evidence("P1", both).sentences == (
        "1 of 2 verdicts as expected, over 7 measured cases, and 20 more that the adversary tried.",
    )
    assert verify._evidence("P11", both).sentences[0].startswith("0 of 1 verdicts as expected, over 50 measured cases,")
