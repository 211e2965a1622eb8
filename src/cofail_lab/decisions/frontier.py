"""A concave, piecewise linear frontier: the most quality that a budget buys (theory P4.iii)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.errors import InputError


class Policy(NamedTuple):
    """An optimal policy at a budget: which model answers queries of each type.

    Attributes:
        model: model of each type, (types,).
        mixed_type: the one type that is split between two models, None where no type is.
        mixed_model: the model that answers a part of that type.
        share: this part, in [0, 1).
    """

    model: Int[np.ndarray, " types"]
    mixed_type: int | None
    mixed_model: int | None
    share: float


class Frontier:
    """V(B) for every budget B: quality against cost, from the cheapest policy to the cheapest oracle.

    Attributes:
        costs: expected cost of the corner policies, increasing, (corners,); the first is the least any policy costs.
        values: their expected quality, increasing, (corners,).
        slopes: quality per unit of cost between consecutive corners, decreasing, (corners - 1,).
        steps: (type, from model, to model) of each upgrade along the frontier, (corners - 1, 3).
        start: the cheapest policy's model for each type, (types,).
    """

    def __init__(
        self,
        costs: Float[np.ndarray, " corners"],
        values: Float[np.ndarray, " corners"],
        slopes: Float[np.ndarray, " steps"],
        steps: Int[np.ndarray, "steps 3"],
        start: Int[np.ndarray, " types"],
    ):
        self.costs, self.values, self.slopes, self.steps, self.start = costs, values, slopes, steps, start

    @property
    def least_cost(self) -> float:
        """Σ_t p(t) min_i c_i(t): no policy is cheaper."""
        return float(self.costs[0])

    @property
    def oracle_cost(self) -> float:
        """Cost of the cheapest policy that attains the oracle; a larger budget buys nothing."""
        return float(self.costs[-1])

    @property
    def oracle(self) -> float:
        """V° = Σ_t p(t) max_i q_i(t)."""
        return float(self.values[-1])

    def value(self, budget: float | Float[np.ndarray, "..."]) -> float | Float[np.ndarray, "..."]:
        """V(B), the best expected quality at an expected cost of at most B.

        Raises:
            InputError: a budget below `least_cost` (no policy is that cheap) or not finite.
        """
        budgets = self._checked(budget)
        result = np.interp(budgets, self.costs, self.values)
        return float(result) if np.ndim(budget) == 0 else result

    def shadow_price(self, budget: float | Float[np.ndarray, "..."]) -> float | Float[np.ndarray, "..."]:
        """λ_B, what one more unit of budget buys: V'(B), at a kink the slope to its right, 0 from the oracle on."""
        budgets = self._checked(budget)
        position = np.searchsorted(self.costs, budgets, side="right") - 1
        result = np.append(self.slopes, 0.0)[position]
        return float(result) if np.ndim(budget) == 0 else result

    def price_range(self, budget: float) -> tuple[float, float]:
        """[λ⁻, λ⁺] of P4.iii: slopes to the right and left of a budget, equal off the kinks; inf left of all."""
        budget = float(self._checked(budget))
        left = int(np.searchsorted(self.costs, budget, side="left")) - 1
        above = float(self.slopes[left]) if left >= 0 and self.slopes.size > left else (np.inf if left < 0 else 0.0)
        return float(self.shadow_price(budget)), above

    def policy(self, budget: float) -> Policy:
        """An optimal policy; it mixes two models in at most one type, and only where the budget binds (P4.ii)."""
        budget = float(self._checked(budget))
        position = int(np.searchsorted(self.costs, budget, side="right")) - 1
        model = self.start.copy()
        done = self.steps[:position]
        # A type's later upgrades overwrite its earlier ones.
        model[done[:, 0]] = done[:, 2]
        if position >= len(self.steps) or budget == self.costs[position]:
            return Policy(model, None, None, 0.0)
        share = (budget - self.costs[position]) / (self.costs[position + 1] - self.costs[position])
        which, _, to = (int(x) for x in self.steps[position])
        return Policy(model, which, to, float(share))

    def _checked(self, budget: float | np.ndarray) -> np.ndarray:
        budgets = np.asarray(budget, dtype=float)
        if not np.isfinite(budgets).all():
            raise InputError(f"budget: {budget} is not a finite number")
        # A cost summed in another order may fall short by rounding.
        if (short := budgets < self.least_cost * (1 - 1e-12)).any():
            raise InputError(
                f"budget: {budgets[short].min():.12g} is below the cheapest policy's cost, {self.least_cost:.12g}"
            )
        return np.maximum(budgets, self.least_cost)
