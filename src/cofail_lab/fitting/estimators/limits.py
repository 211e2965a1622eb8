"""95% limits of ω over a base, and of θ, from the likelihood of the matrix with every error rate free.

Error rates that are held at their observed values hold ω below the rate of the best model, and make its limits too
narrow: the rates are fitted again beside every ω that is tried.

In small samples the profile of ω has the faults of a likelihood interval of a binomial share, of which ω is nearly one:
above, it falls too early. An ω above the estimate is therefore also kept where K, the number of queries that all models
get wrong, would not be rare under the fitted law: P(at most K) is at least 2.5%. Below the estimate the likelihood
alone decides: beside a small ω the base takes the all-wrong queries over, and K says little.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, expit, ndtr, ndtri

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators.count_likelihood import Maximum, chi2_quantile, profile_interval
from cofail_lab.fitting.estimators.mixture_ml import (
    MIN_SHOCK,
    Frailty,
    Mixture,
    Patterns,
    Probit,
    log_all_wrong,
    logit_shock,
    maximize,
)

_DROP = chi2_quantile(0.95) / 2
_MISSED = 0.025
# Limits are found to this share of the estimate or of the range.
_TOLERANCE = 1e-3

FREE_RATE_CELLS = 20_000
"""Cells of a matrix up to which θ has limits with free rates; in larger ones rates are known well, and C decides."""

Base = str
"""One of ``independent``, ``one_factor``, ``clayton``."""


class Point(Protocol):
    """A maximum of the likelihood of a matrix with every error rate free."""

    @property
    def shock(self) -> float:
        """ω."""
        ...

    @property
    def log_likelihood(self) -> float:
        """Of the matrix."""
        ...

    @property
    def log_all_wrong(self) -> float:
        """Log P(every model is wrong) under the base."""
        ...


class RateFit(NamedTuple):
    """A maximum of the likelihood of a matrix over all error rates.

    Attributes:
        x: the parameters at the maximum, for the start of another search.
        shock: ω.
        log_likelihood: of the matrix.
        log_all_wrong: log P(every model is wrong) under the base.
    """

    x: np.ndarray
    shock: float
    log_likelihood: float
    log_all_wrong: float


class _Kind(NamedTuple):
    """How a base is searched.

    Attributes:
        mixture_at: from m, what makes the mixture at given parameters.
        rates, error_rates: the parameter of each model from its error rate and the coordinate, and back.
        rate_bounds: of these parameters.
        coordinate: of the dependence parameter; the coordinate comes after the rates.
        bounds: of the coordinate.
    """

    mixture_at: Callable[[int], Callable[[np.ndarray], Mixture]]
    rates: Callable[[np.ndarray, float], np.ndarray]
    error_rates: Callable[[np.ndarray, float], np.ndarray]
    rate_bounds: tuple[float, float]
    coordinate: Callable[[float], float]
    bounds: tuple[float, float]


def _frailty(_: int) -> Callable[[np.ndarray], Mixture]:
    return Frailty.at


def _probit(m: int) -> Callable[[np.ndarray], Mixture]:
    return lambda x: Probit.at(x, m)


def _slope(correlation: float) -> float:
    return float(np.sqrt(correlation / (1 - correlation)))


def _log_shape(theta: float) -> float:
    return -float(np.log(max(theta, _MIN_THETA)))


def _log_hazards(rates: np.ndarray, log_shape: float) -> np.ndarray:
    """Log of α^{-θ} - 1."""
    powers = -np.exp(-log_shape) * np.log(rates)
    return powers + np.log(-np.expm1(-powers))


def _from_hazards(log_hazards: np.ndarray, log_shape: float) -> np.ndarray:
    """The rate α of which `_log_hazards` makes these."""
    return np.exp(-np.exp(log_shape) * np.logaddexp(0, log_hazards))


_MIN_THETA = 1 / 400
_KINDS = {
    "independent": _Kind(
        _probit, lambda rates, _: ndtri(rates), lambda a, _: ndtr(a), (-12, 12), lambda _: 0.0, (0.0, 0.0)
    ),
    "one_factor": _Kind(
        _probit,
        lambda rates, b: ndtri(rates) * np.sqrt(1 + b * b),
        lambda a, b: ndtr(a / np.sqrt(1 + b * b)),
        (-40, 40),
        _slope,
        (0.0, _slope(0.99)),
    ),
    "clayton": _Kind(_frailty, _log_hazards, _from_hazards, (-40, 60), _log_shape, (_log_shape(38.0), _log_shape(0.0))),
}


def fit(
    data: Patterns,
    base: Base,
    *,
    shock: float,
    dependence: float = 0.0,
    hold_shock: bool = False,
    hold_dependence: bool = False,
    start: np.ndarray | None = None,
) -> RateFit:
    """The likeliest error rates and, where they are not held, ω and the dependence parameter.

    Args:
        data: the matrix, without constant columns.
        base: the law beside the atom.
        shock: where the search for ω starts, or ω itself with ``hold_shock``; 0 for no atom.
        dependence: the same for the dependence parameter (correlation or θ).
        hold_shock, hold_dependence: what is held.
        start: the parameters ``x`` of another fit of this base, where the search starts for all that is not held.
    """
    if base == "clayton" and hold_dependence and dependence < _MIN_THETA:
        base, start = "independent", None  # To less than the error of the likelihood.
    kind = _KINDS[base]
    m, n = data.wrong.shape[1], data.n_queries
    coordinate = float(np.clip(kind.coordinate(dependence), *kind.bounds))
    atom = shock >= MIN_SHOCK
    if start is None:
        # Nearly all of the queries that the atom explains are taken out of every model's errors.
        removed = 0.98 * min(shock * n, data.n_all_wrong)
        rates = np.clip((data.error_counts - removed) / (n - removed), 1e-2 / n, 1 - 1e-2 / n)
        tail = [coordinate] if base != "independent" else []
        start = np.concatenate([kind.rates(rates, coordinate), tail, [logit_shock(shock)]])
    start = start.copy()
    bounds: list[tuple[float | None, float | None]] = [kind.rate_bounds] * m
    if base != "independent":
        if hold_dependence and start[m] != coordinate:
            rates = np.clip(kind.error_rates(start[:m], float(start[m])), 1e-2 / n, 1 - 1e-2 / n)
            start[: m + 1] = np.append(kind.rates(rates, coordinate), coordinate)
        bounds.append((float(start[m]), float(start[m])) if hold_dependence else kind.bounds)
    free = atom and not hold_shock
    start[-1] = logit_shock(shock)
    bounds.append((logit_shock(0.0), -logit_shock(0.0)) if free else (float(start[-1]), float(start[-1])))
    optimum, mixture = maximize(start, data, kind.mixture_at(m), bounds, atom)
    found = float(expit(optimum.x[-1])) if atom else 0.0
    return RateFit(
        optimum.x,
        found if found > 2 * MIN_SHOCK else 0.0,
        -float(optimum.fun) * n,
        log_all_wrong(mixture, optimum.x[:-1]),
    )


def likeliest_shock(data: Patterns, base: Base, shock: float, dependence: float) -> RateFit:
    """The fit with a free ω, from two starts: the given ω, and nearly all of the queries that defeat every model."""
    starts = {max(shock, 1e-3 / data.n_queries), 0.95 * data.n_all_wrong / data.n_queries}
    fits = [fit(data, base, shock=start, dependence=dependence) for start in sorted(starts)]
    fits.append(fit(data, base, shock=0.0, dependence=dependence))
    return max(fits, key=lambda one: one.log_likelihood)


def shock_excess(held: Point, free: Point, n_all_wrong: int, n_queries: int, *, upper: bool) -> float:
    """How far, in natural logs, an ω is inside the limits; negative where it is outside.

    Args:
        held: the fit with this ω held.
        free: the fit with a free ω.
        n_all_wrong, n_queries: K and n.
        upper: whether the ω is above the estimate, where it is also kept if K is not too small for it.
    """
    excess = held.log_likelihood - free.log_likelihood + _DROP
    if not upper:
        return excess
    beta = held.shock + (1 - held.shock) * float(np.exp(held.log_all_wrong))
    with np.errstate(divide="ignore"):
        return max(excess, float(np.log(bdtr(n_all_wrong, n_queries, beta) / _MISSED)))


def shock_limits(
    profile: Callable[[float], Point], free: Point, n_all_wrong: int, n_queries: int
) -> tuple[float, float]:
    """95% limits of ω, see the head of this file.

    Args:
        profile: the fit with ω held at a value in [0, 1).
        free: the fit with a free ω.
        n_all_wrong, n_queries: K and n. Without an all-wrong query, the limits are those of β, which ω cannot exceed.
    """
    top = float(clopper_pearson(n_all_wrong, n_queries, 2 * _MISSED)[1])
    if n_all_wrong == 0:
        return 0.0, top

    def excess(shock: float, upper: bool) -> float:
        return shock_excess(profile(shock), free, n_all_wrong, n_queries, upper=upper)

    lower, upper = 0.0, top
    if free.shock > 0 and excess(0.0, upper=False) < 0:
        lower = float(brentq(excess, 0.0, free.shock, (False,), xtol=_TOLERANCE * free.shock))  # type: ignore[arg-type]
    if excess(top, upper=True) < 0:
        upper = float(brentq(excess, free.shock, top, (True,), xtol=_TOLERANCE * top))  # type: ignore[arg-type]
    return lower, upper


def shock_interval(data: Patterns, base: Base, shock: float, dependence: float) -> tuple[float, float]:
    """95% limits of ω over a base; the search starts at the given ω and dependence parameter."""
    n_all_wrong, n_queries = data.n_all_wrong, data.n_queries
    nothing = RateFit(np.zeros(0), 0.0, 0.0, 0.0)
    free = likeliest_shock(data, base, shock, dependence) if n_all_wrong else nothing

    last = free

    def profile(held: float) -> RateFit:
        nonlocal last  # Neighbours are near: a search from the last one takes a few steps.
        last = fit(data, base, shock=held, dependence=dependence, hold_shock=True, start=last.x)
        return last

    return shock_limits(profile, free, n_all_wrong, n_queries)


def theta_interval(data: Patterns, theta: float) -> tuple[float, float]:
    """95% profile-likelihood limits of θ of a Clayton law without an atom; the search starts at the given θ."""
    free = fit(data, "clayton", shock=0.0, dependence=theta)

    def value(tau: float) -> float:
        return 2 * tau / (1 - tau)

    last = free

    def profile(tau: float) -> float:
        nonlocal last
        if value(tau) < _MIN_THETA:
            return fit(data, "independent", shock=0.0).log_likelihood
        last = fit(data, "clayton", shock=0.0, dependence=value(tau), hold_dependence=True, start=last.x)
        return last.log_likelihood

    best = Maximum(1 / (1 + 2 * float(np.exp(free.x[-2]))), free.log_likelihood, at_edge=False)
    low, high = profile_interval(profile, best, 0.0, 0.95, tolerance=_TOLERANCE)
    return value(low), value(high)
