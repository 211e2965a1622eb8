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

_MAX_SWEEPS, _TOLERANCE = 500, 1e-9


class Minres(NamedTuple):
    """The loadings of a stack of matrices.

    Attributes:
        loadings: ℓ, with a sum that is not negative; 0 for a model without any pair.
        converged: per matrix, whether the last sweep changed no loading by more than 1e-9.
    """

    loadings: Float[np.ndarray, "... m"]
    converged: Bool[np.ndarray, "..."]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know about the loadings of one matrix, one sentence each."""
        at_limit = limit_notes(int((np.abs(self.loadings) >= LIMIT).sum()))
        if self.converged.all():
            return at_limit
        return (*at_limit, f"the loadings had not settled after {_MAX_SWEEPS} sweeps")


def limit_notes(n_at_limit: int) -> tuple[str, ...]:
    """The note about loadings that are held at ±`LIMIT`; empty without such loadings."""
    return (f"{n_at_limit} loading(s) held at {LIMIT}",) if n_at_limit else ()


def fit(tetrachoric: Float[np.ndarray, "... m m"]) -> Float[np.ndarray, "... m"]:
    """The loadings of `minres`."""
    return minres(tetrachoric).loadings


def minres(tetrachoric: Float[np.ndarray, "... m m"]) -> Minres:
    """Loadings ℓ that minimize Σ_{i<j} (r_ij - ℓ_i ℓ_j)² within ±`LIMIT`; any stack of matrices at once.

    A sweep sets each loading in turn to the value that minimizes the sum, which therefore never grows. Most matrices
    need tens of sweeps. Where one loading can grow at the cost of another with hardly any change of the sum, 500 sweeps
    may be too few to converge, but the sum is close to its minimum.

    Args:
        tetrachoric: correlations, boundary pairs at ±1; pairs at nan (constant models) are left out of the sum.
    """
    matrix = np.array(tetrachoric, dtype=float)
    m = matrix.shape[-1]
    stack = matrix.reshape(-1, m, m)
    known = ~np.isnan(stack) & ~np.eye(m, dtype=bool)
    stack = np.where(known, stack, 0.0)
    known = known.astype(float)
    # Start: in a matrix of rank one the row sums are proportional to the loadings.
    rows = stack.sum(axis=2)
    total = rows.sum(axis=1, keepdims=True)
    loadings = np.clip(rows / np.sqrt(np.maximum(total, 1e-12)), -LIMIT, LIMIT)
    left = np.arange(len(stack))
    for _ in range(_MAX_SWEEPS):
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
    """Mean, lowest and highest loading, by their names in `Fitted.parameters`."""
    return {
        "loading_mean": float(loadings.mean()),
        "loading_lowest": float(loadings.min()),
        "loading_highest": float(loadings.max()),
    }


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The law with the loadings of `minres`; it has no ``intervals``."""
    del intervals
    solution = minres(pool.tetrachoric)
    law = OneFactorGaussian(pool.error_rates, solution.loadings)
    return Fitted(law, summary(solution.loadings), notes=solution.notes)


def predict_stack(stack: TetrachoricStack) -> Prediction:
    """Log β of each matrix under the law with the loadings of that matrix, by quadrature."""
    solution = minres(stack.matrices)
    logs = one_factor.log_all_wrong_loadings(stack.error_rates, solution.loadings)
    return Prediction(*logs, solution.notes if len(stack.error_rates) == 1 else ())


def null_law(observed: ObservedPairs) -> OneFactorGaussian:
    """The law with the loadings of the observed pairs."""
    return OneFactorGaussian(observed.error_rates, fit(observed.tetrachoric))


def atom_base(pool: VaryingPool) -> Callable[[np.ndarray, np.ndarray], OneFactorGaussian]:
    """The base law, from the error rates and the tetrachoric matrix of the queries that are left beside an atom."""
    del pool
    return lambda rates, tetrachoric: OneFactorGaussian(rates, fit(tetrachoric))
