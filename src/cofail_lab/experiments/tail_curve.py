"""`experiment=tail_curve`: a law's all-wrong rate over pool sizes, against the one-factor read of its pairs."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Float
from scipy.special import log_ndtr, ndtri

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.models.base import ROUNDING
from cofail_lab.numerics import bivariate_normal
from cofail_lab.numerics.one_factor import log_all_below
from cofail_lab.report import tail_figures
from cofail_lab.report.numbers import number
from cofail_lab.result import Result, Row, Section

# A threshold at which a model never matters, to give pools of every size one shape.
_LEFT_OUT = 40.0


@dataclass(frozen=True)
class TailCurve:
    """β(m), β_sf(m) at the tetrachoric and the Pearson correlation, their ratios and the implied correlation.

    The pools are the first m models of the law.

    Attributes:
        sizes: pool sizes m from 2 on; None takes about 24 spread evenly in log m.
        simulate: whether to add the rates seen in ``run.draws`` simulated queries.
    """

    sizes: tuple[int, ...] | None
    simulate: bool

    def __post_init__(self) -> None:
        for size in self.sizes or ():
            checks.whole("experiment.sizes", size, 2)
        checks.flag("experiment.simulate", self.simulate)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compute the curve of one law."""
        law, options = inputs.law(), inputs.options
        sizes = self._sizes(law.n_models)
        curve = tail_curve(law, sizes, progress)
        if self.simulate:
            curve |= simulate(law, sizes, options.draws, options.chunk, options.seed, progress)
        return _result(law, sizes, curve)

    def _sizes(self, m: int) -> np.ndarray:
        if self.sizes is None:
            if m < 2:
                raise InputError(f"law: {m} model; a curve over pool sizes needs at least 2")
            return np.unique(np.rint(np.geomspace(2, m, 24)).astype(int))
        if max(self.sizes) > m:
            raise InputError(f"experiment.sizes: {max(self.sizes)}, but the law has {m} models")
        return np.unique(self.sizes)


def tail_curve(law: AbstractErrorLaw, sizes: np.ndarray, progress: Progress = silent) -> dict[str, np.ndarray]:
    """Columns by pool size: logs of β and β_sf with errors, correlations, log ratios and the implied correlation.

    β_sf is nan where the mean correlation is negative: no equicorrelated one-factor law has it.
    """
    rates = np.asarray(law.error_rates)
    pairs = np.asarray(law.pairwise_wrong())
    thresholds = ndtri(rates)
    upper = np.triu_indices(len(rates), 1)
    tetrachoric, pearson = np.zeros_like(pairs), np.zeros_like(pairs)
    i, j = upper
    # Pools of few different models have few different pairs.
    distinct, place = np.unique(np.stack([thresholds[i], thresholds[j], pairs[upper]]), axis=1, return_inverse=True)
    tetrachoric[upper] = np.asarray(bivariate_normal.correlation(*distinct))[place.ravel()]
    spread = np.sqrt(rates * (1 - rates))
    pearson[upper] = (pairs[upper] - rates[i] * rates[j]) / (spread[i] * spread[j])
    n_pairs = sizes * (sizes - 1) / 2
    # Sums over the pairs among the first m, for every m at once.
    mean_tetrachoric, mean_pearson = (np.cumsum(x.sum(axis=0))[sizes - 1] / n_pairs for x in (tetrachoric, pearson))
    by_size = np.where(np.arange(len(rates)) < sizes[:, None], thresholds, _LEFT_OUT)
    log_beta, log_error = np.empty(len(sizes)), np.empty(len(sizes))
    with progress("All-wrong rates", total=len(sizes)) as advance:
        for row, size in enumerate(sizes):
            pool = law.subpool(np.arange(size))
            log_beta[row] = float(pool.log_all_wrong())
            estimate = pool.all_wrong_estimate()
            # Where β is no float64, what is left is the rounding of its log.
            relative = (estimate.error or 0.0) / estimate.value if estimate.value else 0.0
            log_error[row] = max(relative, 4 * ROUNDING * (1 + abs(log_beta[row])))
            advance(1)
    log_one_factor, one_factor_error = _log_one_factor(by_size, mean_tetrachoric)
    log_pearson, pearson_error = _log_one_factor(by_size, mean_pearson)
    return {
        "pool_size": sizes,
        "log_all_wrong": log_beta,
        "log_all_wrong_error": log_error,
        "tetrachoric": mean_tetrachoric,
        "pearson": mean_pearson,
        "log_one_factor": log_one_factor,
        "log_one_factor_error": one_factor_error,
        "log_one_factor_pearson": log_pearson,
        "log_one_factor_pearson_error": pearson_error,
        "log_ratio_one_factor": log_beta - log_one_factor,
        "log_ratio_one_factor_pearson": log_beta - log_pearson,
        "implied_correlation": _implied_correlation(by_size, log_beta),
    }


