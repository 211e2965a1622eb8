"""Parts of the queries, and which differences are close, by hand."""

import numpy as np

from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.comparison.law_fits import LawFit
from cofail_lab.fitting.estimators.pool import VaryingPool


def test_models_that_are_constant_in_a_training_part_are_left_out() -> None:
    """The second is wrong on one query only and the third right on it; the others vary in every part."""
    wrong = np.tile([[True, False, True, False], [False, False, True, True]], (6, 1))
    wrong[0, 1], wrong[0, 2] = True, False
    folds = Folds.assign(VaryingPool(wrong, None), 2, seed=0)
    assert folds.pool.n_models == 2
    assert [pool.n_queries for pool in folds.training] == [6, 6]
    for k, pool in enumerate(folds.training):
        assert (pool.wrong == wrong[folds.part != k][:, [0, 3]]).all()


def test_close_is_within_two_standard_errors() -> None:
    assert LawFit("one_factor", difference=-1.5, difference_error=1.0).close
    assert LawFit("one_factor", difference=-2.0, difference_error=1.0).close
    assert not LawFit("one_factor", difference=-2.5, difference_error=1.0).close
    assert not LawFit("one_factor").close
