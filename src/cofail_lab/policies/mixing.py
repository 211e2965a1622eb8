"""Constants mixed at random: `random` and `mixture`. They read nothing, so that whoever reads must do better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cofail_lab.policies.base import AbsentPolicyError, AbstractFitted, Choices, View


@dataclass(frozen=True)
class Mixed(AbstractFitted):
    """Every query goes to a model at random, with the same probabilities (m,)."""

    shares: Float[np.ndarray, " m"]

    def decide(self, view: View) -> Choices:
        """The same probabilities for every query; they are graded by their expectation."""
        return Choices("mix", np.tile(self.shares, (view.n_queries, 1)))


def at_budget(accuracy: np.ndarray, prices: np.ndarray | None, budget: float | None) -> Mixed:
    """The best mixture of constants that costs at most ``budget`` dollars per query.

    Args:
        accuracy, prices: of the models (m,).
        budget: None for halfway between the cheapest price and that of the best model.

    Raises:
        AbsentPolicyError: costs are unknown, or the budget is below the cheapest price.
    """
    if prices is None:
        raise AbsentPolicyError("costs are unknown")
    from cofail_lab.decisions import budget_frontier

    frontier = budget_frontier(accuracy[None], prices, np.ones(1))
    if budget is None:
        budget = (frontier.least_cost + frontier.oracle_cost) / 2
    if budget < frontier.least_cost:
        raise AbsentPolicyError(f"the cheapest model costs {frontier.least_cost:.3g}, more than {budget:.3g}")
    policy = frontier.policy(budget)
    shares = np.zeros(len(accuracy))
    shares[policy.model[0]] = 1 - policy.share
    if policy.mixed_model is not None:
        shares[policy.mixed_model] = policy.share
    return Mixed(shares)
