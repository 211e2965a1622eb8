"""Missing cells: the limits enclose every way to fill them."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import beta

from cofail_lab.bounds.missing import partial_identification


def test_missing_cells_enclose_every_filling():
    rng = np.random.default_rng(4)
    for _ in range(30):
        wrong, missing = rng.random((5, 3)) < 0.6, rng.random((5, 3)) < 0.3
        found = partial_identification(wrong, missing)
        holes = np.argwhere(missing)
        betas, gains = [], []
        for filling in product((False, True), repeat=len(holes)):
            full = wrong.copy()
            full[tuple(holes.T)] = filling
            everyone = np.all(full, axis=1)
            betas.append(everyone.mean())
            gains.append((full & ~everyone[:, None]).mean(axis=0).min())
        assert found.all_wrong == pytest.approx((min(betas), max(betas)))
        assert found.oracle_gain[0] == pytest.approx(min(gains))
        assert found.oracle_gain[1] >= max(gains) - 1e-12
        assert found.max_gain >= found.oracle_gain[1]
        assert found.min_gain <= found.oracle_gain[0]


def test_certified_limits_share_delta_where_they_must():
    """Complete cells: P1.v at δ/m of the model that fails least, P1.vii at δ. 40 queries, 8, 12 and 20 failures."""
    wrong = np.arange(40)[:, None] < np.array([8, 12, 20])
    wrong[:, 2] = ~wrong[:, 2]
    found = partial_identification(wrong, np.zeros_like(wrong), delta=0.1)
    assert found.oracle_gain == (0.2, 0.2)
    assert found.max_gain == pytest.approx(beta.ppf(1 - 0.1 / 3, 9, 32), abs=1e-12)
    assert found.min_gain == pytest.approx(beta.ppf(0.1, 8, 33), abs=1e-12)


def test_the_upper_end_is_each_models_own_worst_case():
    """Over all fillings, the most that each model can fail while another is right; then the least of the models."""
    rng = np.random.default_rng(5)
    # Also queries where all others are seen wrong, and where only the model itself is missing.
    cases = [(rng.random((4, 3)) < 0.6, rng.random((4, 3)) < 0.35) for _ in range(20)]
    cases.append((np.array([[True, True], [True, False]]), np.array([[True, False], [True, False]])))
    for wrong, missing in cases:
        most = np.zeros(wrong.shape[1])
        for row, holes in zip(wrong, missing, strict=True):
            can = np.zeros(len(row), dtype=bool)
            for filling in product((False, True), repeat=int(holes.sum())):
                full = row.copy()
                full[holes] = filling
                can |= full & ~full.all()
            most += can
        assert partial_identification(wrong, missing).oracle_gain[1] == pytest.approx(most.min() / len(wrong))
