"""An atom over a base law that is estimated from tetrachoric correlations: ω = k/n by likelihood on C.

For each k tried, k of the queries that all models get wrong are dropped, the base is estimated from the rest, and the
ω = k/n under which C is most likely is kept. `atom.fit` is for bases with at most one dependence parameter.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import chi2

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators.count_likelihood import count_law
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated

_ROUNDS = 1


class ProfileFit(NamedTuple):
    """An atom over a base that is read from the queries without it.

    Attributes:
        law: AtomInflated where k > 0, else the base.
        dropped: k.
        log_likelihood: of C.
        tried: every k looked at.
        shock_interval: 95% limits of ω by profile likelihood, where asked for and some query is all wrong.
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
    """The likeliest ω = k/n over a grid of whole k, refined once around its best; None where no k gives a base law.

    Args:
        pool: the matrix.
        base_of: law from the error rates and the tetrachoric matrix of the remaining queries; None where there is none.
        n_points: of the first grid, from 0 to min(K, fewest errors of a model - 1).
        intervals: with limits of ω; two bisections, which take about as many laws again.
    """
    most, n = min(pool.n_all_wrong, int(pool.error_counts.min()) - 1), pool.n_queries
    found: dict[int, tuple[float, AbstractErrorLaw] | None] = {}
    best = 0

    def look(wanted: np.ndarray) -> None:
        for k, matrix in zip(wanted.tolist(), pool.tetrachoric_without(wanted), strict=True):
            base = base_of((pool.error_counts - k) / (n - k), matrix)
            if base is None:
                found[k] = None
                continue
            law = AtomInflated(k / n, base) if k else base
            found[k] = count_law(law).log_likelihood(pool.histogram), law

    wanted = np.unique(np.linspace(0, most, n_points).round().astype(int))
    for _ in range(1 + _ROUNDS):
        look(wanted)
        fits = {k: fit[0] for k, fit in found.items() if fit is not None}
        if not fits:
            return None
        tried, best = sorted(found), max(fits, key=lambda k: fits[k])
        place = tried.index(best)
        around = tried[max(place - 1, 0)], tried[min(place + 1, len(tried) - 1)]
        wanted = np.array(sorted({(best + k) // 2 for k in around} - set(found)), dtype=int)
        if not wanted.size:
            break
    value, law = found[best]  # type: ignore[misc]

    def likely(k: int) -> bool:
        if k not in found:
            look(np.array([k]))
        fit = found[k]
        return fit is not None and fit[0] >= value - float(chi2.ppf(0.95, 1)) / 2

    interval = _likely_shocks(likely, sorted(found), pool) if intervals and pool.n_all_wrong else None
    return ProfileFit(law, best, value, tuple(sorted(found)), interval)


def _likely_shocks(likely: Callable[[int], bool], tried: list[int], pool: VaryingPool) -> tuple[float, float]:
    """From the first to the last likely k, over n.

    Where the last k of all is likely the profile has no end there, and ω is at most what β can be: Clopper-Pearson.
    """
    inside = [k for k in tried if likely(k)]
    low, high = inside[0], inside[-1]
    if low > tried[0]:
        low = _edge(likely, low, tried[tried.index(low) - 1])
    if high == tried[-1]:
        return low / pool.n_queries, float(clopper_pearson(pool.n_all_wrong, pool.n_queries, 0.05)[1])
    return low / pool.n_queries, _edge(likely, high, tried[tried.index(high) + 1]) / pool.n_queries


def _edge(likely: Callable[[int], bool], inside: int, outside: int) -> int:
    """The last likely k on the way out, by bisection."""
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if likely(middle) else (inside, middle)
    return inside


MAX_MODELS = 300
"""Larger pools have no atom over such a base: the base is estimated a dozen times."""

BaseOf = Callable[[VaryingPool], Callable[[np.ndarray, np.ndarray], AbstractErrorLaw | None]]
"""From a pool: what makes a base law of error rates (m,) and a tetrachoric matrix (m, m); None where there is none."""


def fit_pool(
    pool: VaryingPool,
    intervals: bool = False,
    *,
    base_of: BaseOf,
    n_points: int,
    absent: str = "",
    notes_of: Callable[[np.ndarray], tuple[str, ...]] = lambda _: (),
) -> Fitted:
    """The likeliest atom over a base.

    Args:
        pool: the matrix.
        intervals: with 95% limits of ω.
        base_of: the base.
        n_points: of the first grid of `profile`.
        absent: why there may be no base.
        notes_of: what a reader must know of a base, from the tetrachoric matrix it was estimated from.
    """
    if pool.n_models > MAX_MODELS:
        raise AbsentLawError(f"not tried in pools of more than {MAX_MODELS} models: it refits the base a dozen times")
    best = profile(pool, base_of(pool), n_points=n_points, intervals=intervals)
    if best is None:
        raise AbsentLawError(absent)
    limits = {} if best.shock_interval is None else {"shock": best.shock_interval}
    notes = notes_of(pool.tetrachoric_without(np.array([best.dropped]))[0])
    return Fitted(best.law, {"shock": best.dropped / pool.n_queries}, limits, notes)
