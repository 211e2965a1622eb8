"""Standard errors of mean Pearson correlations under query weights, from the influence of every query.

With z_i = (E_i - α_i)/√(α_i(1-α_i)), φ_ij is the mean of z_i z_j, and a query moves it by
z_i z_j - φ_ij (z_i² + z_j²)/2. The mean over pairs moves by the mean of these, and its variance is the mean square over
n (the infinitesimal jackknife). Sums over pairs are squares of sums over models, so that no pair of a query is ever
looked at.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.fitting.estimators.pairs import PAIRS_AT_ONCE, Pairs

NAMES = ("pearson", "pearson_within", "pearson_across", "pearson_gap")
# Numbers in an array of queries and replicates: 2 MB, which stay in the cache of a core. Of long matrices fewer than
# eight replicates at once would read the matrix too often.
_AT_ONCE, _FEWEST = 2**18, 8
# A smaller error is rounding: that of copies, which correlate at 1 in every sample.
_ROUNDING = 1e-10


def pair_errors(
    wrong: Bool[np.ndarray, "n m"],
    weights: Int[np.ndarray, "batch n"],
    pearson: Float[np.ndarray, "batch pairs"],
    pairs: Pairs,
    families: Int[np.ndarray, " m"] | None,
) -> Mapping[str, Float[np.ndarray, " batch"]]:
    """Standard error of each of `NAMES`; nan where the mean does not exist.

    Args:
        wrong: the matrix.
        weights: how often each query counts.
        pearson: φ of every pair under these weights, nan where a model is constant.
        pairs: all pairs of the pool.
        families: of the models as numbers, None where they are not known.
    """
    n, m = wrong.shape
    columns = wrong.astype(float)
    errors = {name: np.full(len(weights), np.nan) for name in NAMES}
    size = max(_FEWEST, _AT_ONCE // n)
    for first in range(0, len(weights), size):
        rows = slice(first, first + size)
        counted = weights[rows].T.astype(float)
        total = counted.sum(axis=0)
        rates = (counted.T @ columns) / total[:, None]
        spread = np.sqrt(rates * (1 - rates))
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
        sums, n_pairs = _moved(columns, rates, scale, pearson[rows], pairs, np.zeros(m, dtype=int), None)
        moved = {"pearson": _mean(sums, n_pairs)}
        if families is not None and pairs.same_family is not None:
            inside, n_inside = _moved(columns, rates, scale, pearson[rows], pairs, families, pairs.same_family)
            moved |= {
                "pearson_within": _mean(inside, n_inside),
                "pearson_across": _mean(sums - inside, n_pairs - n_inside),
            }
            moved["pearson_gap"] = moved["pearson_within"] - moved["pearson_across"]
        for name, influence in moved.items():
            found = np.sqrt((counted * influence**2).sum(axis=0)) / total
            errors[name][rows] = np.where(found < _ROUNDING, 0.0, found)
    return errors


def _moved(
    columns: np.ndarray,
    rates: np.ndarray,
    scale: np.ndarray,
    pearson: np.ndarray,
    pairs: Pairs,
    groups: np.ndarray,
    chosen: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """What every query adds to a sum over pairs, (n, batch), and the number of these pairs, (batch,).

    The pairs are those within groups of models; ``chosen`` says which ones these are, None for all.
    """
    m = columns.shape[1]
    exists = ~np.isnan(pearson) if chosen is None else ~np.isnan(pearson) & chosen
    row_sums = np.zeros((len(pearson), m))
    for first in range(0, pearson.shape[1], PAIRS_AT_ONCE):
        some = slice(first, first + PAIRS_AT_ONCE)
        values = np.where(exists[:, some], pearson[:, some], 0.0)
        for total, row in zip(row_sums, values, strict=True):
            total += np.bincount(pairs.left[some], row, m) + np.bincount(pairs.right[some], row, m)
    # z² is linear in the answer, and so is z² times the sum of a model's correlations.
    square, at_zero = (1 - 2 * rates) * scale**2, (rates * scale) ** 2
    shared = np.bincount(groups) > 1
    # The square of a sum over a group holds z² of every model of it, which is no pair.
    row_sums += shared[groups]
    sums = -(columns @ (square * row_sums).T + (at_zero * row_sums).sum(axis=1))
    for group in np.flatnonzero(shared):
        own = groups == group
        whole = columns[:, own] @ scale[:, own].T - (rates[:, own] * scale[:, own]).sum(axis=1)
        sums += np.square(whole, out=whole)
    return sums / 2, exists.sum(axis=1)


def _mean(sums: np.ndarray, n_pairs: np.ndarray) -> np.ndarray:
    """Influence of every query on the mean; nan without a pair."""
    return np.divide(sums, n_pairs, out=np.full(sums.shape, np.nan), where=n_pairs > 0)
