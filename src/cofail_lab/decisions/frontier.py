"""A concave, piecewise linear frontier: the most quality that a budget buys (theory P4.iii)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.errors import InputError
from cofail_lab.shown import Shown

# Budgets and costs are sums of non-negative terms, so either may miss its exact value by rounding, relative to itself.
# A budget this close to a corner's cost, relative to that cost, is taken to be that cost.
ROUNDING = 1e-12


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


class Frontier(Shown):
    """V(B) for every budget B: quality against cost, from the cheapest policy to the cheapest oracle.

    Attributes:
        costs: expected cost of the corner policies, never falling, (corners,); the first is the least any policy costs.
        values: their expected quality, never falling, (corners,).
        slopes: quality per unit of cost between consecutive corners, never rising, (corners - 1,).
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
        result = self._slopes[self._n_reached(self._checked(budget))]
        return float(result) if np.ndim(budget) == 0 else result

    def price_range(self, budget: float) -> tuple[float, float]:
        """[λ⁻, λ⁺] of P4.iii: slopes to the right and left of a budget, equal off the kinks; inf left of all.

        A budget within rounding of a kink is at the kink: the prices of every budget within `ROUNDING` of this one are
        in the range.
        """
        checked = self._checked(budget)
        n_below = int(np.searchsorted(self.costs * (1 + ROUNDING), checked, side="left"))
        return float(self._slopes[self._n_reached(checked)]), float(self._slopes[n_below])

    def policy(self, budget: float) -> Policy:
        """An optimal policy; it mixes two models in at most one type, and only where the budget binds (P4.ii).

        Within rounding of a corner it is that corner's, which mixes none.
        """
        checked = float(self._checked(budget))
        n_steps = int(self._n_reached(checked)) - 1
        model = self.start.copy()
        done = self.steps[:n_steps]
        # A type's later upgrades overwrite its earlier ones.
        model[done[:, 0]] = done[:, 2]
        if n_steps == len(self.steps) or checked <= self.costs[n_steps] * (1 + ROUNDING):
            return Policy(model, None, None, 0.0)
        share = (checked - self.costs[n_steps]) / (self.costs[n_steps + 1] - self.costs[n_steps])
        which, _, to = (int(x) for x in self.steps[n_steps])
        return Policy(model, which, to, float(share))

    @property
    def _slopes(self) -> Float[np.ndarray, " corners+1"]:
        """Slopes left of every corner, and the 0 right of the last."""
        return np.concatenate([[np.inf], self.slopes, [0.0]])

    def _n_reached(self, budgets: float | np.ndarray) -> np.ndarray:
        """How many corners a budget pays for, up to rounding; at least one."""
        return np.searchsorted(self.costs * (1 - ROUNDING), budgets, side="right")

    def _checked(self, budget: float | np.ndarray) -> np.ndarray:
        budgets = np.asarray(budget, dtype=float)
        if not np.isfinite(budgets).all():
            raise InputError(f"budget: {budget} is not a finite number")
        if (short := budgets < self.least_cost * (1 - ROUNDING)).any():
            raise InputError(
                f"budget: {budgets[short].min():.12g} is below the cheapest policy's cost, {self.least_cost:.12g}"
            )
        return np.maximum(budgets, self.least_cost)
