"""Independent errors: E_i ~ Bernoulli(α_i)."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid


class Independent(AbstractFactorLaw):
    """Models err independently of each other.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")

    def log_all_wrong(self) -> Float[Array, ""]:
        """Σ log α_i."""
        return _log_sum(self.error_rates)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """α_i α_j off the diagonal."""
        rates = _checks.numbers(self.error_rates)
        return with_diagonal(rates[:, None] * rates, self.error_rates)

    def subpool(self, members: Any) -> "Independent":
        """Independent errors again."""
        return Independent(_checks.numbers(self.error_rates)[_checks.members(members, self.n_models)])

    def factor_grid(self) -> FactorGrid:
        """A single node; exact."""
        return _one_node(self.error_rates)


@jax.jit
def _log_sum(error_rates: Array) -> Array:
    return jnp.log(error_rates).sum()


@jax.jit
def _one_node(error_rates: Array) -> FactorGrid:
    return FactorGrid(jnp.zeros(1), jnp.log(error_rates)[None], jnp.log1p(-error_rates)[None])


def with_diagonal(matrix: Float[Array | np.ndarray, "m m"], diagonal: Float[Array, " m"]) -> Float[Array, "m m"]:
    """The matrix with another diagonal."""
    if not _checks.traced((matrix, diagonal)):
        matrix = np.array(matrix)
        np.fill_diagonal(matrix, diagonal)
        return jax.device_put(matrix)
    return jnp.where(jnp.eye(len(diagonal), dtype=bool), diagonal, matrix)
