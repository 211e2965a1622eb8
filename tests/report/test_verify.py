"""Figures of `experiment=verify` are drawn and captioned."""

from cofail_lab.claims import all_claims
from cofail_lab.report.evidence import CAPTIONS, FIGURES
from cofail_lab.report.verify import figures

PROPOSITIONS = ("P3", "L1", "P4", "P5", "P6", "P7")
MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in PROPOSITIONS]


def test_every_figure_is_drawn_and_captioned():
    drawn = figures(MINE)
    assert sorted(drawn) == ["evidence_p3", "evidence_p4", "evidence_p5", "evidence_p7"]
    for key, draw in drawn.items():
        assert draw().axes
        assert CAPTIONS[key.removeprefix("evidence_")]
    assert {FIGURES[p] for p in PROPOSITIONS} == {"p3", "p4", "p5", "p7"}
