"""Linear programs with few rows in exact rational arithmetic: the simplex method on Python integers.

A floating-point solver proposes a basis; here it is solved, priced and, where the proposal was not quite optimal,
pivoted in rationals. So the value, the optimal point and the dual certificate are exact, and infeasibility comes with a
proof. Cost per pivot: rows x columns integer products plus rows² rational ones.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np

# Pivots by largest violation; after this many the least-index rule, which cannot cycle, takes over.
_GREEDY_PIVOTS = 300


class InfeasibleError(ArithmeticError):
    """No non-negative solution exists; ``ray`` proves it: ray @ columns >= 0 everywhere, yet ray @ right < 0."""

    def __init__(self, ray: tuple[Fraction, ...], others: tuple[int, ...], violation: Fraction):
        super().__init__(f"infeasible: a non-negative combination of the columns equals {float(violation)}")
        self.ray = ray
        self.others = others
        self.violation = violation


class UnboundedError(ArithmeticError):
    """The objective has no maximum."""


class Vertex(NamedTuple):
    """An optimal basic solution of ``max cost @ x, columns @ x = right, x >= 0``.

    Attributes:
        value: the optimum.
        basis: index of the basic columns.
        solution: their values, >= 0.
        dual: y with y @ columns >= cost everywhere and y @ right = value.
    """

    value: Fraction
    basis: tuple[int, ...]
    solution: tuple[Fraction, ...]
    dual: tuple[Fraction, ...]


def maximize(columns: np.ndarray, right: Sequence[Fraction], cost: np.ndarray, candidates: Iterable[int]) -> Vertex:
    """Solve ``max cost @ x`` subject to ``columns @ x = right, x >= 0`` exactly.

    Args:
        columns: Python integers in an object array, (rows, N), of full row rank.
        right: rationals, one per row.
        cost: Python integers in an object array, (N,).
        candidates: column indices, likeliest first; the starting basis is the first independent set among them.

    Raises:
        InfeasibleError: with a proof.
        UnboundedError: the feasible set is unbounded in the direction of the cost.
    """
    basis, inverse = _starting_basis(columns, candidates)
    right_vector = np.array([Fraction(value) for value in right], dtype=object)
    solution = inverse @ right_vector
    # A basis that prices out is repaired by dual pivots at its own cost; any other one at cost zero, where every basis
    # prices out, and improved by primal pivots afterwards.
    own = not (solution < 0).any() or not (_reduced(columns, cost, cost, basis, inverse) > 0).any()
    _repair(columns, cost if own else cost * 0, basis, inverse, solution)
    _improve(columns, cost, basis, inverse, solution)
    dual = _dual(cost, basis, inverse)
    value = sum((y * b for y, b in zip(dual, right_vector, strict=True)), Fraction(0))
    return Vertex(value, tuple(basis), tuple(solution), tuple(dual))


def is_dominated(columns: np.ndarray, cost: np.ndarray, dual: Sequence[Fraction]) -> bool:
    """Whether dual @ columns >= cost in every column, in exact arithmetic."""
    scale, integers = _to_integers(np.array(dual, dtype=object))
    return bool((integers @ columns - scale * cost >= 0).all())


def _starting_basis(columns: np.ndarray, candidates: Iterable[int]) -> tuple[list[int], np.ndarray]:
    """The first independent candidates and the inverse of their matrix (elimination column by column)."""
    n_rows = len(columns)
    inverse = np.array([[Fraction(int(i == j)) for j in range(n_rows)] for i in range(n_rows)], dtype=object)
    basis: list[int] = [-1] * n_rows
    taken: set[int] = set()
    for j in candidates:
        if j in taken:
            continue
        direction = inverse @ columns[:, j]
        row = next((i for i in range(n_rows) if basis[i] < 0 and direction[i] != 0), None)
        if row is None:
            continue
        _eliminate(inverse, direction, row)
        basis[row] = j
        taken.add(j)
        if len(taken) == n_rows:
            return basis, inverse
    raise ValueError("the columns do not have full row rank")


def _eliminate(inverse: np.ndarray, direction: np.ndarray, row: int) -> None:
    inverse[row] = inverse[row] / direction[row]
    for i in range(len(direction)):
        if i != row and direction[i] != 0:
            inverse[i] = inverse[i] - direction[i] * inverse[row]


def _pivot(
    columns: np.ndarray, basis: list[int], inverse: np.ndarray, solution: np.ndarray, row: int, entering: int
) -> None:
    direction = inverse @ columns[:, entering]
    step = solution[row] / direction[row]
    _eliminate(inverse, direction, row)
    solution -= direction * step
    solution[row] = step
    basis[row] = entering


def _to_integers(vector: np.ndarray) -> tuple[int, np.ndarray]:
    scale = lcm(*(Fraction(v).denominator for v in vector))
    return scale, np.array([int(v * scale) for v in vector], dtype=object)


def _dual(cost: np.ndarray, basis: list[int], inverse: np.ndarray) -> np.ndarray:
    return cost[basis] @ inverse


def _reduced(
    columns: np.ndarray, cost: np.ndarray, scaled_cost: np.ndarray, basis: list[int], inverse: np.ndarray
) -> np.ndarray:
    """Reduced costs of every column, times a positive integer."""
    scale, integers = _to_integers(_dual(cost, basis, inverse))
    return scale * scaled_cost - integers @ columns


def _repair(columns: np.ndarray, cost: np.ndarray, basis: list[int], inverse: np.ndarray, solution: np.ndarray) -> None:
    """Dual simplex: from a basis that prices out at ``cost`` to one that is also feasible."""
    for n_pivots in _counter():
        rows = [i for i, value in enumerate(solution) if value < 0]
        if not rows:
            return
        greedy = n_pivots < _GREEDY_PIVOTS
        row = min(rows, key=(lambda i: solution[i]) if greedy else (lambda i: basis[i]))
        _, integers = _to_integers(inverse[row])
        pivots = integers @ columns
        entering = np.flatnonzero(pivots < 0)
        if not entering.size:
            others = tuple(b for i, b in enumerate(basis) if i != row)
            raise InfeasibleError(tuple(inverse[row]), others, solution[row])
        reduced = _reduced(columns, cost, cost, basis, inverse)
        ratios = [(Fraction(reduced[j], pivots[j]), pivots[j] if greedy else j, j) for j in map(int, entering)]
        _pivot(columns, basis, inverse, solution, row, min(ratios)[2])


def _improve(
    columns: np.ndarray, cost: np.ndarray, basis: list[int], inverse: np.ndarray, solution: np.ndarray
) -> None:
    """Primal simplex from a feasible basis."""
    for n_pivots in _counter():
        reduced = _reduced(columns, cost, cost, basis, inverse)
        improving = np.flatnonzero(reduced > 0)
        if not improving.size:
            return
        greedy = n_pivots < _GREEDY_PIVOTS
        entering = int(max(improving, key=lambda j: reduced[j]) if greedy else improving[0])
        direction = inverse @ columns[:, entering]
        ratios = [(solution[i] / direction[i], basis[i], i) for i in range(len(basis)) if direction[i] > 0]
        if not ratios:
            raise UnboundedError("the objective grows without limit")
        _pivot(columns, basis, inverse, solution, min(ratios)[2], entering)


def _counter() -> Iterable[int]:
    n = 0
    while True:
        yield n
        n += 1
