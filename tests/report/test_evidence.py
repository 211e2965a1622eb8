"""Every proposition has a figure."""

from pathlib import Path

from cofail_lab.claims import all_claims
from cofail_lab.report import evidence
from cofail_lab.report.evidence import CAPTIONS, FIGURES


def test_every_proposition_has_a_figure() -> None:
    assert set(FIGURES) == {claim.id.split(".")[0] for claim in all_claims()}
    assert set(CAPTIONS) == set(FIGURES.values())
    folder = Path(evidence.__file__).parent
    assert {path.stem for path in folder.glob("p*.py")} == set(CAPTIONS)
