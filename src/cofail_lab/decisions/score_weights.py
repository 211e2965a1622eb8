"""Fixed weights for averaging correlated scores: least variance, and best accuracy (theory P7.iv)."""

from math import sqrt

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from cofail_lab.errors import InputError


def block_covariance(block: Int[np.ndarray, " m"], between: float, within: float) -> Float[np.ndarray, "m m"]:
    """Unit variances, covariance ``within`` inside a block (a family of models) and ``between`` across blocks.

    Args:
        block: a label per member, (m,).
        between, within: covariances; between in [0, 1), within in [between, 1): always positive definite.

    Raises:
        InputError: labels that are not one row, covariances outside their range.
    """
    labels = np.asarray(block)
    if labels.ndim != 1 or not labels.size:
        raise InputError(f"block: shape {labels.shape}; (m,) labels are needed")
    if not 0 <= between < 1:
        raise InputError(f"between: {between!r} is outside [0, 1)")
    if not between <= within < 1:
        raise InputError(f"within: {within!r} is outside [between, 1) = [{between:g}, 1)")
    covariance = np.where(labels[:, None] == labels, float(within), float(between))
    np.fill_diagonal(covariance, 1.0)
    return covariance


def minimum_variance_weights(covariance: Float[np.ndarray, "m m"]) -> Float[np.ndarray, " m"]:
    """Σ⁻¹1, scaled to sum 1: no weights of sum 1 have less variance; equal weights on balanced blocks (P7.iv).

    Args:
        covariance: Σ, symmetric positive definite, (m, m).

    Raises:
        InputError: a matrix that is none.
    """
    sigma = _positive_definite(covariance)
    weights = np.linalg.solve(sigma, np.ones(len(sigma)))
    return weights / weights.sum()


def accuracy_optimal_weights(
    means: Float[np.ndarray, " m"], covariance: Float[np.ndarray, "m m"]
) -> Float[np.ndarray, " m"]:
    """Σ⁻¹μ, scaled to absolute sum 1: no fixed weights are more often right on normal scores (P7.iv).

    By Cauchy-Schwarz w·μ/√(wᵀΣw) <= √(μᵀΣ⁻¹μ), with equality at Σ⁻¹μ. Where the means differ, least variance is
    another aim and can lose even to equal weights.

    Args:
        means: μ_i, finite, not all 0, (m,).
        covariance: Σ, symmetric positive definite, (m, m).

    Raises:
        InputError: wrong shapes, means all 0, a matrix that is not positive definite.
    """
    sigma = _positive_definite(covariance)
    mu = _vector("means", means, len(sigma))
    if not mu.any():
        raise InputError("means: all are 0, and every weighting is right half of the time")
    weights = np.linalg.solve(sigma, mu)
    return weights / np.abs(weights).sum()


def weighted_score_accuracy(
    weights: Float[np.ndarray, " m"], means: Float[np.ndarray, " m"], covariance: Float[np.ndarray, "m m"]
) -> float:
    """P(w·S > 0) = Φ(w·μ/√(wᵀΣw)) for S ~ N(μ, Σ), in [0, 1] (P7.iv).

    Args:
        weights: w, not all 0, (m,).
        means: μ, (m,).
        covariance: Σ, symmetric positive definite, (m, m).

    Raises:
        InputError: wrong shapes, weights all 0, a matrix that is not positive definite.
    """
    sigma = _positive_definite(covariance)
    w, mu = _vector("weights", weights, len(sigma)), _vector("means", means, len(sigma))
    if not w.any():
        raise InputError("weights: all are 0")
    return float(ndtr(w @ mu / sqrt(w @ sigma @ w)))


def _vector(name: str, values: object, length: int) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.shape != (length,):
        raise InputError(f"{name}: shape {array.shape}; ({length},) is needed")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: {array[~np.isfinite(array)][0]} is not a finite number")
    return array


def _positive_definite(covariance: object) -> np.ndarray:
    sigma = np.asarray(covariance, dtype=float)
    if sigma.ndim != 2 or sigma.shape[0] != sigma.shape[1] or not sigma.size:
        raise InputError(f"covariance: shape {sigma.shape}; (m, m) is needed")
    if not np.isfinite(sigma).all():
        raise InputError(f"covariance: {sigma[~np.isfinite(sigma)][0]} is not a finite number")
    if (gap := np.abs(sigma - sigma.T).max()) > 1e-12 * np.abs(sigma).max():
        raise InputError(f"covariance: not symmetric, entries differ by {gap:.3g}")
    try:
        np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        least = np.linalg.eigvalsh(sigma)[0]
        raise InputError(f"covariance: smallest eigenvalue {least:.3g}; a positive definite matrix is needed") from None
    return sigma
