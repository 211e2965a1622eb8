"""Exchangeable count: any law of the number of wrong models, positions uniform (theory section 2)."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from scipy.special import gammaln, logsumexp

from cofail_lab.models import _checks
from cofail_lab.models._samplers import Alias, PositionsSampler
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractErrorLaw, ignore, log_rounding
from cofail_lab.models.independent import with_diagonal


class ExchangeableCount(AbstractErrorLaw):
    """P(C = j) = q_j, positions uniform: every exchangeable law of m models.

    Attributes:
        probabilities: q_j >= 0 with sum 1 (to 1e-9), j = 0..m, (m+1,).
    """

    probabilities: Float[Array, " m+1"] = eqx.field(converter=_checks.vector)

    def __init__(self, count_probs: Any) -> None:
        self.probabilities = _checks.vector(count_probs)

    def __check_init__(self) -> None:
        _checks.shape("count_probs", self.probabilities, (None,))
        _checks.distribution("count_probs", self.probabilities)
        _checks.pool_size("count_probs (one fewer than its entries)", len(self.probabilities) - 1)

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return len(self.probabilities) - 1

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """E[C]/m, for every model."""
        m = self.n_models
        return jnp.full(m, self.probabilities @ jnp.arange(m + 1) / m)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Log q_m."""
        return jnp.log(self.probabilities[-1])

    def all_wrong(self) -> Float[Array, ""]:
        """q_m."""
        return self.probabilities[-1]

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Log Σ_c q_c (c choose k) / (m choose k)."""
        counts, chosen = np.arange(self.n_models + 1), np.asarray(sizes)[:, None]
        left = np.where(counts >= chosen, counts - chosen, 0)
        ways = gammaln(counts + 1) - gammaln(left + 1) - (gammaln(self.n_models + 1) - gammaln(counts[-1] - chosen + 1))
        with np.errstate(divide="ignore"):
            logs = np.where(counts >= chosen, ways + np.log(self.probabilities), -np.inf)
            values = np.asarray(logsumexp(logs, axis=1))
        advance(len(sizes))
        # The logarithms of factorials cancel.
        return values, log_rounding(values) + log_rounding(gammaln(self.n_models + 1))

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """E[C(C-1)]/(m(m-1)) off the diagonal."""
        m, counts = self.n_models, jnp.arange(self.n_models + 1)
        joint = self.probabilities @ (counts * (counts - 1)) / max(m * (m - 1), 1)
        return with_diagonal(jnp.full((m, m), joint), self.error_rates)

    def subpool(self, members: Any) -> "ExchangeableCount":
        """Exchangeable again: C of a sub-pool is hypergeometric given C."""
        m, k = self.n_models, len(_checks.members(members, self.n_models))
        log_choose = hypergeometric(m, k)
        return ExchangeableCount(jnp.exp(log_choose) @ self.probabilities)

    def count_probs(self) -> Float[Array, " m+1"]:
        """The law itself."""
        return self.probabilities

    @_checks.DRAWS
    def sampler(self) -> PositionsSampler:
        """Draws the number, then the positions one after the other."""
        return PositionsSampler(Alias.build(np.asarray(self.probabilities)), self.n_models, self.probabilities[-1])


def hypergeometric(m: int, k: int) -> np.ndarray:
    """Log probability of j wrong among k of m models when c are wrong in all, (k+1, m+1); -inf where impossible."""
    j, c = np.arange(k + 1)[:, None], np.arange(m + 1)
    possible = (j <= c) & (k - j <= m - c)

    def log_choose(n: np.ndarray, r: np.ndarray) -> np.ndarray:
        return gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1)

    rest, chosen = np.where(possible, m - c, k), np.where(possible, c, k)
    logs = log_choose(chosen, np.where(possible, j, 0)) + log_choose(rest, np.where(possible, k - j, 0))
    return np.where(possible, logs - log_choose(np.asarray(m), np.asarray(k)), -np.inf)
