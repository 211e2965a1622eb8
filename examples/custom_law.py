"""Your own error law, from its definition to a comparison with data.

    python examples/custom_law.py

A query is easy or hard, and every model errs more often on hard queries. Given the kind of query the models err
independently: a law of that shape is a subclass of `AbstractFactorLaw` and needs only the nodes of its factor. The base
class then samples, counts, and gives the exact law of the number of wrong models.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.optimize import minimize

from cofail_lab.models.base import AbstractFactorLaw, FactorGrid


class EasyAndHard(AbstractFactorLaw):
    """A share of the queries is hard.

    Attributes:
        hard_share: probability that a query is hard, in (0, 1).
        easy, hard: error rates of the m models on either kind of query, in (0, 1), (m,).
    """

    # A converter makes an array of whatever the constructor is called with.
    hard_share: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    easy: Float[Array, " m"] = eqx.field(converter=jnp.asarray)
    hard: Float[Array, " m"] = eqx.field(converter=jnp.asarray)

    def __init__(self, hard_share: Any, easy: Any, hard: Any) -> None:
        self.hard_share, self.easy, self.hard = hard_share, easy, hard

    @property
    def error_rates(self) -> Float[Array, " m"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """α_i, the mean over both kinds of query."""
        return (1 - self.hard_share) * self.easy + self.hard_share * self.hard

    def factor_grid(self) -> FactorGrid:
        """Two nodes; exact."""
        rates = jnp.stack([self.easy, self.hard])
        weights = jnp.stack([1 - self.hard_share, self.hard_share])
        return FactorGrid(jnp.log(weights), jnp.log(rates), jnp.log1p(-rates))

    def log_all_wrong(self) -> Float[Array, ""]:
        """log β: the models err independently on either kind of query."""
        grid = self.factor_grid()
        return jax.nn.logsumexp(grid.log_weights + grid.log_wrong.sum(axis=1))

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """p_ij; the diagonal is α_i."""
        on_easy, on_hard = jnp.outer(self.easy, self.easy), jnp.outer(self.hard, self.hard)
        joint = (1 - self.hard_share) * on_easy + self.hard_share * on_hard
        return jnp.where(jnp.eye(self.n_models, dtype=bool), self.error_rates, joint)

    def subpool(self, members: Any) -> "EasyAndHard":
        """The same share of hard queries, fewer models."""
        return EasyAndHard(self.hard_share, self.easy[np.asarray(members)], self.hard[np.asarray(members)])


def fitted(histogram: np.ndarray, error_rates: np.ndarray) -> EasyAndHard:
    """The most likely law with given error rates, from the number of queries with C = 0..m wrong models.

    Two parameters are free: the share of hard queries, and how much the error rates differ between the kinds.
    """

    def law(parameters: np.ndarray) -> EasyAndHard:
        # Both are between 0 and 1. `spread` moves errors from easy queries to hard ones, and keeps the error rates.
        share, spread = 1 / (1 + np.exp(-parameters))
        hard = error_rates + spread * (np.minimum(1, error_rates / share) - error_rates) * 0.999
        return EasyAndHard(share, (error_rates - share * hard) / (1 - share), hard)

    def loss(parameters: np.ndarray) -> float:
        return -float(histogram @ np.log(np.maximum(law(parameters).count_probs(), 1e-300)))

    starts = ([-2.0, 0.0], [0.0, 0.0], [-2.0, 2.0])
    return law(min((minimize(loss, start, method="Nelder-Mead") for start in starts), key=lambda best: best.fun).x)


def main() -> None:
    """Sample the law, compare with its exact all-wrong rate, and fit it to the sample."""
    truth = EasyAndHard(hard_share=0.1, easy=np.full(10, 0.15), hard=np.full(10, 0.9))
    print(f"The law: {float(truth.all_wrong()):.3%} of queries defeat all 10 models, exactly.")
    wrong = np.asarray(truth.sample(jax.random.key(0), 5000))
    print(f"A sample: {wrong.all(axis=1).mean():.3%} of 5,000 queries do.")
    law = fitted(np.bincount(wrong.sum(axis=1), minlength=11), wrong.mean(axis=0))
    print(f"Fitted to the sample: {float(law.hard_share):.1%} of the queries are hard (truth 10%).")
    print(
        f"Decision: a model like these ten, added to them, would rescue about "
        f"{1 - float(law.hard.mean()):.0%} of the queries that defeat them all ({float(law.all_wrong()):.2%} of all)."
    )


if __name__ == "__main__":
    main()
