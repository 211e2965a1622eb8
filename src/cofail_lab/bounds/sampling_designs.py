"""Upper limits of a rate where queries are not simply independent draws from an endless population.

Each replaces Clopper-Pearson in the paired certificate P1.v: apply it to the resolvable failures of every model at
δ/m and take the least limit.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import rel_entr

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.errors import InputError


def finite_population_upper(k: int, n: int, population: int, delta: float) -> float:
    """Exact upper limit of the share of N benchmark queries, from n of them drawn without replacement.

    The largest M/N for which k or fewer failures among n draws still have probability > δ (hypergeometric). It is k/n
    once all N are graded, and Clopper-Pearson as N grows.

    Args:
        k: failures seen, 0..n.
        n: queries graded, 1..N.
        population: N.
        delta: error probability, in (0, 1).
    """
    from scipy.stats import hypergeom

    checks.probability("delta", delta)
    for name, value, least in (("k", k, 0), ("n", n, 1), ("population", population, 1)):
        checks.whole(name, value, least)
    if not k <= n <= population:
        raise InputError(f"k, n, population: {k}, {n}, {population} must not decrease")
    low, high = k, population - n + k + 1
    while high - low > 1:
        middle = (low + high) // 2
        if hypergeom.cdf(k, population, middle, n) > delta:
            low = middle
        else:
            high = middle
    return low / population


def stratified_upper(
    k: Int[np.ndarray, " strata"], n: Int[np.ndarray, " strata"], weights: Float[np.ndarray, " strata"], delta: float
) -> float:
    """Upper limit of Σ_s w_s p_s, several datasets sampled separately and weighted as the user's traffic is.

    The sum of Clopper-Pearson limits at δ/S each (Bonferroni): valid for any sizes, conservative for many strata.

    Args:
        k: failures per stratum.
        n: queries per stratum, >= 1.
        weights: >= 0, summing to one within 1e-9.
        delta: error probability, in (0, 1).
    """
    checks.probability("delta", delta)
    k, n, weights = np.asarray(k), np.asarray(n), np.asarray(weights, dtype=float)
    if not k.shape == n.shape == weights.shape or k.ndim != 1:
        raise InputError(
            f"k, n, weights: shapes {k.shape}, {n.shape}, {weights.shape}; one entry per stratum each is needed"
        )
    if not ((k >= 0) & (k <= n) & (n >= 1)).all():
        raise InputError("k, n: every stratum needs 0 <= k <= n and n >= 1")
    if not (weights >= 0).all() or abs(weights.sum() - 1) > 1e-9:
        raise InputError(f"weights: {weights.tolist()} are not shares that sum to one")
    limits = [float(clopper_pearson_upper(a, int(b), delta / len(k))) for a, b in zip(k, n, strict=True)]
    return float(weights @ limits)


def clustered_upper(
    k: Int[np.ndarray, " clusters"], sizes: Int[np.ndarray, " clusters"], delta: float, *, max_size: int | None = None
) -> float:
    """Upper limit of the rate per query where queries come in clusters (several items from one source).

    Clusters are independent, queries inside one need not be. With s_max the largest possible size, k_c - g s_c has
    mean 0 at the true rate g, and (k_c - g s_c)/s_max + g lies in [0, 1]; Hoeffding's inequality in its entropy form
    then tests every g.

    Args:
        k: failures per cluster, 0..size.
        sizes: queries per cluster, 1..max_size.
        delta: error probability, in (0, 1).
        max_size: the largest size that a cluster can have, known from how the queries are made and not from the sample:
            where 2% of the clusters have 100 queries and the others one, the largest size of 30 clusters is often 1.

    Raises:
        InputError: no ``max_size``: then there is no limit, because one unseen large cluster could hold all failures.
    """
    checks.probability("delta", delta)
    k, sizes = np.asarray(k, dtype=float), np.asarray(sizes, dtype=float)
    if k.shape != sizes.shape or k.ndim != 1 or not k.size or not ((k >= 0) & (k <= sizes) & (sizes >= 1)).all():
        raise InputError("k, sizes: one entry per cluster with 0 <= k <= size and size >= 1 is needed")
    if max_size is None:
        raise InputError(
            "max_size: None, so no limit can be given; the largest size that a cluster can have is needed, which the "
            f"largest one seen ({sizes.max():g}) is not"
        )
    checks.whole("max_size", max_size, least=1)
    if sizes.max() > max_size:
        raise InputError(f"max_size: {max_size} is below the size of a cluster ({sizes.max():g})")
    rate = k.sum() / sizes.sum()

    def excluded(g: float) -> bool:
        mean = float(((k - g * sizes) / max_size + g).mean())
        mean = min(max(mean, 0.0), g)
        return len(k) * float(rel_entr(mean, g) + rel_entr(1 - mean, 1 - g)) >= -np.log(delta)

    low, high = float(rate), 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return high


def bounded_mean_limits(mean: float, n: int, delta: float) -> tuple[float, float]:
    """(lower, upper) limits, each at 1 - δ, of the mean of n independent variables in [0, 1] (Hoeffding 1963)."""
    checks.probability("delta", delta)
    checks.share("mean", mean)

    def upper(x: float) -> float:
        low, high = x, 1.0
        for _ in range(60):
            g = (low + high) / 2
            if n * float(rel_entr(x, g) + rel_entr(1 - x, 1 - g)) >= -np.log(delta):
                high = g
            else:
                low = g
        return high

    return 1 - upper(1 - mean), upper(mean)
