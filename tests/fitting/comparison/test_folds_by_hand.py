"""Which queries are a part, and which models vary in the queries of all other parts, one by one."""

import numpy as np
import pytest

from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.numerics.streams import FOLDS, generator

WRONG = np.arange(7)[:, None] < np.array([1, 6, 3, 2, 5, 4])


@pytest.mark.parametrize("seed", [0, 4, 5])
def test_models_that_vary_in_every_training_part(seed: int) -> None:
    folds = Folds.assign(VaryingPool(WRONG, np.array(list("abcdef"))), 3, seed)
    part = generator(seed, FOLDS).permutation([0, 1, 2, 0, 1, 2, 0])
    kept = [m for m in range(6) if all(len(set(WRONG[part != k, m])) == 2 for k in range(3))]
    assert folds.part.tolist() == part.tolist() and 0 < len(kept) < 5
    assert folds.pool.family is not None and folds.pool.family.tolist() == [*np.array(list("abcdef"))[kept]]
    for k, pool in enumerate((*folds.training, folds.pool)):
        np.testing.assert_array_equal(pool.wrong, WRONG[part != k][:, kept])
        assert pool.family is folds.pool.family
