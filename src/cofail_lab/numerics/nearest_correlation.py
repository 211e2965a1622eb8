"""The nearest correlation matrix in Frobenius norm (Higham 2002), by the Newton method of Qi and Sun (2006).

The dual of the projection is smooth and unconstrained: minimize θ(y) = ‖(A + diag y)₊‖²/2 - Σy. Its gradient is
diag((A + diag y)₊) - 1; Newton's equation is solved by conjugate gradients with the directional derivative of the
positive part, and the nearest matrix is (A + diag y)₊ at the root. Quadratic convergence: about ten
eigendecompositions, O(m³) each, where alternating projections need thousands.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh

from cofail_lab.errors import ConvergenceError

_TOLERANCE = 1e-10
_MAX_NEWTON, _MAX_GRADIENT = 100, 200
_LARGE = 256


class Spectrum(NamedTuple):
    """Eigendecomposition of A + diag(y), eigenvalues ascending."""

    values: np.ndarray
    vectors: np.ndarray

    def positive_part(self) -> np.ndarray:
        """The matrix without its negative eigenvalues."""
        kept = self.values > 0
        return (self.vectors[:, kept] * self.values[kept]) @ self.vectors[:, kept].T


def decompose(matrix: Float[np.ndarray, "m m"]) -> Spectrum:
    """The eigendecomposition of a symmetric matrix, which `nearest_correlation` begins with."""
    return _spectrum(matrix, 1 - np.diag(matrix))


def nearest_correlation(matrix: Float[np.ndarray, "m m"], first: Spectrum | None = None) -> Float[np.ndarray, "m m"]:
    """The positive semidefinite matrix with unit diagonal closest to ``matrix``.

    Args:
        matrix: symmetric, finite.
        first: from `decompose`, where it is already there; its diagonal is then 1.

    Returns:
        A correlation matrix; ``matrix`` itself (as a copy) if it is one already. Its smallest eigenvalue is 0 up to
        1e-12 where the input was indefinite.

    Raises:
        ValueError: not symmetric or not finite.
        ConvergenceError: the unit diagonal was not reached to 1e-10 (relative to √m).
    """
    if not np.isfinite(matrix).all() or not np.array_equal(matrix, matrix.T):
        raise ValueError("a symmetric matrix of finite numbers is needed")
    m = len(matrix)
    y = 1 - np.diag(matrix)
    spectrum = first or _spectrum(matrix, y)
    if spectrum.values[0] >= 0 and not y.any():
        return matrix.copy()
    if m > _LARGE:
        # The same change of the whole diagonal leaves the eigenvectors alone: the best one saves two decompositions.
        shift = _even_shift(spectrum.values)
        y, spectrum = y - shift, spectrum._replace(values=spectrum.values - shift)
    value, gradient = _dual(spectrum, y)
    for _ in range(_MAX_NEWTON):
        size = float(np.linalg.norm(gradient))
        if size <= _TOLERANCE * np.sqrt(m):
            return _unit_diagonal(spectrum.positive_part())
        direction = _newton_direction(spectrum, gradient)
        step = 1.0
        while True:
            candidate = _spectrum(matrix, y + step * direction)
            candidate_value, candidate_gradient = _dual(candidate, y + step * direction)
            decrease = 1e-4 * step * float(gradient @ direction)
            # Close to the root the value has no digits left to decrease; the gradient has.
            if candidate_value <= value + decrease or np.linalg.norm(candidate_gradient) < 0.5 * size or step < 1e-8:
                break
            step /= 2
        y, spectrum, value, gradient = y + step * direction, candidate, candidate_value, candidate_gradient
    raise ConvergenceError(
        f"nearest correlation matrix: unit diagonal missed by {np.linalg.norm(gradient):.1e} after {_MAX_NEWTON} steps"
    )


def _spectrum(matrix: np.ndarray, y: np.ndarray) -> Spectrum:
    return Spectrum(*eigh(matrix + np.diag(y), driver="evd", check_finite=False))  # pyrefly: ignore[bad-argument-type]


def _even_shift(values: np.ndarray) -> float:
    """The number without which the positive ones of the m eigenvalues have the sum m, that of a unit diagonal."""
    down = values[::-1]
    shifts = (down.cumsum() - len(values)) / np.arange(1, len(values) + 1)
    # The right number of eigenvalues stay positive: the shift is the largest of those for any number.
    return float(shifts.max())


def _dual(spectrum: Spectrum, y: np.ndarray) -> tuple[float, np.ndarray]:
    positive = np.maximum(spectrum.values, 0)
    diagonal = (spectrum.vectors**2) @ positive
    return float((positive**2).sum() / 2 - y.sum()), diagonal - 1


def _newton_direction(spectrum: Spectrum, gradient: np.ndarray) -> np.ndarray:
    """Solve V h = -gradient by preconditioned conjugate gradients, V the generalized Hessian of the dual."""
    values, vectors = spectrum
    kept = values > 0
    up, down = vectors[:, kept], vectors[:, ~kept]
    # Divided differences of the positive part: 1 inside the kept block, λ/(λ - μ) across, 0 inside the rest.
    across = values[kept][:, None] / (values[kept][:, None] - values[~kept][None, :])

    def hessian(h: np.ndarray) -> np.ndarray:
        turned = up.T * h  # rows: kept eigenvectors times diag(h)
        inner, outer = turned @ up, across * (turned @ down)
        return ((up @ inner) * up).sum(axis=1) + 2 * ((up @ outer) * down).sum(axis=1)

    squares_up, squares_down = up**2, down**2
    # The diagonal of V preconditions it.
    diagonal = squares_up.sum(axis=1) ** 2 + 2 * ((squares_up @ across) * squares_down).sum(axis=1)
    diagonal = np.maximum(diagonal, 1e-8)
    h = np.zeros_like(gradient)
    residual = -gradient
    scaled = residual / diagonal
    search, product = scaled, float(residual @ scaled)
    goal = min(0.05, float(np.linalg.norm(gradient))) * float(np.linalg.norm(gradient))
    if len(gradient) > _LARGE:
        # No closer than the last step has to be.
        goal = max(goal, 0.1 * _TOLERANCE * np.sqrt(len(gradient)))
    for _ in range(_MAX_GRADIENT):
        image = hessian(search) + 1e-12 * search
        length = product / float(search @ image)
        h, residual = h + length * search, residual - length * image
        if np.linalg.norm(residual) <= goal:
            break
        scaled = residual / diagonal
        product, previous = float(residual @ scaled), product
        search = scaled + product / previous * search
    return h


def _unit_diagonal(matrix: np.ndarray) -> np.ndarray:
    """Remove the last 1e-10 from the diagonal by a congruence, which keeps the matrix positive semidefinite."""
    scale = 1 / np.sqrt(np.diag(matrix))
    # Equal models come out at 1 + 2e-16.
    result = np.clip(matrix * scale[:, None] * scale[None, :], -1.0, 1.0)
    np.fill_diagonal(result, 1.0)
    return (result + result.T) / 2
