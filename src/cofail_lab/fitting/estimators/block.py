"""Block factor by family: one correlation within families and one across; families are given or clustered."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pairs import row_means
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import Prediction, TetrachoricStack
from cofail_lab.models import BlockFactor
from cofail_lab.numerics import block_table

_WEAK = 1e-4
# Of the predictions for replicates: far below what resampling moves them by.
_COARSE_ERROR = 1e-6
ABSENT = "models of one family correlate less than models of different ones, or the mean correlation is negative"
"""Why a pool may have no block law."""


def labels(family: np.ndarray) -> Int[np.ndarray, " m"]:
    """Families as whole numbers; a blank family is unknown, so its model gets a number of its own."""
    names = np.array([str(name) for name in family], dtype=object)
    alone = names == ""
    names[alone] = [f"\0{i}" for i in np.flatnonzero(alone)]
    return np.unique(names.astype(str), return_inverse=True)[1]


def cluster(tetrachoric: Float[np.ndarray, "m m"]) -> Int[np.ndarray, " m"]:
    """Families by average linkage on 1 - r, as numbers.

    The tree is cut where the mean within families and the mean across families explain most of the variance of the
    r_ij. Every pool has such a cut, with real families or without: held-out queries show whether it predicts anything.
    """
    m = len(tetrachoric)
    if m < 3:
        return np.arange(m)
    values = tetrachoric[np.triu_indices(m, 1)]
    tree = linkage(np.maximum(1 - squareform(tetrachoric, checks=False), 0.0), "average")
    best, chosen = -np.inf, np.arange(m)
    for n_families in range(2, m):
        families = fcluster(tree, n_families, "maxclust") - 1
        same = _same(families)
        if not same.any() or same.all():
            continue
        explained = same.sum() * (~same).sum() * (values[same].mean() - values[~same].mean()) ** 2
        if explained > best:
            best, chosen = explained, families
    return chosen


def fit(
    tetrachoric: Float[np.ndarray, "... m m"], family: Int[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Mean correlation across and within families, the ρ_b and ρ_w of the block law, for any stack of matrices.

    Args:
        tetrachoric: correlations, boundary pairs at ±1; pairs at nan (constant models) are left out.
        family: numbers, see `labels` and `cluster`.

    Returns:
        between, within; both nan unless 0 <= between <= within < 1, because no block law has other values. Where every
        family has a single model there is no pair within a family, and ``within`` equals ``between``.
    """
    left, right = np.triu_indices(tetrachoric.shape[-1], 1)
    values = tetrachoric[..., left, right]
    same = _same(family)
    between = row_means(values, ~same)
    # Without any pair of one kind, the correlation of this kind has no meaning and gets the value of the other kind.
    within = np.where(_has(values, same), row_means(values, same), between)
    between = np.where(_has(values, ~same), between, within)
    # Equal means may differ in their last digit.
    within = np.where(np.abs(within - between) < 1e-12, between, within)
    exists = (between >= 0) & (between <= within) & (within < 1)
    return np.where(exists, between, np.nan), np.where(exists, within, np.nan)


def log_all_wrong(
    thresholds: Float[np.ndarray, " m"],
    family: Int[np.ndarray, " m"],
    between: float,
    within: float,
    error: float = block_table.LEAST_ERROR,
) -> tuple[float, float]:
    """log β of a block law and its absolute error; `models.BlockFactor` is the same law as an object.

    The table of a factor with a weight below 1e-4 would be long in proportion to 1/weight. β grows with every
    correlation (Slepian), so its value at a small weight lies between those at weights 0 and 1e-4 (2e-4 for families).
    It is interpolated, and the error is the difference of the two.

    Raises:
        ConvergenceError: ρ_w is within about 1e-11 of 1.
    """
    if 0 < between < _WEAK:
        ends, share = ((0.0, within), (_WEAK, max(within, _WEAK))), between / _WEAK
    elif 0 < within - between < _WEAK and between + 2 * _WEAK < 1:
        ends, share = ((between, between), (between, between + 2 * _WEAK)), (within - between) / (2 * _WEAK)
    else:
        families = [np.flatnonzero(family == g) for g in np.unique(family)]
        filled = np.full((len(families), max(map(len, families))), block_table.FILLER)
        for row, members in zip(filled, families, strict=True):
            row[: len(members)] = thresholds[members]
        return block_table.log_all_below(filled, between, within, error)
    (low, low_error), (high, high_error) = (log_all_wrong(thresholds, family, *end, error) for end in ends)
    return low + share * (high - low), high - low + low_error + high_error


def _same(family: np.ndarray) -> np.ndarray:
    left, right = np.triu_indices(len(family), 1)
    return family[left] == family[right]


def _has(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return np.asarray((chosen & ~np.isnan(values)).any(axis=-1))


def families_of(pool: VaryingPool) -> tuple[Int[np.ndarray, " m"], str]:
    """Numbers of the families of the models, (m,), and a note that says where the families come from.

    They are the given families where at least two models share a family and at least two do not, otherwise clusters.
    """
    if pool.family is not None:
        given = labels(pool.family)
        if 1 < len(np.unique(given)) < pool.n_models:
            return given, "families as given"
    return cluster(pool.tetrachoric), "families found by clustering"


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The block law of the families of the pool; it has no ``intervals``.

    Raises:
        AbsentLawError: `ABSENT`.
    """
    del intervals
    family, note = families_of(pool)
    law = _law(pool.error_rates, pool.tetrachoric, family)
    if law is None:
        raise AbsentLawError(ABSENT)
    parameters = {"between": float(law.between), "within": float(law.within), "families": float(len(law.families))}
    return Fitted(law, parameters, notes=(note,))


def atom_base(pool: VaryingPool) -> Callable[[np.ndarray, np.ndarray], BlockFactor | None]:
    """The base law, from the error rates and the tetrachoric matrix of the queries that are left beside an atom."""
    family, _ = families_of(pool)
    return lambda rates, tetrachoric: _law(rates, tetrachoric, family)


def _law(rates: np.ndarray, tetrachoric: np.ndarray, family: np.ndarray) -> BlockFactor | None:
    between, within = (float(x) for x in fit(tetrachoric, family))
    return None if np.isnan(between) else BlockFactor(rates, family, between, within)


def predict_stack(stack: TetrachoricStack) -> Prediction | None:
    """Log β of each matrix under the block law of the given families; None where families are not known."""
    if stack.family is None:
        return None
    between, within = fit(stack.matrices, stack.family)
    error = _COARSE_ERROR if stack.coarse else block_table.LEAST_ERROR
    if stack.coarse:
        mean = row_means(stack.tetrachoric, np.ones(stack.tetrachoric.shape, dtype=bool))
        one_correlation = np.isnan(between) & (mean >= 0) & (mean < 1)
        between, within = np.where(one_correlation, mean, between), np.where(one_correlation, mean, within)
    return Prediction.of(
        [
            (np.nan, np.nan) if np.isnan(b) else log_all_wrong(t, stack.family, float(b), float(w), error)
            for b, w, t in zip(between, within, stack.thresholds, strict=True)
        ]
    )
