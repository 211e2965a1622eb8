"""Small programs against all of their bases, each solved by Cramer's rule in rationals."""

from fractions import Fraction
from itertools import combinations
from math import prod

import numpy as np
import pytest

from cofail_lab.bounds.exact_simplex import InfeasibleError, UnboundedError, maximize


def determinant(rows: list[list[Fraction]]) -> Fraction:
    """By the first row."""
    if not rows:
        return Fraction(1)
    minors = ([row[:k] + row[k + 1 :] for row in rows[1:]] for k in range(len(rows)))
    return sum(((-1) ** k * rows[0][k] * determinant(minor) for k, minor in enumerate(minors)), Fraction(0))


def bases(columns: np.ndarray, right: list[Fraction]) -> dict[tuple[int, ...], list[Fraction]]:
    """The values of every set of independent columns."""
    n_rows, found = len(columns), {}
    for chosen in combinations(range(columns.shape[1]), n_rows):
        matrix = [[Fraction(columns[i, j]) for j in chosen] for i in range(n_rows)]
        if whole := determinant(matrix):
            swapped = (
                [[right[i] if k == at else row[k] for k in range(n_rows)] for i, row in enumerate(matrix)]
                for at in range(n_rows)
            )
            found[chosen] = [determinant(one) / whole for one in swapped]
    return found


def program(seed: int, *, bounded: bool) -> tuple[np.ndarray, list[Fraction], np.ndarray, list[int]]:
    """Integer columns of full rank; with a last row of positive numbers no direction is without end."""
    rng = np.random.default_rng(seed)
    n_rows, n = int(rng.integers(2, 4)), int(rng.integers(4, 7))
    columns = np.array(rng.integers(-3, 4, (n_rows, n)).tolist(), dtype=object)
    if bounded:
        columns[-1] = rng.integers(1, 4, n).tolist()
    if np.linalg.matrix_rank(columns.astype(float)) < n_rows:
        return program(seed + 10_000, bounded=bounded)
    right = [
        Fraction(int(a), int(b)) for a, b in zip(rng.integers(-4, 5, n_rows), rng.integers(1, 6, n_rows), strict=True)
    ]
    return columns, right, np.array(rng.integers(-5, 6, n).tolist(), dtype=object), rng.permutation(n).tolist()


@pytest.mark.parametrize("seed", range(150))
def test_a_bounded_program_has_the_best_of_all_bases_or_a_proof_that_there_is_none(seed: int) -> None:
    columns, right, cost, candidates = program(seed, bounded=True)
    feasible = {chosen: x for chosen, x in bases(columns, right).items() if min(x) >= 0}
    if not feasible:
        with pytest.raises(InfeasibleError) as refused:
            maximize(columns, right, cost, candidates)
        ray = refused.value.ray
        assert all(sum(y * a for y, a in zip(ray, column, strict=True)) >= 0 for column in columns.T)
        assert sum(y * b for y, b in zip(ray, right, strict=True)) == refused.value.violation < 0
        return
    vertex = maximize(columns, right, cost, candidates)
    assert vertex.value == max(
        sum(cost[j] * v for j, v in zip(chosen, x, strict=True)) for chosen, x in feasible.items()
    )
    assert dict(zip(vertex.basis, vertex.solution, strict=True)) == dict(
        zip(sorted(vertex.basis), feasible[tuple(sorted(vertex.basis))], strict=True)
    )
    assert vertex.value == sum(y * b for y, b in zip(vertex.dual, right, strict=True))
    assert all(sum(y * a for y, a in zip(vertex.dual, columns[:, j], strict=True)) >= cost[j] for j in range(len(cost)))


def test_the_proof_names_the_other_columns_of_its_basis() -> None:
    # x0 + 2 x1 = 1 and x0 + x1 = 2 ask for x1 = -1.
    with pytest.raises(InfeasibleError) as refused:
        maximize(
            np.array([[1, 2], [1, 1]], dtype=object), [Fraction(1), Fraction(2)], np.array([0, 0], dtype=object), [0, 1]
        )
    assert (refused.value.ray, refused.value.others, refused.value.violation) == ((1, -1), (0,), -1)


def test_an_objective_without_limit_is_said() -> None:
    columns = np.array([[1, -1, 2]], dtype=object)
    with pytest.raises(UnboundedError, match="without limit"):
        maximize(columns, [Fraction(1)], np.array([1, 0, 0], dtype=object), [0, 1, 2])


def test_columns_without_full_rank_are_refused() -> None:
    columns = np.array([[1, 2], [2, 4]], dtype=object)
    with pytest.raises(ValueError, match="full row rank"):
        maximize(columns, [Fraction(1), Fraction(2)], np.array([1, 1], dtype=object), [0, 1])


def test_numbers_of_a_hundred_digits_stay_exact() -> None:
    large = 10**100
    columns = np.array([[large, 1, 0], [large + 1, 0, 1]], dtype=object)
    vertex = maximize(columns, [Fraction(large), Fraction(large)], np.array([1, 0, 0], dtype=object), [1, 2, 0])
    assert vertex.value == Fraction(large, large + 1)
    assert vertex.dual == (0, Fraction(1, large + 1))
    assert prod(vertex.solution) == Fraction(large, large + 1) ** 2
