"""An atom over a base law with at most one dependence parameter, by maximum likelihood on C or on the matrix.

The atom ω is the probability that all models fail together whatever the base law says. The law keeps the observed error
rates: with an atom ω the base has error rates (α_i - ω)/(1 - ω).

Independent errors are an exception. Under them the distribution of C is so narrow that the likelihood of ω would depend
mostly on the rates that ω implies for the base, and 95% intervals of ω from C would cover the true ω in only 79 of 100
matrices. There the base has the error rates that are likeliest beside ω.

`fit` maximizes over ω and the dependence parameter together. `atom_profile` is for bases that are estimated from
tetrachoric correlations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from cofail_lab.fitting.estimators import limits
from cofail_lab.fitting.estimators.count_likelihood import (
    MANY_MODELS,
    Maximum,
    count_law,
    matrix_log_likelihood,
    maximize,
    profile_interval,
)
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.mixture_ml import Patterns
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated, Clayton, Independent, OneFactorGaussian

Target = Literal["counts", "matrix"]


@dataclass(frozen=True)
class Base:
    """A law given by its error rates and at most one dependence parameter.

    Attributes:
        law: makes the law from error rates, (m,), and a position in [0, 1] that gives the dependence parameter.
        parameter: name of the parameter; empty where the law has none.
        value: the parameter at a position.
        max_position: the largest position that is tried.
    """

    law: Callable[[Float[np.ndarray, " m"], float], AbstractErrorLaw]
    parameter: str = ""
    value: Callable[[float], float] = float
    max_position: float = 1.0


def _theta(tau: float) -> float:
    """θ of the Clayton law with Kendall's τ = θ/(θ+2)."""
    return 2 * tau / (1 - tau)


BASES = {
    "independent": Base(lambda rates, _: Independent(rates)),
    "one_factor": Base(OneFactorGaussian.equicorrelated, "correlation", float, 0.99),
    "clayton": Base(lambda rates, tau: Clayton(rates, _theta(tau)), "theta", _theta, 0.95),
}


class LikelihoodFit(NamedTuple):
    """Maximum of a likelihood.

    Attributes:
        law: AtomInflated where ω > 0, otherwise the base.
        shock: ω; 0 without an atom, or where no ω > 0 is likelier than ω = 0.
        dependence: the dependence parameter of the base; None where the base has none.
        log_likelihood: of C or of the matrix, in natural logs, summed over queries.
        shock_interval: 95% limits of ω, where the caller asked for them (`limits`); always around ``shock``.
        dependence_interval: the same for the dependence parameter of a fit without an atom.
        at_limit: whether the dependence parameter is at an end of its range.
    """

    law: AbstractErrorLaw
    shock: float
    dependence: float | None
    log_likelihood: float
    shock_interval: tuple[float, float] | None
    dependence_interval: tuple[float, float] | None
    at_limit: bool


def fit(
    pool: VaryingPool,
    base: str,
    *,
    atom: bool,
    target: Target = "counts",
    intervals: bool = False,
    held_shock: float | None = None,
) -> LikelihoodFit:
    """Maximum likelihood estimate of the dependence parameter of the base and, with ``atom``, of ω.

    Args:
        pool: the matrix.
        base: one of `BASES`.
        atom: whether the law has an atom; otherwise ω = 0.
        target: whether the likelihood is that of C or of the matrix.
        intervals: whether to compute limits, which takes several times as long.
        held_shock: value at which ω is kept, below the lowest error rate: the result is one point of the profile of ω.

    Raises:
        ValueError: the law has no likelihood of the matrix; every base in `BASES` has one.
    """
    kind = BASES[base]
    max_shock = 0.999 * float(pool.error_rates.min())

    def law_at(shock: float, position: float) -> AbstractErrorLaw:
        rates = (pool.error_rates - shock) / (1 - shock) if kind.parameter else _likeliest_rates(pool, shock)
        inner = kind.law(rates, position)
        return AtomInflated(shock, inner) if shock > 0 else inner

    @lru_cache(maxsize=4096)
    def log_likelihood(shock: float, position: float) -> float:
        law = law_at(shock, position)
        if target == "counts":
            return count_law(law).log_likelihood(pool.histogram)
        value = matrix_log_likelihood(law, pool.wrong)
        if value is None:
            raise ValueError(f"base {base!r} has no likelihood of the matrix")
        return value

    def best_position(shock: float) -> Maximum:
        if not kind.parameter:
            return Maximum(0.0, log_likelihood(shock, 0.0), False)
        near = 1.0 if pool.n_models < MANY_MODELS else 0.01
        return maximize(lambda position: log_likelihood(shock, position), 0.0, kind.max_position, 1e-4, near)

    shock, best = 0.0, best_position(0.0)
    asked, atom = atom, atom and pool.n_all_wrong > 0
    if held_shock is not None:
        shock, best = held_shock, best_position(held_shock)
    elif atom:
        shock, best = _with_atom(log_likelihood, best_position, max_shock, best, pool, bool(kind.parameter))
    dependence = kind.value(best.value) if kind.parameter else None
    shock_interval = dependence_interval = None
    if intervals and asked:
        interval = limits.shock_interval(Patterns.of(pool.wrong), base, shock, dependence or 0.0)
        shock_interval = min(interval[0], shock), max(interval[1], shock)
    if intervals and dependence is not None and not asked:
        if base == "clayton" and pool.wrong.size <= limits.FREE_RATE_CELLS:
            interval = limits.theta_interval(Patterns.of(pool.wrong), dependence)
        else:
            ends = profile_interval(lambda place: log_likelihood(0.0, place), best, 0.0, kind.max_position)
            interval = kind.value(ends[0]), kind.value(ends[1])
        dependence_interval = min(interval[0], dependence), max(interval[1], dependence)
    return LikelihoodFit(
        law=law_at(shock, best.value),
        shock=shock,
        dependence=dependence,
        log_likelihood=best.log_likelihood,
        shock_interval=shock_interval,
        dependence_interval=dependence_interval,
        at_limit=best.at_edge,
    )


