"""The equicorrelated one-factor Gaussian law at the thresholds of a matrix: β_sf(r) of theory section 2."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq

from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import (
    LEFT_OUT,
    ObservedPairs,
    constant_models,
    thresholds_without_constant,
)
from cofail_lab.models import OneFactorGaussian
from cofail_lab.numerics import one_factor_arrays
from cofail_lab.numerics.one_factor import log_all_below

# Rows of a block, and what the number of columns is a multiple of. Wide blocks have fewer rows, down to one.
_ROWS, _COLUMNS, _CELLS = 32, 32, 2**12


def log_all_wrong(
    error_rates: Float[np.ndarray, "... m"], correlation: Float[np.ndarray, "..."]
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """log β under an equicorrelated one-factor Gaussian copula, and its absolute error.

    Args:
        error_rates: marginals; constant models (rate 0 or 1) are left out of the copula.
        correlation: r; the law exists for 0 <= r <= 1 (at 1, all fail exactly where the best model fails).

    Returns:
        log β and its error; nan where r is outside [0, 1] or nan, because no equicorrelated one-factor law exists.
    """
    constant, thresholds = constant_models(error_rates), thresholds_without_constant(error_rates)
    inside = (correlation >= 0) & (correlation < 1)
    loadings = np.where(constant, 0.0, np.sqrt(np.where(inside, correlation, 0.0))[..., None])
    value, error = _log_all_below(thresholds, loadings)
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

    Constant models (rate 0 or 1) are left out.
    """
    constant, thresholds = constant_models(error_rates), thresholds_without_constant(error_rates)
    return _log_all_below(thresholds, np.where(constant, 0.0, loadings))


def _log_all_below(
    thresholds: Float[np.ndarray, "... m"], loadings: Float[np.ndarray, "... m"]
) -> tuple[np.ndarray, np.ndarray]:
    """Log Φ_m of each pool and its absolute error; pools that NumPy does not compute by the compiled program."""
    batch, m = thresholds.shape[:-1], thresholds.shape[-1]
    thresholds, loadings = thresholds.reshape(-1, m), loadings.reshape(-1, m)
    value, error = one_factor_arrays.log_all_below(thresholds, loadings)
    left = np.isnan(value)
    if left.any():
        value[left], error[left] = _in_blocks(thresholds[left], loadings[left])
    return value.reshape(batch), error.reshape(batch)


def _in_blocks(
    thresholds: Float[np.ndarray, "pools m"], loadings: Float[np.ndarray, "pools m"]
) -> tuple[np.ndarray, np.ndarray]:
    """The compiled `log_all_below` in blocks of a few fixed shapes: then there are few programs for all matrices."""
    n_rows, m = thresholds.shape
    spare = ((0, 0), (0, -m % _COLUMNS))
    thresholds = np.pad(thresholds, spare, constant_values=LEFT_OUT)
    loadings = np.pad(loadings, spare)
    at_once = max(1, min(_ROWS, _CELLS // thresholds.shape[1]))
    parts = []
    for first in range(0, n_rows, at_once):
        rows = np.minimum(np.arange(first, first + at_once), n_rows - 1)
        parts.append([np.asarray(x) for x in log_all_below(thresholds[rows], loadings[rows])])
    value, error = (np.concatenate(x)[:n_rows] for x in zip(*parts, strict=True))
    return value, error


def implied_correlation(error_rates: Float[np.ndarray, " m"], all_wrong: float) -> float | None:
    """The r in [0, 1] with β_sf(r) = ``all_wrong``, to 1e-12.

    Returns:
        None where no r gives ``all_wrong``: it is 0, below β of independent errors, above β of the best model, or fewer
        than two models vary.
    """
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
    """The equicorrelated law at the mean tetrachoric correlation; it has no ``intervals``."""
    del intervals
    return _equicorrelated(pool, float(pool.tetrachoric[np.triu_indices(pool.n_models, 1)].mean()))


def fit_pearson(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The equicorrelated law at the mean Pearson correlation; it has no ``intervals``."""
    del intervals
    joint, rates = pool.joint_counts / pool.n_queries, pool.error_rates
    spread = np.sqrt(rates * (1 - rates))
    pearson = (joint - np.outer(rates, rates)) / np.outer(spread, spread)
    return _equicorrelated(pool, float(pearson[np.triu_indices(pool.n_models, 1)].mean()))


def _equicorrelated(pool: VaryingPool, correlation: float) -> Fitted:
    if correlation < 0:
        raise AbsentLawError("the mean correlation is negative, and a common factor cannot give it")
    if correlation > 1 - 1e-12:  # Rounding can leave a mean of ones just below one.
        raise AbsentLawError("the mean correlation is 1: all models make the same errors")
    law = OneFactorGaussian.equicorrelated(pool.error_rates, correlation)
    return Fitted(law, {"correlation": correlation})


def null_law(observed: ObservedPairs) -> OneFactorGaussian:
    """The equicorrelated law at the mean correlation of the observed pairs, which must be in [0, 1)."""
    return OneFactorGaussian.equicorrelated(observed.error_rates, observed.mean)
