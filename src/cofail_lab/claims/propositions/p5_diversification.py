"""P5: the error of an average of correlated scores, and the floor under votes."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import exp, sqrt
from typing import Any

import numpy as np
from scipy.special import betainc, ndtr, ndtri

from cofail_lab import decisions
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals
from cofail_lab.claims.reference.exact import worst
from cofail_lab.claims.reference.simulated import share_is


def mean_variance(n_members: Any, correlation: Any, variance: Any) -> Any:
    """σ²(ρ + (1-ρ)/k)."""
    return decisions.equal_weight_variance(n_members, correlation, variance)


def covariance_mean(formula: Callable, case: Case) -> Measured:
    """Variance of the mean as 1ᵀΣ1/k², entry by entry in rationals."""
    k, rho, variance = case["k"], Fraction(case["rho"]), Fraction(case["variance"])
    total = sum(variance * (1 if i == j else rho) for i in range(k) for j in range(k))
    return equals(total / k**2, formula(k, case["rho"], case["variance"]), 1e-14 * case["variance"])


def simulated_mse(formula: Callable, case: Case) -> Measured:
    """Mean squared error of n simulated means; n·MSE/V is chi-squared with n degrees of freedom: exact limits."""
    from scipy.stats import chi2

    draw, n = np.random.Generator(np.random.Philox(key=[case["seed"], 51])), 40_000
    k, rho, variance = case["k"], case["rho"], case["variance"]
    scores = sqrt(rho) * draw.standard_normal((n, 1)) + sqrt(1 - rho) * draw.standard_normal((n, k))
    mse = variance * float((scores.mean(axis=1) ** 2).mean())
    low, high = (float(chi2.ppf(q, n)) / n for q in (case["level"] / 2, 1 - case["level"] / 2))
    claimed = formula(k, rho, variance)
    return Measured(mse / high, mse / low, claimed * low / high, claimed * high / low)


def floor_error(error_rate: float, correlation: float) -> float:
    """Φ(-μ/√ρ)."""
    return decisions.majority_floor(error_rate, correlation)


def majority_error(error_rate: float, correlation: float, n_members: int) -> float:
    """1 - accuracy of a majority of odd k: Gauss-Legendre over the shared part, in pieces around where it turns."""
    mu, half = -float(ndtri(error_rate)), (n_members - 1) // 2
    nodes, weights = _legendre()
    shared, own = sqrt(correlation), sqrt(1 - correlation)
    # The vote turns where a member's chance is ½, over a width of own/√k.
    turn, width = -mu / shared, 8 * own / shared / sqrt(n_members)
    cuts = sorted({-12.0, 12.0, *(min(12.0, max(-12.0, turn + s * width)) for s in (-4, -2, -1, 0, 1, 2, 4))})
    total = 0.0
    for low, high in pairwise(cuts):
        u = low + (high - low) * nodes
        wrong = betainc(half + 1, half + 1, ndtr(-(mu + shared * u) / own))
        total += (high - low) * float(weights @ (np.exp(-u * u / 2) * wrong))
    return total / sqrt(2 * np.pi)


@cache
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(120)
    return (nodes + 1) / 2, weights / 2


def large_vote(formula: Callable, case: Case) -> Measured:
    """A majority of k = 10^8 + 1, which is within 10^-7 of its limit at these correlations."""
    value = majority_error(case["alpha"], case["rho"], 10**8 + 1)
    return equals(value, formula(case["alpha"], case["rho"]), 2e-7)


def simulated_majority(formula: Callable, case: Case) -> Measured:
    """Endless votes: all follow the shared part, whose sign against the threshold decides; exact binomial limits."""
    n, mu = 40_000, -float(ndtri(case["alpha"]))
    shared = np.random.Generator(np.random.Philox(key=[case["seed"], 52])).standard_normal(n)
    member_wrong = ndtr(-(mu + sqrt(case["rho"]) * shared) / sqrt(1 - case["rho"]))
    hits = int((member_wrong > 0.5).sum())
    return share_is(hits, n, case["level"], formula(case["alpha"], case["rho"]))


def floor_limits(formula: Callable, case: Case) -> Measured:
    """To 0 as ρ → 0 by Chernoff's ½e^{-μ²/2ρ}, to α as ρ → 1 by the mean value theorem; between them always."""
    alpha, rho = case["alpha"], case["rho"]
    mu, value = -float(ndtri(alpha)), formula(alpha, rho)
    near_one = mu * (1 / sqrt(rho) - 1) / sqrt(2 * np.pi)
    return worst(
        Measured(value, value, 0, min(alpha, 0.5 * exp(-mu * mu / (2 * rho))) + 1e-15),
        Measured(value, value, alpha - near_one - 1e-15, alpha + 1e-15),
    )


