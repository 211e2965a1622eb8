"""The law of the number of wrong models in large pools, where models differ by their error rate alone.

Given the factor, C is a sum of independent trials, and the log of its characteristic function is a sum over models of
log(1 + p_i (e^{iω} - 1)). Where p_i is a smooth function of the threshold t_i = Φ^{-1}(α_i), so is each term: the sum
over thousands of models is a weighted sum over a few of them (the integrated Lagrange polynomials). The function falls
like exp(-σ²ω²/2), so that some thirty frequencies of a window of 18 σ hold all of it. This is done at every node of
the factor; `poisson_binomial` takes m² products at each.

Whether the terms are smooth enough is checked by sums over all models; where they are not, there is no answer.
"""

import numpy as np
from jaxtyping import Float

_POINTS = 48
# Half the width of a window in standard deviations, and more for those of few trials; where the function is negligible.
_REACH, _ROOM, _NEGLIGIBLE = 9.0, 12.0, 38.0
# Of a node, what is below this share of its largest probability is rounding: other nodes give such counts.
_ROUNDING = 1e-13
_CHECKED, _TOLERANCE = 48, 1e-10
_ENTRIES_AT_ONCE = 2**21


def mixture_counts(
    weights: Float[np.ndarray, " nodes"], wrong: Float[np.ndarray, "nodes m"], thresholds: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m+1"] | None:
    """Σ_k weights_k P(C = j | k) for j = 0..m, to a relative 1e-9.

    Args:
        weights: of the nodes.
        wrong: probability that each model is wrong at each node.
        thresholds: a number of each model that these probabilities are a function of.

    Returns:
        None where they are no smooth function of it, or where a count is out of reach of every node.
    """
    m = len(thresholds)
    chosen, shares = _representatives(thresholds)
    few = wrong[:, chosen]
    mean, spread = wrong.sum(axis=1), np.sqrt((wrong * (1 - wrong)).sum(axis=1))
    reach = _REACH * spread + _ROOM
    lengths = 2 ** np.ceil(np.log2(2 * reach + 2)).astype(int)
    probs = np.zeros(m + 1)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        n_frequencies = _needed(float(spread[rows].min()), int(length))
        angles = 2 * np.pi / length * np.arange(n_frequencies)
        if not _smooth(wrong[rows], few[rows], shares, angles):
            return None
        size = max(1, _ENTRIES_AT_ONCE // (n_frequencies * len(chosen)))
        for first in range(0, len(rows), size):
            some = rows[first : first + size]
            begin = np.floor(mean[some]).astype(int) - length // 2
            transform = np.exp(_log_terms(few[some], angles) @ shares - 1j * begin[:, None] * angles)
            window = np.fft.irfft(transform.conj(), n=length, axis=1)
            places = begin[:, None] + np.arange(length)
            near = np.abs(places - mean[some][:, None]) <= reach[some][:, None]
            kept = near & (window > _ROUNDING * window.max(axis=1, keepdims=True)) & (places >= 0) & (places <= m)
            values = np.where(kept, window, 0.0) * weights[some][:, None]
            probs += np.bincount(np.where(kept, places, 0).ravel(), values.ravel(), m + 1)
    return probs if (probs > 0).all() else None


def _representatives(thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some models, near the Chebyshev points of the thresholds, and how many models each stands for, (points,)."""
    low, high = thresholds.min(), thresholds.max()
    points = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(_POINTS) + 0.5) / _POINTS)
    values, first = np.unique(thresholds, return_index=True)
    places = np.unique(np.abs(values[:, None] - points).argmin(axis=0))
    nodes = values[places]
    # Barycentric weights, in units in which the thresholds span four: then their products neither grow nor vanish.
    apart = (nodes[:, None] - nodes) * (4 / max(high - low, 1e-300))
    np.fill_diagonal(apart, 1.0)
    scale = 1 / apart.prod(axis=1)
    gap = thresholds[:, None] - nodes
    exact = gap == 0
    terms = scale / np.where(exact, 1.0, gap)
    lagrange = terms / terms.sum(axis=1, keepdims=True)
    hit = exact.any(axis=1)
    lagrange[hit] = exact[hit]
    return first[places], lagrange.sum(axis=0)


def _needed(spread: float, length: int) -> int:
    """Number of frequencies, from 0, beyond which |E e^{iωC}| <= exp(-σ²(1 - cos ω)) is rounding."""
    most = 1 - _NEGLIGIBLE / max(spread, 1e-9) ** 2
    last = np.pi if most <= -1 else float(np.arccos(most))
    return min(int(np.ceil(last / (2 * np.pi) * length)) + 1, length // 2 + 1)


def _log_terms(wrong: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """log(1 + p (e^{iω} - 1)), (nodes, frequencies, models)."""
    p = wrong[:, None, :]
    real, imaginary = 1 - p * (1 - np.cos(angles))[:, None], p * np.sin(angles)[:, None]
    with np.errstate(divide="ignore"):
        return np.log(real * real + imaginary * imaginary) / 2 + 1j * np.arctan2(imaginary, real)


def _smooth(wrong: np.ndarray, few: np.ndarray, shares: np.ndarray, angles: np.ndarray) -> bool:
    """Whether the sums over the representatives are those over all models, at some nodes and frequencies."""
    rows = np.unique(np.linspace(0, len(wrong) - 1, _CHECKED).astype(int))
    for angle in angles[[len(angles) // 4, len(angles) // 2, -1]]:
        whole = _log_terms(wrong[rows], np.array([angle])).sum(axis=2)
        part = _log_terms(few[rows], np.array([angle])) @ shares
        # Where the function is negligible, nothing depends on its log.
        error = np.abs(part - whole) * np.minimum(1.0, np.exp(np.minimum(whole.real, 0.0)))
        if not (error <= _TOLERANCE).all():
            return False
    return True
