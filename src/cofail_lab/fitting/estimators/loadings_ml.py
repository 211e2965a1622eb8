"""One factor with heterogeneous loadings by marginal maximum likelihood on the matrix, with or without an atom.

P(E = e) is a mixture over the nodes of the factor. The gradient in the conditional probits a_i - b_i z needs only the
posterior of the node (Bock and Aitkin 1981): two matrix products per evaluation. The likelihood does not use pair
correlations, so pairs on their Fréchet bound and an indefinite tetrachoric matrix do no harm.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from cofail_lab.fitting.estimators import loadings as minres
from cofail_lab.fitting.estimators.count_likelihood import Maximum, profile_interval
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.loadings import LIMIT
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated, OneFactorGaussian
from cofail_lab.numerics import one_factor

_REACH, _GRID_ERROR = 8.0, 1e-6
_SLOPE_LIMIT = LIMIT / np.sqrt(1 - LIMIT**2)
_MAX_STEPS, _MAX_GRIDS = 500, 4
_MIN_SHOCK = 1e-8


class MarginalFit(NamedTuple):
    """Maximum of the likelihood of a matrix.

    Attributes:
        error_rates: α_i of the base law, (m,).
        loadings: ℓ_i, (m,).
        shock: ω; 0 without an atom.
        log_likelihood: of the matrix, with the error of the nodes (relative 1e-6 per query).
        n_at_limit: number of loadings that are held at ±`loadings.LIMIT`.
        converged: whether the optimizer reports convergence.
    """

    error_rates: Float[np.ndarray, " m"]
    loadings: Float[np.ndarray, " m"]
    shock: float
    log_likelihood: float
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
    data = _Data.of(wrong)
    share = float(data.all_wrong.mean())
    atom = atom and share > 0
    shock = share / 2 if atom else 0.0
    if held_shock is not None:
        atom, shock = True, held_shock
    rates = np.clip((wrong.mean(axis=0) - shock) / (1 - shock), 1e-4, 1 - 1e-4)
    scale = np.sqrt(1 - loadings**2)
    start = np.concatenate([ndtri(rates) / scale, loadings / scale, [logit(max(shock, _MIN_SHOCK))]])
    m = wrong.shape[1]
    bounds = [(None, None)] * m + [(-_SLOPE_LIMIT, _SLOPE_LIMIT)] * m
    # The atom is at most the observed all-wrong share; without an atom, or with a held one, ω does not move.
    limits = (logit(_MIN_SHOCK), logit(share)) if atom and held_shock is None else (start[-1], start[-1])
    bounds.append((float(limits[0]), float(limits[1])))
    if held_loading is not None:
        slope = m + held_loading[0]
        start[slope] = held_loading[1] / np.sqrt(1 - held_loading[1] ** 2)
        bounds[slope] = (float(start[slope]), float(start[slope]))
    optimum = _optimize(data, start, bounds, atom)
    parameters = optimum.x
    a, b = parameters[:m], parameters[m : 2 * m]
    sign = -1.0 if b.sum() < 0 else 1.0
    return MarginalFit(
        error_rates=ndtr(a / np.sqrt(1 + b**2)),
        loadings=sign * b / np.sqrt(1 + b**2),
        shock=float(expit(parameters[-1])) if atom and parameters[-1] > logit(2 * _MIN_SHOCK) else 0.0,
        log_likelihood=-float(optimum.fun) * len(wrong),
        n_at_limit=int((np.abs(b) >= _SLOPE_LIMIT * (1 - 1e-9)).sum()),
        converged=bool(optimum.success),
    )


def _optimize(data: "_Data", start: np.ndarray, bounds: list[tuple], atom: bool) -> OptimizeResult:
    """The optimum of `_objective` over (a, b, logit ω), on a grid of nodes that is fine enough for its slopes b."""
    m = data.wrong.shape[1]
    options = {"maxiter": _MAX_STEPS, "maxfun": 2 * _MAX_STEPS, "ftol": 1e-11, "gtol": 1e-6, "maxcor": 20}
    optimum = OptimizeResult(x=start)
    for _ in range(_MAX_GRIDS):
        kappa = 1.5 * _kappa(optimum.x[m : 2 * m])
        arguments = (data, _nodes(kappa), atom)
        optimum = minimize(
            _objective, optimum.x, arguments, method="L-BFGS-B", jac=True, bounds=bounds, options=options
        )
        if _kappa(optimum.x[m : 2 * m]) <= kappa:
            break
    return optimum


def shock_interval(wrong: Bool[np.ndarray, "n m"], free: MarginalFit) -> tuple[float, float]:
    """95% profile-likelihood limits of ω: about twenty fits with ω held, which start at the loadings of the free fit.

    Args:
        wrong: the matrix, without constant columns.
        free: fit of the matrix with an atom.
    """
    start = np.clip(free.loadings, -0.95, 0.95)

    def profile(shock: float) -> float:
        held = None if shock < _MIN_SHOCK else shock
        return fit(wrong, start, atom=False, held_shock=held).log_likelihood

    at = Maximum(free.shock, free.log_likelihood, at_edge=False)
    return profile_interval(profile, at, 0.0, 0.999 * float(wrong.mean(axis=0).min()))


class _Data(NamedTuple):
    wrong: np.ndarray
    all_wrong: np.ndarray

    @classmethod
    def of(cls, wrong: np.ndarray) -> "_Data":
        return cls(wrong.astype(float), np.asarray(wrong.all(axis=1)))


def _kappa(slopes: np.ndarray) -> float:
    """1 + Σ b_i², the information about Z in all answers, which decides how fine the nodes must be."""
    return 1 + float((slopes**2).sum())


def _nodes(kappa: float) -> np.ndarray:
    spacing = float(one_factor.proven_spacing(jnp.asarray(kappa), _GRID_ERROR))
    return np.linspace(-_REACH, _REACH, int(np.ceil(2 * _REACH / spacing)) + 1)


def _objective(x: np.ndarray, data: _Data, z: np.ndarray, atom: bool) -> tuple[float, np.ndarray]:
    """Minus the mean log-likelihood of a query, and the gradient of this in (a, b, logit ω), (2m + 1,)."""
    (n, m), (wrong, all_wrong) = data.wrong.shape, data
    a, b = x[:m, None], x[m : 2 * m, None]
    u = a - b * z
    log_wrong, log_right = log_ndtr(u), log_ndtr(-u)
    logs = wrong @ (log_wrong - log_right)
    logs += log_right.sum(axis=0) + (np.log(z[1] - z[0]) - z * z / 2 - np.log(2 * np.pi) / 2)
    top = logs.max(axis=1, keepdims=True)
    np.exp(logs - top, out=logs)
    total = logs.sum(axis=1, keepdims=True)
    rows = (top + np.log(total))[:, 0]
    logs /= total  # From here on: the posterior of the node.
    gradient_shock = 0.0
    if atom:
        shock = float(expit(x[-1]))
        with np.errstate(divide="ignore"):
            whole = np.logaddexp(np.log1p(-shock) + rows, np.where(all_wrong, np.log(shock), -np.inf))
        from_base = np.exp(np.log1p(-shock) + rows - whole)
        gradient_shock = float((1 - from_base).sum() - shock * n)
        logs *= from_base[:, None]
        rows = whole
    times_wrong, times = wrong.T @ logs, logs.sum(axis=0)
    log_density = -u * u / 2 - np.log(2 * np.pi) / 2
    pull = times_wrong * np.exp(log_density - log_wrong) - (times - times_wrong) * np.exp(log_density - log_right)
    gradient = np.concatenate([pull.sum(axis=1), -pull @ z, [gradient_shock]])
    return -float(rows.sum()) / n, -gradient / n


def fit_pool(pool: VaryingPool, intervals: bool = False, *, atom: bool = False) -> Fitted:
    """The law, with or without an atom, by a search from the loadings of `minres`; ``intervals`` are those of ω."""
    start = np.clip(minres.fit(pool.tetrachoric), -0.95, 0.95)
    free = fit(pool.wrong, start, atom=atom)
    notes = list(minres.limit_notes(free.n_at_limit))
    if not free.converged:
        notes.append("the optimizer stopped before it converged")
    shock = {"shock": free.shock} if atom else {}
    limits = {"shock": shock_interval(pool.wrong, free)} if intervals and atom and pool.n_all_wrong > 0 else {}
    return Fitted(free.law(), {**minres.summary(free.loadings), **shock}, limits, tuple(notes))
