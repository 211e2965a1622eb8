"""The greatest value of polynomials on [0, 1] from their Bernstein coefficients, proved by subdivision.

Σ_c b_c P(Binomial(n, θ) = c) lies between the least and the greatest coefficient; halving the interval gives the
coefficients on each half as averages, and they close in on the polynomial quadratically.
"""

import numpy as np
from jaxtyping import Float

_GAP = 1e-11
_HALVINGS = 60


def greatest(coefficients: Float[np.ndarray, "k n+1"]) -> tuple[float, tuple[float, ...]]:
    """An upper bound on every polynomial over [0, 1], near the greatest value, and where the greatest values are.

    Args:
        coefficients: one polynomial a row, in Bernstein form of degree n.

    Returns:
        the bound, right to 1e-11 of the greatest coefficient; the midpoints of the pieces that could reach it.
    """
    pieces, low, width = np.asarray(coefficients, dtype=float), np.zeros(len(coefficients)), 1.0
    scale = max(1.0, float(np.abs(pieces).max()))
    attained = float(max(pieces[:, 0].max(), pieces[:, -1].max()))
    for _ in range(_HALVINGS):
        highest = pieces.max(axis=1)
        alive = highest > attained + _GAP * scale
        if not alive.any():
            break
        left, right = _halves(pieces[alive])
        start = low[alive]
        width /= 2
        pieces, low = np.vstack([left, right]), np.concatenate([start, start + width])
        # Ends of a piece are values of the polynomial.
        attained = max(attained, float(pieces[:, 0].max()), float(pieces[:, -1].max()))
    highest = pieces.max(axis=1)
    near = np.unique(np.clip(low[highest >= attained - _GAP * scale] + width / 2, 0, 1))
    bound = max(attained + _GAP * scale, float(highest.max()))
    return bound, tuple(float(node) for node in near)


def _halves(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients on both halves (de Casteljau): averages only, so that rounding does not grow."""
    n = pieces.shape[1]
    left, right, row = np.empty_like(pieces), np.empty_like(pieces), pieces
    for k in range(n):
        left[:, k], right[:, n - 1 - k] = row[:, 0], row[:, -1]
        row = (row[:, 1:] + row[:, :-1]) / 2
    return left, right
