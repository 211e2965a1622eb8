"""Semidefinite upper bound on β, between the closed forms and the full program (a lift of Lovász and Schrijver 1991).

Given that model i is right the others' answers are again a law with a moment matrix; so they are given that it is
wrong, with the all-wrong event removed. Asking both to be positive semidefinite for a few anchor models i, with the
unknown three-way rates as variables, gives more than Gallot-Kounias, which asks it of the pool as a whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.moments import right_moments


class SemidefiniteBound(NamedTuple):
    """The bound and how much of it is proof.

    Attributes:
        upper: β is at most this: the certificate's value, whatever the accuracy of the solver.
        solver_value: the solver's own optimum, for comparison.
        anchors: the models conditioned on.
        status: the solver's status.
    """

    upper: float
    solver_value: float
    anchors: tuple[int, ...]
    status: str


def semidefinite_bound(
    error_rates: Float[np.ndarray, " m"],
    pairwise_wrong: Float[np.ndarray, "m m"],
    anchors: Sequence[int] | None = None,
    n_anchors: int = 3,
) -> SemidefiniteBound:
    """Upper bound on β by CVXPY and SCS, with its dual certificate rebuilt in floats of error about 1e-12.

    Args:
        error_rates: P(i wrong), (m,).
        pairwise_wrong: P(i and j wrong), (m, m), diagonal = error rates, from a joint law (`frechet.checked_rates`).
        anchors: models to condition on; by default the `n_anchors` least often wrong.
        n_anchors: how many; time grows with their number (well under a second each at m = 35).

    Raises:
        ArithmeticError: the solver found no solution (rates that no joint law has).
    """
    import cvxpy as cp

    a, both = right_moments(np.asarray(error_rates, dtype=float), np.asarray(pairwise_wrong, dtype=float))
    m = len(a)
    chosen = tuple(int(i) for i in (np.argsort(error_rates)[:n_anchors] if anchors is None else anchors))
    moments = np.block([[np.ones((1, 1)), a[None]], [a[:, None], both]])
    corner = np.zeros((m + 1, m + 1))
    corner[0, 0] = 1
    beta = cp.Variable()
    given_right = {i: cp.Variable((m + 1, m + 1), symmetric=True) for i in chosen}
    constraints: list = []
    cones = []
    for i, table in given_right.items():
        # E[z_i z z'] has E[z_i z] in its first row, its diagonal and the row of i itself.
        known = np.concatenate([[a[i]], both[i]])
        constraints += [table[0] == known, cp.diag(table) == known, table[i + 1] == known]
        cones += [table >> 0, moments - table - beta * corner >> 0]
        constraints += [given_right[h][1:, i + 1] == table[1:, h + 1] for h in chosen if h < i]
    problem = cp.Problem(cp.Maximize(beta), [*constraints, *cones])
    problem.solve(solver=cp.SCS, eps=1e-5, max_iters=4000)
    if problem.status not in ("optimal", "optimal_inaccurate"):
        raise ArithmeticError(f"the semidefinite program ended as {problem.status}")
    pairs = zip(chosen, cones[::2], cones[1::2], strict=True)
    forms = [(i, _positive(right.dual_value), _positive(wrong.dual_value)) for i, right, wrong in pairs]
    return SemidefiniteBound(_certified(forms, a, both), float(np.asarray(beta.value)), chosen, str(problem.status))


def _positive(dual: object) -> np.ndarray:
    """The nearest positive semidefinite matrix."""
    matrix = np.asarray(dual, dtype=float)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def _certified(forms: list[tuple[int, np.ndarray, np.ndarray]], a: np.ndarray, both: np.ndarray) -> float:
    """Bound from h(z) = Σ_i z_i (1,z)·A_i·(1,z) + (1 - z_i) (1,z)·B_i·(1,z) >= 0 with A_i, B_i positive semidefinite.

    At z = 0 it equals Σ_i B_i[0,0], so β Σ_i B_i[0,0] <= E h(z). Its one- and two-way terms have known expectations;
    three-way terms cancel up to the solver's error, and what is left of each is charged at the worst three-way rate
    that pairs allow.
    """
    m = len(a)
    constant, quadratic = 0.0, np.zeros((m, m))
    # Coefficient of z_i z_j z_k, i an anchor: of the difference A_i - B_i, entered once per unordered triple.
    cubic: dict[tuple[int, int, int], float] = {}
    total = sum(float(wrong[0, 0]) for _, _, wrong in forms)
    if total <= 0:
        return 1.0
    for i, right, wrong in forms:
        constant += wrong[0, 0]
        quadratic += _reduced(wrong)
        change = _reduced(right - wrong)
        quadratic[i, i] += right[0, 0] - wrong[0, 0]
        # z_i times a linear term z_j is the pair (i, j); times a pair it is a triple unless i is in it.
        for j in range(m):
            quadratic[i, j] += change[j, j]
        pairs = change + change.T
        for j in range(m):
            for k in range(j + 1, m):
                if i in (j, k):
                    quadratic[j, k] += pairs[j, k]
                else:
                    triple = (min(i, j), sorted((i, j, k))[1], max(i, k))
                    cubic[triple] = cubic.get(triple, 0.0) + pairs[j, k]
    mean = constant + float((quadratic * both).sum())
    for (i, j, k), weight in cubic.items():
        highest = min(both[i, j], both[i, k], both[j, k])
        lowest = max(
            0.0, both[i, j] + both[i, k] - a[i], both[i, j] + both[j, k] - a[j], both[i, k] + both[j, k] - a[k]
        )
        mean += weight * (highest if weight > 0 else lowest)
    return float(min(1.0, mean / total))


def _reduced(form: np.ndarray) -> np.ndarray:
    """(1,z)·form·(1,z) less its constant: an (m, m) table with the linear terms (z_i² = z_i) on its diagonal."""
    table = form[1:, 1:].copy()
    table[np.diag_indices(len(table))] += 2 * form[0, 1:]
    return table
