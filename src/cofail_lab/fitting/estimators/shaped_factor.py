"""One factor whose law has a shape of its own, by maximum likelihood on C, with or without an atom.

The law keeps the observed error rates. Its loadings have a given pattern, equal or from the pairs: their slopes
ℓ_i/√(1-ℓ_i²) are multiples of the pattern by one scale, which is fitted together with the shape by Fisher's scoring:
the changes of log P(C) that give the gradient give the information too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators import loadings as minres
from cofail_lab.fitting.estimators.count_likelihood import chi2_quantile, count_law
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated

# Loadings from .02 to .995 where the pattern is equal.
_LOG_SCALES = (float(np.log(0.02)), float(np.log(10.0)))
# Of differences; what the last step may still gain; steps and halvings of a step.
_STEP, _GAIN, _MAX_STEPS, _MAX_HALVINGS = 1e-4, 1e-4, 40, 12
# Largest atom, as a share of the lowest error rate: a heavy-tailed factor needs ever more nodes beside a larger one.
_MAX_SHARE = 0.99


@dataclass(frozen=True)
class Shape:
    """The parameter that a law has beside error rates and loadings.

    Attributes:
        name: of the parameter.
        law: makes the law from error rates, (m,), loadings, (m,), and the parameter.
        low, high: its range; the Gaussian factor is at 0.
        starts: where the search begins; the likeliest start is taken.
    """

    name: str
    law: Callable[[Float[np.ndarray, " m"], Float[np.ndarray, " m"], float], AbstractErrorLaw]
    low: float
    high: float
    starts: tuple[float, ...]


class ShapedFit(NamedTuple):
    """Maximum of the likelihood of C.

    Attributes:
        law: AtomInflated where ω > 0, otherwise the base.
        loadings: ℓ_i, (m,).
        shape: the parameter of `Shape`.
        shock: ω; 0 without an atom, or where no ω > 0 is likelier than ω = 0.
        log_likelihood: of C, summed over queries.
        shape_interval, shock_interval: 95% profile-likelihood limits, where the caller asked for them. Where the
            largest ω that is tried is likely, and where no query is all wrong, the upper one is that of β.
    """

    law: AbstractErrorLaw
    loadings: Float[np.ndarray, " m"]
    shape: float
    shock: float
    log_likelihood: float
    shape_interval: tuple[float, float] | None = None
    shock_interval: tuple[float, float] | None = None


def fit(
    pool: VaryingPool,
    shape: Shape,
    *,
    pattern: Float[np.ndarray, " m"] | None = None,
    atom: bool = False,
    intervals: bool = False,
    held_shape: float | None = None,
    held_shock: float | None = None,
) -> ShapedFit:
    """Maximum likelihood estimate of the scale of the loadings, of the shape and, with ``atom``, of ω.

    Args:
        pool: the matrix.
        shape: of the factor.
        pattern: slopes of the models, up to their scale; equal where it is None.
        atom: whether the law has an atom.
        intervals: whether to compute profile-likelihood limits: of ω with an atom, else of the shape.
        held_shape, held_shock: values at which these are kept: the result is a point of a profile.
    """
    slopes = np.ones(pool.n_models) if pattern is None else pattern
    max_shock = float(pool.error_rates.min())

    def law_at(x: tuple[float, float, float]) -> tuple[AbstractErrorLaw, np.ndarray]:
        log_scale, place, share = x
        slope = slopes * np.exp(log_scale)
        loadings, shock = slope / np.hypot(1, slope), share * max_shock
        base = shape.law((pool.error_rates - shock) / (1 - shock), loadings, place)
        return (AtomInflated(shock, base) if shock > 0 else base), loadings

    @lru_cache(maxsize=4096)
    def log_probs(*x: float) -> np.ndarray:
        return count_law(law_at(x)[0]).log_probs  # type: ignore[arg-type]

    def best(starts: list[tuple[float, float, float]], place: float | None, share: float | None) -> "_Optimum":
        """The likeliest log scale, shape and share of the largest ω; two may be held."""
        bounds = [
            _LOG_SCALES,
            (shape.low, shape.high) if place is None else (place, place),
            (0.0, _MAX_SHARE) if share is None else (share, share),
        ]
        return _scored(log_probs, pool.histogram, starts, np.array(bounds))

    shares = 0.0 if held_shock is None else held_shock / max_shock
    places = shape.starts if held_shape is None else (held_shape,)
    scale = float(np.log(_typical_slope(pool, slopes)))
    optimum = best([(scale, place, shares) for place in places], held_shape, shares)
    if atom and pool.n_all_wrong > 0 and held_shock is None:
        share = pool.n_all_wrong / pool.n_queries / max_shock / 2
        beside = best([(optimum.x[0], place, share) for place in (optimum.x[1], *places)], held_shape, None)
        optimum = beside if beside.log_likelihood > optimum.log_likelihood and beside.x[2] > 0 else optimum
    log_scale, place, share = optimum.x
    shape_interval = shock_interval = None
    if intervals and atom:

        def beside_atom(share: float) -> float:
            return best([(log_scale, place, share)], held_shape, share).log_likelihood

        # The rates are held at the observed ones, so that ω cannot reach those of the best model; β, and so ω, may.
        low, high, top = 0.0, _MAX_SHARE, float(clopper_pearson(pool.n_all_wrong, pool.n_queries, 0.05)[1])
        if pool.n_all_wrong > 0:
            low, high = _limits(beside_atom, share, optimum.log_likelihood, 0.0, _MAX_SHARE)
        shock_interval = low * max_shock, top if high == _MAX_SHARE else min(high * max_shock, top)
    elif intervals and not atom:
        scales = {place: log_scale}

        def profile(place: float) -> float:
            # On the line through the two nearest points of the profile that are known.
            near, *rest = sorted(scales, key=lambda known: abs(known - place))
            slope = (scales[near] - scales[rest[0]]) / (near - rest[0]) if rest else 0.0
            held = best([(scales[near] + slope * (place - near), place, 0.0)], place, 0.0)
            scales[place] = held.x[0]
            return held.log_likelihood

        shape_interval = _limits(profile, place, optimum.log_likelihood, shape.low, shape.high)
    law, loadings = law_at((log_scale, place, share))
    return ShapedFit(law, loadings, place, share * max_shock, optimum.log_likelihood, shape_interval, shock_interval)


class _Optimum(NamedTuple):
    """Parameters and the log-likelihood at them."""

    x: tuple[float, float, float]
    log_likelihood: float


def _scored(
    log_probs: Callable[..., np.ndarray],
    histogram: np.ndarray,
    starts: list[tuple[float, float, float]],
    bounds: np.ndarray,
) -> _Optimum:
    """Fisher's scoring within bounds from the likeliest start; a step is halved until it gains."""
    seen, n = histogram > 0, histogram.sum()

    def value(x: np.ndarray) -> float:
        return float(histogram[seen] @ log_probs(*x.tolist())[seen])

    x = np.clip(max(starts, key=lambda start: value(np.array(start))), bounds[:, 0], bounds[:, 1])
    current = value(x)
    for _ in range(_MAX_STEPS):
        logs = log_probs(*x.tolist())
        changes = np.zeros((len(x), len(logs)))
        for i in np.flatnonzero(bounds[:, 0] < bounds[:, 1]):
            moved = x.copy()
            moved[i] += -_STEP if x[i] + _STEP > bounds[i, 1] else _STEP
            with np.errstate(invalid="ignore"):
                changes[i] = np.nan_to_num((log_probs(*moved.tolist()) - logs) / (moved[i] - x[i]))
        gradient = changes[:, seen] @ histogram[seen]
        stuck = ((x <= bounds[:, 0]) & (gradient <= 0)) | ((x >= bounds[:, 1]) & (gradient >= 0))
        information = n * (changes * np.exp(logs)) @ changes.T
        information += np.diag(1e-6 * np.trace(information) + 1e-6 * np.ones(len(x)))
        step = np.zeros(len(x))
        free = np.flatnonzero(~stuck)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        for _ in range(_MAX_HALVINGS):
            trial = np.clip(x + step, bounds[:, 0], bounds[:, 1])
            gained = value(trial) - current
            if gained > 0:
                break
            step = step / 2
        else:
            break
        x, current = trial, current + gained
        if gained < _GAIN:
            break
    first, second, third = x.tolist()
    return _Optimum((first, second, third), current)


