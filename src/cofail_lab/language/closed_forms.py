"""Laws whose all-wrong rate is a closed form or one integral, for thousands of parameters at once.

Models come in kinds: a pool is said by how many there are of each. One kind is an exchangeable pool of any size; a
pool of unlike models has a kind for each, counted once or not at all. Other laws are computed one by one (`pools`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtri

from cofail_lab.numerics.one_factor_pools import Pools

Parameters = Mapping[str, Float[np.ndarray, "n kinds"]]
Logs = tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]
"""Natural logarithms and their absolute errors."""

EPS = float(np.finfo(float).eps)
_FACTORS = 64


class ClosedForm(NamedTuple):
    """A law in closed form.

    Attributes:
        rates: α of each kind from the parameters, (n, kinds).
        log_all_wrong: log β of pools given by their counts (n, kinds), with its error.
    """

    rates: Callable[[Parameters], Float[np.ndarray, "n kinds"]]
    log_all_wrong: Callable[[Parameters, Float[np.ndarray, "n kinds"]], Logs]


def _sum(terms: np.ndarray, counts: np.ndarray) -> Logs:
    """Σ counts·terms of one sign, and its rounding."""
    total = np.where(counts > 0, counts * terms, 0.0).sum(axis=1)
    return total, (4 + counts.shape[1]) * EPS * np.abs(total)


def _independent(p: Parameters, counts: np.ndarray) -> Logs:
    return _sum(np.log(p["error_rate"]), counts)


def _shock_rates(p: Parameters) -> np.ndarray:
    return p["shock"] + (1 - p["shock"]) * p["base_error_rate"]


def _shock(p: Parameters, counts: np.ndarray) -> Logs:
    base, error = _sum(np.log(p["base_error_rate"]), counts)
    shock = p["shock"][:, 0]
    apart = np.log1p(-shock) + base
    with np.errstate(divide="ignore"):
        value = np.logaddexp(np.log(shock), apart)
    # The error of one of two terms counts by its share of the sum.
    share = np.exp(np.minimum(apart - value, 0.0))
    return value, share * (error + 2 * EPS * np.abs(apart)) + 4 * EPS * (1 + np.abs(value))


def _clayton(p: Parameters, counts: np.ndarray) -> Logs:
    """-(1/θ) log(1 + Σ c (α^{-θ} - 1)), through the log of the sum."""
    theta = p["theta"][:, 0]
    load = -p["theta"] * np.log(p["error_rate"])
    # log(e^load - 1), at either end.
    log_terms = np.where(
        load > 1, load + np.log1p(-np.exp(-np.maximum(load, 1))), np.log(np.expm1(np.minimum(load, 1)))
    )
    with np.errstate(divide="ignore"):
        log_terms = log_terms + np.log(counts)
    largest = log_terms.max(axis=1)
    log_sum = largest + np.log(np.exp(log_terms - largest[:, None]).sum(axis=1))
    value = -np.logaddexp(0.0, log_sum) / theta
    slope = np.exp(-np.logaddexp(0.0, -log_sum))
    spread = np.abs(log_sum) + np.where(counts > 0, load, 0.0).max(axis=1) + counts.shape[1]
    return value, 6 * EPS * (1 + spread) * slope / theta + 4 * EPS * np.abs(value)


def _one_factor(p: Parameters, counts: np.ndarray) -> Logs:
    value, _, error = log_one_factor(ndtri(p["error_rate"]), counts, p["correlation"][:, 0])
    return value, error


def log_one_factor(
    thresholds: Float[np.ndarray, "n kinds"], counts: Float[np.ndarray, "n kinds"], r: Float[np.ndarray, " n"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log β_sf of equicorrelated one-factor pools, its slope in r, and the error of log β_sf; nan outside [0, 1)."""
    value, slope, error = (np.full(len(r), np.nan) for _ in range(3))
    log_rates = log_ndtr(thresholds)
    # At r = 0 the integrand is one point: the sum of the logs, and the slope that pairs give.
    zero = np.flatnonzero((r >= 0) & (r < 1e-14))
    if zero.size:
        value[zero], error[zero] = _sum(log_rates[zero], counts[zero])
        hazard = np.exp(-(thresholds[zero] ** 2) / 2 - log_rates[zero]) / np.sqrt(2 * np.pi)
        slope[zero] = ((counts[zero] * hazard).sum(axis=1) ** 2 - (counts[zero] * hazard**2).sum(axis=1)) / 2
    inside = np.flatnonzero((r >= 1e-14) & (r < 1) & np.isfinite(thresholds).all(axis=1))
    if inside.size:
        each = np.arange(inside.size)
        pools = Pools(thresholds[inside], counts[inside])
        value[inside], slope[inside], error[inside] = pools.log_all_wrong_of((each, each), r[inside])
    return value, slope, error


def _beta_rates(p: Parameters) -> np.ndarray:
    return p["a"] / (p["a"] + p["b"])


def _beta(p: Parameters, counts: np.ndarray) -> Logs:
    """log B(a + m, b)/B(a, b): a product of m factors (a + i)/(a + b + i), those past `_FACTORS` by Stirling's series.

    SciPy's log of the beta function is off by 1e-13 at m = 200 and 1e-9 at 10⁶, where its terms cancel.
    """
    a, b, m = p["a"][:, 0], p["b"][:, 0], counts[:, 0]
    i = np.arange(_FACTORS)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = -np.where(i < m[:, None], np.log1p(b[:, None] / (a[:, None] + i)), 0.0).sum(axis=1)
    end = a + np.maximum(m, _FACTORS)
    rest = _log_gamma_step(end, b) - _log_gamma_step(a + _FACTORS, b)
    error = EPS * ((8 + _FACTORS) * np.abs(first) + np.where(m > _FACTORS, 16 * (1 + b * (1 + np.log(end + b))), 0.0))
    return np.where(m > _FACTORS, first + rest, first), error


def _log_gamma_step(z: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log Γ(z)/Γ(z + b) for z >= `_FACTORS`; what is left out of the series is below 1e-16."""

    def series(x: np.ndarray) -> np.ndarray:
        return (1 / 12 - (1 / 360 - 1 / (1260 * x * x)) / (x * x)) / x

    return b - (z - 0.5) * np.log1p(b / z) - b * np.log(z + b) + series(z) - series(z + b)


CLOSED_FORMS: Mapping[str, ClosedForm] = {
    "independent": ClosedForm(lambda p: p["error_rate"], _independent),
    "common_shock": ClosedForm(_shock_rates, _shock),
    "clayton": ClosedForm(lambda p: p["error_rate"], _clayton),
    "one_factor_gaussian": ClosedForm(lambda p: p["error_rate"], _one_factor),
    "beta_mixing": ClosedForm(_beta_rates, _beta),
}
"""By the name of the law in ``conf/law``."""
