"""Draws from a normal vector with any correlation matrix: normals by pairs, and a matrix product in whole numbers."""

from collections.abc import Callable
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab.models._sampling import CELL, FACTOR, AbstractSampler
from cofail_lab.numerics import devices, normal, squares

_NORMAL_BITS, _ROOT_BITS = 22, 24
# Queries at a time, whose scores should stay in the cache, and such tiles in a block, whose normals are in memory. An
# accelerator has all queries of a chunk in one tile: a product has to fill it.
_TILE, _TILES = 512, 8


class LatentSampler(AbstractSampler):
    """Scores LZ against thresholds, with Z a multiple of 2^-22 and L of 2^-24 (or coarser, for more than 256 models).

    A score is then a sum of whole numbers that float64 holds exactly, |Σ_j L_ij Z_j| <= 8√m, so that no order of
    summation, and hence no chunk, thread or device, changes a draw. Scores are on average within 2e-7·√m of what exact
    normals would give, hence rates within 1e-7·√m.

    Attributes:
        root: (m, m) L with LLᵀ = Σ, lower triangular, in units of 2^-`root_bits`; the conditional estimator uses
        residual, loadings: λ and B with Σ = λI + BBᵀ, λ the smallest eigenvalue.
        thresholds: t_i, (m,).
    """

    root: Float[Array, "m m"]
    residual: Float[Array, ""]
    loadings: Float[Array, "m m"]
    thresholds: Float[Array, " m"]

    @classmethod
    def build(cls, thresholds: np.ndarray, correlation: np.ndarray) -> Self:
        """From t_i and a positive semi-definite Σ."""
        values, vectors = np.linalg.eigh(correlation)
        values = np.maximum(values, 0)
        # Any root of Σ will do; that of the QR decomposition is triangular for singular Σ too.
        root = np.linalg.qr((vectors * np.sqrt(values)).T)[1].T
        residual = max(float(values[0]), 1e-12)
        loadings = vectors * np.sqrt(np.maximum(values - residual, 0))
        scaled = np.rint(root * 2.0 ** root_bits(len(thresholds)))
        return cls(*jax.device_put((scaled, residual, loadings, thresholds)))

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.thresholds.shape[0]

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        return self._from_normals(lambda *z: jnp.concatenate(self._below(*z)).T, keys[CELL], query)

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""

        def count(*z: Array) -> Array:
            first, second = (part.sum(axis=0, dtype=jnp.int32) for part in self._below(*z))
            return first + second

        return self._from_normals(count, keys[CELL], query)

    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(all wrong | Y), Σ = λI + BBᵀ, scores BY + √λ ε; Y has random words of its own."""

        def given(*z: Array) -> Array:
            y = jnp.concatenate(z) * 2.0**-_NORMAL_BITS
            u = (self.thresholds[:, None] - self.loadings @ y) / jnp.sqrt(self.residual)
            return jnp.exp(normal.log_cdf(u).sum(axis=0))

        return self._from_normals(given, keys[FACTOR], query)

    def _below(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Which scores are below their thresholds, for the first half of the models and the rest, (models, b)."""
        half = len(first)
        bounds = (self.thresholds * 2.0 ** (_NORMAL_BITS + root_bits(self.n_models)))[:, None]
        upper = self.root[:half, :half] @ first
        # The rest of the upper rows is zero.
        lower = self.root[half:, :half] @ first + self.root[half:, half:] @ second
        return upper < bounds[:half], lower < bounds[half:]

    def _from_normals(self, use: Callable[[Array, Array], Array], key: Array, query: Array) -> Array:
        """``use`` of two arrays (models, b): normals of the first half of the models and of the rest, in 2^-22."""
        half = -(-self.n_models // 2)

        def draw(tile: Array) -> Array:
            words = squares.bits64(tile * np.uint64(half) + jnp.arange(half, dtype=jnp.uint64)[:, None], key)
            return normal.pairs_from_bits(words)

        def used(pairs: Array) -> Array:
            parts = jnp.real(pairs), jnp.imag(pairs)[: self.n_models - half]
            return use(*(jnp.round(part * np.float32(2**_NORMAL_BITS)).astype(float) for part in parts))

        if devices.accelerated():
            return used(draw(query))

        def block(tiles: Array) -> Array:
            # What leaves a loop is computed once; left to itself XLA would compute the normals again for each product.
            return lax.map(used, lax.map(draw, tiles))

        padded = jnp.pad(query, (0, -len(query) % (_TILE * _TILES)))
        out = lax.map(block, padded.reshape(-1, _TILES, _TILE))
        return out.reshape(-1, *out.shape[3:])[: len(query)]


def root_bits(n_models: int) -> int:
    """Bits of a row of L after the point, such that no partial sum of products with |Z| < 8 reaches 2^53.

    A row has norm 1, so that Σ_j |L_ij| <= √m: the sum needs 3 + 22 + log2 √m bits more than the root. (|Z| < 6.7
    leaves room for the root's own rounding.)
    """
    return min(_ROOT_BITS, 53 - 3 - _NORMAL_BITS - int(np.ceil(np.log2(n_models) / 2)))
