"""P3 to P7 and L1: every verdict as expected, every counterexample replayed, every mutant refuted.

Simulated checks run at seed 0 and share the false-alarm rate that the trial's level states.
"""

from dataclasses import replace

import pytest

from cofail_lab.claims import Trial, all_claims
from cofail_lab.claims.verifier import examine, mutant_status, split_level
from tests.claims.verdicts import assert_as_expected, name

MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in ("P3", "L1", "P4", "P5", "P6", "P7")]
TRIAL = Trial(0, split_level(MINE, 0.01))
REFUTED = [claim for claim in MINE if claim.expected == "refuted"]


def test_every_statement_of_the_theory_has_its_rows():
    rows = {(claim.id, release): claim.expected for claim in MINE for release in claim.releases}
    both = {
        "confirmed": "P3.i P3.ii L1 L1.b L1.c P4.i P4.ii P4.ii.b P4.iii P4.iv P4.vi.c P5.i P5.ii P6.i P7.i "
        "P7.iii.c P7.iv P7.iv.b P7.iv.c P7.iv.d",
        "refuted": "P3.v P6.i.b",
        "reported": "P4.vi P7.iii P7.iii.b",
    }
    for expected, ids in both.items():
        for part in ids.split():
            assert (rows[part, "june"], rows[part, "sept"]) == (expected, expected)
    for part in ("P6.ii", "P7.ii"):
        assert (rows[part, "june"], rows[part, "sept"]) == ("refuted", "confirmed")
    lab = "P3.iii P3.iii.b P3.iv P3.v P3.vi P3.vi.b P3.vi.c P3.vi.d P3.vi.e P4.v P4.vi.b P6.i.c P7.ii P7.ii.b"
    assert {rows[part, "lab"] for part in lab.split()} == {"confirmed"}
    assert len(rows) == 2 * sum(len(ids.split()) for ids in both.values()) + 4 + len(lab.split())


@pytest.mark.parametrize("claim", MINE, ids=name)
def test_verdict_and_replay(claim):
    assert_as_expected(claim, TRIAL)


@pytest.mark.parametrize(
    ("claim", "mutant"),
    [pytest.param(claim, mutant, id=f"{name(claim)}-{mutant}") for claim in MINE for mutant in claim.mutants],
)
def test_mutant_is_refuted_and_not_by_a_hair(claim, mutant):
    status, finding = mutant_status(claim, mutant, TRIAL)
    assert status == "refuted"
    tolerance = finding.worst.tolerance
    if tolerance:
        assert finding.worst.slack < -2 * tolerance
    else:
        assert finding.worst.slack < -1e-4


@pytest.mark.parametrize("claim", REFUTED, ids=name)
def test_the_adversary_finds_short_counterexamples_by_itself(claim):
    finding = examine(replace(claim.checks[0], cases=()), claim.formula, TRIAL)
    assert finding.status == "refuted"
    numbers = [value for value in finding.case.values() if isinstance(value, float)]
    assert all(float(f"{value:.2g}") == value for value in numbers)
