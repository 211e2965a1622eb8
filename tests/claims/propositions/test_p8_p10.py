"""P8 to P10, C1 and C2: every verdict as expected, every counterexample replayed, every mutant refuted.

Simulated checks run at seed 0 and share the false-alarm rate that the trial's level states.
"""

import json
from dataclasses import replace

import pytest

from cofail_lab.claims import Trial, all_claims
from cofail_lab.claims.verifier import examine, mutant_status, split_level
from tests.claims.verdicts import assert_as_expected, name

MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in ("P8", "P9", "P10", "C1", "C2")]
TRIAL = Trial(0, split_level(MINE, 0.01))
REFUTED = [claim for claim in MINE if claim.expected == "refuted"]
SIMULATED = [(claim, check.name) for claim in MINE for check in claim.checks if check.kind == "monte_carlo"]


def test_every_statement_of_the_theory_has_its_rows():
    rows = {(claim.id, release): claim.expected for claim in MINE for release in claim.releases}
    for part, june, sept in [
        ("P8.i", "confirmed", "confirmed"),
        ("P8.ii", "refuted", "confirmed"),
        ("P8.iii", "confirmed", "confirmed"),
        ("P8.iv", "refuted", "refuted"),
        ("P8.v", "refuted", "refuted"),
        ("C1", "confirmed", "confirmed"),
        ("C1.b", "refuted", "refuted"),
        ("P9.i", "confirmed", "confirmed"),
        ("P9.ii", "confirmed", "confirmed"),
        ("P9.iii", "confirmed", "confirmed"),
        ("C2", "reported", "reported"),
    ]:
        assert (rows[part, "june"], rows[part, "sept"]) == (june, sept)
    lab = ("P8.ii", "P8.iv", "P8.v", "P8.vi", "C1.c", "P10.i", "P10.ii", "P10.iii", "P10.iv", "P10.v")
    assert {rows[part, "lab"] for part in lab} == {"confirmed"}


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
    assert finding.worst.slack < -1e-4
    tolerance = finding.worst.tolerance
    assert not tolerance or finding.worst.slack < -0.2 * tolerance


@pytest.mark.parametrize("claim", REFUTED, ids=name)
def test_the_adversary_finds_a_counterexample_by_itself(claim):
    """Without the published case; what it finds is short, and settled by the check's exact arithmetic."""
    (check,) = claim.checks
    finding = examine(replace(check, cases=()), claim.formula, TRIAL)
    assert finding.status == "refuted"
    assert check.measure(claim.formula, json.loads(json.dumps(finding.case))).status == "refuted"


@pytest.mark.parametrize(("claim", "check"), SIMULATED, ids=lambda x: x if isinstance(x, str) else name(x))
def test_a_simulated_check_alone_refutes_a_mutant(claim, check):
    """At another seed than the run's: no true claim is refuted (rate: the trial's level), some false one is."""
    (simulated,) = (c for c in claim.checks if c.name == check)
    trial = replace(TRIAL, seed=1)
    assert examine(simulated, claim.formula, trial).status == "confirmed"
    assert "refuted" in {examine(simulated, mutant, trial).status for mutant in claim.mutants.values()}
