"""Votes of many sets of one pool: what they gain over their best member, and whether correlation explains it (P14)."""

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import t as student

from cofail_lab import checks
from cofail_lab.errors import InputError

AT_MOST = 200_000
"""Up to this many sets are all looked at; of more, this many are drawn."""

_CELLS_AT_ONCE = 2**24
HEADROOM, WITH_GAP = ("headroom",), ("headroom", "quality_gap")
"""Controls of the published regression, and of the one with the quality gap."""


class VoteSets(NamedTuple):
    """Sets of k models and their majority votes, each (sets,) unless stated.

    Attributes:
        members: ascending, (sets, k).
        majority: share of queries on which more than half of the members are right.
        gain: majority less the accuracy of the best member.
        correlation: mean Pearson correlation of the members' errors, pair by pair; nan beside a constant model.
        headroom: 1 - accuracy of the best member.
        quality_gap: best less mean accuracy of the members.
        n_all: number of sets that there are.
    """

    members: Int[np.ndarray, "sets k"]
    majority: Float[np.ndarray, " sets"]
    gain: Float[np.ndarray, " sets"]
    correlation: Float[np.ndarray, " sets"]
    headroom: Float[np.ndarray, " sets"]
    quality_gap: Float[np.ndarray, " sets"]
    n_all: int


def vote_sets(wrong: Bool[np.ndarray, "n m"], size: int, rng: np.random.Generator, at_most: int = AT_MOST) -> VoteSets:
    """All sets of an odd size, or ``at_most`` of them drawn at random.

    Args:
        wrong: True where wrong.
        size: k, odd, 3..m.
        rng: draws the sets, where there are too many.
        at_most: number of sets looked at.

    Raises:
        InputError: another size.
    """
    n, m = wrong.shape
    checks.whole("size", size, least=3)
    if size % 2 == 0 or size > m:
        raise InputError(f"size: {size}; an odd number of at most {m} models is accepted")
    n_all = comb(m, size)
    if n_all <= at_most:
        members = np.array(list(combinations(range(m), size)))
    else:
        members = np.sort(rng.random((at_most, m)).argpartition(size, axis=1)[:, :size], axis=1)
        members = np.unique(members, axis=0)
    right = np.ascontiguousarray(~wrong.T).view(np.uint8)
    majority = np.empty(len(members))
    step = max(1, _CELLS_AT_ONCE // n)
    for first in range(0, len(members), step):
        some = members[first : first + step]
        votes = right[some[:, 0]].copy()
        for column in some.T[1:]:
            votes += right[column]
        majority[first : first + step] = (votes > size / 2).mean(axis=1)
    accuracy = 1 - wrong.mean(axis=0)
    best = accuracy[members].max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        phi = np.corrcoef(wrong.T.astype(float)) if n > 1 else np.full((m, m), np.nan)
    pairs = [phi[members[:, i], members[:, j]] for i, j in combinations(range(size), 2)]
    return VoteSets(
        members,
        majority,
        majority - best,
        np.mean(pairs, axis=0),
        1 - best,
        best - accuracy[members].mean(axis=1),
        n_all,
    )


class Slope(NamedTuple):
    """The slope of the gain on the mean correlation, by least squares on some controls.

    Attributes:
        value: change of the gain per unit of correlation.
        error: standard error by leaving each model out in turn; sets that share a model are no independent data.
        lower, upper: 95% limits, with the quantile of t at m - 1.
        naive_error: standard error as if all sets were independent.
    """

    value: float
    error: float
    lower: float
    upper: float
    naive_error: float

    @property
    def times_too_narrow(self) -> float:
        """Width of the interval over that of the naive one, of 1.96 standard errors on either side; nan over 0."""
        if self.naive_error == 0:
            return float("nan")
        return (self.upper - self.lower) / (2 * 1.959963984540054 * self.naive_error)


def vote_slope(sets: VoteSets, controls: tuple[str, ...], n_models: int) -> Slope | None:
    """Least squares of the gain on 1, the mean correlation and ``controls`` (names of fields).

    Args:
        sets: sets with a constant model are left out.
        controls: `HEADROOM` or `WITH_GAP`.
        n_models: m, the number of models that the sets come from.

    Returns:
        None where there are too few sets, or where the correlation follows from the controls.
    """
    kept = np.isfinite(sets.correlation)
    members, gain = sets.members[kept], sets.gain[kept]
    columns = [np.ones(len(gain)), sets.correlation[kept], *(getattr(sets, name)[kept] for name in controls)]
    design = np.column_stack(columns)
    width = design.shape[1]
    if len(gain) <= width or _rest(design) < 1e-9:
        return None
    coefficients = _coefficients(design, gain)
    residual = gain - design @ coefficients
    inverse = np.linalg.pinv(design.T @ design)
    naive = float(np.sqrt(residual @ residual / (len(gain) - np.linalg.matrix_rank(design)) * inverse[1, 1]))
    values = []
    for model in range(n_models):
        without = ~(members == model).any(axis=1)
        if without.all():
            continue  # A constant model is in no set: nothing changes without it.
        if without.sum() <= width or _rest(design[without]) < 1e-9:
            return None
        values.append(_coefficients(design[without], gain[without])[1])
    m = len(values)
    error = float(np.sqrt((m - 1) / m * ((np.array(values) - np.mean(values)) ** 2).sum()))
    reach = float(student.ppf(0.975, m - 1)) * error
    return Slope(float(coefficients[1]), error, float(coefficients[1]) - reach, float(coefficients[1]) + reach, naive)


def _coefficients(design: np.ndarray, gain: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(design, gain, rcond=None)[0]


def _rest(design: np.ndarray) -> float:
    """Standard deviation of what the other columns leave of the correlation."""
    others = np.delete(design, 1, axis=1)
    return float((design[:, 1] - others @ _coefficients(others, design[:, 1])).std())
