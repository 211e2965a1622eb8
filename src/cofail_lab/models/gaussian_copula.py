"""Gaussian copula with any correlation matrix: E_i = 1{X_i < t_i}, X ~ N(0, Σ)."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import ndtri
from jaxtyping import Float, Int

from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models._latent_sampler import LatentSampler
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractErrorLaw, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import bivariate_normal, normal, orthant
from cofail_lab.numerics.poisson_binomial import mixture_counts

LOG2_POINTS = 9
"""Points of the net, under each of `orthant.N_SHIFTS` shifts, behind `GaussianCopula.all_wrong`."""

_SEED = 0
# A threshold at which a model never matters: Φ(40) = 1.
_LEFT_OUT = 40.0
_COUNT_SHIFTS = 16


class GaussianCopula(AbstractErrorLaw):
    """Latent normal scores with correlation matrix Σ.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        correlation: Σ, (m, m): symmetric, diagonal 1, no eigenvalue below -1e-9. Where one is below 1e-9, β is that of
            (1-ε)Σ + εI with the least ε that lifts it there.
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    correlation: Float[Array, "m m"] = eqx.field(converter=_checks.scalar)

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        _checks.shape("correlation", self.correlation, 2 * self.error_rates.shape)
        _checks.correlation_matrix("correlation", self.correlation)

    @property
    def thresholds(self) -> Float[Array, " m"]:
        """t_i = Φ^{-1}(α_i)."""
        return ndtri(self.error_rates)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log Φ_m(t; Σ) by simulation with fixed points (one model: exact); `all_wrong_estimate` has its error."""
        return (
            jnp.log(self.error_rates[0])
            if self.n_models == 1
            else self._orthant(self.thresholds, self.correlation).log_value
        )

    def all_wrong_estimate(self) -> Estimate:
        """β with one standard error, about 1e-3 of it at m = 67."""
        if self.n_models == 1:
            return Estimate(float(self.error_rates[0]), 0.0, "exact")
        result = self._orthant(self.thresholds, self.correlation)
        value = float(jnp.exp(result.log_value))
        return Estimate(value, value * float(result.relative_error), "monte_carlo")

    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Every pool in the shape of the whole, so that one program serves all: models left out never matter."""
        values, errors = np.empty(len(sizes)), np.empty(len(sizes))
        for k, size in enumerate(sizes):
            inside = np.arange(self.n_models) < size
            correlation = jnp.where(np.outer(inside, inside), self.correlation, jnp.eye(self.n_models))
            thresholds = jnp.where(inside, self.thresholds, _LEFT_OUT)
            result = self._orthant(thresholds, correlation)
            values[k], errors[k] = float(result.log_value), float(result.relative_error)
            advance(1)
        return values, errors + log_rounding(values)

    def _orthant(self, thresholds: Array, correlation: Array) -> orthant.Orthant:
        m = self.n_models
        shifts = orthant.digital_shifts(m, _SEED)
        return orthant.log_orthant(thresholds, lifted(correlation), orthant.sobol_net(m, LOG2_POINTS), shifts)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """Φ2(t_i, t_j; Σ_ij) off the diagonal."""
        t = self.thresholds
        return with_diagonal(bivariate_normal.relative_cdf(t[:, None], t[None], self.correlation), self.error_rates)

    def subpool(self, members: Any) -> "GaussianCopula":
        """The sub-matrix."""
        index = _checks.members(members, self.n_models)
        return GaussianCopula(self.error_rates[index], self.correlation[jnp.ix_(index, index)])

    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j) by simulation with fixed points; standard errors are `count_probs_estimate`'s."""
        return self.count_probs_estimate()[0]

    def count_probs_estimate(self) -> tuple[Float[Array, " m+1"], Float[Array, " m+1"]]:
        """P(C = j) and standard errors: with Σ = λI + BBᵀ, λ the smallest eigenvalue, exact given Y in BY + √λ ε.

        Accurate where λ is not small; near singular Σ the error is that of plain simulation with 8,192 queries.
        """
        m = self.n_models
        shifts = orthant.digital_shifts(m + 1, _SEED, _COUNT_SHIFTS)
        return _count_law(self.thresholds, self.correlation, orthant.sobol_net(m + 1, LOG2_POINTS), shifts)

    def sampler(self) -> LatentSampler:
        """One normal per model and a matrix product."""
        return LatentSampler.build(np.asarray(self.thresholds), np.asarray(self.correlation))


def lifted(correlation: Array) -> Array:
    """Σ moved towards the identity just enough for its smallest eigenvalue to be 1e-9."""
    smallest = jax.lax.stop_gradient(jnp.linalg.eigvalsh(correlation)[0])
    share = jnp.clip((1e-9 - smallest) / (1 - smallest), 0.0, 1.0)
    return (1 - share) * correlation + share * jnp.eye(len(correlation))


@jax.jit
def _count_law(thresholds: Array, correlation: Array, net: Array, shifts: Array) -> tuple[Array, Array]:
    values, vectors = jnp.linalg.eigh(correlation)
    residual = jnp.maximum(values[0], 1e-12)
    # Largest components first: a net is most even in its first coordinates.
    loadings = (vectors * jnp.sqrt(jnp.maximum(values - residual, 0)))[:, ::-1]
    weights = jnp.full(len(net), 1 / len(net))

    def one(shift: Array) -> Array:
        uniform = (((net ^ shift) >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
        u = (thresholds - ndtri(uniform) @ loadings.T) / jnp.sqrt(residual)
        return mixture_counts(weights, jnp.exp(normal.log_cdf(u)), jnp.exp(normal.log_cdf(-u)))

    laws = jax.lax.map(one, shifts)
    return laws.mean(axis=0), laws.std(axis=0, ddof=1) / np.sqrt(len(shifts))