def _log_one_factor(
    thresholds: Float[np.ndarray, "sizes m"], correlation: Float[np.ndarray, " sizes"]
) -> tuple[Float[np.ndarray, " sizes"], Float[np.ndarray, " sizes"]]:
    exists = (correlation >= 0) & (correlation < 1)
    loadings = np.where(thresholds < _LEFT_OUT, np.sqrt(np.where(exists, correlation, 0.0))[:, None], 0.0)
    value, error = (np.asarray(x) for x in log_all_below(jnp.asarray(thresholds), jnp.asarray(loadings)))
    return np.where(exists, value, np.nan), np.where(exists, error, np.nan)


def _implied_correlation(
    thresholds: Float[np.ndarray, "sizes m"], log_beta: Float[np.ndarray, " sizes"]
) -> Float[np.ndarray, " sizes"]:
    """The r in [0, 1) with β_sf(r) = β, to 1e-9, by bisection; nan where none has it."""
    low, high = np.zeros(len(log_beta)), np.ones(len(log_beta))
    # At r = 1 the pool fails as its best model does.
    limit = log_ndtr(thresholds.min(axis=1))
    exists = (_log_one_factor(thresholds, low)[0] <= log_beta) & (log_beta < limit)
    for _ in range(32):
        middle = (low + high) / 2
        too_high = _log_one_factor(thresholds, middle)[0] > log_beta
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return np.where(exists, (low + high) / 2, np.nan)


def simulate(
    law: AbstractErrorLaw, sizes: np.ndarray, draws: int, chunk: int, seed: int, progress: Progress = silent
) -> dict[str, np.ndarray]:
    """Share of simulated queries that the first m models all get wrong, and its standard error, by size."""
    hits, done = np.zeros(len(sizes), dtype=np.int64), 0
    key = jax.random.key(seed)
    with progress("Simulated queries", total=draws) as advance:
        for part in range(0, draws, chunk):
            n = min(chunk, draws - part)
            wrong = np.asarray(law.sample(jax.random.fold_in(key, part // chunk), n, chunk=chunk))
            # Models wrong before the first right one: a pool of the first m fails where there are at least m.
            run = np.where(wrong.all(axis=1), wrong.shape[1], wrong.argmin(axis=1))
            hits += (run[:, None] >= sizes).sum(axis=0)
            done += n
            advance(n)
    share = hits / done
    return {"simulated": share, "simulated_error": np.sqrt(share * (1 - share) / done)}


def _result(law: AbstractErrorLaw, sizes: np.ndarray, curve: dict[str, np.ndarray]) -> Result:
    name, m = type(law).__name__, law.n_models
    last = {key: float(column[-1]) for key, column in curve.items()}

    def value(key: str) -> float | None:
        return last[key] if np.isfinite(last[key]) else None

    def exponential(key: str) -> float | None:
        # Beyond the range of float64 a ratio is given by its log only.
        return float(np.exp(last[key])) if np.isfinite(last[key]) and abs(last[key]) < 700 else None

    ratio, ratio_pearson = exponential("log_ratio_one_factor"), exponential("log_ratio_one_factor_pearson")
    metrics: dict[str, float | int | None] = {
        "n_models": int(sizes[-1]),
        "all_wrong": float(np.exp(last["log_all_wrong"])),
        "log_all_wrong": value("log_all_wrong"),
        "tetrachoric": value("tetrachoric"),
        "pearson": value("pearson"),
        "predicted_one_factor": exponential("log_one_factor"),
        "predicted_one_factor_pearson": exponential("log_one_factor_pearson"),
        "ratio_one_factor": ratio,
        "ratio_one_factor_pearson": ratio_pearson,
        "log_ratio_one_factor": value("log_ratio_one_factor"),
        "log_ratio_one_factor_pearson": value("log_ratio_one_factor_pearson"),
        "implied_correlation": value("implied_correlation"),
    }
    beta = metrics["all_wrong"]
    reads = (
        "no one-factor law has its mean correlation" if ratio is None else f"{number(ratio)} times the one-factor read"
    )
    return Result(
        headline=f"{name}, {sizes[-1]} of {m} models: all wrong on {number(beta)} of the queries, {reads}.",
        metrics=metrics,
        labels={"law": name},
        estimates={"all_wrong": law.subpool(np.arange(sizes[-1])).all_wrong_estimate()},
        tables={"tail_curve": pa.table(curve)},
        figures={
            "tail_curve": partial(tail_figures.tail_curve, curve),
            "underpricing": partial(tail_figures.underpricing, curve),
        },
        sections=(
            Section(
                title="All-wrong rate against pool size",
                sentences=(
                    "The one-factor read is the Gaussian copula with the pool's own error rates and one correlation: "
                    "its mean tetrachoric (the correct transform) or its mean Pearson correlation (biased down).",
                ),
                rows=(
                    Row("all-wrong rate β", number(beta), f"at {sizes[-1]} models"),
                    Row("β / one-factor read", number(ratio), f"tetrachoric {number(value('tetrachoric'))}"),
                    Row("β / one-factor read, Pearson", number(ratio_pearson), f"Pearson {number(value('pearson'))}"),
                    Row("implied correlation", number(value("implied_correlation")), "what r the read would need"),
                ),
                figures={
                    "tail_curve": "Exact all-wrong rates (lines) and simulated ones (points, 95% bars).",
                    "underpricing": "How far the one-factor read is off, and the correlation it would need.",
                },
            ),
        ),
    )
