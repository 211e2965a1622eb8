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
from cofail_lab.numerics.edges import derivative_inside
from cofail_lab.numerics.poisson_binomial import counts, counts_at_once

_NODES = 256
_AT_ONCE = 64
_REACH = 12.0
_ERROR = 1e-12
_MAX_ENTRIES = 2**27
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
        value, error = _smooth_nested(*(jnp.asarray(x) for x in (thresholds, between, within)))
        return jnp.where(error < 1e-8, value, jnp.nan), error
    value, error = block_table.log_all_below(np.asarray(thresholds), float(between), float(within))
    return jax.device_put((np.float64(value), np.float64(error)))


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
    seen = moved * jnp.minimum(1, 2 * moved / jnp.maximum(before, 1e-300))
    error = jnp.where(proven > one_factor.RESOLVED, proven, jnp.minimum(seen, proven))
    value = peak + jnp.log(sums[0] * width)
    # Each family's integral is good to 1e-13, plus rounding.
    rounding = len(thresholds) * 1e-13 + 4 * np.finfo(float).eps * (1 + jnp.abs(value))
    return value, lax.stop_gradient(error + rounding)


# The weights of the factors are square roots: where they vanish, derivatives are taken at 1e-8.
_LEAST = 1e-8
_smooth_nested = derivative_inside(
    _nested,
    lambda thresholds, between, within: (
        thresholds,
        jnp.maximum(between, _LEAST),
        jnp.maximum(within, jnp.maximum(between, _LEAST) + _LEAST),
    ),
)


class Lattice(NamedTuple):
    """Nodes for Z and for each family's factor, and what the scores' common part is worth at every pair of them.

    Attributes:
        shared, family: probabilities of the nodes a = 0..A-1 for Z and b = 0..B-1 for a family's factor.
        stride: node a and node b give row a·stride + b; 1 where both are multiples of one step in the score.
        log_wrong, log_right: (rows, m) log P(score below / above its threshold | common part).
    """

    shared: np.ndarray
    family: np.ndarray
    stride: int
    log_wrong: np.ndarray
    log_right: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Row of every pair of nodes, (A, B)."""
        return np.arange(len(self.shared))[:, None] * self.stride + np.arange(len(self.family))


def lattice(thresholds: np.ndarray, largest_family: int, between: float, within: float) -> Lattice:
    """Lattices on which every pattern of errors has its probability within a proven relative 1e-12, ends apart.

    The ends cut off less than 1e-30 of either factor. Two factors of similar weights share one step in the score, so
    that their sum takes few values; a weak one has few nodes of its own.

    Raises:
        ConvergenceError: idiosyncratic parts too small for a table of 2^27 entries.
    """
    m, rest = len(thresholds), 1 - within
    scales = np.sqrt([between, within - between])
    kappas = 1 + np.array([m, largest_family]) * scales**2 / rest
    steps = scales * [float(one_factor.proven_spacing(kappa, _ERROR)) for kappa in kappas]
    one_step = np.full(2, min(steps[steps > 0], default=1.0))
    common, apart = (_sizes(scales, x) for x in (one_step, steps))
    # Rows of the two tables: sums a + b, or pairs.
    n_sums, n_pairs = int((common - 1).sum()) + 1, int(apart.prod())
    chosen, sizes = (one_step, common) if n_sums <= n_pairs else (steps, apart)
    n_rows = min(n_sums, n_pairs)
    if max(n_rows * m, n_rows * int(sizes[0])) > _MAX_ENTRIES:
        raise ConvergenceError(
            f"law.between, law.within: {between:g}, {within:g} with {m} models need {n_rows} values of the "
            "common factor"
        )
    weights, scores = [], []
    for scale, step, size in zip(scales, chosen, sizes, strict=True):
        score = (np.arange(size) - size // 2) * step
        weight = np.exp(-((score / scale) ** 2) / 2) if size > 1 else np.ones(1)
        weights.append(weight / weight.sum())
        scores.append(score)
    if n_sums <= n_pairs:
        stride, values = 1, (np.arange(n_sums) - n_sums // 2) * chosen[0]
    else:
        stride, values = len(scores[1]), np.add.outer(*scores).ravel()
    u = (thresholds - values[:, None]) / np.sqrt(rest)
    return Lattice(weights[0], weights[1], stride, log_ndtr(u), log_ndtr(-u))


def _sizes(scales: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Nodes of each factor within `_REACH`: an odd number; one where its weight is 0."""
    return 2 * np.ceil(np.divide(_REACH * scales, steps, out=np.zeros(2), where=scales > 0)).astype(int) + 1


def count_law(nodes: Lattice, families: list[np.ndarray]) -> np.ndarray:
    """P(C = j), j = 0..m: families are mixed over their own factor, joined given Z, and mixed over Z."""
    n_shared, windows = len(nodes.shared), nodes.rows
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