def _limits(
    profile: Callable[[float], float], value: float, highest: float, low: float, high: float
) -> tuple[float, float]:
    """95% profile-likelihood limits to 1e-3 of the range, or its ends; sought outwards, for far ends cost most."""
    most = float(np.sqrt(chi2_quantile(0.95)))

    def excess(x: float) -> float:
        # The root of the deviance is nearly linear in x: few steps find where it is ``most``.
        return most - float(np.sqrt(max(2 * (highest - profile(x)), 0.0)))

    def limit(end: float) -> float:
        step = 0.05 * (high - low)
        while value != end:
            outside = min(value + step, end) if end > value else max(value - step, end)
            if excess(outside) < 0:
                between = sorted((value, outside))
                return float(brentq(excess, *between, xtol=1e-3 * (high - low)))  # type: ignore[arg-type]
            if outside == end:
                break
            step *= 2
        return end

    return limit(low), limit(high)


def _typical_slope(pool: VaryingPool, pattern: np.ndarray) -> float:
    """A scale at which a Gaussian factor would have about the observed mean correlation."""
    mean = float(pool.tetrachoric[np.triu_indices(pool.n_models, 1)].mean())
    r = min(max(mean, 0.02), 0.9)
    return float(np.sqrt(r / (1 - r)) / max(float(np.abs(pattern).mean()), 0.1))


def minres_pattern(pool: VaryingPool) -> Float[np.ndarray, " m"]:
    """Slopes of the loadings of `loadings.minres`."""
    clipped = np.clip(minres.fit(pool.tetrachoric), -0.98, 0.98)
    return clipped / np.sqrt(1 - clipped**2)


def fit_shape(pool: VaryingPool, intervals: bool, shape: Shape, *, atom: bool, own_loadings: bool) -> Fitted:
    """The law under which C is likeliest, as a row of the table of laws reports it."""
    pattern = minres_pattern(pool) if own_loadings else None
    # Limits beside a pattern that is held fixed would be too narrow.
    best = fit(pool, shape, pattern=pattern, atom=atom, intervals=intervals and not own_loadings)
    parameters = {shape.name: best.shape}
    parameters |= minres.summary(best.loadings) if own_loadings else {"loading": float(best.loadings[0])}
    limits = {} if best.shape_interval is None else {shape.name: best.shape_interval}
    if atom:
        parameters["shock"] = best.shock
        if best.shock_interval is not None:
            limits["shock"] = best.shock_interval
    at_limit = best.shape in (shape.low, shape.high) and best.shape != 0
    words = f"the likeliest {shape.name.replace('_', ' ')} is at the end of its range, {best.shape:g}"
    return Fitted(best.law, parameters, limits, (words,) if at_limit else ())
