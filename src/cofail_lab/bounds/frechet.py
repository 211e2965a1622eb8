"""The interval of β = P(all wrong) that pairwise statistics leave open: the best of all methods that apply."""

from math import prod
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.block_lp import LARGEST, block_range, find_groups
from cofail_lab.bounds.count_lp import wrong_count_range
from cofail_lab.bounds.joint_lp import joint_range
from cofail_lab.bounds.lattice import lattice_bound
from cofail_lab.bounds.moments import (
    dawson_sankoff,
    gallot_kounias,
    hunter,
    kuai_alajaji_takahara,
    right_moments,
    smallest_pair,
)
from cofail_lab.bounds.quadratic import ENUMERATED
from cofail_lab.errors import InputError

# Rates closer than this are the same rate: what rounding makes of one number computed in two ways.
_SAME = 1e-12
# Cubic checks of triples are made up to this pool size.
_TRIPLES = 300


class AllWrongRange(NamedTuple):
    """The interval of β over all joint laws with given single and pairwise rates.

    Attributes:
        lower, upper: no law with these rates lies outside.
        method: what gave the two limits.
        sharp: True if both are attained by laws with these rates (to 1e-8).
    """

    lower: float
    upper: float
    method: str
    sharp: bool


def all_wrong_range(error_rates: Float[np.ndarray, " m"], pairwise_wrong: Float[np.ndarray, "m m"]) -> AllWrongRange:
    """Interval of β given every error rate and every pairwise rate (theory P3.ii, P3.iii, P3.vi).

    Equal rates throughout: the program in C, exact at any m. Groups of interchangeable models: the program in group
    counts. Up to 16 models: the program over all patterns. All these are sharp. Beyond: the best closed form, in well
    under a minute at m = 2,000; `joint_lp.joint_range` can sharpen it up to about m = 40.

    Args:
        error_rates: P(i wrong), (m,), m >= 1.
        pairwise_wrong: P(i and j wrong), (m, m), symmetric, diagonal = error rates.

    Raises:
        InputError: not a table of rates, or rates that no joint law has; the message gives the inequality they break.
    """
    alpha, pairs = checked_rates(error_rates, pairwise_wrong)
    m = len(alpha)
    if m <= 2:
        value = float(pairs[0, -1])
        return AllWrongRange(value, value, "given: the pool is a single pair" if m == 2 else "given", True)
    off = pairs[~np.eye(m, dtype=bool)]
    if np.ptp(alpha) <= _SAME and np.ptp(off) <= _SAME:
        limits = wrong_count_range([float(np.median(alpha)), float(np.median(off))], m)
        return AllWrongRange(limits.lower, limits.upper, "exchangeable linear program, exact", True)
    if m <= ENUMERATED:
        joint = joint_range(alpha, pairs)
        return AllWrongRange(joint.lower, joint.upper, joint.method, joint.sharp)
    group = find_groups(pairs)
    sizes = np.bincount(group)
    if prod(int(size) + 1 for size in sizes) <= LARGEST:
        block = block_range(pairs, group)
        return AllWrongRange(block.lower, block.upper, f"linear program in the counts of {len(sizes)} groups", True)
    return closed_form_range(alpha, pairs)


def closed_form_range(alpha: Float[np.ndarray, " m"], pairs: Float[np.ndarray, "m m"]) -> AllWrongRange:
    """The best closed forms; sharp only where they meet. Rates must have been checked."""
    limits = closed_forms(alpha, pairs)
    upper_name, upper = min(limits.upper.items(), key=lambda item: item[1])
    lower_name, lower = max(limits.lower.items(), key=lambda item: item[1])
    lower, upper = max(0.0, lower), max(0.0, upper)
    # Where the two meet up to rounding there is nothing left between them.
    lower = min(lower, upper)
    return AllWrongRange(lower, upper, f"upper: {upper_name}; lower: {lower_name}", upper - lower < 1e-12)


class ClosedForms(NamedTuple):
    """Every closed-form limit by name; all hold, the smallest upper and the largest lower one count."""

    lower: dict[str, float]
    upper: dict[str, float]


def closed_forms(alpha: Float[np.ndarray, " m"], pairs: Float[np.ndarray, "m m"]) -> ClosedForms:
    """All closed-form limits on β from checked rates: about 3 s at m = 2,000."""
    right = right_moments(alpha, pairs)
    gallot, direction = gallot_kounias(right)
    aggregate_lower, aggregate_upper = dawson_sankoff(right)
    return ClosedForms(
        lower={"Dawson-Sankoff": aggregate_lower, "Hunter": hunter(right)},
        upper={
            "smallest pair": smallest_pair(pairs),
            "Gallot-Kounias": gallot,
            "integer Gallot-Kounias": lattice_bound(right, direction).upper,
            "Dawson-Sankoff": aggregate_upper,
            "Kuai-Alajaji-Takahara": kuai_alajaji_takahara(right),
        },
    )


