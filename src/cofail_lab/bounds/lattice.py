"""Integer Gallot-Kounias: β <= E[(w·z - k)(w·z - k - 1)] / (k(k + 1)) for every integer vector w and every k >= 1.

The product of two consecutive integers is never negative, and it equals k(k + 1) where no model is right (z = 0): a
valid bound with a proof of its own (inequalities of Boros and Hammer 1993 for the Boolean quadric polytope). A
pair's p_ij is its case w = e_i + e_j, k = 1; Dawson-Sankoff is w = (1, ..., 1); Gallot-Kounias the limit of large k.
On real matrices the best such bound often equals the linear program's optimum. The search is local; a w that is not the
best still gives a bound.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.bounds.moments import Right, rounding_margin
from cofail_lab.bounds.quadratic import QuadraticCertificate, pair_index

# Above this pool size only single steps are tried: pairs of steps cost m² each.
_PAIR_STEPS = 300
_LARGEST_K = 8


class LatticeBound(NamedTuple):
    """One inequality of the family.

    Attributes:
        upper: the bound on β.
        weights: integers w, (m,).
        k: whole number >= 1.
    """

    upper: float
    weights: Int[np.ndarray, " m"]
    k: int

    def certificate(self) -> QuadraticCertificate:
        """The inequality as a form in the wrong indicators, in integers."""
        w, k, m = self.weights, self.k, len(self.weights)
        # w·z = s - w·E with s = Σ w.
        s = int(w.sum())
        i, j = pair_index(m)
        diagonal = w * w - (2 * s - 2 * k - 1) * w
        coefficients = np.where(i == j, diagonal[i], 2 * w[i] * w[j])
        constant = (s - k) * (s - k - 1)
        return QuadraticCertificate(
            m, m, "upper", constant, tuple(int(c) for c in coefficients), k * (k + 1), "product of consecutive integers"
        )


def lattice_bound(right: Right, direction: Float[np.ndarray, " m"], n_starts: int = 12, seed: int = 0) -> LatticeBound:
    """The best inequality that a local search finds.

    Args:
        right: one- and two-way probabilities of being right.
        direction: where to start, the v of `moments.gallot_kounias`: w = v (k + 1/2) rounded, and perturbed versions.
        n_starts: searches per k = 1..8; one beyond 300 models.
        seed: of the perturbations.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    m = len(right.single)
    wrong_together = 1 - right.single[:, None] - right.single[None, :] + right.both
    i, j = np.unravel_index(wrong_together.argmin(), wrong_together.shape)
    pair = np.zeros(m, dtype=np.int64)
    pair[[i, j]] = 1
    best = _descend(right, pair, 1)
    for k in range(1, _LARGEST_K + 1):
        for start in range(n_starts if m <= _PAIR_STEPS else 1):
            jitter = rng.normal(scale=0.3, size=m) if start else 0.0
            nearby = _descend(right, np.rint(direction * (k + 0.5) + jitter).astype(np.int64), k)
            if nearby.upper < best.upper - 1e-12:
                best = nearby
    return best


def _descend(right: Right, weights: np.ndarray, k: int) -> LatticeBound:
    """Steps of ±1 in one coordinate, or in two at once, until none helps."""
    a, both = right
    m = len(a)
    signs = np.array([[1.0], [-1.0]])
    gradient = both @ weights
    for _ in range(50 * (m + k)):
        # Change of w·P·w - (2k + 1) w·a for each single step; rows are the two signs.
        single = signs * (2 * gradient - (2 * k + 1) * a) + a
        moves = [divmod(int(single.argmin()), m)]
        gain = single[moves[0]]
        if m <= _PAIR_STEPS:
            flat = single.ravel()
            pairs = flat[:, None] + flat[None, :] + 2 * np.kron(np.array([[1, -1], [-1, 1]]), both)
            # A step and its repetition or its reversal are not pairs.
            pairs[np.tile(np.eye(m, dtype=bool), (2, 2))] = 0
            first, second = divmod(int(pairs.argmin()), 2 * m)
            if pairs[first, second] < gain:
                gain, moves = pairs[first, second], [divmod(first, m), divmod(second, m)]
        if gain > -1e-13 * (1 + k) ** 2:
            break
        for sign, index in moves:
            step = 1 - 2 * sign
            weights[index] += step
            gradient = gradient + step * both[:, index]
    value = float(1 + (weights @ both @ weights - (2 * k + 1) * weights @ a) / (k * (k + 1)))
    size = np.abs(weights)
    magnitude = float(1 + (size @ both @ size + (2 * k + 1) * size @ a) / (k * (k + 1)))
    return LatticeBound(value + rounding_margin(m, magnitude), weights, k)
