"""The correction for guessing by simulation."""

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.fitting.readings.guessing import guess_corrected
from tests.conftest import outcomes_from


def test_guessing_by_simulation() -> None:
    """Nobody knows 30% of the queries; three models guess one of four there: β is .3 (3/4)³, and comes back as .3."""
    rng = np.random.default_rng(2)
    n = 40_000
    unknown = rng.random(n) < 0.3
    wrong = unknown[:, None] & (rng.random((n, 3)) >= 0.25)
    found = guess_corrected(int(wrong.all(axis=1).sum()), n, 3, 4)
    assert found.all_wrong.lower < 0.3 < found.all_wrong.upper
    assert found.all_wrong.value == pytest.approx(0.3, abs=0.015)
    assert found.ceiling.value == pytest.approx(1 - 0.75 * found.all_wrong.value)
    with_guessing = cl.fit(outcomes_from(wrong[:500]), bootstrap=0, null=0, folds=0, choices=4)
    assert with_guessing.metrics["all_wrong_known"] is not None
    assert any("guess" in section.title for section in with_guessing.sections)
