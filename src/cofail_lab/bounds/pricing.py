"""Pricing for column generation: which patterns of wrong models improve a program, and by how much at most.

The dual of a program is a quadratic form in the wrong indicators, given by its constant and the coefficients of
`quadratic.pair_index`; a pattern's reduced cost is sign * event - form.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from cofail_lab.bounds.quadratic import all_counts, all_values, pair_index

VERTEX_TOLERANCE = 1e-10
INTERIOR_TOLERANCE = 1e-6
"""Reduced costs below these count as none; duals of an interior solution are less precise than a vertex's."""
_BATCH = 200


class Priced(NamedTuple):
    """Patterns worth adding, and the largest reduced cost: an upper bound on it, exact where ``proved``."""

    patterns: np.ndarray
    worst: float
    proved: bool


def enumerate_all(dual: np.ndarray, n_models: int, at_least: int, sign: int) -> Priced:
    """Every pattern's reduced cost, m <= 16."""
    event = all_counts(n_models) >= at_least
    reduced = sign * event - dual[0] - all_values(dual[1:], n_models)
    worst = float(reduced.max())
    best = np.argpartition(-reduced, min(_BATCH, len(reduced) - 1))[:_BATCH]
    best = best[reduced[best] > VERTEX_TOLERANCE]
    patterns = (best[:, None] >> np.arange(n_models)) & 1
    return Priced(patterns.astype(bool), worst, True)


def _quadratic(dual: np.ndarray, n_models: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric Q with zero diagonal and c such that the dual form is dual[0] + c·E + E·Q·E / 2."""
    matrix = np.zeros((n_models, n_models))
    matrix[pair_index(n_models)] = dual[1:]
    linear = np.diag(matrix).copy()
    np.fill_diagonal(matrix, 0)
    return matrix + matrix.T, linear


def local_search(dual: np.ndarray, known: Bool[np.ndarray, "s m"], n_starts: int = 1500) -> Priced:
    """Patterns that minimize the dual form over single flips, from known patterns and random ones."""
    m = known.shape[1]
    matrix, linear = _quadratic(dual, m)
    rng = np.random.Generator(np.random.Philox(key=len(known)))
    states = np.vstack(
        [known[rng.permutation(len(known))[:n_starts]], rng.random((n_starts // 3, m)) < rng.random((n_starts // 3, 1))]
    ).astype(float)
    slope = states @ matrix + linear
    for _ in range(20 * m):
        change = (1 - 2 * states) * slope
        flip = change.argmin(axis=1)
        moving = np.flatnonzero(change[np.arange(len(states)), flip] < -1e-12)
        if not moving.size:
            break
        where = flip[moving]
        step = 1 - 2 * states[moving, where]
        states[moving, where] += step
        slope[moving] += step[:, None] * matrix[where]
    # The all-wrong pattern is the event itself and always known; the search is over the others.
    states = np.unique(states.astype(bool), axis=0)
    states = states[states.sum(axis=1) < m]
    form = dual[0] + states @ linear + ((states @ matrix) * states).sum(axis=1) / 2
    order = np.argsort(form)[:_BATCH]
    order = order[form[order] < -INTERIOR_TOLERANCE]
    return Priced(states[order], float(-form.min(initial=0.0)), False)


def integer_pricing(dual: np.ndarray, n_models: int, sign: int, seconds: float) -> Priced:
    """The largest reduced cost over all patterns but all-wrong, as a mixed-integer program (McCormick products)."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix

    m = n_models
    matrix, linear = _quadratic(dual, m)
    i, j = np.triu_indices(m, 1)
    weights = matrix[i, j]
    i, j, weights = i[weights != 0], j[weights != 0], weights[weights != 0]
    n = len(i)
    rows, columns, data, low = [], [], [], []
    for pair in range(n):
        # Minimizing: a product with a positive weight must be held up, one with a negative weight held down.
        if weights[pair] > 0:
            terms, least = [(m + pair, 1.0), (i[pair], -1.0), (j[pair], -1.0)], -1.0
            constraints = [(terms, least)]
        else:
            constraints = [([(k, 1.0), (m + pair, -1.0)], 0.0) for k in (i[pair], j[pair])]
        for terms, least in constraints:
            rows += [len(low)] * len(terms)
            columns += [c for c, _ in terms]
            data += [v for _, v in terms]
            low.append(least)
    # Not all wrong: the all-wrong pattern has its own row in the program.
    rows += [len(low)] * m
    columns += list(range(m))
    data += [-1.0] * m
    low.append(-(m - 1.0))
    products = csr_matrix((data, (rows, columns)), shape=(len(low), m + n))
    solution = milp(
        np.concatenate([linear, weights]),
        integrality=np.concatenate([np.ones(m), np.zeros(n)]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(products, np.array(low), np.inf),  # pyright: ignore[reportArgumentType]
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    # Without a bound from the solver, the sum of all negative weights is one.
    floor = float(np.minimum(linear, 0).sum() + np.minimum(weights, 0).sum())
    least = floor if solution.mip_dual_bound is None else max(floor, float(solution.mip_dual_bound) - 1e-7)
    on_event = float(sign - dual.sum())
    return Priced(np.zeros((0, m), dtype=bool), max(-(dual[0] + least), on_event), True)
