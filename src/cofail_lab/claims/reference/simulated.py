"""Intervals of simulated quantities, and how far they may stretch from what is claimed.

A simulated case confirms a claim if its interval, exact or asymptotic at the level of the trial, stays within
`ALLOWANCE` half widths of the claimed value. For a true claim that takes an error of 1.5 half widths to break: far
rarer than the level, so that the measured rate of false alarms stays below the stated one.
"""

from math import sqrt

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.claims.claim import Measured, equals

ALLOWANCE = 2.5


def share_is(hits: int, n: int, level: float, claimed: float) -> Measured:
    """A simulated share, by exact binomial limits."""
    low, high = (float(limit) for limit in clopper_pearson(hits, n, level))
    reach = ALLOWANCE * (high - low) / 2
    return Measured(low, high, claimed - reach, claimed + reach)


def mean_is(values: Float[np.ndarray, " n"], level: float, claimed: float) -> Measured:
    """A simulated mean of many independent values, by the normal limit."""
    half = -float(ndtri(level / 2)) * float(values.std(ddof=1)) / sqrt(len(values))
    return equals(float(values.mean()), claimed, ALLOWANCE * half, half)
