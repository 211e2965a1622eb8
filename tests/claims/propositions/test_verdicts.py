"""Every verdict as expected, every counterexample replayed, by the adversary alone and by simulation alone too."""

import json
from dataclasses import replace

import pytest

from cofail_lab.claims import Claim, all_claims
from cofail_lab.claims.verifier import examine
from tests.claims.verdicts import TRIAL, assert_as_expected, name, of

LATE = of("P8", "P9", "P10", "P12", "P13", "P14", "P15", "C1", "C2")
SIMULATED = [(claim, check.name) for claim in LATE for check in claim.checks if check.kind == "monte_carlo"]


def refuted(claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.expected == "refuted"]


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_verdict_and_replay(claim: Claim) -> None:
    assert_as_expected(claim, TRIAL)


@pytest.mark.parametrize("claim", refuted(of("P3", "L1", "P4", "P5", "P6", "P7")), ids=name)
def test_the_adversary_finds_short_counterexamples_by_itself(claim):
    finding = examine(replace(claim.checks[0], cases=()), claim.formula, TRIAL)
    assert finding.status == "refuted"
    numbers = [value for value in finding.case.values() if isinstance(value, float)]
    assert all(float(f"{value:.2g}") == value for value in numbers)


@pytest.mark.parametrize("claim", refuted(LATE), ids=name)
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
