"""One factor with a loading of its own for every model: factor analysis of tetrachoric correlations (minres)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import ObservedPairs, Prediction, TetrachoricStack
from cofail_lab.models import OneFactorGaussian

LIMIT = 0.995
"""Loadings stay within ±this: at 1 a model would have no error of its own (a Heywood case)."""

_MOST_SWEEPS, _TOLERANCE = 500, 1e-9


class Minres(NamedTuple):
    """The loadings of a stack of matrices.

    Attributes:
        loadings: ℓ with non-negative sum; 0 for a model without any pair.
        converged: whether the last sweep moved none of them by more than 1e-9.
    """

    loadings: Float[np.ndarray, "... m"]
    converged: Bool[np.ndarray, "..."]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of one matrix, or of a stack of one; one sentence each."""
        found = limit_notes(int((np.abs(self.loadings) >= LIMIT).sum()))
        return found if self.converged.all() else (*found, f"the loadings had not settled after {_MOST_SWEEPS} sweeps")


def limit_notes(n_at_limit: int) -> tuple[str, ...]:
    """What is said of loadings that would go beyond ±`LIMIT`."""
    return (f"{n_at_limit} loading(s) held at {LIMIT}",) if n_at_limit else ()


def fit(tetrachoric: Float[np.ndarray, "... m m"]) -> Float[np.ndarray, "... m"]:
    """The loadings of `minres`."""
    return minres(tetrachoric).loadings


def minres(tetrachoric: Float[np.ndarray, "... m m"]) -> Minres:
    """Loadings ℓ that minimize Σ_{i<j} (r_ij - ℓ_i ℓ_j)² within ±`LIMIT`; any stack of matrices at once.

    Each coordinate in turn is set to its minimum, so that the fit of a sweep never worsens. Most matrices need tens of
    sweeps; where two loadings can be traded for one another 500 may not do, and the fit is good all the same.

    Args:
        tetrachoric: correlations, boundary pairs at ±1; pairs with nan (constant models) do not count.
    """
    matrix = np.array(tetrachoric, dtype=float)
    m = matrix.shape[-1]
    stack = matrix.reshape(-1, m, m)
    known = ~np.isnan(stack) & ~np.eye(m, dtype=bool)
    stack = np.where(known, stack, 0.0)
    known = known.astype(float)
    # The start is the first-order solution: row sums of a rank-one matrix are proportional to its loadings.
    rows = stack.sum(axis=2)
    total = rows.sum(axis=1, keepdims=True)
    loadings = np.clip(rows / np.sqrt(np.maximum(total, 1e-12)), -LIMIT, LIMIT)
    left = np.arange(len(stack))
    for _ in range(_MOST_SWEEPS):
        current = loadings[left]
        before = current.copy()
        for i in range(m):
            weight = np.einsum("bj,bj,bj->b", known[left, i], current, current)
            target = np.einsum("bj,bj->b", stack[left, i], current)
            best = np.divide(target, weight, out=np.zeros_like(target), where=weight > 0)
            current[:, i] = np.clip(best, -LIMIT, LIMIT)
        loadings[left] = current
        left = left[np.abs(current - before).max(axis=1) > _TOLERANCE]
        if not left.size:
            break
    loadings *= np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    converged = np.ones(len(stack), dtype=bool)
    converged[left] = False
    return Minres(loadings.reshape(matrix.shape[:-1]), converged.reshape(matrix.shape[:-2]))


def summary(loadings: Float[np.ndarray, " m"]) -> dict[str, float]:
    """Mean, lowest and highest loading, by the names of `Fitted.parameters`."""
    return {
        "loading_mean": float(loadings.mean()),
        "loading_lowest": float(loadings.min()),
        "loading_highest": float(loadings.max()),
    }


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The loadings of `minres`; there are no ``intervals``."""
    del intervals
    solution = minres(pool.tetrachoric)
    law = OneFactorGaussian(pool.error_rates, solution.loadings)
    return Fitted(law, summary(solution.loadings), notes=solution.notes)


def predict_stack(stack: TetrachoricStack) -> Prediction:
    """Log β of each matrix at its own loadings, by quadrature."""
    solution = minres(stack.matrices)
    logs = one_factor.log_all_wrong_loadings(stack.error_rates, solution.loadings)
    return Prediction(*logs, solution.notes if len(stack.error_rates) == 1 else ())


def null_law(observed: ObservedPairs) -> OneFactorGaussian:
    """The law at the loadings of the observed pairs."""
    return OneFactorGaussian(observed.error_rates, fit(observed.tetrachoric))


def atom_base(pool: VaryingPool) -> Callable[[np.ndarray, np.ndarray], OneFactorGaussian]:
    """The law from the error rates and the tetrachoric matrix that remain beside an atom (`atom_profile.profile`)."""
    del pool
    return lambda rates, tetrachoric: OneFactorGaussian(rates, fit(tetrachoric))
