"""Independent errors with the observed error rates."""

from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import Independent


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The law, which has no parameter but the error rates and therefore no ``intervals``."""
    del intervals
    return Fitted(Independent(pool.error_rates))
