"""Families of models: scores c_b Z + c_f F_g + s ε_i with one factor for all and one per family, c_b² + c_f² + s² = 1.

`log_all_below` is the integral over both factors, by `block_table` where the parameters are known. `Lattice` puts both
factors on lattices of a common step in the score, so that c_b Z + c_f F_g takes values on that lattice too and one
table of conditional error probabilities serves every node. The trapezoidal bound of `one_factor` holds for each of the
nested sums.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer
from jaxtyping import Float
from scipy.special import log_ndtr

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import block_table, one_factor
from cofail_lab.numerics.poisson_binomial import counts, counts_at_once

_NODES = 256
_AT_ONCE = 64
_REACH = 12.0
_ERROR = 1e-12
_MOST_ENTRIES = 2**27
# Below this many steps of the count recursion, compiling takes longer than the recursion.
_SMALL = 10**7


def log_all_below(
    thresholds: Float[Array, "families size"], between: Float[Array, ""], within: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Log probability that every score falls below its threshold, and its absolute error.

    Args:
        thresholds: t_i by family; shorter families are filled up with `block_table.FILLER` (Φ(40) = 1).
        between, within: ρ_b = c_b² and ρ_w = c_b² + c_f², 0 <= ρ_b <= ρ_w < 1.

    The error is 1e-13, proven, plus rounding. While JAX traces, there are 256 nodes over Z, the error is what the last
    halvings of their spacing show (or the proven one), and a value whose error exceeds 1e-8 is nan. Differentiable in
    all arguments where ρ_b and ρ_w - ρ_b are positive.

    Raises:
        ConvergenceError: a concrete ρ_w within about 1e-11 of 1.
    """
    if any(isinstance(x, Tracer) for x in (thresholds, between, within)):
        value, error = _nested(*(jnp.asarray(x) for x in (thresholds, between, within)))
        return jnp.where(error < 1e-8, value, jnp.nan), error
    value, error = block_table.log_all_below(np.asarray(thresholds), float(between), float(within))
    return jnp.asarray(value), jnp.asarray(error)


