"""One factor with heterogeneous loadings by marginal maximum likelihood on the matrix, with or without an atom.

P(E = e) is a mixture over the factor's nodes; its gradient in the conditional probits a_i - b_i z needs only the
posterior of the node (Bock and Aitkin 1981), two matrix products an evaluation. Nothing is read from pairs, so pairs on
their Fréchet bound and the indefinite tetrachoric matrix do not matter.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize
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
_MOST_STEPS, _MOST_GRIDS = 500, 4
_LEAST_SHOCK = 1e-8


class MarginalFit(NamedTuple):
    """Maximum of the likelihood of a matrix.

    Attributes:
        error_rates: α_i of the base law, (m,).
        loadings: ℓ_i, (m,).
        shock: ω; 0 without an atom.
        log_likelihood: of the matrix, nodes' error (relative 1e-6 a query) included.
        n_at_limit: loadings that would go beyond ±`loadings.LIMIT`.
        converged: whether the optimizer says so.
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
    """Maximize Σ log P(row) over all error rates and loadings, and over ω if ``atom``.

    Args:
        wrong: no column constant.
        loadings: where to start, such as `loadings.fit`'s.
        atom: with an atom; it starts at half of the observed all-wrong share, and is 0 where no query is all wrong.
        held_shock: ω in (0, 1) kept at this value; the loss of likelihood against the free fit is what a profile needs.
        held_loading: a model and the loading it keeps, likewise.
    """
    data = _Data.of(wrong)
    share = float(data.all_wrong.mean())
    atom = atom and share > 0
    shock = share / 2 if atom else 0.0
    if held_shock is not None:
        atom, shock = True, held_shock
    rates = np.clip((wrong.mean(axis=0) - shock) / (1 - shock), 1e-4, 1 - 1e-4)
    scale = np.sqrt(1 - loadings**2)
    start = np.concatenate([ndtri(rates) / scale, loadings / scale, [logit(max(shock, _LEAST_SHOCK))]])
    m = wrong.shape[1]
    bounds = [(None, None)] * m + [(-_SLOPE_LIMIT, _SLOPE_LIMIT)] * m
    # The atom is no larger than what was seen of it; without one its share is held.
    limits = (logit(_LEAST_SHOCK), logit(share)) if atom and held_shock is None else (start[-1], start[-1])
    bounds.append((float(limits[0]), float(limits[1])))
    if held_loading is not None:
        place = m + held_loading[0]
        start[place] = held_loading[1] / np.sqrt(1 - held_loading[1] ** 2)
        bounds[place] = (float(start[place]), float(start[place]))
    found, kappa = None, 1.5 * _kappa(start[m : 2 * m])
    for _ in range(_MOST_GRIDS):
        z = _nodes(kappa)
        found = minimize(
            _objective, start, (data, z, atom), method="L-BFGS-B", jac=True, bounds=bounds,
            options={"maxiter": _MOST_STEPS, "maxfun": 2 * _MOST_STEPS, "ftol": 1e-11, "gtol": 1e-6, "maxcor": 20},
        )  # fmt: skip
        start = found.x
        if _kappa(start[m : 2 * m]) <= kappa:
            break
        kappa = 1.5 * _kappa(start[m : 2 * m])
    assert found is not None  # noqa: S101  (the loop ran)
    a, b = start[:m], start[m : 2 * m]
    shock = float(expit(start[-1])) if atom and start[-1] > logit(2 * _LEAST_SHOCK) else 0.0
    sign = -1.0 if b.sum() < 0 else 1.0
    return MarginalFit(
        ndtr(a / np.sqrt(1 + b**2)), sign * b / np.sqrt(1 + b**2), shock, -float(found.fun) * len(wrong),
        int((np.abs(b) >= _SLOPE_LIMIT * (1 - 1e-9)).sum()), bool(found.success),
    )  # fmt: skip


def shock_interval(wrong: Bool[np.ndarray, "n m"], free: MarginalFit) -> tuple[float, float]:
    """95% profile-likelihood limits of ω; each of about twenty points is a fit that starts at the free one's loadings.

    Args:
        wrong: no column constant.
        free: its fit with an atom.
    """
    start = np.clip(free.loadings, -0.95, 0.95)

    def profile(shock: float) -> float:
        held = None if shock < _LEAST_SHOCK else shock
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
    return 1 + float((slopes**2).sum())


def _nodes(kappa: float) -> np.ndarray:
    spacing = float(one_factor.proven_spacing(jnp.asarray(kappa), _GRID_ERROR))
    return np.linspace(-_REACH, _REACH, int(np.ceil(2 * _REACH / spacing)) + 1)


def _objective(x: np.ndarray, data: _Data, z: np.ndarray, atom: bool) -> tuple[float, np.ndarray]:
    """Minus the mean log-likelihood of a query, and its gradient in (a, b, logit ω)."""
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
    logs /= total  # now the posterior of the node
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
    """The law from the loadings of `loadings.minres` on, with or without an atom; ``intervals`` are those of ω."""
    start = np.clip(minres.fit(pool.tetrachoric), -0.95, 0.95)
    free = fit(pool.wrong, start, atom=atom)
    notes = list(minres.limit_notes(free.n_at_limit))
    if not free.converged:
        notes.append("the optimizer stopped before it converged")
    shock = {"shock": free.shock} if atom else {}
    limits = {"shock": shock_interval(pool.wrong, free)} if intervals and atom and pool.n_all_wrong > 0 else {}
    return Fitted(free.law(), {**minres.summary(free.loadings), **shock}, limits, tuple(notes))