def _likeliest_rates(pool: VaryingPool, shock: float) -> np.ndarray:
    """Error rates (m,) of independent models beside an atom ω under which the matrix is likeliest.

    Of the K queries that all models get wrong, the atom is expected to cause a share p, and the rates are those of the
    queries that the atom does not cause. Both depend on each other and are iterated until p is stable.
    """
    k, n, counts = pool.n_all_wrong, pool.n_queries, pool.error_counts
    share, rates = float(shock > 0), pool.error_rates
    for _ in range(100):
        # At least a thousandth of every model's errors is kept: a model that fails only where all fail would have none.
        dropped = min(share * k, 0.999 * float(counts.min()))
        rates = (counts - dropped) / (n - dropped)
        base = (1 - shock) * float(np.exp(np.log(rates).sum()))
        before, share = share, shock / (shock + base) if shock > 0 else 0.0
        if abs(share - before) < 1e-12:
            break
    return rates


def _with_atom(
    log_likelihood: Callable[[float, float], float],
    best_position: Callable[[float], Maximum],
    max_shock: float,
    without: Maximum,
    pool: VaryingPool,
    has_parameter: bool,
) -> tuple[float, Maximum]:
    """The likeliest ω and the likeliest position beside it; ω = 0 where no larger ω is likelier."""
    if not has_parameter:
        best = maximize(lambda shock: log_likelihood(shock, 0.0), 0.0, max_shock)
        return best.value, Maximum(0.0, best.log_likelihood, False)
    start = min(pool.n_all_wrong / pool.n_queries, max_shock) / 2
    position = best_position(start).value
    highest = without.value if without.at_edge else 1.0
    optimum = minimize(
        lambda x: -log_likelihood(float(x[0]) * max_shock, float(x[1])),
        [start / max_shock, position],
        method="Nelder-Mead",
        bounds=[(0, 1), (0, max(position, without.value, min(highest, 0.95)))],
        options={"xatol": 1e-4, "fatol": 1e-5, "initial_simplex": _simplex(start / max_shock, position)},
    )
    if -float(optimum.fun) <= without.log_likelihood:
        return 0.0, without
    return float(optimum.x[0]) * max_shock, Maximum(float(optimum.x[1]), -float(optimum.fun), False)


def _simplex(shock: float, position: float) -> np.ndarray:
    """The start of Nelder and Mead's method, (3, 2): the point, and one step away from it in either direction."""
    lower_position = max(position - 0.03, 0.0) or 0.03
    return np.array([[shock, position], [min(1.4 * shock, 1.0), position], [shock, lower_position]])


def fit_pool(pool: VaryingPool, intervals: bool = False, *, base: str, atom: bool) -> Fitted:
    """The law of a base in `BASES`, with or without an atom, under which C is likeliest.

    With an atom and ``intervals``, the parameter ``shock_on_matrix`` is the ω under which the matrix is likeliest.
    """
    best = fit(pool, base, atom=atom, intervals=intervals)
    parameters: dict[str, float] = {}
    intervals_of: dict[str, tuple[float, float]] = {}
    notes = []
    name = BASES[base].parameter
    if best.dependence is not None:
        parameters[name] = best.dependence
        if best.dependence_interval is not None:
            intervals_of[name] = best.dependence_interval
        if best.at_limit:
            notes.append(f"the likeliest {name} is at the end of its range")
    if atom:
        parameters["shock"] = best.shock
        if best.shock_interval is not None:
            intervals_of["shock"] = best.shock_interval
        if intervals:
            parameters["shock_on_matrix"] = fit(pool, base, atom=True, target="matrix").shock
    return Fitted(best.law, parameters, intervals_of, tuple(notes))
