"""The budget-routing program itself (theory P4.i, P4.iv), one solver call per budget, any number of resources.

`budget.budget_frontier` gives the same values for one resource at every budget at once; the program serves several
resources and as an independent check.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.decisions.budget import checked_program
from cofail_lab.errors import InputError


class BudgetSolution(NamedTuple):
    """One solved program.

    Attributes:
        value: V(B), the primal optimum.
        dual_value: λ·B + E_t max_i [q_i(t) - λ·c_i(t)] at the solution's prices: an upper bound on V(B) for any λ >= 0.
        shadow_prices: λ >= 0, quality per unit of each resource, (resources,).
        policy: π(i|t), (types, models), rows summing to one.
    """

    value: float
    dual_value: float
    shadow_prices: Float[np.ndarray, " resources"]
    policy: Float[np.ndarray, "types models"]


def solve_budget(
    quality: Float[np.ndarray, "types models"],
    prices: Float[np.ndarray, "..."],
    prior: Float[np.ndarray, " types"],
    budgets: float | Float[np.ndarray, " resources"],
) -> BudgetSolution:
    """Best expected quality under one budget per resource, by CVXPY and HiGHS.

    Budgets are met to 1e-9 of each resource's greatest price.

    Args:
        quality: q_i(t), (types, models).
        prices: of one resource, (models,) or (types, models); of several (dollars, latency), (resources, models) with
            several budgets, or (resources, types, models).
        prior: p(t), (types,).
        budgets: one number, or one per resource.

    Raises:
        InputError: as `budget_frontier`; also budgets that no policy meets.
    """
    import cvxpy as cp

    limits = np.atleast_1d(np.asarray(budgets, dtype=float))
    table = np.asarray(prices, dtype=float)
    tables = table[None] if np.ndim(budgets) == 0 else table
    if limits.ndim != 1 or len(tables) != len(limits):
        raise InputError(f"budgets: {limits.size} given for prices of shape {table.shape}; one per resource is needed")
    if not np.isfinite(limits).all():
        raise InputError(f"budgets: {budgets} is not finite")
    checked = [checked_program(quality, resource, prior) for resource in tables]
    q, _, p = checked[0]
    costs = [np.broadcast_to(c, q.shape) for _, c, _ in checked]
    policy = cp.Variable(q.shape, nonneg=True)
    # The solver's tolerances are absolute: each resource is counted in units of its greatest price.
    units = [float(c.max()) or 1.0 for c in costs]
    within = [
        cp.NonNeg(limit / unit - cp.sum(cp.multiply(p[:, None] * (c / unit), policy)))
        for c, limit, unit in zip(costs, limits, units, strict=True)
    ]
    objective = cp.Maximize(cp.sum(cp.multiply(p[:, None] * q, policy)))
    problem = cp.Problem(objective, [cp.Zero(cp.sum(policy, axis=1) - 1), *within])
    problem.solve(solver=cp.HIGHS, primal_feasibility_tolerance=1e-9, dual_feasibility_tolerance=1e-9)
    if problem.status in ("infeasible", "infeasible_or_unbounded"):
        least = ", ".join(f"{p @ c.min(axis=1):.6g}" for c in costs)
        raise InputError(f"budgets: {limits.tolist()} cannot be met; each resource alone needs at least {least}")
    if problem.status != "optimal":
        raise ArithmeticError(f"the budget program ended as {problem.status}")
    # Duals of inequalities are non-negative; the solver's may miss that by rounding.
    shadow = np.array(
        [max(0.0, float(np.asarray(bound.dual_value))) / unit for bound, unit in zip(within, units, strict=True)]
    )
    net = q - sum(price * c for price, c in zip(shadow, costs, strict=True))
    dual_value = float(shadow @ limits + p @ net.max(axis=1))
    chosen = np.asarray(policy.value)
    return BudgetSolution(float(p @ (q * chosen).sum(axis=1)), dual_value, shadow, chosen)
