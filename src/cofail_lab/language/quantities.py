"""The quantities of a law at pool size m that a proposition can name: the table behind docs/check.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from cofail_lab.bounds import all_wrong_range
from cofail_lab.errors import ConvergenceError, InputError
from cofail_lab.language import calibration, values
from cofail_lab.language.closed_forms import EPS, Logs
from cofail_lab.language.formulas import FORMULAS, evaluate
from cofail_lab.language.pools import AbstractPool, ClosedPool
from cofail_lab.language.values import Values, within

# Below 1e-290 the laws' own counts have no promise.
_LOST = 1e-290


class Quantity(NamedTuple):
    """A quantity of a law.

    Attributes:
        arguments: what it takes; a last one ``m`` may be left out, and is then the parameter m of the point.
        meaning: for the table.
        compute: of the pool and its arguments.
    """

    arguments: tuple[str, ...]
    meaning: str
    compute: Callable[..., Values]


def sizes(argument: Values) -> np.ndarray:
    """Whole numbers as floats; nan elsewhere."""
    m = argument.middle()
    with np.errstate(invalid="ignore"):
        return np.where((argument.low == argument.high) & (m == np.floor(m)), m, np.nan)


def _of_log(log: Callable[[AbstractPool, np.ndarray], Logs], pool: AbstractPool, m: Values) -> Values:
    return values.from_log(*log(pool, sizes(m)))


def _all_wrong(pool: AbstractPool, m: np.ndarray) -> Logs:
    return pool.log_all_wrong(m)


def _one_factor(pool: AbstractPool, m: np.ndarray) -> Logs:
    known = calibration.correlations(pool, m)
    return calibration.log_predicted(pool, m, known.tetrachoric, known.tetrachoric_error)


def _one_factor_pearson(pool: AbstractPool, m: np.ndarray) -> Logs:
    known = calibration.correlations(pool, m)
    return calibration.log_predicted(pool, m, known.pearson, known.pearson_error)


def _gaussian(pool: AbstractPool, m: np.ndarray) -> Logs:
    """Of like models the one-factor law; of unlike ones Φ_m(t; Σ) with each pair's own correlation."""
    from cofail_lab.models import GaussianCopula

    if pool.alike:
        return _one_factor(pool, m)
    value, error = np.full(len(m), np.nan), np.full(len(m), np.nan)
    kinds = pool.rates.shape[1]
    later, earlier = np.tril_indices(kinds, -1)
    for point in np.flatnonzero(pool.fits(m) & (m >= 2)):
        size = int(m[point])
        matrix = np.eye(kinds)
        matrix[later, earlier] = matrix[earlier, later] = pool.correlations.tetrachoric[point]
        try:
            law = GaussianCopula(pool.rates[point, :size], matrix[:size, :size])
        except InputError:  # these correlations are of no joint law
            continue
        value[point] = float(law.log_all_wrong())
        # The simulated part of the error is a standard error; four of them are taken for a bound.
        error[point] = 4 * law.log_all_wrong_error(value[point])
    return value, error


_PREDICTIONS: Mapping[str, tuple[str, Callable[[AbstractPool, np.ndarray], Logs]]] = {
    "independent": ("Π α_i", calibration.log_independent),
    "one_factor": ("β of the one-factor law at the mean tetrachoric correlation", _one_factor),
    "one_factor_pearson": ("β of the one-factor law at the mean Pearson correlation", _one_factor_pearson),
    "clayton": ("β of Clayton's law with the same mean pair", calibration.log_clayton),
    "gaussian": ("β of the Gaussian copula with the tetrachoric correlation of every pair", _gaussian),
}


def _ratio(log: Callable[[AbstractPool, np.ndarray], Logs], pool: AbstractPool, m: Values) -> Values:
    size = sizes(m)
    (beta, beta_error), (predicted, predicted_error) = pool.log_all_wrong(size), log(pool, size)
    return values.from_log(beta - predicted, beta_error + predicted_error)


def _correlation(which: str, pool: AbstractPool, m: Values) -> Values:
    known = calibration.correlations(pool, sizes(m))
    return within(getattr(known, which), getattr(known, f"{which}_error"))


def _error_rate(pool: AbstractPool, m: Values) -> Values:
    mean, _ = calibration.single(pool, sizes(m))
    return within(mean, 8 * EPS * mean)


