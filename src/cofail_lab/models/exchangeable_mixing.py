"""Exchangeable mixing: every model errs with a probability drawn for the query (theory section 2)."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid, Mixture
from cofail_lab.models.beta_mixing import BetaMixing
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
    def beta(a: float, b: float, n_models: int) -> BetaMixing:
        """The mixing law Beta(a, b), exactly: `beta_mixing.BetaMixing`."""
        return BetaMixing(a, b, n_models)

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
        return _log_moment(self.weights, self.points, self.n_models)

    def all_wrong(self) -> Float[Array, ""]:
        """E[p^m]."""
        return self.weights @ self.points**self.n_models

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

    def mixture(self) -> Mixture:
        """The same; smooth where a point is 0 or 1, or a weight 0."""
        shape = (len(self.points), self.n_models)
        return Mixture(self.weights, *(jnp.broadcast_to(x[:, None], shape) for x in (self.points, 1 - self.points)))


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _log_moment(weights: Array, points: Array, degree: int) -> Array:
    """Log Σ_k w_k p_k^degree; differentiable where some, not all, of the terms are 0."""
    logs = degree * jnp.log(points)
    top = logs.max()
    safe = jnp.where(jnp.isfinite(top), top, 0.0)
    return safe + jnp.log(weights @ jnp.exp(logs - safe))


@_log_moment.defjvp
def _log_moment_jvp(degree: int, primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (weights, points), (d_weights, d_points) = primals, tangents
    value = _log_moment(weights, points, degree)
    logs = jnp.log(points)
    lower = (degree - 1) * logs if degree > 1 else jnp.zeros_like(logs)
    change = d_weights @ jnp.exp(degree * logs - value) + d_points @ (weights * degree * jnp.exp(lower - value))
    return value, change
