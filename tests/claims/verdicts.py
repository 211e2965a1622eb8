"""What every registered claim must show, whichever file of tests it is in."""

import json

from cofail_lab.claims import Claim, Trial, all_claims, replay, verify_claim


def name(claim: Claim) -> str:
    return f"{claim.id}-{claim.releases[0]}"


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
