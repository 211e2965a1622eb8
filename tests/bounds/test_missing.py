"""Missing cells: the limits enclose every way to fill them."""

from itertools import product

import numpy as np
import pytest

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
