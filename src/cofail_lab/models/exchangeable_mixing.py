"""Exchangeable mixing: every model errs with a probability drawn for the query (theory section 2)."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from scipy.special import roots_jacobi

from cofail_lab.errors import InputError
from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid
from cofail_lab.models.independent import with_diagonal


class ExchangeableMixing(AbstractFactorLaw):
    """Given p, the m models err independently with probability p; p takes finitely many values.

    Attributes:
        points: values of p in [0, 1], (k,).
        weights: their probabilities, with sum 1 (to 1e-9), (k,).
        pool_size: m, the constructor's n_models.
    """

    points: Float[Array, " k"] = eqx.field(converter=_checks.vector)
    weights: Float[Array, " k"] = eqx.field(converter=_checks.vector)
    pool_size: int = eqx.field(static=True)

    def __init__(self, points: Any, weights: Any, n_models: int) -> None:
        self.points, self.weights, self.pool_size = points, weights, n_models

    def __check_init__(self) -> None:
        _checks.shape("points", self.points, (None,))
        _checks.inside("points", self.points, 0, 1, "[0, 1]")
        _checks.shape("weights", self.weights, self.points.shape)
        _checks.distribution("weights", self.weights)
        _checks.pool_size("n_models", self.pool_size)

    @staticmethod
    def beta(a: float, b: float, n_models: int) -> "ExchangeableMixing":
        """The mixing law Beta(a, b), exactly: no event of m models distinguishes it from a Gauss-Jacobi rule.

        Every event's probability is the mean of a polynomial in p of degree at most m, which a Gauss rule with
        (m+1)/2 nodes integrates exactly (rounding: about 1e-13). SciPy's nodes are good for a, b > 0 and m up to a
        few thousand.
        """
        if not (a > 0 and b > 0):
            raise InputError(f"law.a, law.b: {a}, {b}; both must be above 0")
        _checks.pool_size("n_models", n_models)
        nodes, weights = roots_jacobi(n_models // 2 + 1, b - 1, a - 1)
        return ExchangeableMixing((1 + nodes) / 2, weights / weights.sum(), n_models)

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.pool_size

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """E[p], for every model."""
        return jnp.full(self.n_models, self.weights @ self.points)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log E[p^m]."""
        return _log_mean(self.weights, self.n_models * jnp.log(self.points))

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """E[p²] off the diagonal."""
        m = self.n_models
        return with_diagonal(jnp.full((m, m), self.weights @ self.points**2), self.error_rates)

    def subpool(self, members: Any) -> "ExchangeableMixing":
        """The same mixing law over fewer models."""
        return ExchangeableMixing(self.points, self.weights, len(_checks.members(members, self.n_models)))

    def factor_grid(self) -> FactorGrid:
        """The points themselves; exact."""
        shape = (len(self.points), self.n_models)
        columns = (jnp.broadcast_to(x[:, None], shape) for x in (jnp.log(self.points), jnp.log1p(-self.points)))
        return FactorGrid(jnp.log(self.weights), *columns)


def _log_mean(weights: Array, logs: Array) -> Array:
    top = logs.max()
    safe = jnp.where(jnp.isfinite(top), top, 0.0)
    return safe + jnp.log(weights @ jnp.exp(logs - safe))
