"""No check grows lenient in silence: what each measures and allows is a line of a table."""

import pytest

from cofail_lab.claims import Claim, all_claims
from tests.claims.allowed import of_claim, pinned, same
from tests.claims.verdicts import name

PINNED = pinned()


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_what_a_check_allows_is_what_the_table_says(claim: Claim) -> None:
    """And what it measures, on some cases, by the claim's formula and by the control's."""
    found = of_claim(claim)
    rows = {check: row for check, row in PINNED[name(claim)].items() if not check.startswith("mutant, ")}
    assert set(found) == set(rows), "python -m tests.claims.allowed rewrites the table"
    changed = {check: (list(map(str, row)), rows[check]) for check, row in found.items() if not same(row, rows[check])}
    assert not changed, "python -m tests.claims.allowed rewrites the table"


def test_the_table_has_no_claim_that_is_gone() -> None:
    assert set(PINNED) == {name(claim) for claim in all_claims()}
