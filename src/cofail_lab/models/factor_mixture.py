"""One factor with any discrete law: finitely many levels of difficulty."""

from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jax import Array
from jaxtyping import Float

from cofail_lab.models import _checks
from cofail_lab.models._probit_factor import AbstractProbitFactor, Solved, solve_points


class FactorMixture(AbstractProbitFactor):
    """E_i = 1{ℓ_i Z + √(1-ℓ_i²) ε_i < t_i}, Z with finitely many values, ε_i standard normal.

    Low values of Z are hard queries; one so low that every model fails there is an atom. The scale of Z is free: only
    ℓ_i Z matters.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        loadings: ℓ_i in (-1, 1), (m,).
        points: values of Z, (k,).
        weights: their probabilities, with sum 1 (to 1e-9), (k,).
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    loadings: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    points: Float[Array, " k"] = eqx.field(converter=_checks.vector)
    weights: Float[Array, " k"] = eqx.field(converter=_checks.vector)

    grid_error: ClassVar[float] = 1e-13

    def __check_init__(self) -> None:
        self.check_pool()
        _checks.shape("points", self.points, (None,))
        _checks.inside("points", self.points, -np.inf, np.inf, "(-inf, inf)")
        _checks.shape("weights", self.weights, self.points.shape)
        _checks.distribution("weights", self.weights)

    def subpool(self, members: Any) -> "FactorMixture":
        """The same factor and loadings."""
        index = _checks.members(members, self.n_models)
        rates, loadings = (_checks.numbers(x)[index] for x in (self.error_rates, self.loadings))
        return FactorMixture(rates, loadings, self.points, self.weights)

    def solved(self, error: float = 1e-13, smallest: float = 1e-300) -> Solved:
        """The points themselves; exact."""
        del error, smallest
        return solve_points(self.points, self.weights, self.error_rates, self.loadings)
