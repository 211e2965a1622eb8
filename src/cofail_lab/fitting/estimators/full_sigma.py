"""The full-Σ Gaussian copula of a tetrachoric matrix, which is rarely a correlation matrix and must then be repaired.

There are two repairs. One is the nearest correlation matrix. The other is that of the published pipeline, which raises
negative eigenvalues to a floor and rescales the diagonal to 1: this shrinks every correlation, so that β is too small
and the ratio too large.
"""

from collections.abc import Callable
from typing import Literal, get_args

import jax
import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtr

from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import LEFT_OUT, ObservedPairs, Prediction, TetrachoricStack
from cofail_lab.models import GaussianCopula
from cofail_lab.models.gaussian_copula import lifted
from cofail_lab.numerics import equal_scores, orthant, orthant_arrays
from cofail_lab.numerics.nearest_correlation import Spectrum, nearest_correlation
from cofail_lab.numerics.streams import FULL_SIGMA

Repair = Literal["nearest", "clip"]

PUBLISHED_DRAWS = 4_000_000
"""Independent draws of the published pipeline, which uses ``repair="clip"``."""

_FLOOR = 1e-8
_N_SHIFTS = 8
# The net behind a prediction, and how many randomizations of the net are averaged for an observed matrix. The relative
# error of one is about 1.5%, nearly the same for similar matrices, and that of the average is 0.2%.
_LOG2_POINTS, _RANDOMIZATIONS = 5, 64
_LARGE_POOL, _LARGE_POINTS = 100, 2**10
_COLUMNS = 32
# Per shift, where models with one score leave a rectangle.
_RECTANGLE_LOG2_POINTS = 8
# Share of the identity matrix that is mixed into every matrix, so that a singular one has a Cholesky factor, too.
_LIFT = 1e-9


def repaired(
    matrix: Float[np.ndarray, "m m"], repair: Repair = "nearest", first: Spectrum | None = None
) -> Float[np.ndarray, "m m"]:
    """A correlation matrix from a symmetric one with unit diagonal; a correlation matrix stays as it is.

    Args:
        matrix: symmetric, finite, diagonal 1.
        repair: ``nearest`` in Frobenius norm, or ``clip``: eigenvalues below 1e-8 set to 1e-8, diagonal rescaled to 1.
        first: its spectrum where it is already there.

    Raises:
        InputError: ``repair`` is neither.
    """
    if repair not in get_args(Repair):
        raise InputError(f"repair: {repair!r} is not one of {', '.join(get_args(Repair))}")
    if repair == "nearest":
        return nearest_correlation(matrix, first)
    values, vectors = first or np.linalg.eigh(matrix)
    if values[0] >= _FLOOR:
        return matrix.copy()
    positive = (vectors * np.maximum(values, _FLOOR)) @ vectors.T
    scale = 1 / np.sqrt(np.diag(positive))
    result = np.clip(positive * scale[:, None] * scale, -1.0, 1.0)
    np.fill_diagonal(result, 1.0)
    return (result + result.T) / 2


def predict(
    matrix: Float[np.ndarray, "m m"],
    thresholds: Float[np.ndarray, " m"],
    repair: Repair = "nearest",
    *,
    points: int = 2**14,
    draws: int | None = None,
    seed: int = 0,
) -> Estimate:
    """β = Φ_m(t; Σ) with Σ the repaired matrix, and one standard error.

    Args:
        matrix: tetrachoric correlations; rows of constant models (nan) are left out.
        thresholds: t_i = Φ^{-1}(α_i), infinite for constant models.
        repair: see `repaired`.
        points: of the randomized net, a power of two of at least 64; the relative error is about 0.1 points^{-1/2}.
        draws: number of independent draws instead of the net, as in the published pipeline (`PUBLISHED_DRAWS`).
        seed: of the randomization.

    Raises:
        InputError: every model is constant, or ``points`` is not such a number.
    """
    constant = ~np.isfinite(thresholds)
    if constant.all():
        raise InputError("thresholds: every model is constant; at least one that varies is accepted")
    if draws is not None:
        varying = np.flatnonzero(~constant)
        return _plain(repaired(matrix[np.ix_(varying, varying)], repair), thresholds[varying], draws, seed)
    whole = np.where(constant | constant[:, None], np.eye(len(matrix)), matrix)
    log_value, error = log_all_wrong(repaired(whole, repair), np.where(constant, LEFT_OUT, thresholds), points, seed)
    return Estimate(float(np.exp(log_value)), float(np.exp(log_value) * error), "monte_carlo")


def log_all_wrong(
    correlation: Float[np.ndarray, "m m"], thresholds: Float[np.ndarray, " m"], points: int = 2**14, seed: int = 0
) -> tuple[float, float]:
    """log β of a correlation matrix by a randomized net, and the relative standard error of β."""
    m = len(thresholds)
    if m == 1:
        return float(log_ndtr(thresholds[0])), 0.0
    if (rectangle := equal_scores.merged(thresholds, correlation)) is not None:
        if rectangle.two_sided:
            return _log_rectangle(rectangle)
        return log_all_wrong(rectangle.correlation, rectangle.upper, points, seed)
    size = int(np.log2(points)) - int(np.log2(_N_SHIFTS))
    if size < 3 or points != _N_SHIFTS << size:
        raise InputError(f"points: {points} is not a power of two >= {8 * _N_SHIFTS}")
    net, shifts = orthant.sobol_net(m, size), orthant.digital_shifts(m, seed, _N_SHIFTS)
    return orthant_arrays.log_orthant(thresholds, _lifted(correlation), net, shifts)


