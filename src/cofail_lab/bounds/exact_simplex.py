"""Linear programs with few rows in exact rational arithmetic: the simplex method on Python integers.

A floating-point solver proposes a basis; here it is solved, priced and, where the proposal was not quite optimal,
pivoted. So the value, the optimal point and the dual certificate are exact, and infeasibility comes with a
proof. Cost per pivot: rows x columns integer products.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import count
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
    basis = _Basis(columns, right, candidates)
    # A basis that prices out is repaired by dual pivots at its own cost; any other one at cost zero, where every basis
    # prices out, and improved by primal pivots afterwards.
    own = not (basis.solution < 0).any() or not (basis.reduced(cost) > 0).any()
    _repair(basis, cost if own else cost * 0)
    _improve(basis, cost)
    dual = basis.in_units(basis.dual(cost))
    value = sum((y * Fraction(b) for y, b in zip(dual, right, strict=True)), Fraction(0))
    return Vertex(value, tuple(basis.members), basis.values(), dual)


def is_dominated(columns: np.ndarray, cost: np.ndarray, dual: Sequence[Fraction]) -> bool:
    """Whether dual @ columns >= cost in every column, in exact arithmetic."""
    scale, integers = _to_integers(dual)
    return bool((integers @ columns - scale * cost >= 0).all())


class _Basis:
    """Independent columns and the inverse of their matrix, as integers over one positive integer.

    That integer is the matrix's determinant, up to its sign, so that a change of one column divides without a rest
    (Edmonds 1967; Bareiss 1968) and no fraction has to be reduced.

    Attributes:
        members: index of the basic columns.
        inverse: its integers, (rows, rows).
        scale: what they are divided by.
        solution: values of the basic columns, times `scale` and the least common denominator of the right side.
    """

    def __init__(self, columns: np.ndarray, right: Sequence[Fraction], candidates: Iterable[int]):
        n_rows = len(columns)
        self.columns = columns
        self.members = [-1] * n_rows
        self.inverse = np.array([[int(i == j) for j in range(n_rows)] for i in range(n_rows)], dtype=object)
        self.scale = 1
        for j in candidates:
            if j in self.members:
                continue
            direction = self.inverse @ columns[:, j]
            row = next((i for i in range(n_rows) if self.members[i] < 0 and direction[i] != 0), None)
            if row is not None:
                self._exchange(row, j, direction)
            if -1 not in self.members:
                break
        else:
            raise ValueError("the columns do not have full row rank")
        self._denominator, self._right = _to_integers(right)
        self.solution = self.inverse @ self._right

    def pivot(self, row: int, entering: int) -> None:
        """Let one column take the place of another."""
        self._exchange(row, entering, self.inverse @ self.columns[:, entering])
        self.solution = self.inverse @ self._right

    def _exchange(self, row: int, entering: int, direction: np.ndarray) -> None:
        pivot, kept = direction[row], self.inverse[row]
        self.inverse = (pivot * self.inverse - np.outer(direction, kept)) // self.scale
        self.inverse[row] = kept
        self.scale = pivot
        if pivot < 0:
            self.inverse, self.scale = -self.inverse, -pivot
        self.members[row] = entering

    def dual(self, cost: np.ndarray) -> np.ndarray:
        """Prices of the rows, times `scale`."""
        return cost[self.members] @ self.inverse

    def reduced(self, cost: np.ndarray) -> np.ndarray:
        """Reduced costs of every column, times `scale`."""
        return self.scale * cost - self.dual(cost) @ self.columns

    def in_units(self, integers: Iterable[int]) -> tuple[Fraction, ...]:
        """Integers without `scale`."""
        return tuple(Fraction(value, self.scale) for value in integers)

    def values(self) -> tuple[Fraction, ...]:
        """Values of the basic columns."""
        return tuple(Fraction(value, self.scale * self._denominator) for value in self.solution)


def _to_integers(vector: Sequence[Fraction]) -> tuple[int, np.ndarray]:
    fractions = [Fraction(value) for value in vector]
    scale = lcm(*(value.denominator for value in fractions))
    return scale, np.array([value.numerator * (scale // value.denominator) for value in fractions], dtype=object)


def _repair(basis: _Basis, cost: np.ndarray) -> None:
    """Dual simplex: from a basis that prices out at ``cost`` to one that is also feasible."""
    for n_pivots in count():
        rows = [i for i, value in enumerate(basis.solution) if value < 0]
        if not rows:
            return
        greedy = n_pivots < _GREEDY_PIVOTS
        row = min(rows, key=(lambda i: basis.solution[i]) if greedy else (lambda i: basis.members[i]))
        pivots = basis.inverse[row] @ basis.columns
        entering = np.flatnonzero(pivots < 0)
        if not entering.size:
            others = tuple(b for i, b in enumerate(basis.members) if i != row)
            raise InfeasibleError(basis.in_units(basis.inverse[row]), others, basis.values()[row])
        reduced = basis.reduced(cost)
        ratios = [(Fraction(reduced[j], pivots[j]), pivots[j] if greedy else j, j) for j in map(int, entering)]
        basis.pivot(row, min(ratios)[2])


def _improve(basis: _Basis, cost: np.ndarray) -> None:
    """Primal simplex from a feasible basis."""
    for n_pivots in count():
        reduced = basis.reduced(cost)
        improving = np.flatnonzero(reduced > 0)
        if not improving.size:
            return
        greedy = n_pivots < _GREEDY_PIVOTS
        entering = int(max(improving, key=lambda j: reduced[j]) if greedy else improving[0])
        direction = basis.inverse @ basis.columns[:, entering]
        ratios = [
            (Fraction(basis.solution[i], direction[i]), b, i) for i, b in enumerate(basis.members) if direction[i] > 0
        ]
        if not ratios:
            raise UnboundedError("the objective grows without limit")
        basis.pivot(min(ratios)[2], entering)
