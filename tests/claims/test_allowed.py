"""No check grows lenient in silence: what each allows is a line of a table."""

import pytest

from cofail_lab.claims import Claim, all_claims
from tests.claims.allowed import allowed, pinned
from tests.claims.verdicts import name

PINNED = pinned()


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_what_a_check_allows_is_what_the_table_says(claim: Claim) -> None:
    found = {check.name: allowed(claim, check) for check in claim.checks}
    assert set(found) == set(PINNED[name(claim)]), "python -m tests.claims.allowed rewrites the table"
    changed = {
        check: (str(one), PINNED[name(claim)][check])
        for check, one in found.items()
        if not one.is_as(PINNED[name(claim)][check])
    }
    assert not changed, "python -m tests.claims.allowed rewrites the table"


def test_the_table_has_no_claim_that_is_gone() -> None:
    assert set(PINNED) == {name(claim) for claim in all_claims()}
