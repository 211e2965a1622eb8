"""Anytime-valid limits (theory P1.vi): look after every query, stop when the answer is known, and still err at most δ.

A limit excludes p when a test martingale against p has reached 1/δ. The martingale is a likelihood ratio: the data
under a beta mixture of the probabilities on one side of p, over the data under p. Ville's inequality bounds the
chance that it ever reaches 1/δ under p by δ. Clopper-Pearson limits recomputed after every query have no such property.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import bdtr, betainc, betaln, xlog1py, xlogy

from cofail_lab import checks

# Jeffreys mixture: close to the best attainable width at every sample size at once.
_A = _B = 0.5


def log_evidence_below(
    k: Int[np.ndarray, "..."], n: Int[np.ndarray, "..."] | int, p: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Log of the martingale against p in favour of smaller probabilities, after k successes in n trials; p in (0, 1).

    Under independent trials with success probability p its expectation is 1 at every n; see the module's text.
    """
    k, n, p = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float), np.asarray(p, float))
    posterior = _log_betainc(_A + k, _B + n - k, p) + betaln(_A + k, _B + n - k)
    prior = np.log(betainc(_A, _B, p)) + betaln(_A, _B)
    return posterior - prior - xlogy(k, p) - xlog1py(n - k, -p)


def anytime_upper(k: Int[np.ndarray, "..."], n: Int[np.ndarray, "..."], delta: float) -> Float[np.ndarray, "..."]:
    """Upper limits: with probability >= 1 - δ no one of them, over all n at once, is below p.

    Args:
        k: successes so far, 0..n.
        n: trials so far, >= 0.
        delta: error probability, in (0, 1).

    Returns:
        Limits in (0, 1], by bisection to 1e-12; 1 where k = n.
    """
    checks.probability("delta", delta)
    k, n = np.broadcast_arrays(np.asarray(k), np.asarray(n))
    # The evidence against p grows with p above k/n and tends to infinity at 1 unless k = n.
    low, high = np.where(n > 0, k / np.maximum(n, 1), 0.0), np.ones(k.shape)
    for _ in range(42):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", over="ignore"):
            excluded = log_evidence_below(k, n, np.clip(middle, 1e-300, 1 - 1e-16)) >= -np.log(delta)
        low, high = np.where(excluded, low, middle), np.where(excluded, middle, high)
    return np.where(k == n, 1.0, high)


def anytime_lower(k: Int[np.ndarray, "..."], n: Int[np.ndarray, "..."], delta: float) -> Float[np.ndarray, "..."]:
    """Lower limits, the mirror image of `anytime_upper`; 0 where k = 0."""
    return 1 - anytime_upper(np.asarray(n) - np.asarray(k), n, delta)


class AnytimeCertificate(NamedTuple):
    """Limits on the oracle gain G after each query; each path holds at all times at once with probability 1 - δ.

    Attributes:
        max_gain: upper limit of G after 1..n queries, running minimum, (n,).
        min_gain: lower limit, running maximum, (n,).
        all_wrong_lower: lower limit of β, running maximum, (n,).
    """

    max_gain: Float[np.ndarray, " n"]
    min_gain: Float[np.ndarray, " n"]
    all_wrong_lower: Float[np.ndarray, " n"]

    def settled(self, overhead: float) -> int | None:
        """Queries after which G is known to be below the overhead, or above it; None if that is still open."""
        known = (self.max_gain < overhead) | (self.min_gain > overhead)
        return int(known.argmax()) + 1 if known.any() else None


def certify_anytime(wrong: Bool[np.ndarray, "n m"], delta: float = 0.05) -> AnytimeCertificate:
    """The certificates P1.v and P1.vii for someone who looks after every query, in the order of the rows.

    Args:
        wrong: True where wrong, complete, (n, m); rows are independent draws.
        delta: error probability of each path. For the upper one it is shared by the models (δ/m each); the lower one
            needs no sharing, because the best model's limit is enough.
    """
    n_queries, n_models = wrong.shape
    everyone = np.all(wrong, axis=1)
    resolvable = np.cumsum(wrong & ~everyone[:, None], axis=0)
    seen = np.arange(1, n_queries + 1)
    # Limits grow with the count, so the model with the fewest resolvable failures has the least of each.
    fewest = resolvable.min(axis=1)
    return AnytimeCertificate(
        np.minimum.accumulate(anytime_upper(fewest, seen, delta / n_models)),
        # Each model's running maximum is a lower path of its own; the least of them is at most the best model's.
        np.maximum.accumulate(anytime_lower(resolvable, seen[:, None], delta), axis=0).min(axis=1),
        np.maximum.accumulate(anytime_lower(np.cumsum(everyone), seen, delta)),
    )


class Crossing(NamedTuple):
    """Exact probability that a limit, recomputed after every query, is ever wrong within a horizon.

    Attributes:
        mixture: with the limits of this module.
        clopper_pearson: with Clopper-Pearson limits at the same δ.
    """

    mixture: float
    clopper_pearson: float


def crossing_probability(p: float, horizon: int, delta: float, side: Literal["upper", "lower"] = "upper") -> Crossing:
    """Exact probability that a one-sided limit at 1 - δ excludes the true p at some n <= horizon.

    A recursion over the counts, dropping those at which the limit has failed.

    Args:
        p: true probability, in (0, 1).
        horizon: number of looks, one after every query.
        delta: nominal error probability.
        side: ``upper`` (the limit falls below p) or ``lower``.
    """
    checks.probability("p", p)
    checks.whole("horizon", horizon, 1)
    # The lower limit of p is the mirror image of the upper limit of 1 - p.
    q = p if side == "upper" else 1 - p
    mixture = _ever(q, horizon, lambda k, n: log_evidence_below(k, n, np.array(q)) >= -np.log(delta))
    fixed = _ever(q, horizon, lambda k, n: (bdtr(k, n, q) < delta) & (k < n))
    return Crossing(mixture, fixed)


def _ever(p: float, horizon: int, excludes: Callable[[np.ndarray, int], np.ndarray]) -> float:
    alive, crossed = np.ones(1), 0.0
    for n in range(1, horizon + 1):
        alive = np.append(alive * (1 - p), 0.0) + np.append(0.0, alive * p)
        out = excludes(np.arange(n + 1), n)
        crossed += float(alive[out].sum())
        alive[out] = 0.0
    return crossed


def _log_betainc(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log I_x(a, b); where it underflows, its leading term, which is then a lower bound on it."""
    value = betainc(a, b, x)
    tiny = value < 1e-290
    with np.errstate(divide="ignore"):
        leading = xlogy(a, x) + xlog1py(b, -x) - np.log(a) - betaln(a, b)
        return np.where(tiny, leading, np.log(np.maximum(value, 1e-300)))