def _least(pool: AbstractPool, m: Values) -> Values:
    _, least = calibration.single(pool, sizes(m))
    return within(least, 4 * EPS * least)


def _single_best(pool: AbstractPool, m: Values) -> Values:
    return values.subtract(values.exactly(np.ones(len(m.low))), _least(pool, m))


def _oracle_gain(pool: AbstractPool, m: Values) -> Values:
    return values.subtract(_least(pool, m), _of_log(_all_wrong, pool, m))


def _foreclosed(pool: AbstractPool, m: Values) -> Values:
    return values.divide(_of_log(_all_wrong, pool, m), _least(pool, m))


def _implied(pool: AbstractPool, m: Values) -> Values:
    return within(*calibration.implied(pool, sizes(m)))


def _frechet(end: int, pool: AbstractPool, m: Values) -> Values:
    """Of like models Dawson and Sankoff's closed form; of unlike ones the program."""
    size = sizes(m)
    if pool.alike:
        return within(*_frechet_alike(end, pool, size))
    value = np.full(len(size), np.nan)
    kinds = pool.rates.shape[1]
    later, earlier = np.tril_indices(kinds, -1)
    for point in np.flatnonzero(pool.fits(size) & (size >= 2)):
        n = int(size[point])
        pairs = np.diag(pool.rates[point])
        pairs[later, earlier] = pairs[earlier, later] = np.exp(pool.pairs.log_joint[point])
        limits = all_wrong_range(pool.rates[point, :n], pairs[:n, :n])
        value[point] = (limits.lower, limits.upper)[end] if limits.sharp else np.nan
    return within(value, np.full(len(size), 1e-9))


