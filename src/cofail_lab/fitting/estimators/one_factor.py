"""The one-factor Gaussian read of a matrix, equicorrelated at its own thresholds: β_sf(r) of theory section 2."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq
from scipy.special import ndtri

from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import LEFT_OUT, ObservedPairs
from cofail_lab.models import OneFactorGaussian
from cofail_lab.numerics.one_factor import log_all_below

_ROWS, _COLUMNS = 32, 32


def log_all_wrong(
    error_rates: Float[np.ndarray, "... m"], correlation: Float[np.ndarray, "..."]
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """log β under an equicorrelated one-factor Gaussian copula, and its absolute error.

    Args:
        error_rates: marginals; constant models (rate 0 or 1) are left out of the copula.
        correlation: r; the law exists for 0 <= r <= 1 (at 1 the pool fails as its best model does).

    Returns:
        log β and its error, nan where r is negative or not a number: no equicorrelated one-factor law has such an r.
    """
    constant = (error_rates <= 0) | (error_rates >= 1)
    thresholds = np.where(constant, LEFT_OUT, ndtri(np.where(constant, 0.5, error_rates)))
    inside = (correlation >= 0) & (correlation < 1)
    loadings = np.where(constant, 0.0, np.sqrt(np.where(inside, correlation, 0.0))[..., None])
    value, error = _in_blocks(thresholds, loadings)
    comonotone = np.log(np.where(constant, 1.0, error_rates).min(axis=-1))
    exists = inside | (correlation == 1)
    return (
        np.where(inside, value, np.where(exists, comonotone, np.nan)),
        np.where(inside, error, np.where(exists, 0.0, np.nan)),
    )


def log_all_wrong_loadings(
    error_rates: Float[np.ndarray, "batch m"], loadings: Float[np.ndarray, "batch m"]
) -> tuple[Float[np.ndarray, " batch"], Float[np.ndarray, " batch"]]:
    """log β under one factor with a loading in (-1, 1) for every model, and its absolute error.

    Constant models are left out.
    """
    constant = (error_rates <= 0) | (error_rates >= 1)
    thresholds = np.where(constant, LEFT_OUT, ndtri(np.where(constant, 0.5, error_rates)))
    return _in_blocks(thresholds, np.where(constant, 0.0, loadings))


def _in_blocks(thresholds: np.ndarray, loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`log_all_below` over blocks of rows of few sizes, so that few compiled shapes serve matrices of any size."""
    batch, m = thresholds.shape[:-1], thresholds.shape[-1]
    spare = ((0, 0), (0, -m % _COLUMNS))
    thresholds = np.pad(thresholds.reshape(-1, m), spare, constant_values=LEFT_OUT)
    loadings = np.pad(loadings.reshape(-1, m), spare)
    n_rows = len(thresholds)
    parts = []
    for first in range(0, n_rows, _ROWS):
        rows = np.minimum(np.arange(first, first + _ROWS), n_rows - 1)
        parts.append([np.asarray(x) for x in log_all_below(jnp.asarray(thresholds[rows]), jnp.asarray(loadings[rows]))])
    value, error = (np.concatenate(x)[:n_rows].reshape(batch) for x in zip(*parts, strict=True))
    return value, error


def implied_correlation(error_rates: Float[np.ndarray, " m"], all_wrong: float) -> float | None:
    """The r in [0, 1] with β_sf(r) = ``all_wrong``, to 1e-12; None where none has it (β = 0 or below independence)."""
    varying: Bool[np.ndarray, " m"] = (error_rates > 0) & (error_rates < 1)
    rates = error_rates[varying]
    if all_wrong <= 0 or len(rates) < 2:
        return None
    target = float(np.log(all_wrong))

    def excess(r: float) -> float:
        return float(log_all_wrong(rates, np.asarray(r))[0]) - target

    low, high = excess(0.0), excess(1.0)
    if low == 0 or high == 0:
        return 0.0 if low == 0 else 1.0
    if low > 0 or high < 0:
        return None
    return float(brentq(excess, 0.0, 1.0, xtol=1e-12))  # type: ignore[arg-type]


def fit_tetrachoric(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """Equicorrelated at the mean tetrachoric correlation; there are no ``intervals``."""
    del intervals
    return _equicorrelated(pool, float(pool.tetrachoric[np.triu_indices(pool.n_models, 1)].mean()))


def fit_pearson(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """Equicorrelated at the mean Pearson correlation; there are no ``intervals``."""
    del intervals
    joint, rates = pool.joint_counts / pool.n_queries, pool.error_rates
    spread = np.sqrt(rates * (1 - rates))
    pearson = (joint - np.outer(rates, rates)) / np.outer(spread, spread)
    return _equicorrelated(pool, float(pearson[np.triu_indices(pool.n_models, 1)].mean()))


def _equicorrelated(pool: VaryingPool, correlation: float) -> Fitted:
    if correlation < 0:
        raise AbsentLawError("the mean correlation is negative, and a common factor cannot give it")
    if correlation >= 1:
        raise AbsentLawError("the mean correlation is 1: all models make the same errors")
    law = OneFactorGaussian.equicorrelated(pool.error_rates, correlation)
    return Fitted(law, {"correlation": correlation})


def null_law(observed: ObservedPairs) -> OneFactorGaussian:
    """Equicorrelated at the mean correlation of the observed pairs, which is in [0, 1)."""
    return OneFactorGaussian.equicorrelated(observed.error_rates, observed.mean)
