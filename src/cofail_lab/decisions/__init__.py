"""Decisions on a pool: what a budget buys, how many members pay off, when a cascade pays off, when waiting does."""

from cofail_lab.decisions.budget import budget_frontier, query_oracle_frontier
from cofail_lab.decisions.budget_lp import BudgetSolution, solve_budget
from cofail_lab.decisions.cascade import (
    CascadeCurve,
    GapArea,
    auc,
    cascade_curve,
    gap_area_routes,
    midranks,
    optimal_deferral,
)
from cofail_lab.decisions.cascade_prices import (
    CriticalAuc,
    StrongCalls,
    binormal_quality,
    critical_auc,
    required_strong_calls,
)
from cofail_lab.decisions.churn import (
    expected_positive_gap,
    flow_threshold,
    linked_gap_sd,
    option_value,
    simulate_option_value,
)
from cofail_lab.decisions.coverage import Coverage, greedy_coverage
from cofail_lab.decisions.diversification import (
    equal_weight_variance,
    fixed_price_cardinality,
    growth_threshold,
    large_majority_accuracy,
    majority_accuracy,
    majority_floor,
    mean_score_accuracy,
    optimal_cardinality,
    rule_cardinality,
    variance_shadow_price,
)
from cofail_lab.decisions.frontier import Frontier, Policy
from cofail_lab.decisions.luck import AsGraded, as_graded, one_run_oracle, routable_ceiling, second_run_accuracy
from cofail_lab.decisions.router_ceiling import concave_roc_auc, information_ceiling, router_gain_ceiling
from cofail_lab.decisions.routing_gain import expected_maximum, expected_routing_gain, routing_gain_heuristic
from cofail_lab.decisions.score_weights import (
    accuracy_optimal_weights,
    block_covariance,
    minimum_variance_weights,
    weighted_score_accuracy,
)

__all__ = [
    "AsGraded",
    "BudgetSolution",
    "CascadeCurve",
    "Coverage",
    "CriticalAuc",
    "Frontier",
    "GapArea",
    "Policy",
    "StrongCalls",
    "accuracy_optimal_weights",
    "as_graded",
    "auc",
    "binormal_quality",
    "block_covariance",
    "budget_frontier",
    "cascade_curve",
    "concave_roc_auc",
    "critical_auc",
    "equal_weight_variance",
    "expected_maximum",
    "expected_positive_gap",
    "expected_routing_gain",
    "fixed_price_cardinality",
    "flow_threshold",
    "gap_area_routes",
    "greedy_coverage",
    "growth_threshold",
    "information_ceiling",
    "large_majority_accuracy",
    "linked_gap_sd",
    "majority_accuracy",
    "majority_floor",
    "mean_score_accuracy",
    "midranks",
    "minimum_variance_weights",
    "one_run_oracle",
    "optimal_cardinality",
    "optimal_deferral",
    "option_value",
    "query_oracle_frontier",
    "required_strong_calls",
    "routable_ceiling",
    "router_gain_ceiling",
    "routing_gain_heuristic",
    "rule_cardinality",
    "second_run_accuracy",
    "simulate_option_value",
    "solve_budget",
    "variance_shadow_price",
    "weighted_score_accuracy",
]
