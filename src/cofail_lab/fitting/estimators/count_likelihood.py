"""Log-likelihoods under a law: of C, the number of wrong models on each query, and of the whole matrix."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaincinv, log_ndtr, logsumexp, ndtr, ndtri

from cofail_lab.models import AbstractErrorLaw, AtomInflated, BlockFactor, GaussianCopula, OneFactorGaussian
from cofail_lab.models._probit_factor import AbstractProbitFactor, log_answers
from cofail_lab.models.base import AbstractFactorLaw
from cofail_lab.numerics import block_factor, one_factor, smooth_counts
from cofail_lab.numerics.log_sums import log_sums
from cofail_lab.numerics.poisson_binomial import mixture_counts, mixture_counts_at_once
from cofail_lab.numerics.streams import FULL_SIGMA, generator

MANY_MODELS = 256
"""From this number of models on, those that differ by their rate alone are summed over as a smooth function of it."""

DRAWS = 2**14
"""Draws for the law of C of a full-Σ copula in pools of up to 256 models; larger pools get fewer draws."""

# A likelihood needs less precision than the grid of a law (1e-13): a relative error of 1e-9 for every pattern, on a
# range that misses a probability of 1e-16 of the factor.
_GRID_ERROR, _REACH = 1e-9, 8.3
# With fewer steps than this, NumPy is done before a compiled program would start.
_SMALL = 3 * 10**8
# Smallest log probability of an answer at a node: it keeps the products finite.
_MIN_LOG = -1e5
# Σ ℓ²/(1-ℓ²) for which the grid of the factor has about 65,000 nodes.
_MAX_INFORMATION = 1.4e7
_ENTRIES_AT_ONCE = 2**23
_BATCHES = 16


class CountLaw(NamedTuple):
    """The law of C, the number of wrong models.

    Attributes:
        log_probs: log P(C = 0..m).
        spread: relative deviation of each probability, in every batch of a simulation, from the mean over batches; no
            batches where the law is exact.
    """

    log_probs: Float[np.ndarray, " m_plus_1"]
    spread: Float[np.ndarray, "batches m_plus_1"]

    def log_likelihood(self, histogram: Int[np.ndarray, " m_plus_1"]) -> float:
        """Σ over queries of log P(C), from the number of queries with C = 0..m."""
        present = histogram > 0
        return float(histogram[present] @ self.log_probs[present])

    def simulation_error(self, histogram: Int[np.ndarray, " m_plus_1"]) -> float:
        """Standard error of `log_likelihood`; 0 where nothing was simulated."""
        return float(_batch_error(self.spread @ histogram)) if len(self.spread) else 0.0


def factor_nodes(
    thresholds: Float[np.ndarray, " m"], loadings: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, "nodes m"], Float[np.ndarray, "nodes m"]]:
    """Log weights of nodes for Z, log P(wrong | node) and log P(right | node) of every model.

    With these nodes the probability of every pattern is exact to a relative 1e-9. It is the trapezoidal rule of
    `numerics.one_factor` on |Z| <= 8.3, outside which Z has probability 1e-16. Loadings within 1e-7 of 1, of models
    that are all but copies of each other, would need millions of nodes: they are a little smaller here.
    """
    log_weights, scores = _factor_scores(thresholds, loadings)
    return log_weights, log_ndtr(scores), log_ndtr(-scores)


def _factor_scores(thresholds: np.ndarray, loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log weights of the nodes of `factor_nodes`, and the bound of every model's own part at each, (nodes, m)."""
    information = float(one_factor.information(loadings))
    if information > _MAX_INFORMATION:
        # b = ℓ/√(1-ℓ²), the slopes in units of the own part, are scaled; the thresholds stay.
        slopes = loadings / np.sqrt((1 - loadings) * (1 + loadings)) * np.sqrt(_MAX_INFORMATION / information)
        loadings, information = slopes / np.sqrt(1 + slopes**2), _MAX_INFORMATION
    spacing = float(one_factor.proven_spacing(np.float64(information), _GRID_ERROR))
    z = np.linspace(-_REACH, _REACH, int(np.ceil(2 * _REACH / spacing)) + 1)
    u = (thresholds - loadings * z[:, None]) / np.sqrt((1 - loadings) * (1 + loadings))
    return np.log(z[1] - z[0]) - z * z / 2 - np.log(2 * np.pi) / 2, u


