"""What every registered claim must show."""

import json
from typing import NamedTuple

from cofail_lab.claims import Claim, Trial, all_claims, replay, verify_claim
from cofail_lab.claims.verifier import Finding, mutant_status

# Every simulated interval of a run may be wrong with this probability: the narrowest that any release was judged by.
TRIAL = Trial(seed=0, level=1e-4)


class Margin(NamedTuple):
    """How far outside what a claim allows a false variant must be measured: by both of these.

    Attributes:
        absolute: in the units of what is measured.
        tolerances: as a multiple of the tolerance of the check that refutes it.
    """

    absolute: float
    tolerances: float


def name(claim: Claim) -> str:
    return f"{claim.id}-{claim.releases[0]}"


def of(*propositions: str) -> list[Claim]:
    """The claims of these propositions, in the order of the registry."""
    return [claim for claim in all_claims() if claim.id.split(".")[0] in propositions]


def assert_as_expected(claim: Claim, trial: Trial) -> None:
    """The verdict and its control come out as registered; a counterexample replays, to the bit, from JSON alone."""
    for verdict in verify_claim(claim, trial):
        assert verdict.status == claim.expected, verdict.evidence
        assert verdict.evidence["control"]["status"] == claim.control.expected
        stored = json.loads(json.dumps(verdict.evidence))
        if verdict.status == "refuted":
            again = replay(stored["counterexample"], all_claims())
            assert again.status == "refuted"
            assert [float(again.low), float(again.high)] == stored["counterexample"]["measured"]


def assert_mutant_is_refuted(claim: Claim, mutant: str, trial: Trial, *, margin: Margin) -> Finding:
    """The checks refute this false variant of the claim, and not by a hair; the finding that does."""
    status, finding = mutant_status(claim, mutant, trial)
    assert status == "refuted", finding
    assert finding.worst is not None
    least = max(margin.absolute, margin.tolerances * float(finding.worst.tolerance or 0))
    assert finding.worst.slack < -least, finding
    return finding
