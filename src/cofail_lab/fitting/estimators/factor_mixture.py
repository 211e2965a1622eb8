"""One factor of any law, by nonparametric maximum likelihood on C: weights on a grid of levels of difficulty.

All models have the same slope, 1 in the units of the grid. Given the models' places the likelihood of C is concave in
the weights, and is maximized by a constrained Newton method (Wang 2007, J. R. Statist. Soc. B 69); given the weights,
the places are those that give the observed error rates. The two are repeated until the likelihood settles.
"""

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls
from scipy.special import ndtr

from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import FactorMixture
from cofail_lab.numerics.factor_lattice import thresholds_at
from cofail_lab.numerics.poisson_binomial import counts_at_once

_LOADING = float(np.sqrt(0.5))
# Beyond the outermost place by this much all models are wrong, or right, but for 3e-6 each.
_MARGIN, _SPACING = 4.5, 0.2
_MAX_ROUNDS, _MAX_STEPS = 30, 50
_SETTLED = 1e-3


def likeliest_weights(
    probabilities: Float[np.ndarray, "k c"], histogram: Float[np.ndarray, " c"], start: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    """Weights w that maximize Σ histogram log(w @ probabilities), within 1e-6 of the maximum of the log-likelihood."""
    seen = histogram > 0
    table, number = probabilities[:, seen], histogram[seen]
    weights, n = start, number.sum()

    def value(w: np.ndarray) -> float:
        with np.errstate(divide="ignore"):
            return float(number @ np.log(w @ table))

    current = value(weights)
    root = np.sqrt(number / n)
    for _ in range(_MAX_STEPS):
        ratios = table / (weights @ table)
        gain = ratios @ number - n
        if gain.max() < 1e-6:  # no weight can gain more than this: the log-likelihood is concave
            break
        # Quadratic approximation of the log-likelihood; a heavy row makes the weights sum to 1.
        heavy = 1e3
        design = np.vstack([(ratios * root).T, np.full(len(weights), heavy)])
        target, _ = nnls(design, np.append(2 * root, heavy), maxiter=50 * len(weights))
        target /= target.sum()
        step = 1.0
        while step > 1e-8 and value(weights + step * (target - weights)) < current:
            step /= 2
        moved = weights + step * (target - weights)
        if value(moved) <= current:
            break
        weights, current = moved, value(moved)
    return weights


def fit_pool(pool: VaryingPool, intervals: bool = False) -> Fitted:
    """The law with the weights under which C is likeliest; it has no ``intervals``."""
    del intervals
    mean = float(pool.tetrachoric[np.triu_indices(pool.n_models, 1)].mean())
    r = min(max(mean, 0.05), 0.9)
    places = pool.thresholds / np.sqrt(1 - r)
    points = np.arange(places.min() - _MARGIN, places.max() + _MARGIN + _SPACING, _SPACING)
    weights = np.exp(-points * points * (1 - r) / (2 * r))
    weights /= weights.sum()
    loadings = np.full(pool.n_models, _LOADING)
    before = -np.inf
    for _ in range(_MAX_ROUNDS):
        u = places - points[:, None]
        table = counts_at_once(ndtr(u), ndtr(-u))
        weights = likeliest_weights(table, pool.histogram.astype(float), weights)
        present = pool.histogram > 0
        log_likelihood = float(pool.histogram[present] @ np.log((weights @ table)[present]))
        with np.errstate(divide="ignore"):
            places = thresholds_at(points, np.log(weights), pool.error_rates, loadings) / _LOADING
        if abs(log_likelihood - before) < _SETTLED:
            break
        before = log_likelihood
    kept = weights > 1e-9
    weights = weights[kept] / weights[kept].sum()
    law = FactorMixture(pool.error_rates, loadings, points[kept], weights)
    return Fitted(law, {"points": float(kept.sum())})
