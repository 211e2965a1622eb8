"""P4: V(B) from merged hulls, the program's values on it, and its price as the slope."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.reference.exact_routing import float_program
from cofail_lab.decisions import budget_frontier, solve_budget
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted

CASE = {"key": 235, "n_types": 3, "n_models": 4}


@drawing()
def draw() -> Figure:
    """Left, V(B) with its kinks, dual lines and solved programs; right, the price of the budget."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    quality, prices, prior = float_program(CASE)
    frontier = budget_frontier(quality, prices, prior)
    span = frontier.oracle_cost - frontier.least_cost
    most = frontier.oracle_cost + 0.25 * span
    grid = np.linspace(frontier.least_cost, most, 200)
    # One line λB + E max(q - λc) per edge: V is the least of them all.
    for number, price in enumerate([*frontier.slopes, 0.0]):
        height = float(prior @ (quality - price * prices).max(axis=1))
        left.plot(grid, height + price * grid, color=OTHER, lw=0.8, label=None if number else "dual lines")
    left.plot(grid, frontier.value(grid), color=PALETTE[0], label="merged hulls")
    left.plot(frontier.costs, frontier.values, "o", ms=3.2, color=PALETTE[0])
    budgets = frontier.least_cost + span * np.array([0.04, 0.2, 0.37, 0.55, 0.8, 1.15])
    solved = [solve_budget(quality, prices, prior, float(budget)) for budget in budgets]
    left.plot(budgets, [s.value for s in solved], "x", ms=5, color=STRONG, label="linear program")
    left.set_ylim(frontier.values[0] - 0.03, frontier.oracle + 0.06)
    left.set_xlabel("budget per query B")
    left.set_ylabel("quality V(B)")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=3, columnspacing=1)
    right.stairs(np.append(frontier.slopes, 0.0), np.append(frontier.costs, most), color=PALETTE[0], baseline=None)
    right.plot(budgets, [s.shadow_prices[0] for s in solved], "x", ms=5, color=STRONG)
    right.set_ylim(bottom=-0.02)
    right.set_xlabel("budget per query B")
    right.set_ylabel("price of the budget λ_B")
    return fitted(figure)
