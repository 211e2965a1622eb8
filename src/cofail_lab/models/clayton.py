"""Clayton copula: Archimedean, with lower tail dependence 2^{-1/θ} (theory section 2)."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.scipy.special import gammaln
from jaxtyping import Float, Int

from cofail_lab.models import _checks
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal


class Clayton(AbstractFactorLaw):
    """Errors with a Clayton copula; given the frailty V ~ Gamma(1/θ), P(E_i = 1) = exp(-V(α_i^{-θ} - 1)).

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        theta: θ > 0, dependence.
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    theta: Float[Array, ""] = eqx.field(converter=_checks.scalar)

    grid_error: ClassVar[float] = 1e-11

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        _checks.shape("theta", self.theta, ())
        _checks.inside("theta", self.theta, 0, jnp.inf, "(0, inf)")

    def log_all_wrong(self) -> Float[Array, ""]:
        """-(1/θ) log(1 + Σ (α_i^{-θ} - 1))."""
        return -_log1p_sum_expm1(-self.theta * jnp.log(self.error_rates)) / self.theta

    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """The closed form, all sizes in one array: models left out have α = 1."""
        powers = jnp.where(jnp.arange(self.n_models) < sizes[:, None], -self.theta * jnp.log(self.error_rates), 0.0)
        values = np.asarray(-_log1p_sum_expm1(powers) / self.theta)
        advance(len(sizes))
        return values, log_rounding(values)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """(α_i^{-θ} + α_j^{-θ} - 1)^{-1/θ} off the diagonal."""
        powers = jnp.broadcast_to(-self.theta * jnp.log(self.error_rates), (self.n_models, self.n_models))
        joint = jnp.exp(-_log1p_sum_expm1(jnp.stack([powers, powers.T], axis=-1)) / self.theta)
        return with_diagonal(joint, self.error_rates)

    def subpool(self, members: Any) -> "Clayton":
        """The same θ over fewer models."""
        return Clayton(self.error_rates[_checks.members(members, self.n_models)], self.theta)

    def factor_grid(self) -> FactorGrid:
        """A lattice for log V; every pattern of errors within a relative 1e-11."""
        return _grid(self.error_rates, self.theta, _n_nodes(self.error_rates, self.theta))


def _log1p_sum_expm1(x: Float[Array, "... k"]) -> Float[Array, "..."]:
    """log(1 + Σ (e^{x_i} - 1)) for x >= 0, without overflow, and without cancellation where every x is small."""
    top = x.max(axis=-1)
    large = top > 1
    small = jnp.log1p(jnp.expm1(jnp.where(large[..., None], 0.0, x)).sum(axis=-1))
    scaled = jnp.exp(x - top[..., None]).sum(axis=-1) - (x.shape[-1] - 1) * jnp.exp(-top)
    return jnp.where(large, top + jnp.log(scaled), small)


# Value of s = log V at which e^s has emptied the gamma density, and the drop accepted on the other side.
_LOG_TOP, _DROP = float(np.log(745.0)), 45.0
# Where the hazards add up to less than e^-30 every model is wrong, to 1e-13: one node serves for all that lies below.
_LOG_CERTAIN = 30.0
_TRACED_NODES = 4096


def _range(error_rates: Array, theta: Array) -> tuple[Array, Array]:
    # All wrong pulls V down to 1/(θ(1 + Σ c_i)); below it the density of log V falls as e^{s/θ}.
    reach = jnp.minimum((_DROP + 3) * theta, _LOG_CERTAIN)
    low = -_log1p_sum_expm1(-theta * jnp.log(error_rates)) - reach
    return low - 3, jnp.full_like(low, _LOG_TOP)


def _spacing(error_rates: Array) -> Array:
    # m answers leave log V uncertain by about 1/√m at least.
    return jnp.asarray(0.75 / np.sqrt(2 + len(error_rates)))


def _n_nodes(error_rates: Array, theta: Array) -> int:
    if isinstance(error_rates, Tracer) or isinstance(theta, Tracer):
        return _TRACED_NODES
    low, high = _range(error_rates, theta)
    # Few different sizes, so that few programs are compiled.
    return int(512 * np.ceil((float((high - low) / _spacing(error_rates)) + 1) / 512))


@partial(jax.jit, static_argnums=2)
def _grid(error_rates: Array, theta: Array, n_nodes: int) -> FactorGrid:
    low, high = jax.lax.stop_gradient(_range(error_rates, theta))
    spacing = (high - low) / (n_nodes - 2)
    s = low + spacing * jnp.arange(n_nodes - 1)
    log_weights = jnp.log(spacing) + s / theta - jnp.exp(s) - gammaln(1 / theta)
    # The first node stands for the rest of the lattice, a geometric series in which V is as good as 0.
    below = jnp.log(spacing) + low / theta - jnp.log(jnp.expm1(spacing / theta)) - gammaln(1 / theta)
    log_weights = jnp.append(below, log_weights)
    log_weights = jnp.where(spacing <= 1.01 * _spacing(error_rates), log_weights, jnp.nan)
    powers = -theta * jnp.log(error_rates)
    # V c = e^s (e^x - 1) = e^{s + x} (1 - e^{-x})
    hazard = jnp.exp(jnp.append(-jnp.inf, s)[:, None] + powers + jnp.log(-jnp.expm1(-powers)))
    return FactorGrid(log_weights, -hazard, jnp.log(-jnp.expm1(-hazard)))
