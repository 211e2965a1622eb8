"""Mixtures filled up to sizes that many pools share."""

import numpy as np
import pytest

from cofail_lab.models import base


def test_filling_up_changes_no_probability() -> None:
    """Two nodes and three models: what fills up has weight 0, or is never wrong and always right."""
    wrong = np.array([[0.1, 0.2, 0.3], [0.5, 0.6, 0.7]])
    mixture = base.Mixture(np.array([0.25, 0.75]), wrong, 1 - wrong)
    filled = base._round_up(mixture)
    assert filled.wrong.shape == filled.right.shape == (256, 32)
    counts = np.asarray(base._counts(filled))
    assert counts[:4] == pytest.approx(np.asarray(base._counts(mixture)), rel=1e-14)
    assert counts[:4].sum() == pytest.approx(1, abs=1e-14) and (counts[4:] == 0).all()
    assert counts[3] == pytest.approx(0.25 * 0.006 + 0.75 * 0.21, rel=1e-14)
