"""Coverage of certificates by exact binomial and multinomial sums: the measured side of P1.

The formulas under test are limits of `bounds/`, inverses of beta integrals; the sums here know nothing of those.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from cofail_lab.claims.claim import Case, Measured, at_least
from cofail_lab.claims.reference.exact import exact_error_rates, joint_law

# Binomial sums of these sizes, and limits of a percent in a million, lose less than this to rounding.
ROUNDING = 1e-9
DELTA = 0.05


def binomial(n: int, p: float) -> np.ndarray:
    """P(X = k) for k = 0..n."""
    k = np.arange(n + 1)
    return np.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlog1py(n - k, -p))


def coverage_at_least(value: float, delta: float = DELTA) -> Measured:
    """A coverage must reach 1 - δ."""
    return at_least(value, 1 - delta - ROUNDING)


def least_coverage(lower: Callable, case: Case) -> Measured:
    """inf over β of P(limit <= β): it only falls where β passes a limit from above, so the left limits there do."""
    n, delta = case["n"], case["delta"]
    limits = np.asarray(lower(np.arange(n + 1), n, delta))
    coverage = [binomial(n, p)[limits < p].sum() for p in limits[(limits > 0) & (limits <= 1)]]
    return coverage_at_least(float(min(coverage)), delta)


class Outcomes(NamedTuple):
    """Every outcome of n queries on a few models that matters to a limit.

    Attributes:
        mass: probabilities, (outcomes,).
        errors: queries that each model gets wrong, (outcomes, models).
        all_wrong: queries that all get wrong, (outcomes,).
    """

    mass: np.ndarray
    errors: np.ndarray
    all_wrong: np.ndarray


def two_model_outcomes(case: Case) -> Outcomes:
    """Two models with the joint law of ``weights``: every multinomial outcome of n."""
    n = case["n"]
    _, probs = joint_law(case)
    counts = _compositions(n)
    mass = np.exp(gammaln(n + 1) - gammaln(counts + 1).sum(1) + xlogy(counts, np.array(probs, dtype=float)).sum(1))
    # Patterns in order: none wrong, second wrong, first wrong, both wrong.
    errors = np.stack([counts[:, 2] + counts[:, 3], counts[:, 1] + counts[:, 3]], axis=1)
    return Outcomes(mass, errors, counts[:, 3])


def two_model_coverage(bound: Callable, case: Case) -> Measured:
    """P(bound >= G) for two models with the joint law of ``weights``, summed over every multinomial outcome of n."""
    n, delta = case["n"], case["delta"]
    wrong, probs = joint_law(case)
    gain = float(min(exact_error_rates(wrong, probs)) - probs[-1])
    outcomes = two_model_outcomes(case)
    limit = bound(n - outcomes.errors, outcomes.all_wrong, n, delta)
    return coverage_at_least(float(outcomes.mass[limit >= gain - 1e-12].sum()), delta)


def two_model_coverage_below(bound: Callable, case: Case) -> Measured:
    """P(bound <= G), as `two_model_coverage`: the mirror image of a certificate from above."""

    def mirrored(correct: np.ndarray, all_wrong: np.ndarray, n: int, delta: float) -> np.ndarray:
        _, probs = joint_law(case)
        gain = float(min(exact_error_rates(*joint_law(case))) - probs[-1])
        return np.where(bound(correct, all_wrong, n, delta) <= gain + 1e-12, 1.0, -1.0)

    return two_model_coverage(mirrored, case)


def independent_coverage(bound: Callable, case: Case) -> Measured:
    """P(bound >= G) for m independent models of one error rate; that many are never all wrong.

    Every certificate here falls as the best model's count rises, so the distribution of the maximum is enough.
    """
    n, m, delta, rate = case["n"], case["m"], case["delta"], case["error_rate"]
    below = np.minimum(np.cumsum(binomial(n, 1 - rate)), 1.0) ** m
    best = np.arange(n + 1)
    # The others do not matter: they are as good as the best, or worse.
    limit = bound(np.repeat(best[:, None], m, axis=1), np.zeros(n + 1, dtype=int), n, delta)
    covered = np.diff(below, prepend=0.0)[limit >= rate - 1e-12].sum()
    return coverage_at_least(float(covered) - rate**m, delta)


def _compositions(n: int) -> np.ndarray:
    a, b, c = np.meshgrid(*[np.arange(n + 1)] * 3, indexing="ij")
    kept = a + b + c <= n
    a, b, c = a[kept], b[kept], c[kept]
    return np.stack([a, b, c, n - a - b - c], axis=1)
