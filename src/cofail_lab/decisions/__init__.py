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
from cofail_lab.decisions.cascade_dollars import (
    CascadeDollars,
    cascade_dollars,
    critical_auc_for_mixing,
    mixing_surcharge,
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
from cofail_lab.decisions.degraded_verifier import Degraded, degraded_verifier
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
from cofail_lab.decisions.scope import Scope, scope
from cofail_lab.decisions.score_weights import (
    accuracy_optimal_weights,
    block_covariance,
    minimum_variance_weights,
    weighted_score_accuracy,
)
from cofail_lab.decisions.votes import (
    VoteGain,
    VoteRange,
    agreement_when_wrong,
    log_odds_weights,
    majority_right,
    plurality_range,
    plurality_right,
    three_vote_gain,
    tied_votes,
)

__all__ = [
    "AsGraded",
    "BudgetSolution",
    "CascadeCurve",
    "CascadeDollars",
    "Coverage",
    "CriticalAuc",
    "Degraded",
    "Frontier",
    "GapArea",
    "Policy",
    "Scope",
    "StrongCalls",
    "VoteGain",
    "VoteRange",
    "accuracy_optimal_weights",
    "agreement_when_wrong",
    "as_graded",
    "auc",
    "binormal_quality",
    "block_covariance",
    "budget_frontier",
    "cascade_curve",
    "cascade_dollars",
    "concave_roc_auc",
    "critical_auc",
    "critical_auc_for_mixing",
    "degraded_verifier",
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
    "log_odds_weights",
    "majority_accuracy",
    "majority_floor",
    "majority_right",
    "mean_score_accuracy",
    "midranks",
    "minimum_variance_weights",
    "mixing_surcharge",
    "one_run_oracle",
    "optimal_cardinality",
    "optimal_deferral",
    "option_value",
    "plurality_range",
    "plurality_right",
    "query_oracle_frontier",
    "required_strong_calls",
    "routable_ceiling",
    "router_gain_ceiling",
    "routing_gain_heuristic",
    "rule_cardinality",
    "scope",
    "second_run_accuracy",
    "simulate_option_value",
    "solve_budget",
    "three_vote_gain",
    "tied_votes",
    "variance_shadow_price",
    "weighted_score_accuracy",
]
