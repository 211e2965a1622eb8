"""The Clayton copula fitted to a matrix: under its θ the mean p_ij equals the mean observed p_ij."""

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.errors import ConvergenceError
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import Clayton

# Outside this range the copula differs from independent or comonotone errors by less than a matrix of a million
# queries could show.
_LOG_THETA_RANGE = (np.log(1e-8), np.log(1e6))
_MAX_STEPS, _TOLERANCE = 100, 1e-12
# The arrays of a block of this many pairs fit into the cache of a core.
_PAIRS_PER_BLOCK = 2**16
# In larger pools, pairs of the same two error rates are counted instead of looked at one by one.
_MANY_PAIRS, _PAIRS_AT_ONCE = 2**14, 2**20


def fit_theta(
    error_rates: Float[np.ndarray, "batch m"],
    pairs: tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]],
    mean_pairwise_wrong: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, " batch"]:
    """θ > 0 of each matrix of a batch, by bracketed Newton steps in log θ: the mean p_ij is met to a relative 1e-12.

    Args:
        error_rates: marginals; constant models (rate 0 or 1) are left out with all of their pairs.
        pairs: indices i < j of the pairs.
        mean_pairwise_wrong: observed mean p_ij over the pairs of varying models.

    Returns:
        θ; nan where no Clayton law has this mean p_ij: it is not above that of independent errors, or it is on the
        Fréchet bound.

    Raises:
        ConvergenceError: the iteration does not converge for some matrix (no such matrix is known).
    """
    n_rows, n_pairs = len(error_rates), len(pairs[0])
    if n_pairs > _MANY_PAIRS:
        columns = zip(error_rates, mean_pairwise_wrong, strict=True)
        return np.concatenate([_fit_rates(rates, pairs, mean) for rates, mean in columns])
    size = max(1, _PAIRS_PER_BLOCK // max(1, n_pairs))
    theta = np.empty(n_rows)
    for first in range(0, n_rows, size):
        block = slice(first, first + size)
        theta[block] = _fit_block(error_rates[block], pairs, mean_pairwise_wrong[block])
    return theta


def _fit_rates(error_rates: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], mean: float) -> np.ndarray:
    """θ of one large matrix, (1,), from the number of pairs of every two error rates that differ or are one."""
    rates, number = np.unique(error_rates, return_inverse=True)
    size, counts = len(rates), np.zeros(len(rates) ** 2)
    for first in range(0, len(pairs[0]), _PAIRS_AT_ONCE):
        some = slice(first, first + _PAIRS_AT_ONCE)
        counts += np.bincount(number[pairs[0][some]] * size + number[pairs[1][some]], minlength=size**2)
    varying = (rates > 0) & (rates < 1)
    both = np.triu(counts.reshape(size, size) + np.tril(counts.reshape(size, size), -1).T)
    left, right = np.nonzero(both * np.outer(varying, varying))
    weights = both[left, right] / max(both[left, right].sum(), 1)
    return _solve(rates[left][None], rates[right][None], weights[None], np.array([mean]))


def _fit_block(error_rates: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], mean: np.ndarray) -> np.ndarray:
    varying = (error_rates > 0) & (error_rates < 1)
    weights = varying[:, pairs[0]] & varying[:, pairs[1]]
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    rates = np.where(varying, error_rates, 0.5)
    return _solve(rates[:, pairs[0]], rates[:, pairs[1]], weights, mean)


