"""Tetrachoric correlations: the latent r_ij with Φ2(t_i, t_j; r_ij) = p_ij (theory section 1).

Pairs whose joint rate lies on its Fréchet bound (nested, duplicate or disjoint errors) have no interior root. They are
detected on the integer counts before any equation is solved. Their r is reported as +1 or -1 (the published
convention), and `boundary` marks them.

Cost is proportional to the number of pairs, about 0.3 microseconds a pair on two CPU cores; memory is a few float64 for
each of the 2^20 pairs that are looked at together. Many pairs of up to 2,048 queries share counts: see `remembered`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from cofail_lab.errors import ConvergenceError
from cofail_lab.exact_counts import joint_counts
from cofail_lab.fitting.estimators.remembered import LARGEST_N, remembered
from cofail_lab.numerics.bivariate_normal import CENTRAL_LIMIT, central_cdf, density, distance_from_comonotone
from cofail_lab.shown import Shown

# Residuals |Φ2(t_i, t_j; r) - p_ij|: the goal of the solver (a few rounding errors), and the largest that is accepted.
_TARGET = 1e-14
RESIDUAL = 1e-13
_STEPS_PER_ROUND, _MAX_ROUNDS = 4, 20
_CHUNK, _FEW = 2**14, 2**11
_PAIRS_AT_ONCE = 2**20
_CENTRAL_EDGE = float(np.arcsin(CENTRAL_LIMIT))
_NEAR_ONE_EDGE = float(np.arccos(CENTRAL_LIMIT))


class Tetrachoric(NamedTuple):
    """All pairwise latent correlations of a 0/1 matrix.

    Attributes:
        correlation: (m, m), diagonal 1; ±1 on boundary pairs, nan where a model is constant.
        thresholds: (m,) Φ^{-1}(error rate); infinite for constant models.
        boundary: (m, m) in {-1, 0, 1}: the sign of the Fréchet bound the pair lies on, 0 for interior pairs.
    """

    correlation: Float[np.ndarray, "m m"]
    thresholds: Float[np.ndarray, " m"]
    boundary: Int[np.ndarray, "m m"]

    # A named tuple has no other bases.
    __repr__ = Shown.__repr__
    _repr_html_ = Shown._repr_html_


def tetrachoric(wrong: Bool[np.ndarray, "n m"]) -> Tetrachoric:
    """Tetrachoric correlation of every pair of columns of a complete 0/1 matrix (1 = wrong).

    Raises:
        ConvergenceError: the residual of a pair stays above 1e-13 (no such pair is known).
    """
    wrong = np.asarray(wrong, dtype=bool)
    n, m = wrong.shape
    joint = joint_counts(wrong)
    i, j = np.triu_indices(m, 1)
    values, boundary = correlation_from_counts(np.diag(joint)[i], np.diag(joint)[j], joint[i, j], n)
    correlation, signs = np.eye(m), np.zeros((m, m), dtype=np.int8)
    correlation[i, j] = correlation[j, i] = values
    signs[i, j] = signs[j, i] = boundary
    return Tetrachoric(correlation, ndtri(np.diag(joint) / n), signs)


def frechet_boundary(
    wrong_i: Int[np.ndarray, "..."],
    wrong_j: Int[np.ndarray, "..."],
    both: Int[np.ndarray, "..."],
    n: int | Int[np.ndarray, "..."],
) -> tuple[Int[np.ndarray, "..."], Bool[np.ndarray, "..."]]:
    """Which pairs lie on their Fréchet bound, from the counts of n queries.

    Returns:
        sign: +1 where the errors are nested or equal, -1 where they are disjoint or cover every query, 0 inside.
        constant: True where a model of the pair is always right or always wrong (sign 0 there).
    """
    constant = (wrong_i == 0) | (wrong_j == 0) | (wrong_i == n) | (wrong_j == n)
    sign = (both == np.minimum(wrong_i, wrong_j)).astype(np.int8) - (both == np.maximum(0, wrong_i + wrong_j - n))
    return np.where(constant, 0, sign).astype(np.int8), constant


def correlation_from_counts(
    wrong_i: Int[np.ndarray, " pairs"],
    wrong_j: Int[np.ndarray, " pairs"],
    both: Int[np.ndarray, " pairs"],
    n: int | Int[np.ndarray, " pairs"],
) -> tuple[Float[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Latent correlations from the counts of n queries; any number of pairs, from any number of (resampled) matrices.

    ``n`` may differ from pair to pair.

    Returns:
        correlation: ±1 on the boundary, nan where a model is constant.
        boundary: see `frechet_boundary`.

    Raises:
        ConvergenceError: the residual of a pair stays above `RESIDUAL`.
    """
    counts = wrong_i, wrong_j, both, n
    size = len(both)
    if size > _PAIRS_AT_ONCE:
        correlation, boundary = np.empty(size), np.empty(size, dtype=np.int8)
        for first in range(0, size, _PAIRS_AT_ONCE):
            some = slice(first, first + _PAIRS_AT_ONCE)
            correlation[some], boundary[some] = correlation_from_counts(*(_part(count, some) for count in counts))
        return correlation, boundary
    boundary, constant = frechet_boundary(*counts)
    correlation = np.where(constant, np.nan, boundary.astype(float))
    interior = np.flatnonzero((boundary == 0) & ~constant)
    if interior.size:
        a, b, c, queries = (_part(count, interior) for count in counts)
        if interior.size >= _CHUNK and np.ndim(queries) == 0 and queries <= LARGEST_N:
            small, large, n = np.minimum(a, b), np.maximum(a, b), int(queries)
            correlation[interior] = remembered(n).find(small, large, c, partial(_inside, n=n))
        else:
            correlation[interior] = _inside(a, b, c, queries)
    return correlation, boundary