def count_law(law: AbstractErrorLaw, *, draws: int = DRAWS, seed: int = 0) -> CountLaw:
    """The law of C under any error law.

    Under a full Σ it is simulated, with the first principal component integrated out; ``draws`` and ``seed`` are those
    of the simulation.
    """
    if isinstance(law, AtomInflated):
        base = count_law(law.base, draws=draws, seed=seed)
        shock = float(law.shock)
        with np.errstate(divide="ignore"):
            logs = np.log1p(-shock) + base.log_probs
            logs[-1] = np.logaddexp(logs[-1], np.log(shock))
        return CountLaw(logs, _with_shock(base.spread, logs[-1], base.log_probs[-1], shock))
    if isinstance(law, GaussianCopula):
        return _full_sigma_counts(np.asarray(law.thresholds), np.asarray(law.correlation), draws, seed)
    probs = _mixture_counts(law) if isinstance(law, AbstractFactorLaw) else np.asarray(law.count_probs())
    with np.errstate(divide="ignore"):
        logs = np.log(probs)
    # P(all wrong) is also known as a log, which does not underflow at 1e-308.
    logs[-1] = float(law.log_all_wrong()) if logs[-1] == -np.inf else logs[-1]
    return CountLaw(logs, np.zeros((0, len(logs))))