def _solve(left: np.ndarray, right: np.ndarray, weights: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """θ of each row, from the two error rates and the weight of every pair, (rows, pairs) each."""
    # For every θ > 0, the larger of the two powers α^{-θ} belongs to the smaller rate.
    smaller, larger = -np.log(np.minimum(left, right)), -np.log(np.maximum(left, right))
    low, high = (np.full(len(mean), edge) for edge in _LOG_THETA_RANGE)
    x = np.zeros(len(mean))
    with np.errstate(invalid="ignore", divide="ignore"):
        target = np.log(mean)
        independent = np.log((weights * left * right).sum(axis=1))
        comonotone = np.log((weights * np.minimum(left, right)).sum(axis=1))
        exists = (target > independent + _TOLERANCE) & (target < comonotone - _TOLERANCE)
    rows, excess = np.flatnonzero(exists), target
    for _ in range(_MAX_STEPS):
        value, slope = _log_mean_pairwise(x[rows], smaller[rows], larger[rows], weights[rows])
        excess = value - target[rows]
        low[rows], high[rows] = np.where(excess < 0, x[rows], low[rows]), np.where(excess > 0, x[rows], high[rows])
        proposal = x[rows] - excess / slope
        inside = (proposal >= low[rows]) & (proposal <= high[rows])
        left_over = np.abs(excess) >= _TOLERANCE
        x[rows] = np.where(left_over, np.where(inside, proposal, (low[rows] + high[rows]) / 2), x[rows])
        rows = rows[left_over]
        if not rows.size:
            return np.where(exists, np.exp(x), np.nan)
    raise ConvergenceError(
        f"Clayton θ: mean p_ij off by {np.abs(excess).max():.1e} (relative) after {_MAX_STEPS} steps; "
        f"{_TOLERANCE:.0e} was expected"
    )


def _log_mean_pairwise(
    x: np.ndarray, smaller: np.ndarray, larger: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """log of the mean p_ij under the law at log θ = x, and its derivative in x, (rows,) each: a row per matrix.

    Args:
        x: log θ of each matrix, (rows,).
        smaller, larger: -log of the smaller and of the larger error rate of each pair, (rows, pairs).
        weights: of the pairs, (rows, pairs); each row sums to 1.
    """
    theta = np.exp(x)[:, None]
    # α_i^{-θ} + α_j^{-θ} - 1 = e^top (1 + e^-top (e^other - 1)), without overflow or cancellation.
    top, other = theta * smaller, theta * larger
    lead, rest = np.exp(other - top), np.exp(-top)
    log_sum = np.log1p(-lead * np.expm1(-other))
    joint = weights * np.exp(-smaller - log_sum / theta)
    # d(-log_sum/θ)/dθ · θ, with d(lead)/dθ = (larger - smaller) lead and d(rest)/dθ = -smaller rest.
    change = log_sum / theta - ((larger - smaller) * lead + smaller * rest) / (1 + lead - rest)
    total = joint.sum(axis=1)
    return np.log(total), (joint * change).sum(axis=1) / total


def log_all_wrong(error_rates: Float[np.ndarray, "... m"], theta: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """log β = -(1/θ) log(Σ α_i^{-θ} - m + 1); constant models are left out; nan where θ is nan."""
    varying = (error_rates > 0) & (error_rates < 1)
    # A model that is left out gets error rate 1, which adds α^{-θ} - 1 = 0 to the sum.
    powers = -np.asarray(theta)[..., None] * np.log(np.where(varying, error_rates, 1.0))
    top = powers.max(axis=-1)
    # The sum as 1 + Σ (e^x - 1), or scaled by e^-top: a sum of terms of one sign either way, so that no θ is too small.
    near = np.log1p(np.expm1(np.minimum(powers, 1.0)).sum(axis=-1))
    terms = np.exp(powers - top[..., None]) * -np.expm1(-powers)
    far = top + np.log(np.exp(-top) + terms.sum(axis=-1))
    return -np.where(top > 1, far, near) / theta


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The law whose θ gives the mean joint error rate; it has no ``intervals``.

    Raises:
        AbsentLawError: no θ > 0 gives it.
    """
    del intervals
    left, right = np.triu_indices(pool.n_models, 1)
    mean = pool.joint_counts[left, right].mean() / pool.n_queries
    theta = float(fit_theta(pool.error_rates[None], (left, right), np.array([mean]))[0])
    if np.isnan(theta):
        raise AbsentLawError(
            "joint errors are no more frequent than chance or on their Fréchet bound; no θ > 0 gives them"
        )
    return Fitted(Clayton(pool.error_rates, theta), {"theta": theta})
