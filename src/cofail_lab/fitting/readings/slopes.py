"""What makes pairs correlate: regression of pair correlations on accuracy and shared family."""

import numpy as np
from jaxtyping import Float

from cofail_lab.fitting.estimators.pairs import PAIRS_AT_ONCE, Pairs, PairValues

SLOPES = ("intercept", "accuracy", "same_family")


def slopes(
    error_rates: Float[np.ndarray, "batch m"], values: Float[np.ndarray, "batch pairs"], pairs: Pairs
) -> Float[np.ndarray, "batch 3"]:
    """Least squares of pair correlations on the mean accuracy of the pair (minus ½) and on sharing a family.

    Pairs are dependent: the error of a slope comes from resampled queries, not from the formula of least squares.

    Args:
        error_rates: of each matrix.
        values: correlations of each matrix; pairs at nan are left out.
        pairs: of the pool.

    Returns:
        Slopes in the order of `SLOPES`. The third is nan without families, or where all pairs or no pairs share one;
        all are nan where the regression is singular.
    """
    result = np.full((len(values), len(SLOPES)), np.nan)
    same = pairs.same_family
    n_slopes = 2 if same is None or not same.any() or same.all() else 3
    for row, (rates, y) in enumerate(zip(error_rates, values, strict=True)):
        product, moments, n_pairs = np.zeros((n_slopes, n_slopes)), np.zeros(n_slopes), 0
        for first in range(0, len(y), PAIRS_AT_ONCE):
            some = slice(first, first + PAIRS_AT_ONCE)
            kept = ~np.isnan(y[some])
            accuracy = 0.5 - (rates[pairs.left[some]] + rates[pairs.right[some]]) / 2
            columns = [np.ones(len(kept)), accuracy]
            if n_slopes == 3 and same is not None:
                columns.append(same[some].astype(float))
            x = np.stack(columns)[:, kept]
            product, moments, n_pairs = product + x @ x.T, moments + x @ y[some][kept], n_pairs + kept.sum()
        if n_pairs > n_slopes and np.linalg.cond(product) < 1e12:
            result[row, :n_slopes] = np.linalg.solve(product, moments)
    return result


def pair_slopes(error_rates: np.ndarray, values: PairValues, pairs: Pairs) -> dict[str, np.ndarray]:
    """Slopes of both correlations, (batch, 3); tetrachoric slopes leave boundary pairs out."""
    interior = np.where(values.boundary == 0, values.tetrachoric, np.nan)
    return {
        "pearson": slopes(error_rates, values.pearson, pairs),
        "tetrachoric": slopes(error_rates, interior, pairs),
    }
