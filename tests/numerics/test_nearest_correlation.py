"""The Newton projection against alternating projections with Dykstra's correction (Higham 2002) and its own
conditions.
"""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.numerics import nearest_correlation as nearest
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from cofail_lab.outcomes import Outcomes


def higham(matrix: np.ndarray) -> np.ndarray:
    """Alternating projections: slow, and shares nothing with Newton's method."""
    current, correction = matrix, np.zeros_like(matrix)
    for _ in range(5000):
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = (vectors * np.maximum(values, 0)) @ vectors.T
        correction = projected - shifted
        following = projected.copy()
        np.fill_diagonal(following, 1)
        if np.linalg.norm(following - current) < 1e-12 * np.linalg.norm(current):
            return following
        current = following
    raise AssertionError("alternating projections did not converge")


@pytest.mark.parametrize(
    "name", ["misguided_attention", "cruxeval_output", "swebench_pro_public", "zeroeval_crux", "chembench"]
)
def test_agrees_with_alternating_projections(real: Callable[[str], Outcomes], name: str) -> None:
    matrix = tetrachoric(real(name).wrong).correlation
    assert np.linalg.norm(nearest_correlation(matrix) - higham(matrix)) < 1e-7


def test_published_example() -> None:
    """Higham (2002), section 5: the 3 x 3 matrix with distance .5278."""
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    found = nearest_correlation(matrix)
    np.testing.assert_allclose(found[[0, 0], [1, 2]], [0.7607, 0.1573], atol=5e-5)
    assert np.linalg.norm(found - matrix) == pytest.approx(0.5278, abs=5e-5)


def test_optimality_conditions(rng: np.random.Generator) -> None:
    """X = (A + diag y)+ for some y: the part of X - A off the diagonal is a negative part, and X annihilates it."""
    noise = rng.uniform(-1, 1, (40, 40))
    matrix = np.triu(noise, 1) + np.triu(noise, 1).T + np.eye(40)
    found = nearest_correlation(matrix)
    assert np.linalg.eigvalsh(found)[0] > -1e-12
    np.testing.assert_array_equal(np.diag(found), 1)
    multiplier = found - matrix
    # Complementary slackness fixes the diagonal of the multiplier: rows of X (multiplier + diag d) vanish.
    d = -np.einsum("ij,ji->i", found, multiplier)
    multiplier = multiplier + np.diag(d)
    assert np.abs(found @ multiplier).max() < 1e-7
    assert np.linalg.eigvalsh(multiplier)[0] > -1e-7


def test_a_correlation_matrix_stays_itself() -> None:
    matrix = np.full((5, 5), 0.3) + 0.7 * np.eye(5)
    np.testing.assert_array_equal(nearest_correlation(matrix), matrix)


@pytest.mark.parametrize("entry", [np.nan, 0.7])
def test_refuses_what_is_not_symmetric_or_finite(entry: float) -> None:
    matrix = np.eye(3)
    matrix[0, 1] = entry
    with pytest.raises(ValueError, match="symmetric"):
        nearest_correlation(matrix)


def test_a_covariance_matrix_is_not_one_of_correlations() -> None:
    """Positive definite, but its diagonal is not 1; of a diagonal matrix the nearest is the identity."""
    np.testing.assert_allclose(nearest_correlation(np.diag([2.0, 0.5, 1.0])), np.eye(3), atol=1e-12)
    found = nearest_correlation(2 * np.array([[1.0, 0.3], [0.3, 1.0]]))
    np.testing.assert_allclose(found, [[1, 0.6], [0.6, 1]], atol=1e-9)


def test_small_eigenvalues_are_kept() -> None:
    """Two models that are nearly one beside Higham's three: blocks do not see each other, and the pair stays itself."""
    pair, three = np.array([[1, 0.99995], [0.99995, 1]]), np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])
    matrix = np.block([[pair, np.zeros((2, 3))], [np.zeros((3, 2)), three]])
    found = nearest_correlation(matrix)
    np.testing.assert_allclose(found[:2, :2], pair, atol=1e-9)
    np.testing.assert_allclose(found[2:, 2:], nearest_correlation(three), atol=1e-8)
    np.testing.assert_allclose(found[:2, 2:], 0, atol=1e-9)


def test_the_gradient_is_that_of_the_dual_value(rng: np.random.Generator) -> None:
    """By central differences: the line search compares values that the gradient belongs to."""
    matrix = rng.uniform(-1, 1, (5, 5))
    matrix, y, step = (matrix + matrix.T) / 2, rng.normal(size=5), 1e-6

    def dual(at: np.ndarray) -> tuple[float, np.ndarray]:
        return nearest._dual(nearest._spectrum(matrix, at), at)

    slopes = [(dual(y + step * e)[0] - dual(y - step * e)[0]) / (2 * step) for e in np.eye(5)]
    assert dual(y)[1] == pytest.approx(slopes, abs=1e-7)


@pytest.mark.parametrize("m", [3, 12, 40])
def test_the_start_of_large_matrices_leads_to_the_same_one(
    m: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An even change of the diagonal first, and steps no closer than needed."""
    noise = rng.uniform(-1, 1, (m, m))
    matrix = np.triu(noise, 1) + np.triu(noise, 1).T + np.diag(rng.uniform(0.5, 1.5, m))
    small = nearest_correlation(matrix)
    values = np.linalg.eigvalsh(matrix + np.diag(1 - np.diag(matrix)))
    shift = nearest._even_shift(values)
    assert np.maximum(values - shift, 0).sum() == pytest.approx(m, rel=1e-12)
    monkeypatch.setattr(nearest, "_LARGE", 0)
    np.testing.assert_allclose(nearest_correlation(matrix), small, atol=1e-8)
