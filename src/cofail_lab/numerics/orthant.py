"""Orthant probabilities P(X_1 < t_1, ..., X_m < t_m) of a normal vector with correlation matrix Σ.

Separation of variables (Genz 1992, Journal of Computational and Graphical Statistics 1): with X = LZ, one coordinate
after the other is drawn below its bound and the probability of doing so multiplied up. Three things make that accurate:

- variables are ordered by their conditional expected probability, smallest first (Gibson, Glasbey and Elston 1994);
- each coordinate is drawn from a shifted normal, the shifts solving Botev's minimax problem (2017, Journal of the Royal
  Statistical Society B 79), so that rare events cost no more than common ones;
- points are a Sobol net, randomized by independent digital shifts; the spread over the shifts is the error.

For orthants the minimax problem is small: with L̃ = D^{-1}L - I, D = diag L, its stationarity conditions reduce to
w = D^{-1}t + (A - I) M(w), A = D^{-1}ΣD^{-1}, M(w) = φ(w)/Φ(w), and then μ = -L̃ᵀM(w). In the variable M this is the
gradient of a strictly convex function, so that there is one solution and damped Newton steps find it.
"""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Float, UInt

from cofail_lab.numerics import devices, normal, sobol

N_SHIFTS = 32
_POINTS_AT_ONCE = 2048


class Orthant(NamedTuple):
    """An orthant probability.

    Attributes:
        log_value: log of the estimate.
        relative_error: its standard error over the estimate, from `N_SHIFTS` independent randomizations.
        log_bound: log of a deterministic upper bound (Botev's ψ at the saddle point).
        stationarity: largest residual of the minimax conditions; the estimate is unbiased whatever it is.
    """

    log_value: Float[Array, ""]
    relative_error: Float[Array, ""]
    log_bound: Float[Array, ""]
    stationarity: Float[Array, ""]


@jax.jit
def log_orthant(
    thresholds: Float[Array, " m"],
    correlation: Float[Array, "m m"],
    net: UInt[Array, "points m-1"],
    shifts: UInt[Array, "shifts m-1"],
) -> Orthant:
    """Estimate from the points of a net under each of several digital shifts.

    Args:
        thresholds: finite t_i.
        correlation: positive definite.
        net: see `sobol_net`.
        shifts: see `digital_shifts`.

    Differentiable in the first two arguments (the derivative of the estimate, order and shifts held fixed). Cost per
    point: m normal distribution functions and inverses, m²  multiplications.
    """
    order, start = lax.stop_gradient(_order(thresholds, correlation))
    t = thresholds[order]
    lower = jnp.linalg.cholesky(correlation[order][:, order])
    mu, bound, residual = lax.stop_gradient(_tilt(t, lower, start))
    logs = _log_weights(t, lower, mu, net, shifts)
    peak = lax.stop_gradient(logs.max())
    means = jnp.exp(logs - peak).mean(axis=1)
    value = means.mean()
    error = means.std(ddof=1) / np.sqrt(len(shifts)) / value
    return Orthant(peak + jnp.log(value), lax.stop_gradient(error), bound, residual)


def _order(thresholds: Array, correlation: Array) -> tuple[Array, Array]:
    """Order of the variables, and each one's conditional bound when those before it sit at their conditional means."""
    m = len(thresholds)

    def step(k: Array, state: tuple) -> tuple:
        order, columns, expected, bounds, left = state
        variance = jnp.maximum(1 - (columns**2).sum(axis=1), 1e-14)
        bound = (thresholds - columns @ expected) / jnp.sqrt(variance)
        chosen = jnp.argmin(jnp.where(left, bound, jnp.inf))
        column = (correlation[:, chosen] - columns @ columns[chosen]) / jnp.sqrt(variance[chosen])
        columns = columns.at[:, k].set(jnp.where(left, column, 0.0))
        expected = expected.at[k].set(-normal.mills(bound[chosen]))
        left = left.at[chosen].set(False)
        return order.at[k].set(chosen), columns, expected, bounds.at[k].set(bound[chosen]), left

    empty = (jnp.zeros(m, int), jnp.zeros((m, m)), jnp.zeros(m), jnp.zeros(m), jnp.ones(m, bool))
    order, _, _, bounds, _ = lax.fori_loop(0, m, step, empty)
    return order, bounds


