"""One factor with Student's t law, by maximum likelihood on C.

The shape is 1/ν, from 0 (Gaussian) to .8 (ν = 1.25): heavier tails would need more nodes than a fit has time for.
"""

import numpy as np

from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.shaped_factor import Shape, fit_shape
from cofail_lab.models import StudentFactor


def _law(rates: np.ndarray, loadings: np.ndarray, inverse: float) -> StudentFactor:
    return StudentFactor(rates, loadings, 1 / inverse if inverse > 0 else np.inf)


SHAPE = Shape("inverse_degrees_of_freedom", _law, 0.0, 0.8, (0.02, 0.2, 0.5))


def fit_pool(pool: VaryingPool, intervals: bool = False, *, atom: bool = False, own_loadings: bool = False) -> Fitted:
    """The law under which C is likeliest; with ``intervals``, profile limits of 1/ν or, with an atom, of ω.

    Args:
        pool: the matrix.
        intervals: whether to compute limits.
        atom: whether the law has an atom.
        own_loadings: whether the models differ in their loadings as those of `loadings.minres` do.
    """
    return fit_shape(pool, intervals, SHAPE, atom=atom, own_loadings=own_loadings)
