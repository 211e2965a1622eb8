"""Intervals from replicates: percentile, bias-corrected accelerated (BCa) and studentised."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri


def percentile_interval(values: Float[np.ndarray, " replicates"], level: float) -> tuple[float, float] | None:
    """The central interval of the replicates in which the number exists (is not nan).

    Returns:
        None where it exists in fewer than half of the replicates, or where all of these agree: then resampling cannot
        show any spread.
    """
    present = values[~np.isnan(values)]
    if len(present) < max(2, len(values) / 2):
        return None
    low, high = _quantiles(present, np.array([(1 - level) / 2, (1 + level) / 2]))
    return (low, high) if present.min() < present.max() else None


def bca_interval(
    estimate: float,
    drawn: Float[np.ndarray, " replicates"],
    left_out: Float[np.ndarray, " groups"],
    level: float,
) -> tuple[float, float] | None:
    """Efron's bias-corrected and accelerated interval (Efron and Tibshirani 1993, section 14.3).

    Args:
        estimate: the number on the observed matrix.
        drawn: the number in bootstrap replicates; those that equal the estimate count half in the bias correction.
        left_out: the number without each group of queries, from `jackknife`. The sums of squares and of cubes of the
            influences of groups estimate the sums over queries; for the acceleration this has a standard error of
            √15/(6 · groups), .003 with 200 groups.
        level: confidence of the interval.

    Returns:
        None where the number is nan in more than half of the replicates or in any value of the jackknife, where all
        replicates are on one side of the estimate (the bias correction is then infinite), or where the acceleration is
        so large that the corrected shares are no longer ordered.
    """
    present = drawn[~np.isnan(drawn)]
    if len(present) < max(2, len(drawn) / 2) or not np.isfinite(left_out).all():
        return None
    below = ((present < estimate).sum() + 0.5 * (present == estimate).sum()) / len(present)
    # The acceleration does not depend on the unit. Against independent errors a ratio can be 1e200: its cube exceeds
    # every float. A power of two as the unit keeps the sums in range and changes no digit.
    unit = np.frexp(np.abs(left_out).max())[1]
    scaled = np.ldexp(left_out, -unit)
    influence = scaled.mean() - scaled
    spread = (influence**2).sum()
    if not 0 < below < 1 or spread**1.5 == 0:
        return None
    bias, acceleration = ndtri(below), (influence**3).sum() / (6 * spread**1.5)
    z = bias + ndtri([(1 - level) / 2, (1 + level) / 2])
    stretch = 1 - acceleration * z
    if (stretch <= 0).any():
        return None
    return _quantiles(present, ndtr(bias + z / stretch))


def studentised_interval(
    estimate: tuple[float, float],
    drawn: tuple[Float[np.ndarray, " replicates"], Float[np.ndarray, " replicates"]],
    level: float,
) -> tuple[float, float] | None:
    """The bootstrap-t interval (Efron and Tibshirani 1993, section 12.5): replicates say how (drawn - θ)/error varies.

    Args:
        estimate: the number on the observed matrix, and its standard error.
        drawn: the same in every replicate. Where an error is 0 there, the deviation counts as infinite.
        level: confidence of the interval.

    Returns:
        None where the number has no error or exists in fewer than half of the replicates. A limit can be infinite.
    """
    (value, error), (values, errors) = estimate, drawn
    if not error > 0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = (values - value) / errors
    present = deviations[~np.isnan(deviations)]
    if len(present) < max(2, len(values) / 2):
        return None
    low, high = np.quantile(present, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return float(value - error * high), float(value - error * low)


def _quantiles(values: Float[np.ndarray, " n"], shares: Float[np.ndarray, "2"]) -> tuple[float, float]:
    """Two quantiles; nan where one lies between a finite and an infinite value."""
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = np.quantile(values, shares)
    return float(low), float(high)


class Interval(NamedTuple):
    """A number with its 95% limits and, where these come from a query bootstrap, its standard error."""

    value: float
    lower: float
    upper: float
    error: float | None = None