@jax.jit
def _nested(thresholds: Array, between: Array, within: Array) -> tuple[Array, Array]:
    """One integral per family inside one over Z."""
    rest = jnp.sqrt(1 - between)
    real = thresholds < block_table.FILLER
    loading = jnp.where(real, jnp.sqrt(within - between) / rest, 0.0)

    def log_integrand(z: Array) -> Array:
        def some(z: Array) -> Array:
            given = (thresholds - jnp.sqrt(between) * z[:, None, None]) / rest
            log_families, _ = one_factor.log_all_below(jnp.where(real, given, block_table.FILLER), loading)
            return -z * z / 2 - np.log(2 * np.pi) / 2 + log_families.sum(axis=1)

        return lax.map(some, z.reshape(-1, _AT_ONCE)).ravel()

    # Everything falls as Z grows, so the mode is at or below 0; it is located by finer and finer searches (the log is
    # concave).
    grid = -jnp.concatenate([jnp.zeros(1), 2.0 ** jnp.linspace(-6, 8, _AT_ONCE - 1)])
    for _ in range(3):
        best = jnp.argmax(log_integrand(grid))
        grid = jnp.linspace(grid[jnp.maximum(best - 1, 0)], grid[jnp.minimum(best + 1, _AT_ONCE - 1)], _AT_ONCE)
    mode = lax.stop_gradient(grid[jnp.argmax(log_integrand(grid))])
    shares = np.sqrt(2 * one_factor.DROP) * np.exp2(-0.75 * np.arange(_AT_ONCE // 2))
    logs = log_integrand(mode + jnp.concatenate([-shares, shares]))
    peak = lax.stop_gradient(log_integrand(jnp.full(_AT_ONCE, mode))[0])
    far = jnp.where(logs < peak - one_factor.DROP, np.tile(shares, 2), shares[0])
    low, width = mode - far[: _AT_ONCE // 2].min(), far[: _AT_ONCE // 2].min() + far[_AT_ONCE // 2 :].min()
    heights = jnp.exp(log_integrand(low + width * (np.arange(_NODES) / _NODES)) - peak)
    sums = [heights[:: 2**k].mean() for k in range(3)]
    moved, before = (jnp.abs(sums[k] - sums[k + 1]) / sums[0] for k in range(2))
    kappa = 1 + real.sum() * between / (1 - within)
    proven = one_factor.trapezoid_error(kappa, width / _NODES)
    error = jnp.minimum(moved * jnp.minimum(1, 2 * moved / jnp.maximum(before, 1e-300)), proven)
    value = peak + jnp.log(sums[0] * width)
    # Each family's integral is good to 1e-13, plus rounding.
    rounding = len(thresholds) * 1e-13 + 4 * np.finfo(float).eps * (1 + jnp.abs(value))
    return value, lax.stop_gradient(error + rounding)


class Lattice(NamedTuple):
    """Nodes a·step/c_b for Z and b·step/c_f for each family's factor.

    Attributes:
        step: of the common part of the score.
        shared, family: probabilities of a = -A..A and b = -B..B.
        log_wrong, log_right: (2(A+B)+1, m) log P(score below / above its threshold | common part (a+b)·step).
    """

    step: float
    shared: np.ndarray
    family: np.ndarray
    log_wrong: np.ndarray
    log_right: np.ndarray


def lattice(thresholds: np.ndarray, largest_family: int, between: float, within: float) -> Lattice:
    """Lattices on which every pattern of errors has its probability within a proven relative 1e-12, ends apart.

    The ends cut off less than 1e-30 of either factor.

    Raises:
        ConvergenceError: a factor too weak or idiosyncratic parts too small for a table of 2^27 entries.
    """
    m, rest = len(thresholds), 1 - within
    spacings, scales = [], (np.sqrt(between), np.sqrt(within - between))
    for scale, n_models in zip(scales, (m, largest_family), strict=True):
        if scale > 0:
            kappa = 1 + n_models * scale**2 / rest
            spacings.append(scale * float(one_factor.proven_spacing(jnp.asarray(kappa), _ERROR)))
    step = min(spacings, default=1.0)
    sizes = [int(np.ceil(_REACH * scale / step)) for scale in scales]
    n_values = 2 * sum(sizes) + 1
    if max(n_values * m, n_values * (2 * sizes[0] + 1)) > _MOST_ENTRIES:
        raise ConvergenceError(
            f"law.between, law.within: {between:g}, {within:g} with {m} models need {n_values} values of the common "
            "factor; a factor of weight exactly 0 needs none"
        )
    weights = []
    for scale, size in zip(scales, sizes, strict=True):
        z = np.arange(-size, size + 1) * (step / scale if size else 0.0)
        weight = np.exp(-z * z / 2)
        weights.append(weight / weight.sum())
    common = np.arange(n_values) - sum(sizes)
    u = (thresholds - common[:, None] * step) / np.sqrt(rest)
    return Lattice(step, weights[0], weights[1], log_ndtr(u), log_ndtr(-u))


def count_law(nodes: Lattice, families: list[np.ndarray]) -> np.ndarray:
    """P(C = j), j = 0..m: families are mixed over their own factor, joined given Z, and mixed over Z."""
    n_shared, n_family = len(nodes.shared), len(nodes.family)
    windows = np.arange(n_shared)[:, None] + np.arange(n_family)
    joint = np.ones((n_shared, 1))
    largest = max(len(members) for members in families)
    for members in families:
        wrong, right = np.exp(nodes.log_wrong[:, members]), np.exp(nodes.log_right[:, members])
        if wrong.shape[0] * largest**2 < _SMALL:
            table = counts_at_once(wrong, right)
        else:
            # Filled up with models that are never wrong: one compiled program for all families.
            fill = ((0, 0), (0, largest - len(members)))
            filled = np.pad(wrong, fill), np.pad(right, fill, constant_values=1)
            table = np.asarray(counts(*filled))[:, : len(members) + 1]
        given = np.empty((n_shared, table.shape[1]))
        for first in range(0, n_shared, 64):
            given[first : first + 64] = np.einsum("b,abj->aj", nodes.family, table[windows[first : first + 64]])
        grown = np.zeros((n_shared, joint.shape[1] + len(members)))
        for j in range(len(members) + 1):
            grown[:, j : j + joint.shape[1]] += joint * given[:, j : j + 1]
        joint = grown
    return nodes.shared @ joint


def log_family_all_wrong(nodes: Lattice, families: list[np.ndarray]) -> np.ndarray:
    """(families, values of the common part) log P(the whole family wrong | common part)."""
    return np.stack([nodes.log_wrong[:, members].sum(axis=1) for members in families])
