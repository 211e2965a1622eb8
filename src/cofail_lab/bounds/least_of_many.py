"""Limits for the least of several means over the same queries, such as the oracle gain G = min_i R_i.

The least of the observed means is too low, the more so the more models are near the least one, and a bootstrap of it
repeats that error instead of showing it. Here the lower limit is the least of the lower limits of single models: it
needs no correction, because it is at most the limit of the truly least model (P1.vii). The upper limit is an
intersection bound with adaptive selection (Romano, Shaikh and Wolf 2014; Chernozhukov, Lee and Rosen 2013). It is the
greatest g for which *some* model can have as few failures as were seen, with probability more than δ/2, if the least
mean is g and every model is as close to g as its own observations allow. Models that are clearly worse than the best
therefore cost nothing, and models whose failures coincide cost little more than one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq
from scipy.special import betainc, ndtri, stdtrit

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper

# A model's mean is taken to be above its lower limit at this share of δ, each model by itself. A wrong choice here does
# not make the upper limit fail: it only leaves one of several competing models out. Coverage is measured, not proved.
_SELECTION = 0.1
# Models that reach the least count with less than this share of δ, divided by the number of models, are left out.
_NEGLIGIBLE = 1e-3
# Draws for the probability that some model has so few failures; its relative error is about 1%.
_DRAWS = 2000
# Competing models from which those with the same failures are counted once.
_MANY = 4000


class LeastLimits(NamedTuple):
    """Two-sided limits of the least mean.

    Attributes:
        lower, upper: each at 1 - δ/2.
        competing: number of independent models that would cost as much: 1 where one model is clearly the least, near
            the number of models where all are alike and fail apart.
    """

    lower: float
    upper: float
    competing: float


def oracle_gain_limits(wrong: Bool[np.ndarray, "n m"], delta: float) -> LeastLimits:
    """Two-sided limits of G, sharper than the certificate (P1.v with P1.vii) where one model is best.

    Args:
        wrong: True for a wrong answer. The same matrix always gives the same limits.
        delta: error probability of the interval, in (0, 1).
    """
    checks.probability("delta", delta)
    if wrong.shape[1] == 1:
        # One model: what it gets wrong, everyone gets wrong.
        return LeastLimits(0.0, 0.0, 1.0)
    return least_mean_limits(wrong & ~wrong.all(axis=1, keepdims=True), delta)


def least_mean_limits(
    values: Bool[np.ndarray, "n m"] | Float[np.ndarray, "n m"],
    delta: float,
    runs: Float[np.ndarray, " m"] | float = 1.0,
) -> LeastLimits:
    """Two-sided limits of min_i E values_i.

    Args:
        values: in [0, 1]; rows are independent.
        delta: error probability of the interval, in (0, 1).
        runs: number of runs behind a cell of each column, for means of several; see `binomial_equivalent`.
    """
    values = np.asarray(values, dtype=float)
    n_of, k_of = binomial_equivalent(values, delta, runs)
    lower = float(clopper_pearson_lower(k_of, n_of, delta / 2).min())
    start = float((k_of / n_of).min())
    if start >= 1:
        return LeastLimits(lower, 1.0, float(values.shape[1]))
    surely_above = clopper_pearson_lower(k_of, n_of, _SELECTION * delta)

    def reaching(g: float, chosen: np.ndarray) -> Float[np.ndarray, " chosen"]:
        """Probability that each model has as few failures as the least one, if it is as near to g as it can be."""
        n, k = n_of[chosen], k_of[chosen]
        best = _at_most(k, n, np.full(len(n), g)).argmin()
        # The count of another model that is as unlikely at g; it is the same count where n is the same.
        as_few = np.maximum(g * n + (k[best] - g * n[best]) * np.sqrt(n / n[best]), 0.0)
        return _at_most(as_few, n, np.maximum(g, surely_above[chosen]))

    everyone = np.arange(values.shape[1])
    near = np.flatnonzero(reaching(start, everyone) > _NEGLIGIBLE * delta / len(everyone))
    if len(near) > _MANY:
        # Columns that are equal are one event, and need not be drawn again.
        near = near[np.unique(values[:, near], axis=1, return_index=True)[1]]
    joint = _Joint(values[:, near])

    def excess(g: float) -> float:
        return joint.any_of(reaching(g, near)) - delta / 2

    upper = float(brentq(excess, start, 1.0, xtol=1e-10))  # type: ignore[arg-type]
    alone = float(_at_most(k_of, n_of, np.full(len(n_of), upper)).min())
    return LeastLimits(lower, upper, max(1.0, delta / 2 / alone) if alone else float(len(near)))


def binomial_equivalent(
    values: Float[np.ndarray, "n m"], delta: float, runs: Float[np.ndarray, " m"] | float = 1.0
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """(trials, successes) of a binomial with the mean and the standard error of each column (Korn and Graubard 1998).

    For 0/1 values these are the numbers of rows and of ones. Other values in [0, 1] vary less than 0/1 values with the
    same mean, and count as more trials: at most ``runs`` per row.

    Args:
        values: in [0, 1], (n, m).
        delta: error probability of the interval; the quantile of t with n - 1 degrees of freedom takes the place of the
            normal one.
        runs: most trials behind one value.
    """
    n = len(values)
    trials = np.full(values.shape[1], float(n))
    if n > 1:
        mean, variance = values.mean(axis=0), values.var(axis=0)
        shrink = (ndtri(delta / 2) / stdtrit(n - 1, delta / 2)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            gained = shrink * np.where(mean * (1 - mean) > 0, mean * (1 - mean) / variance, 0.0)
        trials = n * np.clip(gained, 1.0, runs)
    return trials, np.minimum(values.sum(axis=0) * (trials / n), trials)


def mean_limits(values: Float[np.ndarray, " n"], delta: float, runs: float = 1.0) -> tuple[float, float]:
    """Two-sided limits of the mean of independent values in [0, 1]: Clopper-Pearson at their `binomial_equivalent`."""
    trials, successes = (float(x[0]) for x in binomial_equivalent(np.asarray(values, float)[:, None], delta, runs))
    lower = clopper_pearson_lower(successes, trials, delta / 2)
    return float(lower), float(clopper_pearson_upper(successes, trials, delta / 2))


def _at_most(k: np.ndarray, n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """P(Binomial(n, p) <= k), continued to any real 0 <= k <= n."""
    return np.where(k >= n, 1.0, betainc(np.where(k >= n, 1.0, n - k), k + 1, 1 - p))


class _Joint:
    """Probability that at least one of several sums is small, their dependence read from the rows of a matrix.

    The sums are taken to have the Gaussian copula with the correlations of the columns, which is the limit law of sums.
    """

    def __init__(self, values: Float[np.ndarray, "n k"]):
        deviation = values - values.mean(axis=0)
        length = np.sqrt((deviation**2).sum(axis=0))
        # Columns without any spread, such as those of models that have not failed yet, show no dependence.
        constant = length < 1e-9
        unit = np.where(constant, 0.0, deviation / np.where(constant, 1.0, length))
        rng = np.random.default_rng(0)
        root = np.linalg.qr(unit, mode="r")
        self.normal = rng.standard_normal((_DRAWS, len(root))) @ root
        self.normal[:, constant] = rng.standard_normal((_DRAWS, int(constant.sum())))
        self.correlation = unit.T @ unit
        self.correlation[np.diag_indices(len(constant))] = 1.0
        self.uniform = rng.random(_DRAWS)

    def any_of(self, probs: Float[np.ndarray, " k"]) -> float:
        """P(some sum is below its quantile of order ``probs``), in [max probs, Σ probs].

        One model is drawn in proportion to its probability, its sum from below its quantile and the other sums given
        this one; the result is Σ probs times the mean of 1 / (number of sums below their quantiles). Unlike plain
        simulation this has a small relative error for rare events (Owen, Maximov and Chertkov 2019).
        """
        total = float(probs.sum())
        if len(probs) == 1 or total == 0:
            return total
        probs = np.minimum(probs, 1 - 1e-12)
        share = np.cumsum(probs) / probs.sum()
        drawn = np.minimum(share.searchsorted((np.arange(_DRAWS) + 0.5) / _DRAWS), len(probs) - 1)
        # The least float that has a finite quantile: far beyond every limit, a step of the root search may land there.
        below = ndtri(np.maximum(self.uniform * probs[drawn], 1e-300))
        shift = below - self.normal[np.arange(_DRAWS), drawn]
        sums = self.normal + self.correlation[drawn] * shift[:, None]
        hits = (sums <= ndtri(probs) + 1e-9).sum(axis=1)
        return total * float((1 / np.maximum(hits, 1)).mean())
