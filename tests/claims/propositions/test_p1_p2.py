"""P1 and P2: every verdict as expected, every counterexample replayed, every mutant refuted."""

import pytest

from cofail_lab.claims import Claim, all_claims
from cofail_lab.claims.verifier import mutant_status
from tests.claims.toys import TRIAL
from tests.claims.verdicts import assert_as_expected, name

MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in ("P1", "P2")]


@pytest.mark.parametrize("claim", MINE, ids=name)
def test_verdict_and_replay(claim: Claim) -> None:
    assert_as_expected(claim, TRIAL)


@pytest.mark.parametrize(
    ("claim", "mutant"), [(claim, mutant) for claim in MINE for mutant in claim.mutants],
    ids=lambda value: value if isinstance(value, str) else name(value),
)  # fmt: skip
def test_mutants_are_refuted(claim: Claim, mutant: str) -> None:
    status, finding = mutant_status(claim, mutant, TRIAL)
    assert status == "refuted", finding
