"""Common shock: with probability ω every model is wrong, else they err independently (theory P2.a)."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid, Mixture
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics.edges import log_with_atom


class CommonShock(AbstractFactorLaw):
    """Independent errors, and a shock in which every model is wrong (theory P2).

    Attributes:
        shock: ω in [0, 1), probability of the atom.
        base_error_rates: α0_i in (0, 1), (m,), error rates without the shock.
    """

    shock: Float[Array, ""] = eqx.field(converter=_checks.scalar)
    base_error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)

    def __init__(self, shock: Any, base_error_rates: Any) -> None:
        self.shock, self.base_error_rates = shock, base_error_rates

    def __check_init__(self) -> None:
        _checks.shape("shock", self.shock, ())
        _checks.inside("shock", self.shock, 0, 1, "[0, 1)")
        _checks.shape("base_error_rates", self.base_error_rates, (None,))
        _checks.inside("base_error_rates", self.base_error_rates, 0, 1, "(0, 1)")

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """α_i = ω + (1-ω) α0_i."""
        return self.shock + (1 - self.shock) * self.base_error_rates

    def log_all_wrong(self) -> Float[Array, ""]:
        """log(ω + (1-ω) Π α0_i)."""
        return log_with_atom(self.shock, jnp.log(self.base_error_rates).sum())

    def all_wrong(self) -> Float[Array, ""]:
        """ω + (1-ω) Π α0_i."""
        return self.shock + (1 - self.shock) * jnp.exp(jnp.log(self.base_error_rates).sum())

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """ω + (1-ω) α0_i α0_j off the diagonal."""
        joint = jnp.outer(self.base_error_rates, self.base_error_rates)
        return with_diagonal(self.shock + (1 - self.shock) * joint, self.error_rates)

    def subpool(self, members: Any) -> "CommonShock":
        """The same shock over fewer models."""
        base = _checks.numbers(self.base_error_rates)[_checks.members(members, self.n_models)]
        return CommonShock(self.shock, base)

    def factor_grid(self) -> FactorGrid:
        """Two nodes, the shock and its absence; exact."""
        return _two_nodes(self.shock, self.base_error_rates)

    def mixture(self) -> Mixture:
        """The same nodes; smooth at ω = 0."""
        base = self.base_error_rates
        return Mixture(
            jnp.stack([self.shock, 1 - self.shock]),
            jnp.stack([jnp.ones_like(base), base]),
            jnp.stack([jnp.zeros_like(base), 1 - base]),
        )


@jax.jit
def _two_nodes(shock: Array, base: Array) -> FactorGrid:
    return FactorGrid(
        jnp.stack([jnp.log(shock), jnp.log1p(-shock)]),
        jnp.stack([jnp.zeros_like(base), jnp.log(base)]),
        jnp.stack([jnp.full_like(base, -jnp.inf), jnp.log1p(-base)]),
    )
