"""How many queries, and of how many models, show a common mode that error rates and pairs hide.

The alternative is an atom of size ω over a smooth law. The null is the one-factor law with the alternative's own error
rate and pairs: nothing but the number K of queries that all models fail tells them apart. With the null known, K is
binomial and the power exact; in fact its rate is estimated from the same queries, and simulation says what that does:
where chance makes K large, it makes rates and pairs large too, so that the estimate often helps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from cofail_lab.numerics import bivariate_normal
from cofail_lab.numerics.one_factor_pools import Pools
from cofail_lab.numerics.streams import TAIL_PLAN, generator

MOST = 10**6
"""Samples up to this size are searched."""
SIMULATED = 2000
_GROWTH = 1.2
MOST_STEPS = 25

Counts = Float[np.ndarray, " m_plus_1"]


class Tested(NamedTuple):
    """A test of K at one sample size, with the null's rate estimated from the same queries.

    Attributes:
        n_queries: of the sample.
        power: share of samples with the atom in which the null is rejected.
        level: the same of fresh samples without it.
        error: standard error of the power.
    """

    n_queries: int
    power: float
    level: float
    error: float


def rate_and_pair(counts: Counts) -> tuple[float, float]:
    """α and p of like models whose number of wrong ones has these probabilities."""
    m = len(counts) - 1
    j = np.arange(m + 1)
    return float(counts @ j / m), float(counts @ (j * (j - 1)) / (m * (m - 1)))


def one_factor_counts(error_rate: float, correlation: float, n_models: int) -> Counts:
    """P(C = j) of like models under one Gaussian factor, by a trapezoidal sum; r in [0, 1).

    The error is below 1e-12 for r <= .98 and m <= 1000.
    """
    if correlation <= 0:
        return binom.pmf(np.arange(n_models + 1), n_models, error_rate)
    z = np.linspace(-9.5, 9.5, 4001)
    weights = np.exp(-z * z / 2)
    weights /= weights.sum()
    wrong = ndtr((ndtri(error_rate) - np.sqrt(correlation) * z) / np.sqrt(1 - correlation))
    # The binomial law of SciPy 1.17 overflows at probabilities just above the least normal float.
    wrong[wrong < 1e-300] = 0.0
    return weights @ binom.pmf(np.arange(n_models + 1), n_models, wrong[:, None])


def with_atom(counts: Counts, atom: float) -> Counts:
    """The law of C with an atom of size ω at m over this one."""
    mixed = (1 - atom) * counts / counts.sum()
    mixed[-1] += atom
    return mixed


def null_rates(rates: Float[np.ndarray, " n"], pairs: Float[np.ndarray, " n"], m: int) -> Float[np.ndarray, " n"]:
    """β of the one-factor law of m like models with these rates and pairs; a negative correlation counts as none."""
    value = np.where(rates > 0, rates, 0.0) ** m
    threshold = ndtri(rates)
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero((rates > 0) & (rates < 1) & (pairs > rates**2) & (pairs < rates))
    if inside.size:
        t = threshold[inside]
        r = np.minimum(bivariate_normal.correlation(t, t, pairs[inside]), 1 - 1e-9)
        each = np.arange(inside.size)
        pools = Pools(t[:, None], np.full((inside.size, 1), float(m)))
        value[inside] = np.exp(pools.log_all_wrong_of((each, each), np.maximum(r, 1e-12))[0])
    return np.where(pairs >= rates, rates, value)


def queries_needed(null: float, alternative: float, level: float, power: float) -> int | None:
    """Least n at which a one-sided binomial test of β = ``null`` has the power at ``alternative``; None up to `MOST`.

    The power saw-teeth in n: of the sizes above this one, 4,000 up to about twice as many have been seen to keep it.
    """
    if not alternative > null:
        return None

    def enough(n: np.ndarray) -> np.ndarray:
        # Rejects from c on: the least c with P(K >= c) <= level.
        c = binom.isf(level, n, null) + 1
        return binom.sf(c - 1, n, alternative) >= power

    high = 1
    while not enough(np.unique(np.linspace(high, high + high // 4, 40).astype(int))).all():
        high *= 2
        if high > MOST:
            return None
    n = np.unique(np.linspace(max(1, high // 4), 2 * high, min(2 * high, 4000)).astype(int))
    failing = n[~enough(n)]
    last = int(failing[-1]) if failing.size else int(n[0]) - 1
    after = np.arange(last, int(n[np.searchsorted(n, last, side="right")]) + 1) if last < n[-1] else np.array([last])
    failing = after[~enough(np.maximum(after, 1))]
    return int(failing[-1]) + 1 if failing.size else max(1, last)


def tested(null: Counts, alternative: Counts, n: int, level: float, seed: int, simulated: int = SIMULATED) -> Tested:
    """The power of K at one sample size, its null rate estimated from the sample.

    The statistic is how improbable K or more is at the estimated rate; it rejects above its (1 - level) quantile under
    the null, from samples of their own.
    """
    drawn = [
        generator(seed, TAIL_PLAN, stream).multinomial(n, law / law.sum(), simulated)
        for stream, law in enumerate((null, null, alternative))
    ]
    evidence = [_evidence(histograms) for histograms in drawn]
    critical = np.quantile(evidence[0], 1 - level, method="higher")
    share = [float((values > critical).mean()) for values in evidence[1:]]
    return Tested(n, share[1], share[0], float(np.sqrt(share[1] * (1 - share[1]) / simulated)))


def _evidence(histograms: np.ndarray) -> np.ndarray:
    """-log P(K or more) at the rate that the sample's own error rate and pairs predict."""
    n, m = int(histograms[0].sum()), histograms.shape[1] - 1
    j = np.arange(m + 1)
    rates = histograms @ j / (n * m)
    pairs = histograms @ (j * (j - 1)) / (n * m * (m - 1))
    return -binom.logsf(histograms[:, -1] - 1, n, np.clip(null_rates(rates, pairs, m), 1e-300, 1.0))


def search(
    null: Counts, alternative: Counts, start: int, level: float, power: float, seed: int, advance: Callable[[int], None]
) -> Tested | None:
    """The least sample, to a twentieth, whose simulated power is enough; None where `MOST_STEPS` do not reach it.

    Args:
        null, alternative: laws of C.
        start: the sample that a known null would need.
        level, power: wanted.
        seed: of the samples; the same for every size.
        advance: called with 1 after every size.
    """
    low, high, found = 0, 0, None
    n = start
    for _ in range(MOST_STEPS):
        tried = tested(null, alternative, n, level, seed)
        advance(1)
        if tried.power >= power:
            high, found = n, tried
        else:
            low = n
        if high and (low or n == 1):
            break
        n = max(1, int(n / _GROWTH)) if high else int(np.ceil(n * _GROWTH))
    while found and high - low > max(1, high // 20):
        tried = tested(null, alternative, (low + high) // 2, level, seed)
        advance(1)
        if tried.power >= power:
            high, found = tried.n_queries, tried
        else:
            low = tried.n_queries
    return found
