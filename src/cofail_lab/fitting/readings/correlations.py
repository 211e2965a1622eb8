"""Limits of mean correlations from a query bootstrap; how often they hold the truth is in docs/coverage.md.

A mean Pearson correlation of sparse errors rests on the few queries that several models fail, and is the more certain
the smaller it happens to be: percentiles held the truth in 80% of such matrices. Studentised limits know that, because
every replicate has an error of its own. Resampling also moves pairs onto their Fréchet bound, where a tetrachoric
correlation is ±1: where that moves its mean, percentiles move away from the truth, and there are none.
"""

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates.intervals import percentile_interval, studentised_interval
from cofail_lab.fitting.replicates.stages import Replicates

MAX_BOUNDARY_SHARE = 0.1
"""Share of pairs on their Fréchet bound above which a mean tetrachoric correlation has no limits."""

MAX_SHIFT = 0.25
"""How far the mean of the replicates may be from the estimate of a mean tetrachoric correlation that has limits, in
standard deviations of the replicates."""

FEW_ERRORS = 25.0
"""Where the harmonic mean of n α_i (1 - α_i) is below this, limits of a nominal level of `LEVEL_OF_FEW` give 95%."""
LEVEL_OF_FEW = 0.98

# Fisher's transformation of a correlation is finite up to this.
_NEARLY_ONE = 1 - 1e-9

Limits = tuple[float, float] | None


def pearson_mean(fit: PointFit, name: str) -> Float[np.ndarray, " batch"]:
    """A mean Pearson correlation of `PointFit`, or ``pearson_gap``: that within families less that across them."""
    return fit.pearson_within - fit.pearson_across if name == "pearson_gap" else getattr(fit, name)


def level_of(error_counts: Int[np.ndarray, " m"], n: int, level: float) -> float:
    """The nominal level of limits that hold the truth with probability ``level``: higher where errors are few."""
    counts = error_counts[(error_counts > 0) & (error_counts < n)]
    few = len(counts) == 0 or 1 / (n / (counts * (n - counts))).mean() < FEW_ERRORS
    return max(level, LEVEL_OF_FEW) if few else level


def pearson_limits(name: str, point: PointFit, error: float, replicates: Replicates, level: float) -> Limits:
    """Studentised limits of a mean Pearson correlation, on Fisher's scale; of ``pearson_gap`` on its own scale.

    Args:
        name: of the mean.
        point: the fit of the matrix.
        error: standard error of the mean, from `pair_errors`.
        replicates: those of the query bootstrap.
        level: nominal, from `level_of`.
    """
    value, drawn = float(pearson_mean(point, name)[0]), pearson_mean(replicates.fit, name)
    errors = replicates.more[f"error_{name}"]
    if name == "pearson_gap":
        ends = studentised_interval((value, error), (drawn, errors), level)
        return ends if ends is not None and np.isfinite(ends).all() else None
    value, drawn = float(np.clip(value, -_NEARLY_ONE, _NEARLY_ONE)), np.clip(drawn, -_NEARLY_ONE, _NEARLY_ONE)
    scaled = float(np.arctanh(value)), error / (1 - value**2)
    ends = studentised_interval(scaled, (np.arctanh(drawn), errors / (1 - drawn**2)), level)
    return None if ends is None else (float(np.tanh(ends[0])), float(np.tanh(ends[1])))


def tetrachoric_limits(
    value: float, drawn: Float[np.ndarray, " replicates"], boundary_share: float, level: float
) -> Limits:
    """Percentile limits of a mean tetrachoric correlation; None where pairs on their Fréchet bound spoil them."""
    present = drawn[~np.isnan(drawn)]
    if boundary_share > MAX_BOUNDARY_SHARE or not len(present):
        return None
    shifted = abs(float(present.mean()) - value) > MAX_SHIFT * float(present.std())
    return None if shifted else percentile_interval(drawn, level)
