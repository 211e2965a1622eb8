"""An atom on top of a law: how often everything fails at once, by maximum likelihood on C or on the matrix.

Marginal rates stay the observed ones: with an atom ω the base law has error rates (α_i - ω)/(1 - ω). Over independent
errors the level of C is so sharp that a wrong ω would be punished for the rates it implies, and intervals of ω on C
would hold the truth in 79 of 100 matrices only; there the base takes the rates that are likeliest beside ω. Two ways:

- `fit` maximizes over ω and the one dependence parameter of the base together, with profile-likelihood limits of ω.
- `profile` takes any base that is read from tetrachoric correlations: for each k it drops k of the queries that all
  models get wrong, reads the base from the rest, and keeps the ω = k/n under which C is most likely.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from cofail_lab.fitting.estimators.count_likelihood import (
    Maximum,
    count_law,
    matrix_log_likelihood,
    maximize,
    profile_interval,
)
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated, Clayton, Independent, OneFactorGaussian

Target = Literal["counts", "matrix"]


@dataclass(frozen=True)
class Base:
    """A law given by its error rates and at most one dependence parameter.

    Attributes:
        law: from error rates and the parameter's place in [0, 1].
        parameter: its name; empty where there is none.
        value: the parameter at a place in [0, 1].
        most: the largest place tried.
    """

    law: Callable[[Float[np.ndarray, " m"], float], AbstractErrorLaw]
    parameter: str = ""
    value: Callable[[float], float] = float
    most: float = 1.0


def _theta(tau: float) -> float:
    """θ of Kendall's τ = θ/(θ+2)."""
    return 2 * tau / (1 - tau)


BASES = {
    "independent": Base(lambda rates, _: Independent(rates)),
    "one_factor": Base(
        OneFactorGaussian.equicorrelated, "correlation", float, 0.99
    ),
    "clayton": Base(lambda rates, tau: Clayton(rates, _theta(max(tau, 1e-4))), "theta", _theta, 0.95),
}  # fmt: skip


