"""P7.iv: fixed weights of correlated scores, and a size for every type of query."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from cofail_lab import decisions
from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, at_most, equals, holds
from cofail_lab.claims.reference.exact import worst
from cofail_lab.claims.reference.simulated import share_is


def covariance(case: Case) -> np.ndarray:
    """Unit variances, covariance within and between blocks."""
    block = np.asarray(case["blocks"])
    sigma = np.where(
        block[:, None] == block, case["between"] + case["within"] * (0.99 - case["between"]), case["between"]
    )
    np.fill_diagonal(sigma, 1.0)
    return sigma


def variance_of(weights: np.ndarray, sigma: np.ndarray) -> float:
    """Variance of a weighted sum, term by term."""
    return float(
        sum(w * v * s for w, row in zip(weights, sigma, strict=True) for v, s in zip(weights, row, strict=True))
    )


def least_variance(formula: Callable, case: Case) -> Measured:
    """Against a rival and against equal weights; and the certificate, Σw the same for all members.

    For any weights u of sum 1, uᵀΣu - wᵀΣw = (u-w)ᵀΣ(u-w) + 2(u-w)·Σw, and the last term is 0 if Σw is constant.
    """
    sigma = covariance(case)
    weights = formula(sigma)
    rival = np.array(case["rival"]) / sum(case["rival"])
    least = variance_of(weights, sigma)
    return worst(
        equals(float(weights.sum()), 1, 1e-12),
        equals(float(np.ptp(sigma @ weights)), 0, 1e-12),
        at_least(variance_of(rival, sigma), least - 1e-13),
        at_least(float(sigma.mean()), least - 1e-13),
    )


def balanced(formula: Callable, case: Case) -> Measured:
    """Equal weights where all blocks are of one size."""
    weights = formula(covariance(case))
    return equals(float(np.abs(weights - 1 / len(weights)).max()), 0, 1e-13)


def accuracy(weights: np.ndarray, means: np.ndarray, sigma: np.ndarray) -> float:
    """P(w·S > 0)."""
    return float(ndtr(weights @ means / sqrt(variance_of(weights, sigma))))


def no_rival(formula: Callable, case: Case) -> Measured:
    """Rival weights against the formula's, which attain Cauchy-Schwarz, √(μᵀΣ⁻¹μ) by elimination."""
    sigma, means = covariance(case), np.array(case["means"])
    weights, rival = formula(means, sigma), np.array(case["rival"])
    if not means.any() or not rival.any():
        raise ZeroDivisionError("no weights or no means")
    bound = sqrt(float(means @ np.linalg.solve(sigma, means)))
    reached = float(weights @ means) / sqrt(variance_of(weights, sigma))
    return worst(equals(reached, bound, 1e-12), at_most(accuracy(rival, means, sigma), float(ndtr(reached)) + 1e-13))


def _rival_slack(rival: Any, means: Any, between: Any, within: Any, blocks: Any) -> Any:
    """√(μᵀΣ⁻¹μ) less a rival's μ·w/√(wᵀΣw), in JAX."""
    import jax.numpy as jnp

    block = np.asarray(blocks)
    sigma = jnp.where(block[:, None] == block, between + within * (0.99 - between), between)
    sigma = jnp.where(np.eye(len(block), dtype=bool), 1.0, sigma)
    return jnp.sqrt(means @ jnp.linalg.solve(sigma, means)) - rival @ means / jnp.sqrt(rival @ sigma @ rival)


def simulated_scores(formula: Callable, case: Case) -> Measured:
    """Share of simulated weighted scores above 0, with exact binomial limits, against Cauchy-Schwarz's value."""
    sigma, means, n = covariance(case), np.array(case["means"]), 60_000
    draw = np.random.Generator(np.random.Philox(key=[case["seed"], 72]))
    scores = means + draw.standard_normal((n, len(means))) @ np.linalg.cholesky(sigma).T
    hits = int((scores @ formula(means, sigma) > 0).sum())
    return share_is(hits, n, case["level"], float(ndtr(sqrt(float(means @ np.linalg.solve(sigma, means))))))


def loses(formula: Callable, case: Case) -> Measured:
    """Accuracy lost by the formula's weights, by at least a tenth of a point, to the best and to equal weights."""
    sigma, means = covariance(case), np.array(case["means"])
    own = accuracy(formula(sigma), means, sigma)
    best = float(ndtr(sqrt(float(means @ np.linalg.solve(sigma, means)))))
    return worst(at_least(best - own, 1e-3), at_least(accuracy(np.ones(len(means)), means, sigma) - own, 1e-3))


def sizes(error_rate: float, correlations: list[float], cost: float) -> list[int]:
    """The optimum at every type's own ρ(t)."""
    return [decisions.optimal_cardinality(error_rate, rho, cost) for rho in correlations]


def per_type(formula: Callable, case: Case) -> Measured:
    """Mean accuracy less cost over equally likely types: the formula's sizes against exhaustive search."""
    k, mu = np.arange(1, 4001), -float(ndtri(case["alpha"]))
    nets = [ndtr(mu / np.sqrt(rho + (1 - rho) / k)) - case["cost"] * k for rho in case["rhos"]]
    chosen = formula(case["alpha"], case["rhos"], case["cost"])
    common = float(np.mean(nets, axis=0).max())
    value = sum(net[size - 1] for net, size in zip(nets, chosen, strict=True)) / len(nets)
    best = sum(net.max() for net in nets) / len(nets)
    if len(set(chosen)) == 1:
        return holds(False)
    return worst(equals(value, best, 1e-13), at_least(value - common, case["worth"]))


