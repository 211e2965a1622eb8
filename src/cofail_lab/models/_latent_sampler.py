"""Draws from a normal vector with any correlation matrix: one float32 normal per model and a matrix product."""

from typing import ClassVar, Self

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab.models._sampling import CELL, FACTOR, AbstractSampler
from cofail_lab.numerics import normal, squares


class LatentSampler(AbstractSampler):
    """Scores LZ against thresholds, in float32: thresholds move by about 1e-7, rates by less than that.

    Chunks have one size, so that the same sums are done in the same order whatever chunk is asked for.

    Attributes:
        lower: (m, m) L with LLᵀ = Σ; the conditional estimator uses
        residual, loadings: λ and B with Σ = λI + BBᵀ, λ the smallest eigenvalue.
        thresholds: t_i, (m,).
    """

    lower: Float[Array, "m m"]
    residual: Float[Array, ""]
    loadings: Float[Array, "m m"]
    thresholds: Float[Array, " m"]

    fixed_chunk: ClassVar[int | None] = 4096

    @classmethod
    def build(cls, thresholds: np.ndarray, correlation: np.ndarray) -> Self:
        """From t_i and a positive semi-definite Σ."""
        values, vectors = np.linalg.eigh(correlation)
        values = np.maximum(values, 0)
        # Any root of Σ will do; that of the QR decomposition is triangular for singular Σ too.
        lower = np.linalg.qr((vectors * np.sqrt(values)).T)[1].T
        residual = max(float(values[0]), 1e-12)
        loadings = vectors * np.sqrt(np.maximum(values - residual, 0))
        as_float = (jnp.asarray(x) for x in (lower.astype(np.float32), residual, loadings, thresholds))
        return cls(*as_float)

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.thresholds.shape[0]

    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""
        return self._wrong(keys, query).T

    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models."""
        return self._wrong(keys, query).sum(axis=0, dtype=jnp.int32)

    def log_all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """Log P(all wrong | Y), Σ = λI + BBᵀ, scores BY + √λ ε; Y has random words of its own."""
        y = jnp.concatenate(_normals(keys[FACTOR], query, self.n_models)).astype(float)
        u = (self.thresholds[:, None] - self.loadings @ y) / jnp.sqrt(self.residual)
        return normal.log_cdf(u).sum(axis=0)

    def _wrong(self, keys: Array, query: Array) -> Array:
        upper, lower = _normals(keys[CELL], query, self.n_models)
        # Two products instead of one of the two halves side by side: joining them would cost more than the product.
        half = len(upper)
        scores = self._product(self.lower[:, :half], upper) + self._product(self.lower[:, half:], lower)
        return scores < self.thresholds.astype(jnp.float32)[:, None]

    @staticmethod
    def _product(a: Array, b: Array) -> Array:
        return jnp.dot(a, b, precision="highest")


def _normals(key: Array, query: Array, n_models: int) -> tuple[Float[Array, "half b"], Float[Array, "rest b"]]:
    """Normals of the first half of the models, from the upper halves of the words, and of the rest."""
    half = -(-n_models // 2)
    place = query * np.uint64(half) + jnp.arange(half, dtype=jnp.uint64)[:, None]
    words = squares.bits64(place, key)
    upper, lower = (words >> np.uint64(32)).astype(jnp.uint32), words[: n_models - half].astype(jnp.uint32)
    return normal.from_bits(upper), normal.from_bits(lower)