FLOORS = tuple({"alpha": a, "rho": r} for a, r in ((0.3, 0.4), (0.1, 0.3), (0.45, 0.1), (0.2, 0.9), (0.6, 0.5)))
MSE = tuple({"k": k, "rho": r, "variance": v} for k, r, v in ((4, 0.3, 1.0), (7, 0.0, 2.5), (2, 0.9, 0.5)))

CLAIMS = (
    Claim(
        id="P5.i",
        releases=("june", "sept"),
        statement=(
            "The mean of k equally correlated scores has the shared part of a member's variance, and a k-th of the "
            "rest."
        ),
        symbols="MSE(k) = σ²(ρ + (1-ρ)/k)",
        hypothesis="Unbiased scores of variance σ² and correlation ρ, equal weights.",
        expected="confirmed",
        formula=mean_variance,
        checks=(
            Check(
                "covariance matrix summed in rationals",
                "exact",
                covariance_mean,
                MSE,
                Search({"k": Range(1, 12, integer=True), "rho": Range(0, 1), "variance": Range(0.1, 4)}, n_starts=64),
            ),
            Check("simulated means", "monte_carlo", simulated_mse, MSE),
        ),
        control=Control("independent members", "refuted", lambda k, _rho, v: v / k),
        mutants={
            "1 for 1-ρ": lambda k, rho, v: v * (rho + 1 / k),
            "1/k² for 1/k": lambda k, rho, v: v * (rho + (1 - rho) / k**2),
            "σ for σ²": lambda k, rho, v: sqrt(v) * (rho + (1 - rho) / k),
        },
        universal=True,
    ),
    Claim(
        id="P5.ii",
        releases=("june", "sept"),
        statement=(
            "Votes over ever more members end at an error that depends on the shared part alone: none without "
            "correlation, a single member's at full correlation."
        ),
        symbols="lim_k P(majority wrong) = Φ(-μ/√ρ), μ = Φ^{-1}(1-α); → 0 as ρ → 0, → α as ρ → 1 for α < ½",
        hypothesis="Single-factor probit; the limits in ρ for α < ½.",
        expected="confirmed",
        formula=floor_error,
        checks=(
            Check(
                "majority of 10^8 + 1 by quadrature",
                "quadrature",
                large_vote,
                FLOORS,
                Search({"alpha": Range(0.01, 0.9), "rho": Range(0.05, 0.95)}, n_starts=32, n_polished=2, n_steps=30),
            ),
            Check(
                "limits in ρ by bounds with a rate",
                "exact",
                floor_limits,
                tuple({"alpha": a, "rho": r} for a in (0.05, 0.3, 0.45) for r in (1e-4, 1e-2, 0.5, 0.99, 1.0)),
                Search({"alpha": Range(1e-3, 0.499), "rho": Range(1e-3, 1)}, n_starts=64),
            ),
            Check("simulated shared parts", "monte_carlo", simulated_majority, FLOORS[:3]),
        ),
        control=Control("a single member's error", "refuted", lambda alpha, _rho: alpha),
        mutants={
            "ρ for √ρ": lambda alpha, rho: float(ndtr(ndtri(alpha) / rho)),
            "√(1-ρ) for √ρ": lambda alpha, rho: float(ndtr(ndtri(alpha) / sqrt(max(1 - rho, 1e-12)))),
            "the other sign": lambda alpha, rho: 1 - floor_error(alpha, rho),
        },
        universal=True,
    ),
)