class LikelihoodFit(NamedTuple):
    """Maximum of a likelihood.

    Attributes:
        law: AtomInflated where ω > 0, else the base.
        shock: ω; 0 without an atom or where none is likelier than some.
        dependence: the base's parameter; None where it has none.
        log_likelihood: of C or of the matrix.
        shock_interval: 95% by profile likelihood, where asked for; dependence_interval: likewise, without an atom.
        at_limit: whether the dependence is at the end of its range.
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
    """Maximum likelihood of ω (with ``atom``) and of the base's dependence.

    Args:
        pool: the matrix.
        base: one of `BASES`.
        atom: without it ω = 0.
        target: whether C or the matrix is made likely.
        intervals: with profile-likelihood limits; several times as long.
        held_shock: ω kept at this value, below the lowest error rate: one point of its profile.
    """
    kind = BASES[base]
    most_shock = 0.999 * float(pool.error_rates.min())

    def law_at(shock: float, place: float) -> AbstractErrorLaw:
        rates = (pool.error_rates - shock) / (1 - shock) if kind.parameter else _likeliest_rates(pool, shock)
        inner = kind.law(rates, place)
        return AtomInflated(shock, inner) if shock > 0 else inner

    @lru_cache(maxsize=4096)
    def log_likelihood(shock: float, place: float) -> float:
        law = law_at(shock, place)
        if target == "counts":
            return count_law(law).log_likelihood(pool.histogram)
        value = matrix_log_likelihood(law, pool.wrong)
        assert value is not None  # noqa: S101  (every base has one)
        return value

    def over_place(shock: float) -> Maximum:
        if not kind.parameter:
            return Maximum(0.0, log_likelihood(shock, 0.0), False)
        return maximize(lambda place: log_likelihood(shock, place), 0.0, kind.most, 1e-4)

    shock, best = 0.0, over_place(0.0)
    atom = atom and pool.n_all_wrong > 0
    if held_shock is not None:
        shock, best = held_shock, over_place(held_shock)
    elif atom:
        shock, best = _with_atom(log_likelihood, over_place, most_shock, best, pool, bool(kind.parameter))
    shock_interval = dependence_interval = None
    if intervals and atom:
        at = Maximum(shock, best.log_likelihood, False)
        shock_interval = profile_interval(lambda s: over_place(s).log_likelihood, at, 0.0, most_shock)
    if intervals and kind.parameter and not atom:
        low, high = profile_interval(lambda place: log_likelihood(0.0, place), best, 0.0, kind.most)
        dependence_interval = kind.value(low), kind.value(high)
    return LikelihoodFit(
        law=law_at(shock, best.value),
        shock=shock,
        dependence=kind.value(best.value) if kind.parameter else None,
        log_likelihood=best.log_likelihood,
        shock_interval=shock_interval,
        dependence_interval=dependence_interval,
        at_limit=best.at_edge,
    )


def _likeliest_rates(pool: VaryingPool, shock: float) -> np.ndarray:
    """Error rates of independent models beside an atom ω that make the matrix likeliest, by fixed-point iteration.

    Of the K queries that all models get wrong, the atom is expected to account for a share p; the rates are those of
    the other queries.
    """
    k, n, counts = pool.n_all_wrong, pool.n_queries, pool.error_counts
    share, rates = float(shock > 0), pool.error_rates
    for _ in range(100):
        # A model that is wrong on these queries only would be left without errors.
        dropped = min(share * k, 0.999 * float(counts.min()))
        rates = (counts - dropped) / (n - dropped)
        base = (1 - shock) * float(np.exp(np.log(rates).sum()))
        before, share = share, shock / (shock + base) if shock > 0 else 0.0
        if abs(share - before) < 1e-12:
            break
    return rates


def _with_atom(
    log_likelihood: Callable[[float, float], float],
    over_place: Callable[[float], Maximum],
    most_shock: float,
    without: Maximum,
    pool: VaryingPool,
    has_place: bool,
) -> tuple[float, Maximum]:
    """The best ω and the best place with it; ω = 0 where nothing above it is likelier."""
    if not has_place:
        found = maximize(lambda s: log_likelihood(s, 0.0), 0.0, most_shock)
        return found.value, Maximum(0.0, found.log_likelihood, False)
    start = min(pool.n_all_wrong / pool.n_queries, most_shock) / 2
    place = over_place(start).value
    highest = without.value if without.at_edge else 1.0
    found = minimize(
        lambda x: -log_likelihood(float(x[0]) * most_shock, float(x[1])), [start / most_shock, place],
        method="Nelder-Mead", bounds=[(0, 1), (0, max(place, without.value, min(highest, 0.95)))],
        options={"xatol": 1e-4, "fatol": 1e-5, "initial_simplex": _simplex(start / most_shock, place)},
    )  # fmt: skip
    if -float(found.fun) <= without.log_likelihood:
        return 0.0, without
    return float(found.x[0]) * most_shock, Maximum(float(found.x[1]), -float(found.fun), False)


def _simplex(shock: float, place: float) -> np.ndarray:
    return np.array([[shock, place], [min(1.4 * shock, 1.0), place], [shock, max(place - 0.03, 0.0) or 0.03]])


def fit_pool(pool: VaryingPool, intervals: bool = False, *, base: str, atom: bool) -> Fitted:
    """The likeliest law on C of a base in `BASES`, with or without an atom.

    With an atom and ``intervals``, the parameter ``shock_on_matrix`` is the ω that makes the whole matrix likeliest.
    """
    best = fit(pool, base, atom=atom, intervals=intervals)
    parameters: dict[str, float] = {}
    limits: dict[str, tuple[float, float]] = {}
    notes = []
    name = BASES[base].parameter
    if best.dependence is not None:
        parameters[name] = best.dependence
        if best.dependence_interval is not None:
            limits[name] = best.dependence_interval
        if best.at_limit:
            notes.append(f"the likeliest {name} is at the end of its range")
    if atom:
        parameters["shock"] = best.shock
        if best.shock_interval is not None:
            limits["shock"] = best.shock_interval
        if intervals:
            parameters["shock_on_matrix"] = fit(pool, base, atom=True, target="matrix").shock
    return Fitted(best.law, parameters, limits, tuple(notes))
