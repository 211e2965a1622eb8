"""Any law with an atom on top: with probability ω every model is wrong (theory section 2)."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models._samplers import AtomSampler
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractErrorLaw, ignore, log_rounding
from cofail_lab.numerics.edges import log_with_atom


class AtomInflated(AbstractErrorLaw):
    """With probability ω every model is wrong, else the base law holds.

    Attributes:
        shock: ω in [0, 1).
        base: any error law; its error rates are those outside the atom.
    """

    shock: Float[Array, ""] = eqx.field(converter=_checks.scalar)
    base: AbstractErrorLaw

    def __init__(self, shock: Any, base: AbstractErrorLaw) -> None:
        self.shock, self.base = shock, base

    def __check_init__(self) -> None:
        _checks.shape("shock", self.shock, ())
        _checks.inside("shock", self.shock, 0, 1, "[0, 1)")
        if not isinstance(self.base, AbstractErrorLaw):
            raise InputError(f"law.base: {self.base!r} is not an error law")

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """ω + (1-ω) α_i of the base."""
        return _with_atom(self.shock, self.base.error_rates)

    def log_all_wrong(self) -> Float[Array, ""]:
        """log(ω + (1-ω) β_base)."""
        return log_with_atom(self.shock, self.base.log_all_wrong())

    def all_wrong(self) -> Float[Array, ""]:
        """ω + (1-ω) β_base."""
        return _with_atom(self.shock, self.base.all_wrong())

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β, with the base's error."""
        base = self.base.all_wrong_estimate()
        shock = float(self.shock)
        if base.value is None or base.error is None:
            return base
        return Estimate(shock + (1 - shock) * base.value, (1 - shock) * base.error, base.kind)

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """The atom over the base's."""
        base, error = self.base.log_all_wrong_by_size(sizes, advance)
        shock = float(self.shock)
        with np.errstate(divide="ignore"):
            values = np.logaddexp(np.log(shock), np.log1p(-shock) + base)
        return values, error * (1 - shock) * np.exp(base - values) + log_rounding(values)

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """ω + (1-ω) p_ij of the base."""
        return _with_atom(self.shock, self.base.pairwise_wrong())

    def subpool(self, members: Any) -> "AtomInflated":
        """The same atom over the base's sub-pool."""
        return AtomInflated(self.shock, self.base.subpool(members))

    def count_probs(self) -> Float[Array, " m+1"]:
        """(1-ω) times the base's, plus ω at m."""
        return ((1 - self.shock) * self.base.count_probs()).at[-1].add(self.shock)

    @_checks.DRAWS
    def sampler(self) -> AtomSampler:
        """The base's draws, overruled by the atom."""
        return AtomSampler.build(float(self.shock), self.base.sampler())


@jax.jit
def _with_atom(atom: Array, rest: Array) -> Array:
    return atom + (1 - atom) * rest
