"""C2: what becomes of diversifying and of switching as errors become perfectly correlated."""

from collections.abc import Callable
from itertools import pairwise
from math import sqrt

import numpy as np

from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, equals
from cofail_lab.claims.propositions.p9_churn import option
from cofail_lab.decisions import equal_weight_variance, expected_positive_gap, linked_gap_sd, mean_score_accuracy


def spread_of_difference(formula: Callable, case: Case) -> Measured:
    """E[max(S' - S, 0)] by a double sum over two normal scores of correlation ρ, against P9.i at the linked η."""
    sigma, rho, mu = case["score_sd"], case["correlation"], case["mean_gap"]
    grid = np.linspace(-8, 8, 641)
    weights = np.exp(-grid * grid / 2)
    weights /= weights.sum()
    first, own = np.meshgrid(grid, grid, indexing="ij")
    gap = mu + sigma * (first - (rho * first + sqrt(1 - rho * rho) * own))
    measured = float(weights @ np.maximum(gap, 0) @ weights)
    # The kink of the maximum costs the sum at most a square of the grid's step.
    error = sigma * 1e-4
    return equals(measured, expected_positive_gap(mu, formula(sigma, rho)), 2 * error, error)


def both_shrink(formula: Callable, case: Case) -> Measured:
    """Relative falls, from each ρ to the next, of the diversification gain and of what V_R exceeds its end by."""
    sigma, mu, members = case["score_sd"], case["mean_gap"], case["members"]
    correlations = (0.2, 0.5, 0.8, 0.95, 0.99)
    single = mean_score_accuracy(case["error_rate"], 1.0)
    gains = [
        mean_score_accuracy(case["error_rate"], equal_weight_variance(members, rho)) - single for rho in correlations
    ]
    end = option(case["arrival"], case["discount"], 1.0, mu, 0.0)
    options = [option(case["arrival"], case["discount"], 1.0, mu, formula(sigma, rho)) - end for rho in correlations]
    return at_least(min(1 - later / earlier for of in (gains, options) for earlier, later in pairwise(of)), 0)


CLAIMS = (
    Claim(
        id="C2",
        releases=("june", "sept"),
        statement=(
            "As errors become perfectly correlated diversifying gains nothing more; nor does switching, beyond "
            "max(μ, 0), if the gap is the difference of two scores of that correlation."
        ),
        symbols="η² = 2σ²(1 - ρ): G_div(ρ) ↓ 0 and V_R ↓ (v/r)(ν/(r+ν))·max(μ, 0) as ρ → 1",
        hypothesis="Normal scores of variance σ² and correlation ρ; α < ½. The link is an assumption: V_R has no ρ.",
        expected="reported",
        formula=linked_gap_sd,
        checks=(
            Check(
                "difference of two correlated scores",
                "quadrature",
                spread_of_difference,
                tuple(
                    {"score_sd": sd, "correlation": rho, "mean_gap": mu}
                    for sd, rho, mu in ((1.0, 0.0, 0.0), (0.3, 0.6, 0.1), (2.0, -0.5, -0.4), (1.0, 0.95, 0.05))
                ),
            ),
            Check(
                "both values along ρ",
                "exact",
                both_shrink,
                tuple(
                    {"score_sd": 0.5, "mean_gap": mu, "members": k, "error_rate": 0.3, "arrival": 2.0, "discount": 0.2}
                    for mu, k in ((0.0, 10), (0.2, 3), (-0.2, 50))
                ),
            ),
        ),
        control=Control("η = σ√2·(1 - ρ)", "refuted", lambda sigma, rho: sqrt(2) * sigma * (1 - rho)),
        mutants={
            "the factor 2 dropped": lambda sigma, rho: sigma * sqrt(1 - rho),
            "1 + ρ for 1 - ρ": lambda sigma, rho: sigma * sqrt(2 * (1 + rho)),
        },
        note="V_R contains neither ρ nor α; whatever is said of them is said through the link.",
    ),
)
