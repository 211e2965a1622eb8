"""P7.iii: the rule for the size against the optimum, and what the Pearson correlation does to it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cofail_lab import decisions
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, equals
from cofail_lab.claims.propositions.p6_members import best_size
from cofail_lab.claims.propositions.p7_votes import pearson
from cofail_lab.claims.reference.exact import worst

GRIDS = {
    "126 cells": [0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95],
    "720 cells": [round(0.025 * i, 3) for i in range(40)],
}
"""Correlations of the two grids; error rates .05, .1, .2, .3, .4, .45 and costs 1e-4, 1e-3, 1e-2 are common."""


def share_right(rule: Callable, case: Case) -> Measured:
    """Cells of the grid on which the rule finds the best size of an exhaustive search."""
    cells = [
        (a, r, c) for a in (0.05, 0.1, 0.2, 0.3, 0.4, 0.45) for r in GRIDS[case["grid"]] for c in (1e-4, 1e-3, 1e-2)
    ]
    hits = sum(rule(*cell) == best_size(*cell) for cell in cells)
    return equals(hits / len(cells), case["stated"], 5e-4)


def rule(price_at: Any) -> Callable:
    """⌊k*⌋ + 1 with λ at V(1) or at V(k)."""
    return lambda a, r, c: decisions.rule_cardinality(a, r, c, price_at)


class Bias(NamedTuple):
    """An upper limit on the Pearson correlation at a latent one, and the sizes at each."""

    limit: Callable
    size: Callable


def below_latent(formula: Bias, case: Case) -> Measured:
    """The Pearson correlation of errors lies between 0 and the latent one."""
    phi = pearson(case["alpha"], case["rho"])
    return Measured(phi, phi, -1e-12, formula.limit(case["rho"]))


def sizes_differ(formula: Bias, case: Case) -> Measured:
    """Best sizes at the latent correlation and at the Pearson one taken for it, by exhaustive search."""
    alpha, rho, cost = case["alpha"], case["rho"], case["cost"]
    chosen = formula.size(alpha, rho, cost)
    return worst(
        equals(best_size(alpha, rho, cost), chosen, 0),
        at_least(abs(best_size(alpha, pearson(alpha, rho), cost) - chosen), 1),
    )


CLAIMS = (
    Claim(
        id="P7.iii",
        releases=("june", "sept"),
        statement="The rule ⌊k*⌋ + 1 with the price at a single member's variance stands for the exact optimum.",
        symbols="k = ⌊k*(λ(V(1)))⌋ + 1 ≈ argmax_k Φ(μ/√V(k)) - ck",
        hypothesis="Stated with its error: right on 34% of 126 cells and 35% of 720 (α, ρ, c).",
        expected="reported",
        formula=rule("single"),
        checks=(
            Check(
                "share of a grid on which the rule is exactly right",
                "exact",
                share_right,
                ({"grid": "126 cells", "stated": 0.341}, {"grid": "720 cells", "stated": 0.353}),
            ),
        ),
        control=Control("the exact optimum", "refuted", decisions.optimal_cardinality),
        note="The share depends on the grid, which the theory's 'about a third' does not state.",
    ),
    Claim(
        id="P7.iii.b",
        releases=("june", "sept"),
        statement=(
            "The rule with the price at the present variance, k grown while it pays, stands for the exact optimum."
        ),
        symbols="the least k with k > k*(λ(V(k)))",
        hypothesis="Stated with its error: right on 87% of 126 cells and 92% of 720 (α, ρ, c).",
        expected="reported",
        formula=rule("current"),
        checks=(
            Check(
                "share of a grid on which the rule is exactly right",
                "exact",
                share_right,
                ({"grid": "126 cells", "stated": 0.873}, {"grid": "720 cells", "stated": 0.921}),
            ),
        ),
        control=Control("the price at a single member", "refuted", rule("single")),
        note="The theory has 'about 94%'; the share depends on the grid, which it does not state.",
    ),
    Claim(
        id="P7.iii.c",
        releases=("june", "sept"),
        statement="The Pearson correlation of errors is below the latent one, and sizes chosen with it are others.",
        symbols="0 < φ < r for 0 < r < 1; α = .1, r = .3, c = 1e-4: φ = .129, 17 members for 28",
        hypothesis="Single-factor probit.",
        expected="confirmed",
        formula=Bias(lambda r: r, decisions.optimal_cardinality),
        checks=(
            Check(
                "Pearson against latent by quadrature",
                "quadrature",
                below_latent,
                tuple({"alpha": a, "rho": r} for a in (0.01, 0.3, 0.5) for r in (0.1, 0.5, 0.9)),
                Search({"alpha": Range(0.01, 0.99), "rho": Range(0.01, 0.95)}, n_starts=64),
            ),
            Check(
                "exhaustive search at both",
                "exact",
                sizes_differ,
                ({"alpha": 0.1, "rho": 0.3, "cost": 1e-4}, {"alpha": 0.3, "rho": 0.4, "cost": 1e-4}),
            ),
        ),
        control=Control(
            "half of the latent correlation as the limit",
            "refuted",
            Bias(lambda r: r / 2, decisions.optimal_cardinality),
        ),
        mutants={
            "r² as the limit": Bias(lambda r: r * r, decisions.optimal_cardinality),
            "sizes by the Pearson correlation": Bias(
                lambda r: r, lambda a, r, c: decisions.optimal_cardinality(a, pearson(a, r), c)
            ),
        },
        universal=True,
    ),
)
