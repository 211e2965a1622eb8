"""Clayton copula: Archimedean, with lower tail dependence 2^{-1/θ} (theory section 2)."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from cofail_lab.errors import ConvergenceError
from cofail_lab.models import _checks
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid, Mixture, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import gamma_frailty, gamma_frailty_strong
from cofail_lab.numerics.edges import derivative_inside
from cofail_lab.numerics.poisson_binomial import mixture_counts

_TRACED_NODES = 4096
_MAX_ENTRIES = 2**27
# From this θ on nodes are placed only where answers change.
_STRONG = 1.0


class Clayton(AbstractFactorLaw):
    """Errors with a Clayton copula; given the frailty V ~ Gamma(1/θ), P(E_i = 1) = exp(-V(α_i^{-θ} - 1)).

    θ = 0 is the limit, independent errors, and nothing special happens near it. For large θ the law approaches
    comonotone errors; its probabilities are then as sensitive to the last digits of the rates as θ is large.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        theta: θ in [0, 1e300], dependence.
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    theta: Float[Array, ""] = eqx.field(converter=_checks.scalar)

    grid_error: ClassVar[float] = 2 * gamma_frailty.ERROR

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        _checks.shape("theta", self.theta, ())
        _checks.inside("theta", self.theta, 0, 1e300, "[0, 1e+300]")

    @property
    def _hazards(self) -> Any:
        """-log α_i, (m,); of NumPy where nothing is traced."""
        return -jnp.log(self.error_rates) if _checks.traced(self) else -np.log(np.asarray(self.error_rates))

    def log_all_wrong(self) -> Float[Array, ""]:
        """-(1/θ) log(1 + Σ (α_i^{-θ} - 1)); Σ log α_i at θ = 0."""
        return jnp.asarray(gamma_frailty.log_all_wrong(self._hazards, _checks.numbers(self.theta)))

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """The closed form, all sizes in one array: models left out have α = 1."""
        hazards = np.where(np.arange(self.n_models) < np.asarray(sizes)[:, None], self._hazards, 0.0)
        values = gamma_frailty.log_all_wrong(hazards, np.full(len(sizes), self.theta))
        advance(len(sizes))
        return values, log_rounding(values)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """(α_i^{-θ} + α_j^{-θ} - 1)^{-1/θ} off the diagonal."""
        xp = jnp if _checks.traced(self) else np
        rows = xp.broadcast_to(self._hazards, (self.n_models, self.n_models))
        log_joint = gamma_frailty.log_all_wrong(xp.stack([rows, rows.T], axis=-1), xp.full(rows.shape, self.theta))
        return with_diagonal(xp.exp(log_joint), self.error_rates)

    def subpool(self, members: Any) -> "Clayton":
        """The same θ over fewer models."""
        return Clayton(_checks.numbers(self.error_rates)[_checks.members(members, self.n_models)], self.theta)

    def factor_grid(self) -> FactorGrid:
        """Lattices for log V: every pattern of errors within a proven relative 1e-13, plus rounding of its log.

        Rounding apart means: of logs as large as those of the pattern's probability, and θ times that of the rates.

        Raises:
            ConvergenceError: more than 2^27 entries, from about 400 different rates on and θ in the thousands.
        """
        if _checks.traced(self):
            weights, hazards = gamma_frailty.lattice(self._hazards, self.theta, _TRACED_NODES)
            return FactorGrid(jnp.log(weights), -hazards, jnp.log(-jnp.expm1(-hazards)))
        log_weights, log_hazards = self._nodes()
        with np.errstate(divide="ignore", over="ignore"):
            hazards = np.exp(log_hazards)
            # Where a hazard is below rounding, the model is right with just that probability.
            log_right = np.where(log_hazards < -37, log_hazards, np.log(-np.expm1(-hazards)))
        return FactorGrid(*jax.device_put((log_weights, -hazards, log_right)))

    def mixture(self) -> Mixture:
        """The same nodes."""
        if _checks.traced(self):
            return super().mixture()
        log_weights, log_hazards = self._nodes()
        hazards = np.exp(np.minimum(log_hazards, 700.0))
        return Mixture(*jax.device_put((np.exp(log_weights), np.exp(-hazards), -np.expm1(-hazards))))

    def _nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Log weights (nodes,) and log hazards (nodes, m); concrete parameters only."""
        rates, theta = np.asarray(self.error_rates), float(self.theta)
        if theta < _STRONG:
            n_nodes = gamma_frailty.needed_nodes(self._hazards, np.asarray(theta))
            with np.errstate(divide="ignore"):
                weights, hazards = map(np.log, gamma_frailty.lattice(self._hazards, np.asarray(theta), n_nodes))
            return weights, hazards
        if (needed := gamma_frailty_strong.n_nodes(rates, theta)) * self.n_models > _MAX_ENTRIES:
            raise ConvergenceError(
                f"law.theta: {theta:g} with {self.n_models} different models needs {needed} values of the frailty; "
                "count_probs and log_all_wrong need none of them"
            )
        parts = list(gamma_frailty_strong.nodes(rates, theta))
        log_weights = np.concatenate([part.log_weights for part in parts])
        return log_weights, np.concatenate([part.log_hazards for part in parts])

    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j), j = 0..m, to the relative error of `factor_grid` plus about m rounding errors, down to 1e-290.

        Under tracing 4,096 nodes serve, and all is nan where they do not prove 1e-8 (θ in the hundreds).
        """
        if _checks.traced(self):
            return _traced_counts(self.error_rates, self.theta)
        if float(self.theta) >= _STRONG:
            rates, theta = np.asarray(self.error_rates), float(self.theta)
            if gamma_frailty_strong.n_nodes(rates, theta) * self.n_models > _MAX_ENTRIES:
                return jax.device_put(gamma_frailty_strong.count_law(rates, theta))
        return super().count_probs()


def _lattice_counts(error_rates: Array, theta: Array) -> Array:
    weights, hazards = gamma_frailty.lattice(-jnp.log(error_rates), theta, _TRACED_NODES)
    return mixture_counts(weights, jnp.exp(-hazards), -jnp.expm1(-hazards))


_traced_counts = derivative_inside(
    _lattice_counts, lambda rates, theta: (rates, jnp.maximum(theta, gamma_frailty.TINY))
)
