"""The greatest value of polynomials on [0, 1] from their Bernstein coefficients, proved by subdivision.

Σ_c b_c P(Binomial(n, θ) = c) lies between the least and the greatest coefficient; halving the interval gives the
coefficients on each half as averages, and they close in on the polynomial quadratically.
"""

import numpy as np
from jaxtyping import Float

_GAP = 1e-11
_HALVINGS = 60
_LOOKED_AT = 1001


def greatest(coefficients: Float[np.ndarray, "k n+1"]) -> float:
    """An upper bound on every polynomial over [0, 1], right to 1e-11 of the greatest coefficient.

    Args:
        coefficients: one polynomial a row, in Bernstein form of degree n.
    """
    pieces = np.asarray(coefficients, dtype=float)
    scale = max(1.0, float(np.abs(pieces).max()))
    attained = float(max(pieces[:, 0].max(), pieces[:, -1].max()))
    for _ in range(_HALVINGS):
        highest = pieces.max(axis=1)
        alive = highest > attained + _GAP * scale
        if not alive.any():
            break
        pieces = np.vstack(_halves(pieces[alive]))
        # Ends of a piece are values of the polynomial.
        attained = max(attained, float(pieces[:, 0].max()), float(pieces[:, -1].max()))
    return max(attained + _GAP * scale, float(pieces.max()))


def peaks(coefficients: Float[np.ndarray, "k n+1"], nodes: Float[np.ndarray, " j"]) -> tuple[float, ...]:
    """Local maxima of the polynomials that are greater than all of them are at some nodes.

    Args:
        coefficients: as for `greatest`.
        nodes: in [0, 1].
    """
    polynomials, n = np.asarray(coefficients, dtype=float), coefficients.shape[1] - 1
    reached = float((polynomials @ binomial_table(n, nodes)).max())
    scale = max(1.0, float(np.abs(polynomials).max()))
    grid = np.sin(np.linspace(0, np.pi / 2, _LOOKED_AT)) ** 2
    values = polynomials @ binomial_table(n, grid)
    middle = values[:, 1:-1]
    row, at = np.nonzero((middle >= values[:, :-2]) & (middle >= values[:, 2:]) & (middle > reached - 1e-5 * scale))
    if not len(row):
        return ()
    # The vertex of the parabola through three neighbours, twice: once on the grid, once a hundred times closer.
    best, step = grid[at + 1], (grid[at + 2] - grid[at]) / 2
    for _ in range(2):
        left, mid, right = (_at(polynomials[row], np.clip(best + side * step, 0, 1)) for side in (-1, 0, 1))
        bend = left - 2 * mid + right
        shift = np.where(bend < 0, (left - right) / np.where(bend < 0, 2 * bend, 1.0), 0.0)
        best, step = np.clip(best + step * np.clip(shift, -1, 1), 0, 1), step / 100
    higher = _at(polynomials[row], best) > reached + 1e-13 * scale
    # Nodes that agree to 1e-10 are the same one.
    return tuple(float(node) for node in np.unique(best[higher].round(10)))


def _at(polynomials: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Each polynomial at its own node."""
    return np.einsum("ij,ji->i", polynomials, binomial_table(polynomials.shape[1] - 1, nodes))


def binomial_table(n: int, rates: Float[np.ndarray, " k"]) -> Float[np.ndarray, "n+1 k"]:
    """P(c wrong of n) at each error rate."""
    from scipy.stats import binom

    return binom.pmf(np.arange(n + 1)[:, None], n, rates[None])


def _halves(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients on both halves (de Casteljau): averages only, so that rounding does not grow."""
    n = pieces.shape[1]
    left, right, row = np.empty_like(pieces), np.empty_like(pieces), pieces
    for k in range(n):
        left[:, k], right[:, n - 1 - k] = row[:, 0], row[:, -1]
        row = (row[:, 1:] + row[:, :-1]) / 2
    return left, right
