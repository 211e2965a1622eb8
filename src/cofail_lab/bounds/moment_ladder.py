"""How fast more moments close the gap (theory P3.iv), in laws and in real matrices with their sampling error."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from cofail_lab import checks
from cofail_lab.bounds.count_lp import CountRange, binomial_moments, wrong_count_range
from cofail_lab.bounds.sampling_designs import bounded_mean_limits
from cofail_lab.errors import InputError


class Rung(NamedTuple):
    """Bounds from the first `n_moments` moments.

    Attributes:
        n_moments: K.
        lower, upper: sharp interval of P(C >= at_least) if the sample were the population.
        lower_confident, upper_confident: interval under a simultaneous confidence box for the moments; None for a law.
    """

    n_moments: int
    lower: float
    upper: float
    lower_confident: float | None
    upper_confident: float | None


def law_ladder(
    count_probs: Sequence[float | Fraction] | np.ndarray, n_moments: Sequence[int], at_least: int | None = None
) -> tuple[Rung, ...]:
    """Bounds on P(C >= at_least) from an increasing number of moments of a known law of C.

    Args:
        count_probs: P(C = j), j = 0..m (normalized exactly).
        n_moments: the numbers of moments K to use, each in 1..m.
        at_least: 1..m; m, all wrong, unless given.
    """
    m = len(count_probs) - 1
    moments = binomial_moments(count_probs, _largest(n_moments, m))
    ranges = [(k, wrong_count_range(moments[:k], m, at_least)) for k in n_moments]
    return tuple(Rung(k, r.lower, r.upper, None, None) for k, r in ranges)


def matrix_ladder(
    n_wrong: Int[np.ndarray, " n"],
    n_models: int,
    n_moments: Sequence[int],
    at_least: int | None = None,
    delta: float = 0.05,
) -> tuple[Rung, ...]:
    """Bounds on P(C >= at_least) from the moments of a real matrix, without and with sampling error.

    Args:
        n_wrong: number of wrong models on every query, (n,), each in 0..m.
        n_models: m.
        n_moments: the numbers of moments K to use, each in 1..m.
        at_least: 1..m; m, all wrong, unless given.
        delta: each rung's box holds all its K moments at once with probability >= 1 - δ.
    """
    counts = np.bincount(n_wrong, minlength=n_models + 1)
    rungs = []
    for rung in law_ladder([int(c) for c in counts], n_moments, at_least):
        wide = confident_range(n_wrong, n_models, rung.n_moments, at_least, delta)
        rungs.append(rung._replace(lower_confident=wide.lower, upper_confident=wide.upper))
    return tuple(rungs)


def confident_range(
    n_wrong: Int[np.ndarray, " n"], n_models: int, n_moments: int, at_least: int | None = None, delta: float = 0.05
) -> CountRange:
    """Interval that contains the population's P(C >= at_least) with probability >= 1 - δ, from K sample moments.

    Each moment is the mean of C(C, k)/C(m, k), a variable in [0, 1]; its limits are at δ/2K each side (Bonferroni),
    and the bounds are taken over every law whose moments lie in the box. Arguments as for `matrix_ladder`.
    """
    checks.probability("delta", delta)
    counts = np.bincount(n_wrong, minlength=n_models + 1)
    moments = binomial_moments([int(c) for c in counts], _largest([n_moments], n_models))
    boxes = [bounded_mean_limits(float(p), len(n_wrong), delta / (2 * n_moments)) for p in moments]
    return wrong_count_range(boxes, n_models, at_least)


def _largest(n_moments: Sequence[int], m: int) -> int:
    if not n_moments or not all(1 <= k <= m for k in n_moments):
        raise InputError(f"n_moments: {list(n_moments)}; whole numbers in 1..{m}, the number of models, are needed")
    return max(n_moments)