def _tilt(t: Array, lower: Array, start: Array) -> tuple[Array, Array, Array]:
    """Minimax shifts μ, ψ at the saddle point, and the largest residual."""
    diagonal = jnp.diagonal(lower)
    unit = lower / diagonal[:, None]
    bounds = t / diagonal
    excess = unit @ unit.T - jnp.eye(len(t))

    def residual(w: Array) -> Array:
        return w - bounds - excess @ normal.mills(w)

    def step(state: tuple) -> tuple:
        w, value, steps = state
        mills = normal.mills(w)
        slope = mills * (w + mills)
        move = jnp.linalg.solve(jnp.eye(len(t)) + excess * slope, value)
        # The longest of a few steps that brings the residual down.
        trials = w - 0.5 ** jnp.arange(8.0)[:, None] * move
        values = jax.vmap(residual)(trials)
        sizes = jnp.abs(values).max(axis=1)
        best = jnp.argmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))
        return trials[best], values[best], steps + 1

    def unsolved(state: tuple) -> Array:
        _, value, steps = state
        return (steps < 50) & (jnp.abs(value).max() > 1e-9)

    w, value, _ = lax.while_loop(unsolved, step, (start, residual(start), 0))
    mills = normal.mills(w)
    mu = -(unit - jnp.eye(len(t))).T @ mills
    x = mu - mills
    psi = (mu**2 / 2 - x * mu + normal.log_cdf(w)).sum()
    return mu, psi, jnp.abs(value).max()


def _log_weights(t: Array, lower: Array, mu: Array, net: Array, shifts: Array) -> Array:
    """Log weight of every point under every shift, (shifts, points)."""
    m, (n_points, _) = len(t), net.shape
    diagonal = jnp.diagonal(lower)
    # Row k holds what the coordinates before k take from the bound; dividing by the diagonal once saves m divisions a
    # point.
    strict = jnp.tril(lower, -1) / diagonal[:, None]
    bounds = t / diagonal
    words = jnp.pad(net, ((0, 0), (0, 1)))
    masks = jnp.pad(shifts, ((0, 0), (0, 1)))

    def draw(points: Array) -> Array:
        def step(state: tuple, row: tuple) -> tuple[tuple, None]:
            z, total = state
            k, coefficients, bound, shift, word = row
            below = bound - coefficients @ z - shift
            probability = ndtr(below)
            total += normal.log_cdf(below) + shift * shift / 2
            uniform = ((word >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
            value = shift + _below(uniform, below, probability)
            return (z.at[k].set(value), total - shift * value), None

        # The last coordinate is not drawn: its shift is 0, and its (finite) value is multiplied by 0.
        state = jnp.zeros((m, points.shape[0])), jnp.zeros(points.shape[0])
        return lax.scan(step, state, (jnp.arange(m), strict, bounds, mu, points.T))[0][1]

    size = min(n_points, _POINTS_AT_ONCE)
    blocks = words.reshape(-1, size, m)

    def one_shift(mask: Array) -> Array:
        return lax.map(lambda block: draw(block ^ mask), blocks).ravel()

    # A step for one coordinate is over before an accelerator is full: there all shifts take it together.
    return jax.vmap(one_shift)(masks) if devices.accelerated() else lax.map(one_shift, masks)


def _below(uniform: Array, bound: Array, probability: Array) -> Array:
    """A normal given that it falls below ``bound``, whose probability is Φ(bound), from a uniform number.

    Below -36 Φ runs out of digits; the draw is then Rayleigh's, off by 1/bound² where no weight is left. Bounds like
    that are common with a singular Σ: a coordinate that the others fix is inside its bound or far outside.
    """
    far = bound < -36
    tail = -jnp.sqrt(jnp.where(far, bound, 0.0) ** 2 - 2 * jnp.log(uniform))
    return jnp.where(far, tail, ndtri(jnp.where(far, 0.5, uniform * probability)))


@cache
def sobol_net(n_models: int, log2_points: int) -> UInt[np.ndarray, "points m-1"]:
    """The first 2^log2_points Sobol points in the m - 1 coordinates that are drawn, as 64-bit fractions."""
    return sobol.points(max(n_models - 1, 1), log2_points)[:, : n_models - 1]


def digital_shifts(n_models: int, seed: int, n_shifts: int = N_SHIFTS) -> UInt[np.ndarray, "shifts m-1"]:
    """Independent uniform 64-bit words to combine (exclusive or) with every point of the net."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.integers(2**64, size=(n_shifts, n_models - 1), dtype=np.uint64)
