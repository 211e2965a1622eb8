"""The registry is consistent: every claim is complete, and every statement stands once."""

from collections import Counter

import pytest

from cofail_lab.claims import Claim, all_claims, select
from cofail_lab.errors import InputError
from tests.claims.verdicts import name


def test_every_row_of_the_registry_is_one_statement_of_one_release() -> None:
    rows = Counter((claim.id, release) for claim in all_claims() for release in claim.releases)
    assert not [row for row, n in rows.items() if n > 1]


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_every_claim_is_complete(claim: Claim) -> None:
    assert claim.statement.endswith(".") and claim.symbols and claim.hypothesis and claim.checks
    assert claim.control.expected != claim.expected or claim.expected == "reported"
    assert len({check.name for check in claim.checks}) == len(claim.checks)
    if claim.expected == "confirmed":
        assert claim.mutants
    if claim.universal:
        assert any(check.search for check in claim.checks)


def test_at_least_forty_mutants_are_planted() -> None:
    assert sum(len(claim.mutants) for claim in all_claims()) >= 40


@pytest.mark.parametrize(
    "june", ["P1.iv", "P2.iii", "P2.v", "P3.v", "P6.i", "P6.ii", "P7.ii", "P8.ii", "P8.iv", "P8.v"]
)
def test_the_wrong_claims_of_june_are_expected_refuted(june: str) -> None:
    assert any(claim.expected == "refuted" and "june" in claim.releases for claim in select(june))


def test_selection_by_id() -> None:
    assert {claim.id.split(".")[0] for claim in select("P2,P1")} == {"P1", "P2"}
    assert {claim.id for claim in select("P1.iv")} == {"P1.iv", "P1.iv.b"}
    assert select(["P1.iv", "P2.iii"]) == select("P1.iv, P2.iii")
    assert "P1.i" in {claim.id for claim in select("P1.i")} and len(select("P1.i")) == 1
    with pytest.raises(InputError, match=r"experiment.claims: 'P11' is no claim"):
        select("P1,P11")
