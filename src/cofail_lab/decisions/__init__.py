"""Decisions on a pool: what a budget buys."""

from cofail_lab.decisions.budget import budget_frontier
from cofail_lab.decisions.budget_lp import BudgetSolution, solve_budget
from cofail_lab.decisions.frontier import Frontier, Policy
from cofail_lab.decisions.query_frontier import query_oracle_frontier

__all__ = ["BudgetSolution", "Frontier", "Policy", "budget_frontier", "query_oracle_frontier", "solve_budget"]