def _part(count: Any, some: Any) -> Any:
    """Some of the pairs; one number of queries is that of all."""
    return count if np.ndim(count) == 0 else count[some]


def _inside(a: np.ndarray, b: np.ndarray, c: np.ndarray, n: int | np.ndarray) -> np.ndarray:
    """Correlations of pairs inside their Fréchet bounds."""
    n = np.broadcast_to(n, c.shape)
    # Thresholds have at most n - 1 values: looking them up in a table replaces one inversion per pair.
    size = int(n[0])
    table = ndtri(np.arange(size + 1) / size) if (n == size).all() else None
    h, k = (ndtri(x / n) if table is None else table[x] for x in (a, b))
    # Pairs less dependent than chance are reflected, Φ2(h, k; -r) = Φ(h) - Φ2(h, -k; r), so that r >= 0 below.
    negative = c * n < a * b
    pairs = _Pairs(
        h=h,
        k=np.where(negative, -1, 1) * k,
        rate_h=a / n,
        rate_k=np.where(negative, n - b, b) / n,
        joint=np.where(negative, a - c, c) / n,
    )
    return np.where(negative, -1, 1) * _solve(pairs)


class _Pairs(NamedTuple):
    """Thresholds, marginal rates and joint rate of pairs with joint > product of the rates."""

    h: np.ndarray
    k: np.ndarray
    rate_h: np.ndarray
    rate_k: np.ndarray
    joint: np.ndarray

    def take(self, index: np.ndarray) -> "_Pairs":
        return _Pairs(*(column[index] for column in self))


class _Search(NamedTuple):
    """A bracketed root search: the unknown angle, its bracket and the residual in probability; JAX or NumPy arrays."""

    angle: Any
    low: Any
    high: Any
    residual: Any


def _solve(pairs: _Pairs) -> Float[np.ndarray, " pairs"]:
    """r in (0, 1) of interior pairs with positive dependence: first the roots away from 1, then those near 1."""
    angle, residual = _search(_central_start, _central_step, pairs)
    correlation = np.sin(angle)
    # The central search ends at its edge. A pair that stops there, with a joint rate still too small, has a larger r.
    beyond = np.flatnonzero((residual < -_TARGET) & (_CENTRAL_EDGE - angle < 1e-6))
    if beyond.size:
        angle, near_residual = _search(_near_one_start, _near_one_step, pairs.take(beyond))
        correlation[beyond], residual[beyond] = np.cos(angle), near_residual
    worst = int(np.abs(residual).argmax())
    if not abs(residual[worst]) <= RESIDUAL:
        rates = tuple(float(column[worst]) for column in pairs[2:])
        raise ConvergenceError(
            f"tetrachoric correlation: residual {residual[worst]:.2e} for error rates {rates[0]}, {rates[1]} and joint "
            f"rate {rates[2]}; at most {RESIDUAL:.0e} was expected"
        )
    return correlation