def _nodes(law: AbstractFactorLaw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if isinstance(law, OneFactorGaussian):
        # SciPy's, because JAX takes milliseconds for a few numbers outside of a compiled program.
        return factor_nodes(ndtri(np.asarray(law.error_rates)), np.asarray(law.loadings))
    if isinstance(law, AbstractProbitFactor):
        solved = law.solved(_GRID_ERROR, 1e-17)
        log_wrong, log_right = log_answers(solved, law.loadings)
        return np.asarray(solved.log_weights), np.asarray(log_wrong), np.asarray(log_right)
    log_weights, log_wrong, log_right = (np.asarray(logs) for logs in law.factor_grid())
    # A heavy tail has hundreds of nodes at which every model is wrong: they are merged into one.
    sure = np.asarray((log_wrong > -1e-14).all(axis=1))
    if sure.sum() < 2:
        return log_weights, log_wrong, log_right
    first = int(sure.argmax())
    kept = ~sure
    kept[first] = True
    merged = log_weights.copy()
    merged[first] = logsumexp(log_weights[sure])
    return merged[kept], log_wrong[kept], log_right[kept]


def _mixture_counts(law: AbstractFactorLaw) -> np.ndarray:
    probs = _smooth_counts(law) if law.n_models >= MANY_MODELS else None
    if probs is not None:
        return probs
    log_weights, log_wrong, log_right = _nodes(law)
    weights, wrong, right = np.exp(log_weights), np.exp(log_wrong), np.exp(log_right)
    n_nodes, m = wrong.shape
    if n_nodes * m * m < _SMALL:
        return mixture_counts_at_once(weights, wrong, right)
    # Padded to one of a few sizes, so that only a few programs are compiled.
    spare = ((0, -n_nodes % 256), (0, -m % 32))
    padded = np.pad(wrong, spare), np.pad(right, spare, constant_values=1)
    return np.asarray(_mixture(np.pad(weights, spare[0]), *padded))[: m + 1]


def _smooth_counts(law: AbstractFactorLaw) -> np.ndarray | None:
    """The law of C where models differ by their rate alone, and smoothly; otherwise None."""
    thresholds = ndtri(np.asarray(law.error_rates))
    if not isinstance(law, OneFactorGaussian):
        log_weights, log_wrong, _ = _nodes(law)
        return smooth_counts.mixture_counts(np.exp(log_weights), np.exp(log_wrong), thresholds)
    loadings = np.asarray(law.loadings)
    if np.ptp(loadings) > 0:
        return None
    log_weights, scores = _factor_scores(thresholds, loadings)
    return smooth_counts.mixture_counts(np.exp(log_weights), ndtr(scores), thresholds)


_mixture = jax.jit(mixture_counts)


def _full_sigma_counts(thresholds: np.ndarray, correlation: np.ndarray, draws: int, seed: int) -> CountLaw:
    """The law of C under a Gaussian copula, by simulation.

    The latent scores are √λ v Z + Y, with λ and v the largest eigenvalue and its eigenvector. Given Y, model i is wrong
    below (or above) one value of Z, so that each draw of Y gives a whole law of C.
    """
    m = len(thresholds)
    values, vectors = np.linalg.eigh(correlation)
    first = np.sqrt(values[-1]) * vectors[:, -1]
    first = np.where(np.abs(first) < 1e-12, 1e-12, first * np.where(first.sum() < 0, -1.0, 1.0))
    root = vectors[:, :-1] * np.sqrt(np.maximum(values[:-1], 0))
    rng = generator(seed, FULL_SIGMA)
    size = max(64, min(draws, draws * 256 // m) // _BATCHES)
    laws = np.empty((_BATCHES, m + 1))
    for law in laws:
        turns = (thresholds - rng.standard_normal((size, m - 1)) @ root.T) / first
        order = np.argsort(turns, axis=1)
        below = np.pad(ndtr(np.take_along_axis(turns, order, axis=1)), ((0, 0), (1, 1)), constant_values=(0, 1))
        # At Z = -∞ the models with positive weight are wrong. As Z grows, each value in `turns` changes the answer of
        # one model.
        step = np.where(first > 0, -1, 1)[order]
        number = (first > 0).sum() + np.pad(step.cumsum(axis=1), ((0, 0), (1, 0)))
        law[:] = np.bincount(number.ravel(), np.diff(below, axis=1).ravel(), m + 1) / size
    probs = laws.mean(axis=0)
    with np.errstate(divide="ignore"):
        return CountLaw(np.log(probs), np.divide(laws, probs, out=np.ones_like(laws), where=probs > 0) - 1)


def _batch_error(values: np.ndarray) -> float:
    return values.std(ddof=1) / np.sqrt(len(values))


def _with_shock(spread: np.ndarray, log_whole: float, log_base: float, shock: float) -> np.ndarray:
    """The spread with an atom: the atom itself is exact, so the relative spread of P(C = m) becomes smaller."""
    thinned = spread.copy()
    thinned[:, -1] *= (1 - shock) * np.exp(log_base - log_whole)
    return thinned


def matrix_log_likelihood(law: AbstractErrorLaw, wrong: Bool[np.ndarray, "n m"]) -> float | None:
    """Σ over queries of log P(E = pattern of the query); None where Σ is full (not computed)."""
    rows = _pattern_logs(law, wrong)
    return None if rows is None else float(rows.sum())


def _pattern_logs(law: AbstractErrorLaw, wrong: np.ndarray) -> np.ndarray | None:
    if isinstance(law, AtomInflated):
        rows = _pattern_logs(law.base, wrong)
        if rows is None:
            return None
        with np.errstate(divide="ignore"):
            atom = np.where(wrong.all(axis=1), np.log(float(law.shock)), -np.inf)
        return np.logaddexp(np.log1p(-float(law.shock)) + rows, atom)
    if isinstance(law, AbstractFactorLaw):
        return mixture_logs(wrong, *_nodes(law))
    return _block_logs(law, wrong) if isinstance(law, BlockFactor) else None


def mixture_logs(
    wrong: Bool[np.ndarray, "n m"],
    log_weights: Float[np.ndarray, " nodes"],
    log_wrong: Float[np.ndarray, "nodes m"],
    log_right: Float[np.ndarray, "nodes m"],
) -> Float[np.ndarray, " n"]:
    """Log probability of each row of the matrix under a finite mixture of laws with independent errors."""
    row_logs, step = np.empty(len(wrong)), max(1, _ENTRIES_AT_ONCE // len(log_weights))
    for first in range(0, len(wrong), step):
        logs = _given(wrong[first : first + step], log_wrong, log_right)
        logs += log_weights
        row_logs[first : first + step] = log_sums(logs)
    return row_logs


def _given(wrong: np.ndarray, log_wrong: np.ndarray, log_right: np.ndarray) -> np.ndarray:
    """Log probability of each row at each node, (rows, nodes)."""
    log_wrong, log_right = np.maximum(log_wrong, _MIN_LOG), np.maximum(log_right, _MIN_LOG)
    logs = wrong.astype(float) @ (log_wrong - log_right).T
    logs += log_right.sum(axis=1)
    return logs


def _block_logs(law: BlockFactor, wrong: np.ndarray) -> np.ndarray:
    families = law.families
    nodes = block_factor.lattice(
        np.asarray(law.thresholds), max(map(len, families)), float(law.between), float(law.within)
    )
    n_shared = len(nodes.shared)
    # Column a holds the weight of b in the row of the pair (a, b).
    mixing = np.zeros((len(nodes.log_wrong), n_shared))
    mixing[nodes.rows, np.arange(n_shared)[:, None]] = nodes.family
    row_logs, step = np.empty(len(wrong)), max(1, _ENTRIES_AT_ONCE // len(mixing))
    for first in range(0, len(wrong), step):
        rows = wrong[first : first + step]
        total = np.zeros((len(rows), n_shared))
        for members in families:
            logs = _given(rows[:, members], nodes.log_wrong[:, members], nodes.log_right[:, members])
            top = logs.max(axis=1, keepdims=True)
            with np.errstate(divide="ignore"):
                total += top + np.log(np.exp(logs - top) @ mixing)
        with np.errstate(divide="ignore"):
            total += np.log(nodes.shared)
        row_logs[first : first + step] = log_sums(total)
    return row_logs


class Maximum(NamedTuple):
    """A maximum over one parameter.

    Attributes:
        value: of the parameter.
        log_likelihood: at this value.
        at_edge: whether the value is an end of the range.
    """

    value: float
    log_likelihood: float
    at_edge: bool


def maximize(
    log_likelihood: Callable[[float], float],
    low: float,
    high: float,
    tolerance: float = 1e-5,
    near: float = 1.0,
) -> Maximum:
    """The maximum on [low, high] by Brent's method, which also tries both ends.

    The value is exact to ``tolerance`` times the length of the range. With ``near`` below 1 an end is tried only where
    the maximum inside is within this share of the range of it: laws at an end can cost more than all others.
    """
    options = {"xatol": tolerance * (high - low)}
    optimum: Any = minimize_scalar(lambda x: -log_likelihood(x), bounds=(low, high), method="bounded", options=options)
    ends = [end for end in (low, high) if abs(float(optimum.x) - end) <= near * (high - low)]
    tried = [(float(optimum.x), -float(optimum.fun)), *((end, log_likelihood(end)) for end in ends)]
    value, best = max(tried, key=lambda pair: pair[1])
    return Maximum(value, best, value in (low, high))


def chi2_quantile(level: float) -> float:
    """The quantile of χ²₁, as `scipy.stats` computes it; that package takes .4 s to import."""
    return 2 * float(gammaincinv(0.5, level))


def profile_interval(
    log_likelihood: Callable[[float], float],
    at: Maximum,
    low: float,
    high: float,
    level: float = 0.95,
    tolerance: float = 1e-5,
) -> tuple[float, float]:
    """The limits between which the log-likelihood is within χ²₁(level)/2 of its maximum ``at``.

    A limit is the end of the range where the log-likelihood does not fall below that. Limits are exact to ``tolerance``
    times the length of the range.
    """
    floor = at.log_likelihood - chi2_quantile(level) / 2

    def excess(x: float) -> float:
        return log_likelihood(x) - floor

    tolerance *= high - low
    lower = low if excess(low) >= 0 else float(brentq(excess, low, at.value, xtol=tolerance))  # type: ignore[arg-type]
    upper = high if excess(high) >= 0 else float(brentq(excess, at.value, high, xtol=tolerance))  # type: ignore[arg-type]
    return lower, upper