BLOCKS = (0, 0, 0, 1)
SHAPES = tuple(
    {"blocks": list(b), "between": lo, "within": hi}
    for b, lo, hi in ((BLOCKS, 0.2, 0.6), ((0, 0, 1, 1, 2), 0.05, 0.9), ((0, 1, 2), 0.5, 0.3))
)
MEANS = (
    {"blocks": list(BLOCKS), "between": 0.0, "within": 0.8, "means": [1.0, 1.0, 1.0, 0.05], "rival": [1, 1, 1, 1]},
    {"blocks": list(BLOCKS), "between": 0.2, "within": 0.5, "means": [0.4, 0.9, 0.1, 0.3], "rival": [0, 1, 0, 0]},
)
_RIVALS = {"rival": Range(0.01, 1, size=4), "between": Range(0, 0.9), "within": Range(0, 1)}

CLAIMS = (
    Claim(
        id="P7.iv",
        releases=("june", "sept"),
        statement=(
            "Weights in proportion to Σ⁻¹1 give the least variance, never more than equal weights, and are equal "
            "where blocks are balanced."
        ),
        symbols="w = Σ⁻¹1/(1ᵀΣ⁻¹1) minimizes wᵀΣw over 1ᵀw = 1",
        hypothesis="Positive definite covariance, here of blocks (families) of models.",
        expected="confirmed",
        formula=decisions.minimum_variance_weights,
        checks=(
            Check(
                "rival weights, and Σw constant",
                "exact",
                least_variance,
                tuple({**s, "rival": [1 + (3 * i) % 4 for i in range(len(s["blocks"]))]} for s in SHAPES),
                Search(_RIVALS, fixed={"blocks": list(BLOCKS)}, n_starts=64),
            ),
            Check(
                "balanced blocks",
                "exact",
                balanced,
                tuple(
                    {"blocks": b, "between": 0.2, "within": 0.6}
                    for b in ([0, 0, 1, 1], [0, 1, 2], [0] * 3 + [1] * 3 + [2] * 3)
                ),
            ),
        ),
        control=Control("equal weights", "refuted", lambda sigma: np.full(len(sigma), 1 / len(sigma))),
        mutants={
            "Σ1 for Σ⁻¹1": lambda sigma: sigma.sum(axis=1) / sigma.sum(),
            "every block alike": lambda sigma: (lambda w: w / w.sum())(1 / (sigma > sigma.min() + 1e-9).sum(axis=1)),
            "Σ⁻²1": lambda sigma: (lambda w: w / w.sum())(np.linalg.solve(sigma @ sigma, np.ones(len(sigma)))),
        },
        universal=True,
    ),
    Claim(
        id="P7.iv.b",
        releases=("june", "sept"),
        statement="With unequal means no fixed weights are more often right than those in proportion to Σ⁻¹μ.",
        symbols="w = Σ⁻¹μ maximizes Φ(w·μ/√(wᵀΣw)) = Φ(√(μᵀΣ⁻¹μ)) at w",
        hypothesis="Normal scores, positive definite covariance, means not all 0.",
        expected="confirmed",
        formula=decisions.accuracy_optimal_weights,
        checks=(
            Check(
                "rival weights, and equality in Cauchy-Schwarz",
                "exact",
                no_rival,
                MEANS,
                Search(
                    {**_RIVALS, "means": Range(0.01, 1, size=4)},
                    fixed={"blocks": list(BLOCKS)},
                    n_polished=3,
                    slack=_rival_slack,
                ),
            ),
            Check("simulated scores", "monte_carlo", simulated_scores, MEANS),
        ),
        control=Control(
            "least variance, Σ⁻¹1",
            "refuted",
            lambda _means, sigma: decisions.minimum_variance_weights(sigma),
        ),
        mutants={
            "μ without Σ⁻¹": lambda means, _sigma: means,
            "Σμ": lambda means, sigma: sigma @ means,
            "equal weights": lambda means, _sigma: np.ones(len(means)),
        },
        universal=True,
    ),
    Claim(
        id="P7.iv.c",
        releases=("june", "sept"),
        statement=(
            "With unequal means the weights of least variance can lose to those of best accuracy, and even to equal "
            "ones."
        ),
        symbols="∃ μ, Σ: accuracy(Σ⁻¹1) < accuracy(1) ≤ accuracy(Σ⁻¹μ)",
        hypothesis="Three members in a block and a poor one outside, which least variance favours.",
        expected="confirmed",
        formula=decisions.minimum_variance_weights,
        checks=(Check("accuracies of the three", "exact", loses, MEANS[:1]),),
        control=Control("equal weights in their place", "refuted", lambda sigma: np.ones(len(sigma))),
        mutants={"a third on each of the block": lambda *_: np.array([1.0, 1.0, 1.0, 0.0]) / 3},
    ),
    Claim(
        id="P7.iv.d",
        releases=("june", "sept"),
        statement=(
            "Where the correlation depends on the type of query, so does the best number of members, and one for all "
            "loses."
        ),
        symbols="k*(t) = argmax_k Φ(μ/√(ρ(t) + (1-ρ(t))/k)) - ck",
        hypothesis="Single-factor probit given the type; types equally likely.",
        expected="confirmed",
        formula=sizes,
        checks=(
            Check(
                "exhaustive search per type and in common",
                "exact",
                per_type,
                (
                    {"alpha": 0.3, "rhos": [0.1, 0.6], "cost": 1e-3, "worth": 4e-3},
                    {"alpha": 0.1, "rhos": [0.0, 0.3], "cost": 1e-4, "worth": 6e-4},
                ),
            ),
        ),
        control=Control(
            "the size at the mean correlation for all",
            "refuted",
            lambda a, rhos, c: sizes(a, [float(np.mean(rhos))] * len(rhos), c),
        ),
        mutants={"sizes exchanged between types": lambda a, rhos, c: sizes(a, rhos[::-1], c)},
    ),
)
