"""Closed-form bounds on β = P(all wrong) from one- and two-way statistics, any pool size (theory P3.iii, P3.vi).

All of them speak of the *right* indicators z_i = 1 - E_i, with means a_i and products a_ij = P(both right):
β = P(z = 0) = 1 - P(some model is right). Upper bounds are expectations of a function of z that is >= 1 at z = 0 and
>= 0 elsewhere, lower bounds of one that is <= 1 at z = 0 and <= 0 elsewhere; so each holds for any pool, whatever the
law.

Costs: O(m²), except Gallot-Kounias, one pivoted Cholesky factorization, O(m³).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.errors import InputError


class Right(NamedTuple):
    """What pairwise statistics say of the right indicators.

    Attributes:
        single: a_i = P(i right), (m,).
        both: a_ij = P(i and j right), (m, m), diagonal a_i.
    """

    single: Float[np.ndarray, " m"]
    both: Float[np.ndarray, "m m"]


def right_moments(error_rates: Float[np.ndarray, " m"], pairwise_wrong: Float[np.ndarray, "m m"]) -> Right:
    """From P(i wrong) and P(i and j wrong) to the same for right: a_ij = 1 - α_i - α_j + p_ij."""
    both = 1 - error_rates[:, None] - error_rates[None, :] + pairwise_wrong
    np.fill_diagonal(both, 1 - error_rates)
    return Right(1 - error_rates, both)


def rounding_margin(n_terms: int, magnitude: float) -> float:
    """A bound on the rounding error of a sum of products: limits are moved outwards by it, so that they stay limits.

    Args:
        n_terms: length of the longest sum.
        magnitude: sum of the absolute values of all terms.
    """
    return 4 * n_terms * np.finfo(float).eps * magnitude


def smallest_pair(pairwise_wrong: Float[np.ndarray, "m m"]) -> float:
    """Upper bound min_ij p_ij (the diagonal included): all wrong implies any two wrong."""
    return float(pairwise_wrong.min())


def gallot_kounias(right: Right) -> tuple[float, Float[np.ndarray, " m"]]:
    """Upper bound β <= E(1 - v·z)², at the best v: 1 - aᵀP⁺a (Gallot 1966, Kounias 1968).

    Returns:
        bound, and v (m,). The bound is evaluated at that v, for which it holds whatever the numerical rank of P:
        duplicate
        models cost nothing, and a wrong rank would cost sharpness, never validity.
    """
    from scipy.linalg import cho_solve, get_lapack_funcs

    a, both = right
    # Pivoted Cholesky: the first `rank` pivots are models whose answers span those of all (much cheaper than P⁺).
    (dpstrf,) = get_lapack_funcs(("pstrf",), (both,))
    factor, order, rank, _ = dpstrf(both, tol=1e-12 * max(a.max(), np.finfo(float).tiny), lower=1)
    chosen = order[:rank] - 1
    v = np.zeros(len(a))
    v[chosen] = cho_solve((factor[:rank, :rank], True), a[chosen])
    size = np.abs(v)
    margin = rounding_margin(len(a), float(1 + 2 * size @ a + size @ both @ size))
    return float(1 - 2 * v @ a + v @ both @ v) + margin, v


def dawson_sankoff(right: Right) -> tuple[float, float]:
    """(lower, upper) from S1 = Σ a_i and S2 = Σ_{i<j} a_ij alone; sharp given these two (Dawson and Sankoff 1967)."""
    m = len(right.single)
    s1 = float(right.single.sum())
    s2 = float((right.both.sum() - s1) / 2)
    if s1 <= 0:
        return 1.0, 1.0
    # The k of the formula is the best of its family at the integers; a neighbour guards against 2 S2 / S1 rounding
    # down.
    k = np.clip(np.floor(2 * s2 / s1) + np.arange(3), 1, max(m - 1, 1))
    upper = float((1 - 2 * s1 / (k + 1) + 2 * s2 / (k * (k + 1))).min())
    margin = rounding_margin(m, 1 + s1 + s2 / m)
    return max(0.0, 1 - s1 + 2 * s2 / m - margin), upper + margin


def hunter(right: Right) -> float:
    """Lower bound 1 - S1 + (maximum spanning tree of a_ij) (Hunter 1976, Worsley 1982); 0 where that is negative."""
    a, both = right
    # Prim's algorithm, one vector operation per model.
    best = both[0].copy()
    outside = np.ones(len(a), dtype=bool)
    outside[0] = False
    tree = 0.0
    for _ in range(len(a) - 1):
        best_outside = np.where(outside, best, -np.inf)
        j = int(best_outside.argmax())
        tree += float(best_outside[j])
        outside[j] = False
        np.maximum(best, both[j], out=best)
    return max(0.0, float(1 - a.sum() + tree) - rounding_margin(len(a), float(1 + a.sum() + tree)))


def kuai_alajaji_takahara(right: Right) -> float:
    """Upper bound from every a_i and its row sum Σ_j a_ij (Kuai, Alajaji and Takahara 2000).

    It applies the Dawson-Sankoff argument to the law of C given that i is right, model by model, and is never looser
    than Dawson-Sankoff on the aggregates.
    """
    a = right.single
    # A model that is never right adds nothing to any union.
    # Models never right together with another have a row sum of 0, which rounding can leave below it.
    a, row = a[a > 0], np.maximum(right.both.sum(axis=1) - right.single, 0)[a > 0]
    theta = row / a - np.floor(row / a)
    terms = theta * a**2 / (row + (2 - theta) * a) + (1 - theta) * a**2 / (row + (1 - theta) * a)
    return float(1 - terms.sum()) + rounding_margin(len(right.single), 2.0)


def boros_prekopa(binomial: Sequence[Fraction | float], n_models: int) -> tuple[float, float]:
    """(lower, upper) from S1, S2, S3, the first three binomial moments of the number of right models; sharp given them.

    Boros and Prékopa (1989), formulas for P(at least one of m events):
    P <= S1 - 2(2j-1)/(j(j+1)) S2 + 6/(j(j+1)) S3 with j = 2 + floor(3 S3/S2), and
    P >= (i+2m-1)/((i+1)m) S1 - 2(2i+m-2)/(i(i+1)m) S2 + 6/(i(i+1)m) S3 with i = 1 + floor(2((m-2)S2 - 3S3)/((m-1)S1 -
    2S2)).

    Args:
        binomial: (S1, S2, S3), S_k = E[C(number right, k)]; exact if rational.
        n_models: m >= 3.
    """
    if n_models < 3:
        raise InputError(f"n_models: {n_models}; three moments need at least 3 models")
    s1, s2, s3 = binomial
    m = n_models
    j = min(2 + int(3 * s3 // s2), m - 1) if s2 > 0 else 2
    union_upper = s1 - 2 * (2 * j - 1) * s2 / Fraction(j * (j + 1)) + 6 * s3 / Fraction(j * (j + 1))
    spread = (m - 1) * s1 - 2 * s2
    i = min(1 + int(2 * ((m - 2) * s2 - 3 * s3) // spread), m - 2) if spread > 0 else 1
    union_lower = (
        (i + 2 * m - 1) * s1 / Fraction((i + 1) * m)
        - 2 * (2 * i + m - 2) * s2 / Fraction(i * (i + 1) * m)
        + 6 * s3 / Fraction(i * (i + 1) * m)
    )
    return max(0.0, float(1 - union_upper)), min(1.0, float(1 - union_lower))


def at_least_range(rates: Float[np.ndarray, " m"], at_least: int) -> tuple[float, float]:
    """Sharp (lower, upper) of P(at least k of m events) given their probabilities alone (Rüger 1978; Matan 1996).

    With error rates and k = m // 2 + 1: the limits on a majority vote's error rate; with equal rates Kuncheva et al.
    (2003), "pattern of failure" and "pattern of success".

    Args:
        rates: probabilities of the events, (m,).
        at_least: k in 1..m.
    """
    m, k = len(rates), at_least
    if not 1 <= k <= m:
        raise InputError(f"at_least: {k} is outside 1..{m}")
    ordered = np.sort(np.asarray(rates, dtype=float))
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    r = np.arange(1, k + 1)
    upper = min(1.0, float((sums[m - k + r] / r).min()))
    # The complement: at least m - k + 1 of the opposite events fails to happen.
    r = np.arange(1, m - k + 2)
    opposite = np.concatenate([[0.0], np.cumsum(1 - ordered[::-1])])
    lower = max(0.0, 1 - min(1.0, float((opposite[k - 1 + r] / r).min())))
    return lower, upper