def _lifted(correlation: np.ndarray) -> np.ndarray:
    """A repaired matrix has no negative eigenvalue: what the smallest one is need not be computed."""
    return (1 - _LIFT) * correlation + _LIFT * np.eye(correlation.shape[-1])


def _plain(correlation: np.ndarray, thresholds: np.ndarray, draws: int, seed: int) -> Estimate:
    law = GaussianCopula(ndtr(thresholds), correlation)
    return law.all_wrong_rate(jax.random.key((FULL_SIGMA << 32) + seed), draws)


def log_orthant(
    correlation: Float[np.ndarray, "m m"], thresholds: Float[np.ndarray, " m"], randomizations: int = _RANDOMIZATIONS
) -> tuple[float, float]:
    """Log Φ_m(t; Σ) of a correlation matrix, averaged over some randomizations of a net, and its standard error."""
    m = len(thresholds)
    if (rectangle := equal_scores.merged(thresholds, correlation)) is not None:
        if rectangle.two_sided:
            return _log_rectangle(rectangle)
        return log_orthant(rectangle.correlation, rectangle.upper, randomizations)
    if m >= _LARGE_POOL and randomizations > 1:
        return log_all_wrong(correlation, thresholds, _LARGE_POINTS)
    net = orthant.sobol_net(m, _LOG2_POINTS)
    shifts = [_shifts(m, seed) for seed in range(randomizations)]
    if randomizations == 1:
        return orthant_arrays.log_orthant(thresholds, _lifted(correlation), net, shifts[0])
    logs = orthant_arrays.log_mean_weights(thresholds[None], _lifted(correlation)[None], net, np.concatenate(shifts))
    # Near-singular matrices give values that differ by factors of e^1000: all are divided by the largest.
    log_value = logs.max()
    relative = np.exp(logs - log_value).reshape(randomizations, -1).mean(axis=1)
    error = relative.std(ddof=1) / np.sqrt(randomizations) / relative.mean()
    return float(log_value + np.log(relative.mean())), float(error)


def log_orthants(
    correlations: Float[np.ndarray, "batch m m"], thresholds: Float[np.ndarray, "batch m"]
) -> list[tuple[float, float]]:
    """`log_orthant` of each matrix with one randomization, the same for all."""
    m = thresholds.shape[1]
    events = [equal_scores.merged(*each) for each in zip(thresholds, correlations, strict=True)]
    plain = np.array([event is None for event in events], dtype=bool)
    net, shifts = orthant.sobol_net(m, _LOG2_POINTS), _shifts(m, 0)
    together = iter(orthant_arrays.log_orthants(thresholds[plain], _lifted(correlations[plain]), net, shifts))
    return [
        next(together) if event is None else log_orthant(correlation, bounds, 1)
        for event, correlation, bounds in zip(events, correlations, thresholds, strict=True)
    ]


def _shifts(m: int, seed: int) -> np.ndarray:
    """Those of a pool with a multiple of `_COLUMNS` models, less what nobody draws from: as they have always been."""
    return orthant.digital_shifts(m + -m % _COLUMNS, seed, _N_SHIFTS)[:, : m - 1]


def _log_rectangle(rectangle: equal_scores.Rectangle) -> tuple[float, float]:
    """The same where some models have one score: perfectly correlated ones, or one right just where another fails."""
    k = len(rectangle.upper)
    positive = rectangle._replace(correlation=lifted(rectangle.correlation))
    net, shifts = orthant.sobol_net(k, _RECTANGLE_LOG2_POINTS), orthant.digital_shifts(k, 0)
    return equal_scores.log_rectangle(positive, net, shifts)


def fit_pool(pool: VaryingPool, intervals: bool = False, *, repair: Repair = "nearest") -> Fitted:
    """The copula with the repaired tetrachoric matrix; it has no ``intervals``."""
    del intervals
    matrix = repaired(pool.tetrachoric, repair)
    distance = float(np.linalg.norm(matrix - pool.tetrachoric))
    mean = float(matrix[np.triu_indices(pool.n_models, 1)].mean())
    return Fitted(GaussianCopula(pool.error_rates, matrix), {"correlation_mean": mean, "distance": distance})


def predict_stack(stack: TetrachoricStack, *, repair: Repair = "nearest") -> Prediction:
    """Log β of each matrix after its repair, by a randomized net."""
    matrices = np.stack([repaired(matrix, repair) for matrix in stack.finite_matrices])
    if stack.coarse:
        return Prediction.of(log_orthants(matrices, stack.thresholds))
    return Prediction.of([log_orthant(*each) for each in zip(matrices, stack.thresholds, strict=True)])


def null_law(observed: ObservedPairs) -> GaussianCopula:
    """The copula of the observed matrix after the repair that belongs to the convention of the fit."""
    return GaussianCopula(
        observed.error_rates, repaired(observed.tetrachoric, "clip" if observed.published else "nearest")
    )


def atom_base(pool: VaryingPool) -> Callable[[np.ndarray, np.ndarray], GaussianCopula]:
    """The base law, from the error rates and the tetrachoric matrix of the queries that are left beside an atom."""
    del pool
    return lambda rates, tetrachoric: GaussianCopula(rates, repaired(tetrachoric))
