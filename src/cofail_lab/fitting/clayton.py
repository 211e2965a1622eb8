"""The Clayton copula fitted to a matrix: θ such that the mean modelled p_ij equals the mean observed one."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from cofail_lab.errors import ConvergenceError

# Beyond these the copula is independence or comonotone to every digit that a matrix of a million queries could show.
_LOG_THETA_RANGE = (np.log(1e-8), np.log(1e6))
_MAX_STEPS, _TOLERANCE = 100, 1e-12
_ROWS, _PAIRS_PER_BLOCK = 32, 2**20


def fit_theta(
    error_rates: Float[np.ndarray, "batch m"],
    pairs: tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]],
    mean_pairwise_wrong: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, " batch"]:
    """θ > 0 of each matrix of a batch, by bracketed Newton steps in log θ, to relative 1e-12 of the mean p_ij.

    Args:
        error_rates: marginals; constant models (rate 0 or 1) are left out, with every pair that holds one.
        pairs: indices i < j of the pairs.
        mean_pairwise_wrong: observed mean p_ij over the pairs of varying models.

    Returns:
        θ; nan where the mean p_ij does not exceed independence or reaches the Fréchet bound: no Clayton law has it.

    Raises:
        ConvergenceError: a matrix whose θ was not reached (none is known).
    """
    n_rows, n_pairs = len(error_rates), len(pairs[0])
    # Blocks of one size, so that one compiled shape serves any number of matrices.
    size = max(1, min(_ROWS, _PAIRS_PER_BLOCK // max(1, n_pairs)))
    theta = np.empty(n_rows)
    for first in range(0, n_rows, size):
        rows = np.minimum(np.arange(first, first + size), n_rows - 1)
        theta[first : first + size] = _fit_block(error_rates[rows], pairs, mean_pairwise_wrong[rows])[: n_rows - first]
    return theta


def _fit_block(error_rates: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], target: np.ndarray) -> np.ndarray:
    varying = (error_rates > 0) & (error_rates < 1)
    weights = varying[:, pairs[0]] & varying[:, pairs[1]]
    problem = (
        np.log(np.where(varying, error_rates, 0.5)),
        *pairs,
        weights / np.maximum(weights.sum(axis=1, keepdims=True), 1),
        np.log(np.maximum(target, np.finfo(float).tiny)),
    )
    low, high = (np.full(len(error_rates), edge) for edge in _LOG_THETA_RANGE)
    exists = (np.asarray(_excess(low, *problem)) < 0) & (np.asarray(_excess(high, *problem)) > 0)
    x = np.zeros(len(error_rates))
    excess = x
    for _ in range(_MAX_STEPS):
        x, low, high, excess = _step(x, low, high, *problem)
        if (np.abs(np.asarray(excess))[exists] < _TOLERANCE).all():
            return np.where(exists, np.exp(np.asarray(x)), np.nan)
    worst = np.abs(np.asarray(excess))[exists].max()
    raise ConvergenceError(f"Clayton θ: mean p_ij off by {worst:.1e} (relative); {_TOLERANCE:.0e} was expected")


def log_all_wrong(error_rates: Float[np.ndarray, "... m"], theta: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """log β = -(1/θ) log(Σ α_i^{-θ} - m + 1); constant models are left out, nan where θ is."""
    varying = (error_rates > 0) & (error_rates < 1)
    # A model left out enters as rate 1, which adds α^{-θ} - 1 = 0.
    powers = -np.asarray(theta)[..., None] * np.log(np.where(varying, error_rates, 1.0))
    top = powers.max(axis=-1)
    total = np.exp(powers - top[..., None]).sum(axis=-1) - (error_rates.shape[-1] - 1) * np.exp(-top)
    return -(top + np.log(total)) / theta


def _mean_pairwise(x: Array, log_rates: Array, left: Array, right: Array, weights: Array) -> Array:
    """Mean modelled p_ij at log θ = x, per matrix."""
    theta = jnp.exp(x)[:, None]
    powers = -theta * log_rates
    a, b = powers[:, left], powers[:, right]
    top, other = jnp.maximum(a, b), jnp.minimum(a, b)
    # α_i^{-θ} + α_j^{-θ} - 1 = e^top (1 + e^-top (e^other - 1)), without overflow or cancellation.
    log_sum = top + jnp.log1p(jnp.exp(other - top) - jnp.exp(-top))
    return (weights * jnp.exp(-log_sum / theta)).sum(axis=1)


@jax.jit
def _excess(x: Array, log_rates: Array, left: Array, right: Array, weights: Array, target: Array) -> Array:
    return jnp.log(_mean_pairwise(x, log_rates, left, right, weights)) - target


@jax.jit
def _step(
    x: Array, low: Array, high: Array, log_rates: Array, left: Array, right: Array, weights: Array, target: Array
) -> tuple[Array, Array, Array, Array]:
    value, slope = jax.jvp(lambda y: _excess(y, log_rates, left, right, weights, target), (x,), (jnp.ones_like(x),))
    low, high = jnp.where(value < 0, x, low), jnp.where(value > 0, x, high)
    proposal = x - value / slope
    inside = (proposal >= low) & (proposal <= high)
    moved = jnp.where(inside, proposal, (low + high) / 2)
    return jnp.where(jnp.abs(value) < _TOLERANCE, x, moved), low, high, value
