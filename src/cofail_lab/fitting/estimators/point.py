"""The point fit: every pairwise statistic, and every prediction of β that needs joint counts only.

All functions work on a stack of matrices: one code path serves the observed matrix, its bootstrap replicates and
simulated matrices.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.estimators import clayton, one_factor
from cofail_lab.fitting.estimators.pairs import PAIRS_AT_ONCE, Pairs, PairValues, phi, row_means
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts
from cofail_lab.models import AbstractErrorLaw, Clayton, Independent, OneFactorGaussian


class PointFit(NamedTuple):
    """One number per matrix, shape (batch,); nan where a number does not exist.

    Attributes:
        pearson: mean phi coefficient over the pairs without a constant model.
        pearson_within, pearson_across: the same over pairs within one family and across families; nan without families.
        tetrachoric: mean with boundary pairs at ±1 (the published convention); tetrachoric_interior: mean without
            boundary pairs.
        n_boundary_pairs: number of boundary pairs.
        log_independent, log_one_factor, log_one_factor_pearson, log_clayton: log predicted β.
        one_factor_error, one_factor_pearson_error: absolute quadrature error of these logs.
        clayton_theta: θ of the Clayton law.
    """

    pearson: np.ndarray
    pearson_within: np.ndarray
    pearson_across: np.ndarray
    tetrachoric: np.ndarray
    tetrachoric_interior: np.ndarray
    n_boundary_pairs: np.ndarray
    log_independent: np.ndarray
    log_one_factor: np.ndarray
    one_factor_error: np.ndarray
    log_one_factor_pearson: np.ndarray
    one_factor_pearson_error: np.ndarray
    log_clayton: np.ndarray
    clayton_theta: np.ndarray


def fit_counts(
    error_counts: Int[np.ndarray, "batch m"], joint_counts: Int[np.ndarray, "batch pairs"], n: int, pairs: Pairs
) -> tuple[PointFit, PairValues]:
    """Fit a stack of matrices of n queries from the errors of each model and the joint errors of each pair.

    ``joint_counts`` may be floats that hold whole numbers. Memory is three arrays of (batch, pairs) float64. Constant
    models are left out of every correlation and copula, because their thresholds are infinite.
    """
    values, mean_joint = _pair_values(error_counts, joint_counts, n, pairs)
    tetrachoric, boundary = values.tetrachoric, values.boundary
    everywhere = np.ones(boundary.shape, dtype=bool)
    same = None if pairs.same_family is None else np.broadcast_to(pairs.same_family, boundary.shape)
    missing = np.full(len(boundary), np.nan)
    mean_pearson, mean_tetrachoric = row_means(values.pearson, everywhere), row_means(tetrachoric, everywhere)
    rates = error_counts / n
    varying = (error_counts > 0) & (error_counts < n)
    log_one_factor, error = one_factor.log_all_wrong(rates, mean_tetrachoric)
    log_one_factor_pearson, pearson_error = one_factor.log_all_wrong(rates, mean_pearson)
    theta = clayton.fit_theta(rates, (pairs.left, pairs.right), mean_joint)
    fit = PointFit(
        pearson=mean_pearson,
        pearson_within=missing if same is None else row_means(values.pearson, same),
        pearson_across=missing if same is None else row_means(values.pearson, ~same),
        tetrachoric=mean_tetrachoric,
        tetrachoric_interior=row_means(tetrachoric, boundary == 0),
        n_boundary_pairs=(boundary != 0).sum(axis=1),
        log_independent=np.log(np.where(varying, rates, 1.0)).sum(axis=1),
        log_one_factor=log_one_factor,
        one_factor_error=error,
        log_one_factor_pearson=log_one_factor_pearson,
        one_factor_pearson_error=pearson_error,
        log_clayton=clayton.log_all_wrong(rates, theta),
        clayton_theta=theta,
    )
    return fit, values


def _pair_values(
    error_counts: np.ndarray, joint_counts: np.ndarray, n: int, pairs: Pairs
) -> tuple[PairValues, Float[np.ndarray, " batch"]]:
    """The correlations of all pairs, and the mean joint error rate of those that have one; nan without any."""
    shape = joint_counts.shape
    values = PairValues(np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int8))
    sums, numbers = np.zeros(len(joint_counts)), np.zeros(len(joint_counts))
    size = max(1, PAIRS_AT_ONCE // len(joint_counts))
    for first in range(0, shape[1], size):
        some = slice(first, first + size)
        a, b = error_counts[:, pairs.left[some]], error_counts[:, pairs.right[some]]
        both = joint_counts[:, some].astype(np.int64)
        found, signs = correlation_from_counts(a.ravel(), b.ravel(), both.ravel(), n)
        values.pearson[:, some] = phi(a, b, both, n)
        values.tetrachoric[:, some], values.boundary[:, some] = found.reshape(a.shape), signs.reshape(a.shape)
        varying = ~np.isnan(values.tetrachoric[:, some])
        sums += np.where(varying, both / n, 0.0).sum(axis=1)
        numbers += varying.sum(axis=1)
    return values, np.divide(sums, numbers, out=np.full(len(sums), np.nan), where=numbers > 0)


def point_laws(fit: PointFit, error_rates: Float[np.ndarray, " k"]) -> dict[str, AbstractErrorLaw]:
    """The laws behind the predictions of one matrix, by name; laws that do not exist are left out.

    Args:
        fit: of one matrix (batch 1).
        error_rates: of its varying models; a constant model has no place in a copula.
    """
    if len(error_rates) == 0:
        return {}
    laws: dict[str, AbstractErrorLaw] = {"independent": Independent(error_rates)}
    for name, correlation in (("one_factor", fit.tetrachoric[0]), ("one_factor_pearson", fit.pearson[0])):
        if 0 <= correlation < 1:
            laws[name] = OneFactorGaussian.equicorrelated(error_rates, correlation)
    theta = fit.clayton_theta[0]
    if not np.isnan(theta):
        laws["clayton"] = Clayton(error_rates, float(theta))
    return laws