def _search(start: Callable, step: Callable, pairs: _Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Iterate ``step`` on every pair until it converges; returns angles and residuals, (pairs,) each.

    The loop runs on the host: in XLA on a CPU a fused loop over pairs is several times slower, and every pair would
    have to wait for the slowest. Here the few slow pairs continue alone, a few steps per round.
    """
    size = len(pairs.h)
    state = _Search(np.zeros(size), np.zeros(size), np.zeros(size), np.full(size, np.inf))
    left, round_ = np.arange(size), 0
    # Few pairs are near 1: a chunk of thousands would be filled up with copies of one of them.
    chunk = _FEW if step is _near_one_step else _CHUNK
    while left.size and round_ < _MAX_ROUNDS:
        converged = np.empty(left.size, dtype=bool)
        for first in range(0, left.size, chunk):
            index = left[first : first + chunk]
            # The last chunk is filled up with its first pair, so that every chunk has the one compiled shape.
            padded = np.concatenate([index, np.full(chunk - index.size, index[0])])
            columns = pairs.take(padded)
            now = start(columns) if round_ == 0 else _Search(*(field[padded] for field in state))
            before = now
            for _ in range(_STEPS_PER_ROUND):
                before, now = now, step(columns, now)
            moved = np.abs(np.asarray(now.angle) - np.asarray(before.angle))[: index.size]
            for field, value in zip(state, now, strict=True):
                field[index] = np.asarray(value)[: index.size]
            converged[first : first + chunk] = (np.abs(state.residual[index]) <= _TARGET) | (moved <= _TARGET)
        left, round_ = left[~converged], round_ + 1
    return np.asarray(state.angle), np.asarray(state.residual)


@jax.jit
def _central_start(pairs: tuple) -> _Search:
    """Bonett and Price (2005): r ≈ cos(π / (1 + ω^c)) with the odds ratio ω, within about .02 for common rates."""
    _, _, rate_h, rate_k, joint = pairs
    odds = joint * (1 - rate_h - rate_k + joint) / ((rate_h - joint) * (rate_k - joint))
    smallest = jnp.minimum(jnp.minimum(rate_h, 1 - rate_h), jnp.minimum(rate_k, 1 - rate_k))
    exponent = (1 - jnp.abs(rate_h - rate_k) / 5 - (0.5 - smallest) ** 2) / 2
    angle = jnp.pi / 2 - jnp.pi / (1 + odds**exponent)
    angle = jnp.clip(angle, 0.0, _CENTRAL_EDGE)
    return _Search(angle, jnp.zeros_like(angle), jnp.full_like(angle, _CENTRAL_EDGE), jnp.full_like(angle, jnp.inf))


@jax.jit
def _central_step(pairs: tuple, state: _Search) -> _Search:
    """One Halley step on Φ2(h, k; sin θ) = joint, by bisection where it would leave the bracket."""
    h, k, rate_h, rate_k, joint = pairs
    angle = state.angle
    residual = central_cdf(h, k, rate_h, rate_k, angle) - joint
    low, high = jnp.where(residual < 0, angle, state.low), jnp.where(residual > 0, angle, state.high)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    newton = residual / density(h, k, angle)
    # d/dθ log density, for Halley's correction.
    curvature = (h * k - (h * h + k * k - 2 * h * k * sine) * sine / (cosine * cosine)) / cosine
    proposal = angle - newton / jnp.maximum(1 - newton * curvature / 2, 0.5)
    # As long as the upper end of the bracket is the edge itself, a step over the edge is replaced by the edge:
    # its residual shows whether the root lies beyond the edge.
    proposal = jnp.where(high == _CENTRAL_EDGE, jnp.minimum(proposal, _CENTRAL_EDGE), proposal)
    return _Search(_bracketed(proposal, low, high), low, high, residual)


@jax.jit
def _near_one_start(pairs: tuple) -> _Search:
    edge = jnp.full_like(pairs[0], _NEAR_ONE_EDGE)
    return _Search(edge / 2, jnp.zeros_like(edge), edge, jnp.full_like(edge, jnp.inf))


@jax.jit
def _near_one_step(pairs: tuple, state: _Search) -> _Search:
    """One bracketed Newton step on log(min rate - Φ2(h, k; cos φ)) against log φ, where that is nearly straight."""
    h, k, rate_h, rate_k, joint = pairs
    angle = state.angle
    missing = jnp.minimum(rate_h, rate_k) - joint
    distance = distance_from_comonotone(h, k, angle)
    residual = missing - distance
    low, high = jnp.where(residual > 0, angle, state.low), jnp.where(residual < 0, angle, state.high)
    slope = density(h, k, jnp.pi / 2 - angle) * angle / distance
    proposal = angle * jnp.exp(jnp.log(missing / distance) / slope)
    return _Search(_bracketed(proposal, low, high), low, high, residual)


def _bracketed(proposal: Array, low: Array, high: Array) -> Array:
    """The proposal, or the middle of the bracket if the proposal is outside (a root already reached is an end)."""
    return jnp.where((proposal >= low) & (proposal <= high), proposal, (low + high) / 2)