def checked_rates(error_rates: object, pairwise_wrong: object) -> tuple[np.ndarray, np.ndarray]:
    """The two tables as float64 arrays; InputError names the first inequality of joint laws that they break."""
    alpha, pairs = np.asarray(error_rates, dtype=float), np.asarray(pairwise_wrong, dtype=float)
    m = alpha.size
    if alpha.ndim != 1 or m < 1:
        raise InputError(f"error_rates: shape {alpha.shape}; a vector of at least one rate is needed")
    if pairs.shape != (m, m):
        raise InputError(f"pairwise_wrong: shape {pairs.shape} for {m} error rates; ({m}, {m}) is needed")
    for name, array in (("error_rates", alpha), ("pairwise_wrong", pairs)):
        outside = ~((array >= 0) & (array <= 1))
        if outside.any():
            where = tuple(int(i) for i in np.argwhere(outside)[0])
            raise InputError(f"{name}: {array[where]} at {where} is not a probability in [0, 1]")
    if np.abs(pairs - pairs.T).max() > _SAME:
        i, j = _first(np.abs(pairs - pairs.T) > _SAME)
        raise InputError(f"pairwise_wrong: {pairs[i, j]} at ({i}, {j}) but {pairs[j, i]} at ({j}, {i}); not symmetric")
    if np.abs(np.diag(pairs) - alpha).max() > _SAME:
        i = int(np.abs(np.diag(pairs) - alpha).argmax())
        raise InputError(f"pairwise_wrong: diagonal {pairs[i, i]} at {i}, error rate {alpha[i]}; they must be equal")
    _check_pairs(alpha, pairs)
    if m <= _TRIPLES:
        _check_triples(alpha, pairs)
    _check_squares(alpha, pairs)
    return alpha, pairs


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _check_pairs(alpha: np.ndarray, pairs: np.ndarray) -> None:
    """Fréchet: max(0, α_i + α_j - 1) <= p_ij <= min(α_i, α_j)."""
    above = pairs > np.minimum(alpha[:, None], alpha) + _SAME
    if above.any():
        i, j = _first(above)
        raise InputError(
            f"pairwise_wrong: p[{i},{j}] = {pairs[i, j]} exceeds an error rate, min({alpha[i]}, {alpha[j]})"
        )
    below = pairs < alpha[:, None] + alpha - 1 - _SAME
    np.fill_diagonal(below, False)
    if below.any():
        i, j = _first(below)
        raise InputError(f"pairwise_wrong: p[{i},{j}] = {pairs[i, j]} is below {alpha[i]} + {alpha[j]} - 1")


def _check_squares(alpha: np.ndarray, pairs: np.ndarray) -> None:
    """E[(v_0 + Σ v_i E_i)²] >= 0: the covariance matrix is positive semidefinite."""
    covariance, slack = pairs - np.outer(alpha, alpha), 1e-10 * len(alpha)
    try:
        # Thirty times cheaper than the eigenvalues, which are needed only for the message.
        np.linalg.cholesky(covariance + slack * np.eye(len(alpha)))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        i = int(np.abs(vectors[:, 0]).argmax())
        raise InputError(
            f"pairwise_wrong: the covariance matrix p_ij - α_i α_j has eigenvalue {values[0]:.3g} < 0 (largest "
            f"weight on model {i}): a weighted sum of the errors would have a negative variance"
        ) from None


def _check_triples(alpha: np.ndarray, pairs: np.ndarray) -> None:
    """The triangle inequalities: every three models must have a joint law."""
    m = len(alpha)
    different = ~np.eye(m, dtype=bool)
    for i in range(m):
        # p_ij + p_ik - p_jk <= α_i.
        excess = pairs[i][:, None] + pairs[i][None, :] - pairs - alpha[i]
        excess[i] = excess[:, i] = -1
        if (bad := (excess > 1e-10) & different).any():
            j, k = _first(bad)
            raise InputError(
                f"pairwise_wrong: p[{i},{j}] + p[{i},{k}] - p[{j},{k}] exceeds α[{i}] by {excess[j, k]:.3g}: models "
                f"{i}, {j}, {k} have no joint law"
            )
        missing = alpha[i] + alpha[:, None] + alpha - pairs[i][:, None] - pairs[i] - pairs - 1
        missing[i] = missing[:, i] = -1
        if (bad := (missing > 1e-10) & different).any():
            j, k = _first(bad)
            raise InputError(
                f"pairwise_wrong: P(some of {i}, {j}, {k} wrong) would be at least {1 + missing[j, k]:.6g} > 1: "
                "they have no joint law"
            )
