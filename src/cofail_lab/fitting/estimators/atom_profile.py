"""An atom over a base law that is estimated from tetrachoric correlations: ω = k/n by likelihood on C.

For each k that is tried, k of the queries that all models get wrong are dropped and the base is estimated from the
other queries. The estimate of ω is the k/n under which C is likeliest. `atom.fit` is for bases with at most one
dependence parameter.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import bdtr, bdtrc

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators.count_likelihood import chi2_quantile, count_law
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated

_REFINEMENTS = 1
_MISSED = 0.025


class ProfileFit(NamedTuple):
    """An atom over a base that is estimated from the queries that the atom does not cause.

    Attributes:
        law: AtomInflated where k > 0, otherwise the base.
        dropped: k, number of all-wrong queries that the atom causes.
        log_likelihood: of C, summed over queries.
        tried: every k that was tried, ascending.
        shock_interval: 95% profile-likelihood limits of ω; None where the caller did not ask for them.
    """

    law: AbstractErrorLaw
    dropped: int
    log_likelihood: float
    tried: tuple[int, ...]
    shock_interval: tuple[float, float] | None


def profile(
    pool: VaryingPool,
    base_of: Callable[[Float[np.ndarray, " m"], Float[np.ndarray, "m m"]], AbstractErrorLaw | None],
    *,
    n_points: int = 9,
    intervals: bool = False,
) -> ProfileFit | None:
    """The likeliest ω = k/n over a grid of whole numbers k that is refined once around the likeliest.

    Returns:
        None where no k gives a base law.

    Args:
        pool: the matrix.
        base_of: makes the base from the error rates and the tetrachoric matrix of the remaining queries, or returns
            None where there is no such base.
        n_points: of the first grid, from 0 to min(K, fewest errors of a model - 1).
        intervals: whether to compute limits of ω: two bisections, which fit about as many laws as the grid.
    """
    max_dropped, n = min(pool.n_all_wrong, int(pool.error_counts.min()) - 1), pool.n_queries
    fits: dict[int, tuple[float, AbstractErrorLaw] | None] = {}
    all_wrong: dict[int, float] = {}
    best = 0

    def fit_at(wanted: np.ndarray) -> None:
        for k, matrix in zip(wanted.tolist(), pool.tetrachoric_without(wanted), strict=True):
            base = base_of((pool.error_counts - k) / (n - k), matrix)
            if base is None:
                fits[k] = None
                continue
            law = AtomInflated(k / n, base) if k else base
            counts = count_law(law)
            fits[k] = counts.log_likelihood(pool.histogram), law
            all_wrong[k] = float(np.exp(counts.log_probs[-1]))

    wanted = np.unique(np.linspace(0, max_dropped, n_points).round().astype(int))
    for _ in range(1 + _REFINEMENTS):
        fit_at(wanted)
        log_likelihoods = {k: fit[0] for k, fit in fits.items() if fit is not None}
        if not log_likelihoods:
            return None
        tried, best = sorted(fits), max(log_likelihoods, key=lambda k: log_likelihoods[k])
        index = tried.index(best)
        neighbours = tried[max(index - 1, 0)], tried[min(index + 1, len(tried) - 1)]
        wanted = np.array(sorted({(best + k) // 2 for k in neighbours} - set(fits)), dtype=int)
        if not wanted.size:
            break
    log_likelihood, law = fits[best]  # type: ignore[misc]

    def likely(k: int) -> bool:
        if k not in fits:
            fit_at(np.array([k]))
        fit = fits[k]
        if fit is None:
            return False
        # An ω is kept where C is likely, or where K alone would not be rare. Beside bases from pairs that is needed on
        # both sides: with the likelihood alone below, limits held ω in 42 of 54 matrices of equal models.
        tail = bdtr(pool.n_all_wrong, n, all_wrong[k]) if k > best else bdtrc(pool.n_all_wrong - 1, n, all_wrong[k])
        return fit[0] >= log_likelihood - chi2_quantile(0.95) / 2 or tail >= _MISSED

    interval = _likely_shocks(likely, sorted(fits), pool) if intervals else None
    return ProfileFit(law, best, log_likelihood, tuple(sorted(fits)), interval)


def _likely_shocks(likely: Callable[[int], bool], tried: list[int], pool: VaryingPool) -> tuple[float, float]:
    """The limits of ω: the nearest k/n outside that are not likely, because ω is no multiple of 1/n.

    Where the largest k of all is likely, the profile gives no upper limit. Then ω is at most β, whose upper
    Clopper-Pearson limit is taken; it is also the limit where the profile gives a larger one.
    """
    n, top = pool.n_queries, float(clopper_pearson(pool.n_all_wrong, pool.n_queries, 2 * _MISSED)[1])
    if pool.n_all_wrong == 0:
        return 0.0, top
    inside = [k for k in tried if likely(k)]
    low, high = inside[0], inside[-1]
    if low > tried[0]:
        low = _edge(likely, low, tried[tried.index(low) - 1]) - 1
    if high == tried[-1]:
        return low / n, top
    return low / n, min((_edge(likely, high, tried[tried.index(high) + 1]) + 1) / n, top)


def _edge(likely: Callable[[int], bool], inside: int, outside: int) -> int:
    """By bisection, the last likely k on the way from ``inside``, which is likely, to ``outside``, which is not."""
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if likely(middle) else (inside, middle)
    return inside


MAX_MODELS = 300
"""An atom is not tried in larger pools, because the base is estimated a dozen times."""

BaseOf = Callable[[VaryingPool], Callable[[np.ndarray, np.ndarray], AbstractErrorLaw | None]]
"""From a pool, the ``base_of`` of `profile`: a function of error rates (m,) and a tetrachoric matrix (m, m)."""


def fit_pool(
    pool: VaryingPool,
    intervals: bool = False,
    *,
    base_of: BaseOf,
    n_points: int,
    absent: str = "",
    notes_of: Callable[[np.ndarray], tuple[str, ...]] = lambda _: (),
) -> Fitted:
    """A base with the atom under which C is likeliest.

    Args:
        pool: the matrix.
        intervals: whether to compute 95% limits of ω.
        base_of: makes the base.
        n_points: of the first grid of `profile`.
        absent: message of the error where no k gives a base.
        notes_of: what a reader must know about a base, from the tetrachoric matrix that it was estimated from.

    Raises:
        AbsentLawError: no k gives a base, or the pool has more than `MAX_MODELS` models.
    """
    if pool.n_models > MAX_MODELS:
        raise AbsentLawError(f"not tried in pools of more than {MAX_MODELS} models: it refits the base a dozen times")
    best = profile(pool, base_of(pool), n_points=n_points, intervals=intervals)
    if best is None:
        raise AbsentLawError(absent)
    limits = {} if best.shock_interval is None else {"shock": best.shock_interval}
    notes = notes_of(pool.tetrachoric_without(np.array([best.dropped]))[0])
    return Fitted(best.law, {"shock": best.dropped / pool.n_queries}, limits, notes)
