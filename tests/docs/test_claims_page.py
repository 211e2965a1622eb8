"""The page of claims is that of the registry."""

from pathlib import Path

from cofail_lab.claims import all_claims
from docs import claims_page


def test_the_page_of_claims_is_that_of_the_registry() -> None:
    page = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8").splitlines()
    written = [line for line in page if line.startswith("| ") and line.count(" | ") >= 5 and "---" not in line]
    stale = [row for row in claims_page.rows(all_claims()) if not any(line.startswith(row) for line in written)]
    assert not stale, "run python docs/claims_page.py"
    assert " undecided | " not in "\n".join(written)
