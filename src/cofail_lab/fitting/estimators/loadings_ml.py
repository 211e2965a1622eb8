"""One factor with heterogeneous loadings by marginal maximum likelihood on the matrix, with or without an atom.

`mixture_ml` has the likelihood. It does not use pair correlations, so pairs on their Fréchet bound and an indefinite
tetrachoric matrix do no harm.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit, ndtr, ndtri

from cofail_lab.fitting.estimators import limits
from cofail_lab.fitting.estimators import loadings as minres
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.loadings import LIMIT
from cofail_lab.fitting.estimators.mixture_ml import MIN_SHOCK, Patterns, Probit, log_all_wrong, logit_shock, maximize
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated, OneFactorGaussian

_SLOPE_LIMIT = LIMIT / np.sqrt(1 - LIMIT**2)


class MarginalFit(NamedTuple):
    """Maximum of the likelihood of a matrix.

    Attributes:
        error_rates: α_i of the base law, (m,).
        loadings: ℓ_i, (m,).
        shock: ω; 0 without an atom.
        log_likelihood: of the matrix, with the error of the nodes (relative 1e-6 per query).
        log_all_wrong: log P(every model is wrong) under the base.
        n_at_limit: number of loadings that are held at ±`loadings.LIMIT`.
        converged: whether the optimizer reports convergence.
    """

    error_rates: Float[np.ndarray, " m"]
    loadings: Float[np.ndarray, " m"]
    shock: float
    log_likelihood: float
    log_all_wrong: float
    n_at_limit: int
    converged: bool

    def law(self) -> AbstractErrorLaw:
        """The fitted law."""
        base = OneFactorGaussian(self.error_rates, self.loadings)
        return AtomInflated(self.shock, base) if self.shock > 0 else base


def fit(
    wrong: Bool[np.ndarray, "n m"],
    loadings: Float[np.ndarray, " m"],
    *,
    atom: bool,
    held_shock: float | None = None,
    held_loading: tuple[int, float] | None = None,
) -> MarginalFit:
    """Maximize Σ log P(row) over all error rates and loadings and, with ``atom``, over ω.

    Args:
        wrong: the matrix, without constant columns.
        loadings: where the search starts, for example those of `loadings.fit`.
        atom: whether the law has an atom. The search for ω starts at half of the observed all-wrong share; ω is 0 where
            no query is all wrong.
        held_shock: value in (0, 1) at which ω is kept. How much less likely the matrix is than in the free fit gives
            one point of a profile.
        held_loading: index of a model and the loading at which it is kept, for the same purpose.
    """
    data = Patterns.of(wrong)
    share = data.n_all_wrong / data.n_queries
    atom = atom and share > 0
    shock = share / 2 if atom else 0.0
    if held_shock is not None:
        atom, shock = True, held_shock
    # The errors that the atom explains are not the base's; a model can have more of them than it makes.
    removed = min(shock * data.n_queries, 0.98 * data.n_all_wrong)
    rates = np.clip((data.error_counts - removed) / (data.n_queries - removed), 1e-4, 1 - 1e-4)
    scale = np.sqrt(1 - loadings**2)
    start = np.concatenate([ndtri(rates) / scale, loadings / scale, [logit_shock(shock)]])
    m = wrong.shape[1]
    bounds: list[tuple[float | None, float | None]] = [(None, None)] * m + [(-_SLOPE_LIMIT, _SLOPE_LIMIT)] * m
    # The atom is at most the observed all-wrong share; without an atom, or with a held one, ω does not move.
    moves = atom and held_shock is None
    bounds.append((logit_shock(0.0), logit_shock(share)) if moves else (float(start[-1]), float(start[-1])))
    if held_loading is not None:
        slope = m + held_loading[0]
        start[slope] = held_loading[1] / np.sqrt(1 - held_loading[1] ** 2)
        bounds[slope] = (float(start[slope]), float(start[slope]))
    optimum, mixture = maximize(start, data, lambda x: Probit.at(x, m), bounds, atom)
    parameters = optimum.x
    a, b = parameters[:m], parameters[m : 2 * m]
    sign = -1.0 if b.sum() < 0 else 1.0
    return MarginalFit(
        error_rates=ndtr(a / np.sqrt(1 + b**2)),
        loadings=sign * b / np.sqrt(1 + b**2),
        shock=float(expit(parameters[-1])) if atom and parameters[-1] > logit_shock(2 * MIN_SHOCK) else 0.0,
        log_likelihood=-float(optimum.fun) * len(wrong),
        log_all_wrong=log_all_wrong(mixture, parameters[:-1]),
        n_at_limit=int((np.abs(b) >= _SLOPE_LIMIT * (1 - 1e-9)).sum()),
        converged=bool(optimum.success),
    )


def shock_interval(wrong: Bool[np.ndarray, "n m"], free: MarginalFit) -> tuple[float, float]:
    """95% limits of ω (`limits`): about fifteen fits with ω held, which start at the loadings of the free fit.

    Args:
        wrong: the matrix, without constant columns.
        free: fit of the matrix with an atom.
    """
    start = np.clip(free.loadings, -0.95, 0.95)

    def profile(shock: float) -> MarginalFit:
        return fit(wrong, start, atom=False, held_shock=None if shock < MIN_SHOCK else shock)

    return limits.shock_limits(profile, free, int(wrong.all(axis=1).sum()), len(wrong))


def fit_pool(pool: VaryingPool, intervals: bool = False, *, atom: bool = False) -> Fitted:
    """The law, with or without an atom, by a search from the loadings of `minres`; ``intervals`` are those of ω."""
    start = np.clip(minres.fit(pool.tetrachoric), -0.95, 0.95)
    free = fit(pool.wrong, start, atom=atom)
    notes = list(minres.limit_notes(free.n_at_limit))
    if not free.converged:
        notes.append("the optimizer stopped before it converged")
    shock = {"shock": free.shock} if atom else {}
    found = {"shock": shock_interval(pool.wrong, free)} if intervals and atom else {}
    return Fitted(free.law(), {**minres.summary(free.loadings), **shock}, found, tuple(notes))
