"""Limits for how many of K things are of a kind, after reading some of them in random order (theory P16.ii).

Hypergeometric limits hold at a stop that was fixed beforehand. Recomputed after each reading they miss at some stop
far more often than they say. The confidence sequence holds at every stop: for each possible number of the kind, the
chance of what was read under a mixture of all numbers, over its chance under this one, is a martingale, and Ville's
inequality bounds the chance that it ever reaches 1/δ (the prior-posterior ratio of Waudby-Smith and Ramdas 2020).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import betaln, gammaln
from scipy.stats import hypergeom

from cofail_lab import checks
from cofail_lab.errors import InputError

# The mixture: every number of the kind, 0..K, as likely as any other.
_A = _B = 1.0


class ReadingLimits(NamedTuple):
    """Limits of the number of the kind among all K, after 0, 1, ..., r readings; each (r + 1,).

    Attributes:
        lower, upper: the confidence sequence; they hold at every stop together.
        fixed_lower, fixed_upper: hypergeometric limits; each pair holds at its own stop, if that was fixed beforehand.
    """

    lower: Int[np.ndarray, " stops"]
    upper: Int[np.ndarray, " stops"]
    fixed_lower: Int[np.ndarray, " stops"]
    fixed_upper: Int[np.ndarray, " stops"]


def reading_limits(of_kind: Bool[np.ndarray, " r"], total: int, delta: float = 0.05) -> ReadingLimits:
    """All limits along one reading in random order.

    Args:
        of_kind: whether the first, second, ... that was read is of the kind; r of them, at most ``total``.
        total: K.
        delta: error probability of the sequence, and of each pair of hypergeometric limits.

    Raises:
        InputError: more read than there are, or ``delta`` outside (0, 1).
    """
    checks.probability("delta", delta)
    found = np.concatenate([[0], np.cumsum(of_kind)]).astype(int)
    if len(found) - 1 > total:
        raise InputError(f"total: {total}, but {len(found) - 1} were read")
    possible = np.ones(total + 1, bool)
    rows = []
    for read, k in enumerate(found):
        now = log_evidence(int(k), read, total) < -np.log(delta)
        # What one stop has excluded stays excluded. If nothing is left the sequence has missed, as it may at rate δ.
        possible = possible & now if (possible & now).any() else now
        inside = np.flatnonzero(possible)
        rows.append((inside[0], inside[-1], *hypergeometric_limits(int(k), read, total, delta)))
    return ReadingLimits(*np.array(rows, int).T)


def hypergeometric_limits(k: int, read: int, total: int, delta: float = 0.05) -> tuple[int, int]:
    """Limits from one stop: the numbers under which neither as few nor as many have a chance of at most δ/2.

    Args:
        k: of the kind among those read.
        read: how many were read, fixed beforehand.
        total: K.
        delta: error probability of both limits together.
    """
    if total == 0:
        return 0, 0
    number = np.arange(total + 1)
    at_least, at_most = hypergeom.sf(k - 1, total, number, read), hypergeom.cdf(k, total, number, read)
    # At the numbers that what was read excludes one of the two is 0.
    inside = np.flatnonzero((at_least > delta / 2) & (at_most > delta / 2))
    return int(inside[0]), int(inside[-1])


def log_evidence(k: int, read: int, total: int) -> Float[np.ndarray, " total_plus_1"]:
    """Log of the martingale against each number 0..K of the kind; infinite against those that what was read excludes.

    Args:
        k: of the kind among those read.
        read: how many were read so far.
        total: K.
    """
    number = np.arange(total + 1.0)
    rest, other = number - k, total - number - (read - k)
    possible = (rest >= 0) & (other >= 0)
    # The chance of one order of what was read: falling factorials, as logs.
    chance = (
        gammaln(number + 1)
        - gammaln(np.where(possible, rest, 0) + 1)
        + gammaln(total - number + 1)
        - gammaln(np.where(possible, other, 0) + 1)
        - gammaln(total + 1)
        + gammaln(total - read + 1)
    )
    mixture = betaln(_A + k, _B + read - k) - betaln(_A, _B)
    return np.where(possible, mixture - chance, np.inf)


class Misses(NamedTuple):
    """Exact chance that the true number is ever outside limits that are recomputed after each reading.

    Attributes:
        sequence: the confidence sequence.
        hypergeometric: limits that hold at one stop.
        fixed: the largest chance that the hypergeometric limits miss at one stop.
    """

    sequence: float
    hypergeometric: float
    fixed: float


def miss_probability(number: int, total: int, delta: float = 0.05) -> Misses:
    """What a reader who looks after each of K readings risks, by a recursion over how many were of the kind.

    Args:
        number: how many are of the kind in truth, 0..K.
        total: K.
        delta: nominal error probability.
    """
    checks.within("number", number, 0, total)
    log_delta = np.log(delta)

    def limits_miss(k: int, read: int) -> bool:
        low, high = hypergeometric_limits(k, read, total, delta)
        return not low <= number <= high

    def sequence_misses(k: int, read: int) -> bool:
        return log_evidence(k, read, total)[number] >= -log_delta

    fixed = max(
        sum(hypergeom.pmf(k, total, number, read) for k in range(read + 1) if limits_miss(k, read))
        for read in range(1, total + 1)
    )
    return Misses(_ever(number, total, sequence_misses), _ever(number, total, limits_miss), float(fixed))


def _ever(number: int, total: int, misses: Callable[[int, int], bool]) -> float:
    """Chance that ``misses(k, read)`` is true at some stop; paths on which it was are dropped."""
    alive, ever = np.array([1.0]), 0.0
    for read in range(1, total + 1):
        drawn = (number - np.arange(read)) / (total - read + 1)
        drawn = np.clip(drawn, 0, 1)
        alive = np.append(alive * (1 - drawn), 0.0) + np.append(0.0, alive * drawn)
        out = np.array([chance > 0 and misses(k, read) for k, chance in enumerate(alive)])
        ever += float(alive[out].sum())
        alive[out] = 0.0
    return ever