def _frechet_alike(end: int, pool: AbstractPool, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = calibration.correlations(pool, m)
    alpha, pair = pool.rates[:, 0], known.pair
    single, both = 1 - alpha, 1 - 2 * alpha + pair
    s1, s2 = m * single, m * (m - 1) / 2 * both
    off = known.pair_error + 8 * EPS
    if end == 0:
        return np.maximum(0.0, 1 - s1 + 2 * s2 / m), m * (off + 2 * EPS)
    # The best k of the family is next to 2 S2/S1; a neighbour on either side guards against its rounding.
    k = np.clip(np.floor((m - 1) * both / single) + np.arange(3)[:, None], 1, np.maximum(m - 1, 1))
    uppers = 1 - 2 * s1 / (k + 1) + 2 * s2 / (k * (k + 1))
    scale = 1 + 2 * s1 / (k[1] + 1)
    return uppers.min(axis=0), scale * 8 * EPS + off * m * (m - 1) / (k[1] * (k[1] + 1))


def _count(pool: AbstractPool, j: Values, m: Values) -> Values:
    chosen, size = sizes(j), sizes(m)
    fits = pool.fits(size) & (chosen >= 0) & (chosen <= size)
    value = np.full(len(size), np.nan)
    base = _independent_but_for_a_shock(pool)
    if base is not None:
        shock, rate = base
        value[fits] = ((1 - shock) * binom.pmf(chosen, size, rate) + shock * (chosen == size))[fits]
    else:
        for point in np.flatnonzero(fits):
            value[point] = _count_probs(pool, int(point), int(size[point]))[int(chosen[point])]
    return _probability(value, size)


def _probability(value: np.ndarray, size: np.ndarray) -> Values:
    """A probability of counts with its error; below 1e-290 float64 loses digits, and 0 need not be 0."""
    off = (1e-12 + 4 * EPS * size) * value + _LOST
    return values.larger(within(value, off), values.exactly(np.zeros(len(value))))


def _majority(pool: AbstractPool, k: Values) -> Values:
    """Accuracy of a majority of the first k models, ties by a coin."""
    size = sizes(k)
    if isinstance(pool, ClosedPool) and pool.name == "one_factor_gaussian" and pool.alike:
        rate, r = (values.exactly(pool.parameters[name][:, 0]) for name in ("error_rate", "correlation"))
        return evaluate(FORMULAS["majority_accuracy"], (rate, r, k))
    value = np.full(len(size), np.nan)
    fits = pool.fits(size)
    base = _independent_but_for_a_shock(pool)
    if base is not None:
        shock, rate = base
        tied = np.where(size % 2 == 0, binom.pmf(size / 2, size, rate) / 2, 0.0)
        value[fits] = ((1 - shock) * (binom.cdf(np.ceil(size / 2) - 1, size, rate) + tied))[fits]
    else:
        for point in np.flatnonzero(fits):
            n = int(size[point])
            probs = _count_probs(pool, int(point), n)
            value[point] = probs[: (n + 1) // 2].sum() + (probs[n // 2] / 2 if n % 2 == 0 else 0.0)
    return _probability(value, size)


def _independent_but_for_a_shock(pool: AbstractPool) -> tuple[np.ndarray, np.ndarray] | None:
    """ω and the rate of like models that err independently without it; None for other pools."""
    if not isinstance(pool, ClosedPool) or not pool.alike:
        return None
    if pool.name == "independent":
        return np.zeros(len(pool.rates)), pool.rates[:, 0]
    if pool.name == "common_shock":
        return pool.parameters["shock"][:, 0], pool.parameters["base_error_rate"][:, 0]
    return None


def _count_probs(pool: AbstractPool, point: int, size: int) -> np.ndarray:
    """P(C = j) by the law's own method; nan where it does not reach its accuracy."""
    try:
        return np.asarray(pool.law(point, size).count_probs())
    except ConvergenceError:
        return np.full(size + 1, np.nan)


def _floor(pool: AbstractPool, m: Values) -> Values:
    return within(*calibration.floor_of_majorities(pool, sizes(m)))


def _k_star(pool: AbstractPool, cost: Values, m: Values) -> Values:
    """With λ at the variance of a single member."""
    rate, r = _error_rate(pool, m), _correlation("tetrachoric", pool, m)
    price = evaluate(FORMULAS["shadow_price"], (rate, values.exactly(np.ones(len(rate.low)))))
    return evaluate(FORMULAS["growth_threshold"], (price, r, cost))


def _mean_score(pool: AbstractPool, k: Values) -> Values:
    rate, r = _error_rate(pool, k), _correlation("tetrachoric", pool, k)
    return evaluate(FORMULAS["mean_score_accuracy"], (rate, r, k))


QUANTITIES: Mapping[str, Quantity] = {
    "all_wrong": Quantity(
        ("m",), "β(m), the rate at which the first m models are all wrong", partial(_of_log, _all_wrong)
    ),
    "error_rate": Quantity(("m",), "mean error rate of the first m models", _error_rate),
    "pair": Quantity(("m",), "mean rate at which two of them are both wrong", partial(_correlation, "pair")),
    "pearson": Quantity(("m",), "mean Pearson correlation of their errors", partial(_correlation, "pearson")),
    "tetrachoric": Quantity(
        ("m",), "mean tetrachoric correlation of their errors", partial(_correlation, "tetrachoric")
    ),
    **{name: Quantity(("m",), said, partial(_of_log, log)) for name, (said, log) in _PREDICTIONS.items()},
    **{
        f"ratio_{name}": Quantity(("m",), f"all_wrong(m)/{name}(m), from their logarithms", partial(_ratio, log))
        for name, (_, log) in _PREDICTIONS.items()
    },
    "implied_correlation": Quantity(("m",), "the r at which the one-factor law has β(m)", _implied),
    "frechet_lower": Quantity(("m",), "least β(m) of any law with these rates and pairs", partial(_frechet, 0)),
    "frechet_upper": Quantity(("m",), "greatest β(m) of any law with these rates and pairs", partial(_frechet, 1)),
    "single_best": Quantity(("m",), "accuracy of the best of the first m models", _single_best),
    "oracle_gain": Quantity(("m",), "G = 1 - β(m) - single_best(m)", _oracle_gain),
    "foreclosed": Quantity(("m",), "β(m) over the error rate of the best model", _foreclosed),
    "count": Quantity(("j", "m"), "probability that exactly j of the first m models are wrong", _count),
    "majority": Quantity(("k",), "accuracy of a majority of the first k models, ties by a coin", _majority),
    "mean_score": Quantity(("k",), "Φ(μ/√V(k)) at the mean rate and tetrachoric correlation (P7)", _mean_score),
    "majority_floor": Quantity(("m",), "Φ(-μ/√ρ) at the mean rate and tetrachoric correlation (P5.ii)", _floor),
    "k_star": Quantity(("cost", "m"), "k* with λ at the variance of one member (P6.i, P7.i)", _k_star),
}
"""By name."""
