"""What the pairs of a pool say, and what the laws calibrated to them predict, with errors (theory section 2)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtr, ndtri

from cofail_lab.language.closed_forms import CLOSED_FORMS, EPS, Logs, log_one_factor
from cofail_lab.language.pairs import PairCorrelations
from cofail_lab.language.pools import AbstractPool
from cofail_lab.numerics.root import bracketed_roots

_N = Float[np.ndarray, " n"]


def correlations(pool: AbstractPool, m: _N) -> PairCorrelations:
    """The means over the first m models."""
    columns = pool.correlations
    if pool.alike:
        return PairCorrelations(*(np.where(pool.fits(m), column[:, 0], np.nan) for column in columns))
    n_pairs = np.where(pool.fits(m) & (m >= 2), m * (m - 1) / 2, np.nan)
    last = np.where(np.isnan(n_pairs), 1, n_pairs).astype(int) - 1
    each = np.arange(len(m))
    return PairCorrelations(*(np.cumsum(column, axis=1)[each, last] / n_pairs for column in columns))


def log_predicted(pool: AbstractPool, m: _N, r: _N, r_error: _N) -> Logs:
    """log β_sf(m) at a correlation known up to an error; nan where that is negative for certain."""
    r = np.where((r < 0) & (r >= -r_error), 0.0, r)
    fits = pool.fits(m)
    thresholds = ndtri(pool.rates)
    value, slope, error = log_one_factor(thresholds, pool.counts(np.where(fits, m, 1.0)), np.where(fits, r, np.nan))
    # The slope changes over the error by no more than itself where the error is small against r and 1 - r.
    steep = np.where(r_error < 0.01 * np.minimum(np.maximum(r, r_error), 1 - r), 1.05, 2.0)
    return value, error + steep * np.abs(slope) * r_error


def log_independent(pool: AbstractPool, m: _N) -> Logs:
    """Σ log α_i."""
    fits = pool.fits(m)
    value, error = CLOSED_FORMS["independent"].log_all_wrong(
        {"error_rate": pool.rates}, pool.counts(np.where(fits, m, 1.0))
    )
    return np.where(fits, value, np.nan), error


def log_clayton(pool: AbstractPool, m: _N) -> Logs:
    """log β of Clayton's law with these rates, θ such that its mean p_ij is the pool's; nan where none has it."""
    known = correlations(pool, m)
    form = CLOSED_FORMS["clayton"]
    pairs = pool.pairs
    fits = pool.fits(m) & (pool.alike | (m >= 2))
    used = np.ones((len(m), 1)) if pool.alike else np.arange(pairs.first.shape[1]) < (m * (m - 1) / 2)[:, None]
    first, second = (np.log(x) for x in (pairs.first, pairs.second))

    def log_mean_pair(log_theta: np.ndarray, which: np.ndarray) -> np.ndarray:
        theta = np.exp(log_theta)[:, None]
        a, b = -theta * first[which], -theta * second[which]
        top = np.maximum(a, b)
        log_joint = -(top + np.log(np.exp(a - top) + np.exp(b - top) - np.exp(-top))) / theta
        # Where θ is small the sum is 1 and a little: its logarithm through the little.
        small = (a + b) < 1e-3
        log_joint = np.where(
            small, -np.log1p(np.expm1(np.minimum(a, 1)) + np.expm1(np.minimum(b, 1))) / theta, log_joint
        )
        return np.log((np.exp(log_joint) * used[which]).sum(axis=1) / used[which].sum(axis=1))

    low, high = np.full(len(m), np.log(1e-6)), np.full(len(m), np.log(1e3))
    everyone = np.arange(len(m))
    with np.errstate(divide="ignore", invalid="ignore"):
        target = np.log(known.pair)
    at_low = log_mean_pair(low, everyone) - target
    fits &= (at_low < 0) & (log_mean_pair(high, everyone) > target)
    theta, theta_error = np.full(len(m), np.nan), np.full(len(m), np.nan)
    inside = np.flatnonzero(fits)
    if inside.size:

        def excess(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            where, step = inside[which], 1e-5
            up, down = log_mean_pair(x + step, where), log_mean_pair(x - step, where)
            return log_mean_pair(x, where) - target[where], (up - down) / (2 * step)

        found = bracketed_roots(excess, low[inside], high[inside], at_low[inside], 0 * low[inside])
        _, slope = excess(found, np.arange(inside.size))
        relative = known.pair_error[inside] / known.pair[inside] + 8 * EPS * (1 + np.abs(target[inside]))
        theta[inside] = np.exp(found)
        # In log θ: of the joint rate, of the root's tolerance, and of powers as steep as θ is large.
        theta_error[inside] = (relative + 4 * EPS * theta[inside]) / np.abs(slope) + 2e-14
    counts = pool.counts(np.where(fits, m, 1.0))

    def at(log_shift: float) -> Logs:
        moved = np.where(fits, theta * np.exp(log_shift), 1.0)
        return form.log_all_wrong({"error_rate": pool.rates, "theta": moved[:, None]}, counts)

    value, error = at(0.0)
    slope = np.abs(at(1e-4)[0] - at(-1e-4)[0]) / 2e-4
    return np.where(fits, value, np.nan), error + 1.1 * slope * theta_error


def implied(pool: AbstractPool, m: _N) -> Logs:
    """The r with β_sf(r) = β(m), and its error; nan where none has it."""
    log_beta, beta_error = pool.log_all_wrong(m)
    start = correlations(pool, m).tetrachoric
    fits = pool.fits(m) & (m >= 2) & np.isfinite(log_beta)
    counts = pool.counts(np.where(fits, m, 1.0))
    thresholds = ndtri(pool.rates)
    log_rates = log_ndtr(thresholds)
    at_zero = np.where(counts > 0, log_rates * counts, 0.0).sum(axis=1) - log_beta
    at_one = np.where(counts > 0, log_rates, 0.0).min(axis=1) - log_beta
    root, error = np.where(fits & (np.abs(at_zero) <= beta_error), 0.0, np.nan), np.full(len(m), np.nan)
    inside = np.flatnonzero(fits & np.isnan(root) & (at_zero < 0) & (at_one > 0))
    if inside.size:

        def excess(r: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = inside[which]
            value, slope, _ = log_one_factor(thresholds[chosen], counts[chosen], r)
            return value - log_beta[chosen], slope

        zero = np.zeros(inside.size)
        found = bracketed_roots(excess, zero, zero + 1, at_zero[inside], start[inside])
        _, slope, own = log_one_factor(thresholds[inside], counts[inside], found)
        root[inside] = found
        error[inside] = (own + beta_error[inside]) / np.abs(slope) + 2e-14
    return root, error


def single(pool: AbstractPool, m: _N) -> tuple[_N, _N]:
    """The mean and the least error rate of the first m models."""
    fits = pool.fits(m)
    counts = pool.counts(np.where(fits, m, 1.0))
    mean = (counts * pool.rates).sum(axis=1) / counts.sum(axis=1)
    least = np.where(counts > 0, pool.rates, np.inf).min(axis=1)
    return np.where(fits, mean, np.nan), np.where(fits, least, np.nan)


def floor_of_majorities(pool: AbstractPool, m: _N) -> tuple[_N, _N]:
    """Φ(-μ/√ρ) of the mean rate at the mean tetrachoric correlation, and its error (P5.ii)."""
    known, (mean, _) = correlations(pool, m), single(pool, m)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(known.tetrachoric > 0, known.tetrachoric, np.nan)
        x = ndtri(mean) / np.sqrt(r)
        density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        return ndtr(x), density * np.abs(x) * (known.tetrachoric_error / (2 * r) + 8 * EPS) + 4 * EPS
