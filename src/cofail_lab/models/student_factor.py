"""One factor with Student's t law: queries may be much harder, or much easier, than a Gaussian factor has them."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models._probit_factor import AbstractProbitFactor, Solved, solve_family


class StudentFactor(AbstractProbitFactor):
    """E_i = 1{ℓ_i Z + √(1-ℓ_i²) ε_i < t_i}, Z of Student's t law with ν degrees of freedom, ε_i standard normal.

    Z has the usual scale of that law: its variance is ν/(ν-2) for ν > 2 and infinite below, so that the law exists for
    every ν. ν = inf is `OneFactorGaussian`.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        loadings: ℓ_i in (-1, 1), (m,).
        degrees_of_freedom: ν in [0.5, inf].
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    loadings: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    degrees_of_freedom: Float[Array, ""] = eqx.field(converter=_checks.scalar)

    grid_error: ClassVar[float] = 1e-12

    def __check_init__(self) -> None:
        self.check_pool()
        _checks.shape("degrees_of_freedom", self.degrees_of_freedom, ())
        _checks.inside("degrees_of_freedom", self.degrees_of_freedom, 0.5, jnp.inf, "[0.5, inf]")

    def subpool(self, members: Any) -> "StudentFactor":
        """The same factor and loadings."""
        index = _checks.members(members, self.n_models)
        rates, loadings = (_checks.numbers(x)[index] for x in (self.error_rates, self.loadings))
        return StudentFactor(rates, loadings, self.degrees_of_freedom)

    def solved(self, error: float = 1e-13, smallest: float = 1e-300) -> Solved:
        """A lattice for Z."""
        return solve_family("student", self.degrees_of_freedom, self.error_rates, self.loadings, error, smallest)
