"""One factor with a skewed law, by maximum likelihood on C; skewness above 0: a long tail of hard queries."""

from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.shaped_factor import Shape, fit_shape
from cofail_lab.models import SkewFactor

SHAPE = Shape("skewness", SkewFactor, -3.0, 3.0, (-1.0, 0.0, 1.0, 2.0))


def fit_pool(pool: VaryingPool, intervals: bool = False, *, atom: bool = False, own_loadings: bool = False) -> Fitted:
    """The law under which C is likeliest; with ``intervals``, profile limits of the skewness or, with an atom, of ω.

    Args:
        pool: the matrix.
        intervals: whether to compute limits.
        atom: whether the law has an atom.
        own_loadings: whether the models differ in their loadings as those of `loadings.minres` do.
    """
    return fit_shape(pool, intervals, SHAPE, atom=atom, own_loadings=own_loadings)
