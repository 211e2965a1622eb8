"""Every planted false variant of every claim is refuted, by a margin, and by the numbers that a table says."""

import pytest

from cofail_lab.claims import Claim, all_claims
from tests.claims.allowed import of_mutant, pinned, same
from tests.claims.verdicts import TRIAL, Margin, assert_mutant_is_refuted, name

PINNED = pinned()
MARGIN = Margin(absolute=1e-4, tolerances=2)
NEARER = {
    # Wrong only in what is strict: equality is as far as a measurement can be from it.
    ("P2.ii", "strictly from m = 1 on"): Margin(absolute=0, tolerances=2),
    ("P2.vii", "it is flat: one correlation prices every pool"): Margin(absolute=0, tolerances=2),
    # Another constant in the price of a vote, which shows in its fifth digit, at tolerances of 1e-6.
    ("P7.ii", "2 for π/2"): Margin(absolute=5e-5, tolerances=2),
    ("P7.ii", "√(π/2) for π/2"): Margin(absolute=5e-5, tolerances=2),
}


@pytest.mark.parametrize(
    ("claim", "mutant"),
    [pytest.param(claim, mutant, id=f"{name(claim)}-{mutant}") for claim in all_claims() for mutant in claim.mutants],
)
def test_mutant_is_refuted_and_not_by_a_hair(claim: Claim, mutant: str) -> None:
    finding = assert_mutant_is_refuted(claim, mutant, TRIAL, margin=NEARER.get((claim.id, mutant), MARGIN))
    row = PINNED[name(claim)][f"mutant, {mutant}"]
    assert same(of_mutant(finding), row), f"{of_mutant(finding)}; python -m tests.claims.allowed rewrites the table"
