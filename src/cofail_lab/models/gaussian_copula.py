"""Gaussian copula with any correlation matrix: E_i = 1{X_i < t_i}, X ~ N(0, Σ)."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from scipy.linalg import eigvalsh

from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models._latent_sampler import LatentSampler
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractErrorLaw, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import (
    bivariate_normal,
    devices,
    equal_scores,
    gaussian_counts,
    normal,
    orthant,
    orthant_arrays,
)

LOG2_POINTS = 9
"""Points of the net, under each of `orthant.N_SHIFTS` shifts, behind `GaussianCopula.all_wrong`."""

_SEED = 0
# A threshold at which a model never matters: Φ(40) = 1.
_LEFT_OUT = 40.0
_COUNTS = _checks.needs_numbers("compute it law by law; log_all_wrong and pairwise_wrong can be traced")


class GaussianCopula(AbstractErrorLaw):
    """Latent normal scores with correlation matrix Σ.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        correlation: Σ, (m, m): symmetric, diagonal 1, no eigenvalue below -1e-9. Where one is below 1e-9, β is that of
            (1-ε)Σ + εI with the least ε that lifts it there. Models whose correlation is within 1e-9 of ±1 have one
            score: a pair at -1 with rates that sum to 1 or less gives β = 0, exactly.
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
        return normal.quantile(self.error_rates)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log Φ_m(t; Σ) by simulation with fixed points (one model: exact); `all_wrong_estimate` has its error.

        Traced, Σ is taken as it is: pairs with correlation ±1 are not looked for, and β is 1e-5 off at the worst.
        """
        if self.n_models == 1:
            return jnp.log(self.error_rates[0])
        if _checks.traced(self):
            return self._orthant(self.thresholds, self.correlation).log_value
        return jax.device_put(
            np.float64(self._log_all_below(np.asarray(self.thresholds), np.asarray(self.correlation))[0])
        )

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β with one standard error, about 1e-3 of it at m = 67; exact where pairs at ±1 leave a single score."""
        log_value, error = float(np.log(np.asarray(self.error_rates)[0])), 0.0
        if self.n_models > 1:
            log_value, error = self._log_all_below(np.asarray(self.thresholds), np.asarray(self.correlation))
        value = float(np.exp(log_value))
        if error == 0:
            return Estimate(value, value * log_rounding(log_value) if value else 0.0, "exact")
        return Estimate(value, value * error, "monte_carlo")

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Every pool in the shape of the whole, by the same points: models left out never matter."""
        values, errors = np.empty(len(sizes)), np.empty(len(sizes))
        for k, size in enumerate(sizes):
            inside = np.arange(self.n_models) < size
            correlation = np.where(np.outer(inside, inside), self.correlation, np.eye(self.n_models))
            thresholds = np.where(inside, self.thresholds, _LEFT_OUT)
            values[k], errors[k] = self._log_all_below(thresholds, correlation)
            advance(1)
        return values, errors + log_rounding(np.where(np.isfinite(values), values, 0.0))

    def _log_all_below(self, thresholds: np.ndarray, correlation: np.ndarray) -> tuple[float, float]:
        """Log probability and relative error, scores that are equal up to sign being merged."""
        rectangle = equal_scores.merged(thresholds, correlation)
        if rectangle is not None:
            if len(rectangle.upper) > 1 and not rectangle.two_sided:
                return self._log_all_below(rectangle.upper, rectangle.correlation)
            k = len(rectangle.upper)
            positive = rectangle._replace(correlation=lifted(rectangle.correlation))
            shifts = orthant.digital_shifts(k, _SEED)
            return equal_scores.log_rectangle(positive, orthant.sobol_net(k, LOG2_POINTS), shifts)
        m = len(thresholds)
        if m > orthant_arrays.LARGE or not devices.accelerated():
            positive = lifted(correlation)
            net, shifts = orthant.sobol_net(m, LOG2_POINTS), orthant.digital_shifts(m, _SEED)
            return orthant_arrays.log_orthant(thresholds, positive, net, shifts)
        result = self._orthant(thresholds, correlation)
        return float(result.log_value), float(result.relative_error)

    def _orthant(self, thresholds: Array | np.ndarray, correlation: Array | np.ndarray) -> orthant.Orthant:
        m = len(thresholds)
        shifts = orthant.digital_shifts(m, _SEED)
        return orthant.log_orthant(thresholds, lifted(correlation), orthant.sobol_net(m, LOG2_POINTS), shifts)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """Φ2(t_i, t_j; Σ_ij) off the diagonal."""
        t = _checks.numbers(self.thresholds)
        apart = with_diagonal(self.correlation, jnp.zeros_like(t))
        return with_diagonal(bivariate_normal.relative_cdf(t[:, None], t[None], apart), self.error_rates)

    def subpool(self, members: Any) -> "GaussianCopula":
        """The sub-matrix."""
        index = _checks.members(members, self.n_models)
        correlation = _checks.numbers(self.correlation)[np.ix_(index, index)]
        return GaussianCopula(_checks.numbers(self.error_rates)[index], correlation)

    @_COUNTS
    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j) by simulation with fixed points; standard errors are `count_probs_estimate`'s."""
        return self.count_probs_estimate()[0]

    @_COUNTS
    def count_probs_estimate(self) -> tuple[Float[Array, " m+1"], Float[Array, " m+1"]]:
        """P(C = j) and standard errors: j = 0 and m as β is, the others by `numerics.gaussian_counts`.

        Rare counts are looked for around the scores at which all models are wrong, or right. One that lives elsewhere
        may be missed where its probability is below 1e-7: no error of these is stated smaller than that.
        """
        m, t = self.n_models, np.asarray(self.thresholds)
        if m == 1:
            return jnp.stack([1 - self.error_rates[0], self.error_rates[0]]), jnp.zeros(2)
        correlation = np.asarray(self.correlation)
        (log_none, none_error), (log_all, all_error) = (self._log_all_below(side * t, correlation) for side in (-1, 1))
        none, all_wrong = np.exp(log_none), np.exp(log_all)
        probs, errors = (x[1:-1] for x in gaussian_counts.count_law(t, correlation, _SEED))
        probs = probs * ((1 - none - all_wrong) / probs.sum())
        errors = np.maximum(errors, gaussian_counts.LEAST_ERROR)
        values = np.concatenate([[none], probs, [all_wrong]])
        return jax.device_put((values, np.concatenate([[none * none_error], errors, [all_wrong * all_error]])))

    @_checks.DRAWS
    def sampler(self) -> LatentSampler:
        """One normal per model and a matrix product."""
        return LatentSampler.build(np.asarray(self.thresholds), np.asarray(self.correlation))


def lifted(correlation: Float[Array, "m m"] | Float[np.ndarray, "m m"]) -> Any:
    """Σ moved towards the identity just enough for its smallest eigenvalue to be 1e-9; of NumPy unless it is traced."""
    if _checks.traced(correlation):
        return _moved(correlation, jax.lax.stop_gradient(jnp.linalg.eigvalsh(correlation)[0]), jnp)
    matrix = np.asarray(correlation)
    return _moved(matrix, eigvalsh(matrix, subset_by_index=(0, 0), check_finite=False)[0], np)


def _moved(correlation: Any, smallest: Any, xp: Any) -> Any:
    # A model alone has the eigenvalue 1.
    share = xp.clip((1e-9 - smallest) / xp.maximum(1 - smallest, 1e-9), 0.0, 1.0)
    return (1 - share) * correlation + share * xp.eye(len(correlation))
