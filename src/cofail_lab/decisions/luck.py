"""How much of an oracle's gain is luck, and what grading errors do to it, for known rates (theory P10.i, P10.v).

A model answers anew on every run: on a query of type x it is right with probability π_i(x), independently of the others
given x. A router sees x at most; the oracle of one graded run also sees who happened to be right. On
repeated runs of real models the same quantities are estimated by `fitting.readings.luck`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.errors import InputError


class AsGraded(NamedTuple):
    """What a matrix shows when a share of its queries is graded wrong for every model.

    Attributes:
        oracle_gain: (1 - ε)G.
        all_wrong: ε + (1 - ε)β.
    """

    oracle_gain: float
    all_wrong: float


def one_run_oracle(success: Float[np.ndarray, "types m"], weights: Float[np.ndarray, " types"] | None = None) -> float:
    """1 - E Π(1 - π_i), the share of queries that at least one model gets right on one run, in [0, 1].

    Args:
        success: π_i(x), probability that model i is right on a query of type x, in [0, 1], (types, m).
        weights: of the types, >= 0 with a positive sum; None weighs them alike.

    Raises:
        InputError: wrong shapes, values outside their range; so for every function of these arguments.
    """
    pi, mass = _checked(success, weights)
    return float(1 - mass @ np.prod(1 - pi, axis=1))


def routable_ceiling(
    success: Float[np.ndarray, "types m"], weights: Float[np.ndarray, " types"] | None = None
) -> float:
    """E max_i π_i, the most that a router which decides before anyone answers can reach, in [0, 1]. Args as above."""
    pi, mass = _checked(success, weights)
    return float(mass @ pi.max(axis=1))


def second_run_accuracy(
    success: Float[np.ndarray, "types m"], weights: Float[np.ndarray, " types"] | None = None
) -> float:
    """Accuracy, on a second run, of a model picked on the first: one that was right then; any model if none was.

    With the one-run oracle it brackets the routable ceiling: the pick is itself a router, one that saw a run.
    Of N others that were right, i is picked once in 1 + N, and E 1/(1+N) = ∫₀¹ Π_{j≠i}(1 - π_j + π_j t) dt, a
    polynomial that Gauss's rule integrates exactly. Args as `one_run_oracle`.
    """
    pi, mass = _checked(success, weights)
    m = pi.shape[1]
    nodes, step = np.polynomial.legendre.leggauss((m + 1) // 2)
    factors = 1 - pi[:, :, None] * (1 - nodes) / 2
    others = np.prod(factors, axis=1, keepdims=True) / factors
    picked = pi * (others @ step) / 2 + np.prod(1 - pi, axis=1, keepdims=True) / m
    return float(mass @ (picked * pi).sum(axis=1))


def as_graded(oracle_gain: float, all_wrong: float, error_share: float) -> AsGraded:
    """G and β as a matrix shows them when a share ε of queries, independent of the models, is graded wrong for all.

    Args:
        oracle_gain, all_wrong: G and β without grading errors, in [0, 1].
        error_share: ε in [0, 1].

    Raises:
        InputError: a value outside its range.
    """
    checks.share("oracle_gain", oracle_gain)
    checks.share("all_wrong", all_wrong)
    checks.share("error_share", error_share)
    return AsGraded((1 - error_share) * oracle_gain, error_share + (1 - error_share) * all_wrong)


def _checked(success: object, weights: object) -> tuple[np.ndarray, np.ndarray]:
    pi = np.asarray(success, dtype=float)
    if pi.ndim != 2 or not pi.size:
        raise InputError(f"success: shape {pi.shape}; (types, m) is needed")
    if not (inside := (pi >= 0) & (pi <= 1)).all():
        raise InputError(f"success: {pi[~inside][0]} is not in [0, 1]")
    mass = np.ones(len(pi)) if weights is None else np.asarray(weights, dtype=float)
    if mass.shape != (len(pi),):
        raise InputError(f"weights: shape {mass.shape}; ({len(pi)},) is needed, one for each type")
    if not (mass >= 0).all() or not 0 < mass.sum() < np.inf:
        raise InputError("weights: finite numbers >= 0 with a positive sum are needed")
    return pi, mass / mass.sum()
