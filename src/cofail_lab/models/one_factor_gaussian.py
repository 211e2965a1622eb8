"""Gaussian copula with one factor: E_i = 1{ℓ_i Z + √(1-ℓ_i²) ε_i < t_i}."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.special import log_ndtr

from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import bivariate_normal, normal, one_factor, one_factor_arrays
from cofail_lab.numerics.one_factor import Numbers

_GRID_ERROR = 1e-13


class OneFactorGaussian(AbstractFactorLaw):
    """Latent scores that share one Gaussian factor; equicorrelated r is loadings = √r.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        loadings: ℓ_i in (-1, 1), (m,); models i and j have latent correlation ℓ_i ℓ_j.
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    loadings: Float[Array, " m"] = eqx.field(converter=_checks.vector)

    grid_error: ClassVar[float] = _GRID_ERROR

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        _checks.shape("loadings", self.loadings, self.error_rates.shape)
        _checks.inside("loadings", self.loadings, -1, 1, "(-1, 1)")

    @classmethod
    def equicorrelated(cls, error_rates: Any, correlation: float) -> "OneFactorGaussian":
        """The law in which every pair of models has the same latent correlation: all loadings are √correlation.

        Args:
            error_rates: α_i in (0, 1), (m,).
            correlation: r in [0, 1): a common factor gives no negative correlation.

        Raises:
            InputError: a number is outside its range.
        """
        _checks.inside("correlation", _checks.scalar(correlation), 0, 1, "[0, 1)")
        rates = _checks.vector(error_rates)
        return cls(rates, np.full(rates.shape, np.sqrt(correlation)))

    @property
    def thresholds(self) -> Float[Array, " m"]:
        """t_i = Φ^{-1}(α_i)."""
        return normal.quantile(self.error_rates)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log ∫ φ(z) Π Φ((t_i - ℓ_i z)/√(1-ℓ_i²)) dz; its error is that of `all_wrong_estimate`."""
        return jnp.asarray(self._log_all_wrong()[0])

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β by quadrature; the error is a bound."""
        log_value, error = (float(x) for x in self._log_all_wrong())
        return Estimate(float(np.exp(log_value)), float(np.exp(log_value) * error), "quadrature")

    def _log_all_wrong(self) -> tuple[Any, Any]:
        thresholds, loadings = self.thresholds, self.loadings
        if not _checks.traced(self):
            log_value, error = one_factor_arrays.log_all_below(*np.stack([thresholds, loadings])[:, None])
            if not np.isnan(log_value):
                return log_value[0], error[0]
        return one_factor.log_all_below(thresholds, loadings)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """Φ2(t_i, t_j; ℓ_i ℓ_j) off the diagonal."""
        t, loadings = _checks.numbers(self.thresholds), _checks.numbers(self.loadings)
        joint = bivariate_normal.relative_cdf(t[:, None], t[None], loadings[:, None] * loadings)
        return with_diagonal(joint, self.error_rates)

    def subpool(self, members: Any) -> "OneFactorGaussian":
        """The same factor and loadings."""
        index = _checks.members(members, self.n_models)
        return OneFactorGaussian(*(_checks.numbers(x)[index] for x in (self.error_rates, self.loadings)))

    def factor_grid(self) -> FactorGrid:
        """A lattice for Z: every pattern of errors within a proven relative 1e-13 (`numerics.one_factor`).

        Under `jax.jit` or `jax.vmap` the number of nodes cannot follow the parameters; there it is 4,096, and all is
        nan if that does not prove 1e-8. Raises ConvergenceError where concrete loadings would need more than 2^20
        nodes.
        """
        if _checks.traced(self):
            return _traced_grid(self.thresholds, self.loadings)
        t, loadings = np.asarray(self.thresholds), np.asarray(self.loadings)
        low, high = one_factor_arrays.factor_range(t, loadings)
        n_nodes = _n_nodes(high - low, loadings)
        z, spacing = np.linspace(low, high, n_nodes, retstep=True)
        scale = np.sqrt((1 - loadings) * (1 + loadings))
        u = t / scale - loadings / scale * z[:, None]
        return FactorGrid(*jax.device_put((np.log(spacing) + _log_density(z), log_ndtr(u), log_ndtr(-u))))


_TRACED_NODES = 4096


def _log_density(z: Numbers) -> Numbers:
    return -z * z / 2 - np.log(2 * np.pi) / 2


def _n_nodes(width: float, loadings: np.ndarray) -> int:
    """Nodes over a range of this width whose spacing proves `_GRID_ERROR`, up to a multiple of 512."""
    needed = width / float(one_factor.proven_spacing(one_factor.information(loadings), _GRID_ERROR))
    if needed > 2**20:
        largest = float(np.abs(loadings).max())
        raise ConvergenceError(f"law.loadings: {largest} is so near 1 that the factor needs {needed:.0f} nodes")
    # Few different sizes, so that few programs are compiled for laws of C.
    return int(512 * np.ceil((needed + 1) / 512))


@jax.jit
def _traced_grid(thresholds: Array, loadings: Array) -> FactorGrid:
    low, high = one_factor.factor_range(thresholds, loadings)
    spacing = (high - low) / (_TRACED_NODES - 1)
    z = low + spacing * jnp.arange(_TRACED_NODES)
    proven = one_factor.trapezoid_error(one_factor.information(loadings), spacing) < 1e-8
    log_weights = jnp.where(proven, jnp.log(spacing) + _log_density(z), jnp.nan)
    return FactorGrid(log_weights, *one_factor.log_conditional(thresholds, loadings, z))
