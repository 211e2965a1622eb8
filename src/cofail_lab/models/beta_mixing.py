"""Beta mixing: every model errs with a probability that is drawn from a Beta law for the query."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from cofail_lab.models import _checks
from cofail_lab.models._samplers import Alias, PositionsSampler
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import ROUNDING, AbstractErrorLaw, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal


class BetaMixing(AbstractErrorLaw):
    """Given p ~ Beta(a, b), the m models err independently with probability p: C is beta-binomial.

    Attributes:
        a, b: parameters of the Beta law, both in (0, 1e300]; the error rate is a/(a+b).
        pool_size: m, the constructor's n_models.
    """

    a: Float[Array, ""] = eqx.field(converter=_checks.scalar)
    b: Float[Array, ""] = eqx.field(converter=_checks.scalar)
    pool_size: int = eqx.field(static=True)

    def __init__(self, a: Any, b: Any, n_models: int) -> None:
        self.a, self.b, self.pool_size = a, b, n_models

    def __check_init__(self) -> None:
        for name, value in (("a", self.a), ("b", self.b)):
            _checks.shape(name, value, ())
            _checks.inside(name, value, 0, 1e300, "(0, 1e+300]")
        _checks.pool_size("n_models", self.pool_size)

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.pool_size

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """a/(a+b), for every model."""
        return jnp.full(self.n_models, self.a / (self.a + self.b))

    def _log_wrong_in_turn(self) -> Float[Array, " m"]:
        """Log P(the next model is wrong | the i before it are), (a+i)/(a+b+i), i = 0..m-1."""
        return -jnp.log1p(self.b / (self.a + jnp.arange(self.n_models)))

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log Π_{i<m} (a+i)/(a+b+i)."""
        return self._log_wrong_in_turn().sum()

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Partial sums of one sum."""
        values = np.cumsum(self._log_wrong_in_turn())[np.asarray(sizes) - 1]
        advance(len(sizes))
        return values, log_rounding(values) + self.n_models * ROUNDING

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """a(a+1)/((a+b)(a+b+1)) off the diagonal."""
        m, total = self.n_models, self.a + self.b
        return with_diagonal(jnp.full((m, m), self.a / total * ((self.a + 1) / (total + 1))), self.error_rates)

    def subpool(self, members: Any) -> "BetaMixing":
        """The same mixing law over fewer models."""
        return BetaMixing(self.a, self.b, len(_checks.members(members, self.n_models)))

    def count_probs(self) -> Float[Array, " m+1"]:
        """(m choose j) B(a+j, b+m-j)/B(a, b), to a relative few m rounding errors.

        From P(C = 0) and the ratios of neighbours, whose logs stay small where those of Beta functions cancel.
        """
        j = jnp.arange(self.n_models)
        log_none = -jnp.log1p(self.a / (self.b + j)).sum()
        left = self.n_models - j
        log_ratios = jnp.log((self.a + j) / (self.b + (left - 1))) + jnp.log(left / (j + 1))
        return jnp.exp(log_none + jnp.append(0.0, jnp.cumsum(log_ratios)))

    @_checks.DRAWS
    def sampler(self) -> PositionsSampler:
        """Draws the number, then the positions one after the other."""
        return PositionsSampler(Alias.build(np.asarray(self.count_probs())), self.n_models, self.all_wrong())
