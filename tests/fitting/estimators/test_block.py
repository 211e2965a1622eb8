"""Block laws: families are found, and their correlations read."""

import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.fitting.estimators import block
from cofail_lab.models import BlockFactor


def test_families_are_found_and_read() -> None:
    family = np.repeat([0, 1, 2], [4, 3, 5])
    matrix = np.where(family[:, None] == family, 0.6, 0.25)
    np.fill_diagonal(matrix, 1)
    assert len(np.unique(np.stack([block.cluster(matrix), family]), axis=1).T) == 3
    between, within = block.fit(np.stack([matrix, matrix**2]), family)
    np.testing.assert_allclose([between, within], [[0.25, 0.0625], [0.6, 0.36]])
    rates = np.linspace(0.2, 0.7, 12)
    law = BlockFactor(rates, family, 0.25, 0.6)
    log_value, error = block.log_all_wrong(ndtri(rates), family, 0.25, 0.6)
    assert log_value == pytest.approx(float(law.log_all_wrong()), abs=1e-9)
    assert error < 1e-9
    # A weak factor is interpolated between laws that bound it; a repeated model is no obstacle.
    for weak in ((3e-5, 0.4), (0.25, 0.25003), (2e-5, 5e-5)):
        log_value, error = block.log_all_wrong(ndtri(rates), family, *weak)
        exact = float(BlockFactor(rates, family, *weak).log_all_wrong())
        assert abs(log_value - exact) < min(error, 5e-4)
        assert error < 0.01
    assert np.isfinite(block.log_all_wrong(ndtri(rates), family, 0.25, 1 - 1e-9)[0])
    # Families that correlate less within than across are no block law; unknown ones stand alone.
    assert np.isnan(block.fit(1 - matrix + 2 * np.eye(12) * 0, family)[1])
    assert block.labels(np.array(["a", "", "a", ""])).tolist() == [2, 0, 2, 1]
