"""The foreclosed share f = β / (1 - a_sb): how much of the best model's errors no selector can mend (theory P1.ix).

The best model errs least, so f = max_i β/α_i. Given that model i errs on e_i of the queries, the number K on which all
models err is binomial with e_i trials and probability β/α_i, whatever the dependence. So f has exact limits, where the
percentile bootstrap of an extreme over models has none.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.errors import InputError

Counts = Int[np.ndarray, "... m"]
AllWrong = Int[np.ndarray, "..."] | int
Limit = Float[np.ndarray, "..."] | float


class ForeclosedRange(NamedTuple):
    """A two-sided interval for the foreclosed share; 0 <= lower <= upper <= 1."""

    lower: Limit
    upper: Limit


def foreclosed_range(n_all_wrong: AllWrong, error_counts: Counts, delta: float) -> ForeclosedRange:
    """Both limits at confidence 1 - delta together: each one-sided limit at delta / 2.

    Args:
        n_all_wrong: K, queries that every model gets wrong, one per matrix, (...).
        error_counts: e_i >= K, queries that each model gets wrong, (..., m).
        delta: error probability, in (0, 1).

    Returns:
        The limits, each of the shape of ``n_all_wrong``. A best model without an error leaves [0, 1]: nothing is known
        of the share, and it does not exist if that model never errs.

    Raises:
        InputError: no model, K below 0 or above some e_i, delta outside (0, 1).
    """
    checks.probability("delta", delta)
    lower = foreclosed_lower(n_all_wrong, error_counts, delta / 2)
    return ForeclosedRange(lower, foreclosed_upper(n_all_wrong, error_counts, delta / 2))


def foreclosed_upper(n_all_wrong: AllWrong, error_counts: Counts, delta: float) -> Limit:
    """max_i CP_hi(K; e_i, δ) >= f with probability >= 1 - δ, without a correction for the m models.

    The limit of the truly best model alone is one, and the maximum is no less. Arguments as for `foreclosed_range`.
    """
    fewest, _ = _checked(n_all_wrong, error_counts, delta)
    # A limit of K successes falls as the trials grow: the fewest errors attain the maximum.
    return clopper_pearson_upper(np.asarray(n_all_wrong), fewest, delta)[()]


def foreclosed_lower(n_all_wrong: AllWrong, error_counts: Counts, delta: float) -> Limit:
    """max_i CP_lo(K; e_i, δ/m) <= f with probability >= 1 - δ: all m limits hold at once by the union bound.

    Arguments as for `foreclosed_range`.
    """
    fewest, n_models = _checked(n_all_wrong, error_counts, delta)
    return clopper_pearson_lower(np.asarray(n_all_wrong), fewest, delta / n_models)[()]


def _checked(n_all_wrong: AllWrong, error_counts: Counts, delta: float) -> tuple[np.ndarray, int]:
    """The fewest errors of each matrix, and m."""
    checks.probability("delta", delta)
    counts = np.asarray(error_counts)
    if counts.ndim == 0 or counts.shape[-1] == 0:
        raise InputError(f"error_counts: shape {counts.shape}; one count per model is needed")
    fewest = counts.min(axis=-1)
    wrong = np.broadcast_to(np.asarray(n_all_wrong), fewest.shape)
    if (bad := (wrong < 0) | (wrong > fewest)).any():
        raise InputError(
            f"n_all_wrong: {wrong[bad][0]}; between 0 and the best model's {fewest[bad][0]} errors is needed"
        )
    return fewest, counts.shape[-1]
