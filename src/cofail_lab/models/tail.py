"""The tail of a law along pool sizes: its all-wrong rate, and what a one-factor law with the same pairs predicts.

The pool of size m consists of the first m models of the law.
"""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from cofail_lab.models.base import AbstractErrorLaw, ignore, log_rounding
from cofail_lab.numerics import bivariate_normal
from cofail_lab.numerics.one_factor_pools import Pools, distinct_columns, implied_correlation


def tail_curve(
    law: AbstractErrorLaw, sizes: Int[np.ndarray, " sizes"], advance: Callable[[int], None] = ignore
) -> dict[str, np.ndarray]:
    """Columns by pool size: log β with its error, and those of `one_factor_predictions`.

    Args:
        law: any error law.
        sizes: pool sizes, each from 2 to the number of models.
        advance: called with the number of sizes just finished.
    """
    log_beta, log_error = law.log_all_wrong_by_size(sizes, advance)
    pairs = np.asarray(law.pairwise_wrong())
    columns = one_factor_predictions(np.asarray(law.error_rates)[None], pairs[None], sizes, log_beta[None])
    return {
        "pool_size": sizes,
        "log_all_wrong": log_beta,
        "log_all_wrong_error": log_error,
        **{name: column[0] for name, column in columns.items()},
    }


def one_factor_predictions(
    rates: Float[np.ndarray, "laws m"],
    pairs: Float[np.ndarray, "laws m m"],
    sizes: Int[np.ndarray, " sizes"],
    log_beta: Float[np.ndarray, "laws sizes"],
) -> dict[str, Float[np.ndarray, "laws sizes"]]:
    """What the error rates and pairs of some laws predict for their first models, for every pool size.

    Each law is computed as if it were alone: its numbers do not depend on the other laws.

    Args:
        rates: α_i.
        pairs: p_ij.
        sizes: pool sizes, each at least 2.
        log_beta: log β of every law and size.

    Returns:
        Mean correlations, log β_sf at each with its error, log(β/β_sf), and the implied correlation. β_sf is nan where
        the mean correlation is negative: no equicorrelated one-factor law has such a correlation.
    """
    thresholds = ndtri(rates)
    mean_tetrachoric, mean_pearson = mean_correlations(rates, thresholds, pairs, sizes)
    pools = Pools.of(thresholds, sizes)
    log_one_factor, slope, one_factor_error = pools.log_all_wrong(mean_tetrachoric)
    log_pearson, _, pearson_error = pools.log_all_wrong(mean_pearson)
    implied = implied_correlation(pools, log_beta, log_rounding(log_beta), mean_tetrachoric, log_one_factor, slope)
    return {
        "tetrachoric": mean_tetrachoric,
        "pearson": mean_pearson,
        "log_one_factor": log_one_factor,
        "log_one_factor_error": one_factor_error,
        "log_one_factor_pearson": log_pearson,
        "log_one_factor_pearson_error": pearson_error,
        "log_ratio_one_factor": log_beta - log_one_factor,
        "log_ratio_one_factor_pearson": log_beta - log_pearson,
        "implied_correlation": implied,
    }


def mean_correlations(
    rates: np.ndarray, thresholds: np.ndarray, pairs: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean tetrachoric and mean Pearson correlation among the first models, (laws, sizes) each.

    Args:
        rates: error rates, (laws, m).
        thresholds: Φ^{-1} of them, (laws, m).
        pairs: joint error rates, (laws, m, m).
        sizes: pool sizes, each at least 2.
    """
    # Pairs in the order of their later model: the pairs among the first m models are the first m(m - 1)/2.
    j, i = np.tril_indices(rates.shape[1], -1)
    joint = pairs[:, i, j]
    # Pools of few different models have few different pairs.
    first, place = distinct_columns(np.concatenate([rates[:, i], rates[:, j], joint]))
    i, j, joint = i[first], j[first], joint[:, first]
    tetrachoric = bivariate_normal.correlation(thresholds[:, i], thresholds[:, j], joint)
    spread = np.sqrt(rates * (1 - rates))
    pearson = (joint - rates[:, i] * rates[:, j]) / (spread[:, i] * spread[:, j])
    n_pairs = sizes * (sizes - 1) // 2
    means = (np.cumsum(x[:, place], axis=1)[:, n_pairs - 1] / n_pairs for x in (tetrachoric, pearson))
    mean_tetrachoric, mean_pearson = means
    return mean_tetrachoric, mean_pearson


def count_all_wrong(
    law: AbstractErrorLaw,
    sizes: Int[np.ndarray, " sizes"],
    queries: range,
    seed: int,
    chunk: int,
    advance: Callable[[int], None] = ignore,
) -> Int[np.ndarray, " sizes"]:
    """How many of these simulated queries the first m models all get wrong, by pool size m.

    Args:
        law: any error law.
        sizes: pool sizes.
        queries: numbers of the queries to simulate; a query is the same in every range that holds it.
        seed: of the simulation.
        chunk: queries simulated at a time; it changes no result.
        advance: called with the number of queries just finished.
    """
    counts = np.zeros(len(sizes), dtype=np.int64)
    if not queries:
        return counts
    for wrong in law.sample_chunks(jax.random.key(seed), len(queries), chunk=chunk, first=queries.start):
        # Number of models before the first right one: the first m all fail where there are at least m of these.
        n_first_wrong = np.where(wrong.all(axis=1), wrong.shape[1], wrong.argmin(axis=1))
        counts += (n_first_wrong[:, None] >= sizes).sum(axis=0)
        advance(len(wrong))
    return counts
