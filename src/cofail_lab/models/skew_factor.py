"""One factor with a skewed law: the hard queries have a longer tail than the easy ones, or a shorter one."""

from typing import Any, ClassVar

import equinox as eqx
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models._probit_factor import AbstractProbitFactor, Solved, solve_family


class SkewFactor(AbstractProbitFactor):
    """E_i = 1{ε_i √(1-ℓ_i²) - ℓ_i D < t_i}, D a skewed difficulty of mean 0 and variance 1, ε_i standard normal.

    D is a gamma variable, shifted and scaled (Pearson's type III), of shape 4/skewness². A skewness above 0 says that
    the hard side has the long tail: few queries are much harder than the rest; 2 is exponential difficulty. Below 0
    the easy side has the long tail, and there is a largest difficulty. At 0 the law is `OneFactorGaussian`.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        loadings: ℓ_i in (-1, 1), (m,); above 0 a model fails more often where D is large.
        skewness: of D, in [-4, 4].
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    loadings: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    skewness: Float[Array, ""] = eqx.field(converter=_checks.scalar)

    grid_error: ClassVar[float] = 1e-12

    def __check_init__(self) -> None:
        self.check_pool()
        _checks.shape("skewness", self.skewness, ())
        _checks.inside("skewness", self.skewness, -4, 4, "[-4, 4]")

    def subpool(self, members: Any) -> "SkewFactor":
        """The same factor and loadings."""
        index = _checks.members(members, self.n_models)
        rates, loadings = (_checks.numbers(x)[index] for x in (self.error_rates, self.loadings))
        return SkewFactor(rates, loadings, self.skewness)

    def solved(self, error: float = 1e-13, smallest: float = 1e-300) -> Solved:
        """A lattice for Z = -D."""
        return solve_family("skew", self.skewness, self.error_rates, self.loadings, error, smallest)
