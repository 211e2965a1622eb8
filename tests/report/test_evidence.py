"""Every proposition has a figure, and what it draws is what its caption says."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.claims import all_claims
from cofail_lab.report import evidence
from cofail_lab.report.evidence import CAPTIONS, FIGURES, p1, p11, p12


def test_every_proposition_has_a_figure() -> None:
    assert set(FIGURES) == {claim.id.split(".")[0] for claim in all_claims()}
    assert set(CAPTIONS) == set(FIGURES.values())
    folder = Path(evidence.__file__).parent
    assert {path.stem for path in folder.glob("[!_]*.py")} == set(CAPTIONS)
    beside = {id_: file for id_, file in FIGURES.items() if file != id_.lower()}
    assert beside == {"L1": "p4", "P6": "p5", "C2": "p9"}


def test_a_lower_limit_covers_at_its_level_and_hardly_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p1, "independent_coverage", lambda *_: type("Range", (), {"low": 0.5}))
    coverage = np.asarray(p1.draw().axes[0].lines[0].get_ydata())
    assert 0.95 <= coverage.min() < 0.951


def test_a_limit_that_forgets_the_search_fails() -> None:
    # One set: no search, both limits are Clopper and Pearson's.
    naive, corrected = p11._coverage(1)
    assert naive == pytest.approx(corrected) and 0.95 <= naive < 0.99
    naive, corrected = p11._coverage(100)
    assert naive < 0.1 and corrected >= 0.95


def test_a_table_captures_what_is_told() -> None:
    # 4,000 queries: the share has a standard error of about .02; false alarms are below 1e-6 with these seeds fixed.
    assert [p12._captured(told, np.random.default_rng(1)) for told in (0.0, 0.5, 1.0)] == pytest.approx(
        [0, 0.5, 1], abs=0.1
    )
