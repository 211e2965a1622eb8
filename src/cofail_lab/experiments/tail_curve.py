"""`experiment=tail_curve`: a law's all-wrong rate over pool sizes, against the one-factor read of its pairs."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jax import Array
from jaxtyping import Float, Int
from scipy.special import log_ndtr, ndtri

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, RunOptions, silent
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.models.base import log_rounding
from cofail_lab.numerics import bivariate_normal
from cofail_lab.numerics.one_factor import log_all_below
from cofail_lab.numerics.root import bracketed_roots, in_blocks
from cofail_lab.report.figures import tail_curve as tail_figures
from cofail_lab.report.numbers import number
from cofail_lab.result import Result, Row, Section

# Quadratures computed at once: so many pools of one kind of models, fewer of many kinds.
_BLOCK, _FEWEST = 256, 8


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
        sizes = self.pool_sizes(law.n_models)
        curve = tail_curve(law, sizes, progress)
        if self.simulate:
            curve |= simulate(law, sizes, options, inputs.shards, progress)
        return _result(law, sizes, curve)

    @property
    def splits(self) -> bool:
        """Whether queries are simulated."""
        return self.simulate

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The simulated queries that fall to one shard, counted."""
        law, options = inputs.law(), inputs.options
        assert options.shard is not None  # noqa: S101  (the caller asks for one)
        queries = _pieces(options)[options.shard]
        with progress("Simulated queries of this shard", total=len(queries)) as advance:
            hits = count_hits(law, self.pool_sizes(law.n_models), queries, options, advance)
        return Result(
            headline=f"Shard {options.shard} of {options.shards}: {len(queries):,} simulated queries.",
            metrics={"n_queries": len(queries)},
            tables={"simulated": pa.table({"first": [queries.start], "stop": [queries.stop], "hits": [hits]})},
        )

    def pool_sizes(self, m: int) -> np.ndarray:
        """The sizes asked for, for a law of m models, in order."""
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
    with progress("All-wrong rates", total=len(sizes)) as advance:
        log_beta, log_error = law.log_all_wrong_by_size(sizes, advance)
    pairs = np.asarray(law.pairwise_wrong())
    columns = one_factor_reads(np.asarray(law.error_rates)[None], pairs[None], sizes, log_beta[None])
    return {
        "pool_size": sizes,
        "log_all_wrong": log_beta,
        "log_all_wrong_error": log_error,
        **{name: column[0] for name, column in columns.items()},
    }


def one_factor_reads(
    rates: Float[np.ndarray, "laws m"],
    pairs: Float[np.ndarray, "laws m m"],
    sizes: np.ndarray,
    log_beta: Float[np.ndarray, "laws sizes"],
) -> dict[str, Float[np.ndarray, "laws sizes"]]:
    """What the marginals and pairs of some laws say of their first models, for every pool size.

    Each law is computed as if it were alone: the same numbers, whatever other laws it comes with.
    """
    thresholds = ndtri(rates)
    mean_tetrachoric, mean_pearson = _mean_correlations(rates, thresholds, pairs, sizes)
    pools = _pools(thresholds, sizes)
    log_one_factor, slope, one_factor_error = _log_one_factor(pools, mean_tetrachoric)
    log_pearson, _, pearson_error = _log_one_factor(pools, mean_pearson)
    return {
        "tetrachoric": mean_tetrachoric,
        "pearson": mean_pearson,
        "log_one_factor": log_one_factor,
        "log_one_factor_error": one_factor_error,
        "log_one_factor_pearson": log_pearson,
        "log_one_factor_pearson_error": pearson_error,
        "log_ratio_one_factor": log_beta - log_one_factor,
        "log_ratio_one_factor_pearson": log_beta - log_pearson,
        "implied_correlation": _implied_correlation(pools, log_beta, mean_tetrachoric, log_one_factor, slope),
    }


def _mean_correlations(
    rates: np.ndarray, thresholds: np.ndarray, pairs: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean tetrachoric and mean Pearson correlation among the first models, (laws, sizes) each."""
    # In the order of their later model, so that the pairs among the first m are the first m(m - 1)/2.
    j, i = np.tril_indices(rates.shape[1], -1)
    joint = pairs[:, i, j]
    # Pools of few different models have few different pairs.
    first, place = _distinct(np.concatenate([rates[:, i], rates[:, j], joint]))
    i, j, joint = i[first], j[first], joint[:, first]
    tetrachoric = bivariate_normal.correlation(thresholds[:, i], thresholds[:, j], joint)
    spread = np.sqrt(rates * (1 - rates))
    pearson = (joint - rates[:, i] * rates[:, j]) / (spread[:, i] * spread[:, j])
    n_pairs = sizes * (sizes - 1) // 2
    means = (np.cumsum(x[:, place], axis=1)[:, n_pairs - 1] / n_pairs for x in (tetrachoric, pearson))
    return tuple(means)  # type: ignore[return-value]


def _distinct(columns: Float[np.ndarray, "rows n"]) -> tuple[np.ndarray, np.ndarray]:
    """The first of every kind of column, and for each column which kind it is; equal means equal to the last bit."""
    bits = np.ascontiguousarray(columns).view(np.uint64)
    odd = np.random.Generator(np.random.Philox(key=0)).integers(2**63, size=(len(bits), 1), dtype=np.uint64) * 2 + 1
    # Columns that differ have different sums but for one case in 2^64; should it occur, no two count as equal.
    _, first, place = np.unique((bits * odd).sum(axis=0), return_index=True, return_inverse=True)
    if not (bits == bits[:, first][:, place]).all():
        return np.arange(columns.shape[1]), np.arange(columns.shape[1])
    return first, place


class _Pools(NamedTuple):
    """The first models of some laws, for every pool size: kinds of models and how many of each.

    Attributes:
        thresholds: (laws, kinds).
        counts: (sizes, kinds).
    """

    thresholds: np.ndarray
    counts: np.ndarray

    def log_all_below(
        self, pools: tuple[np.ndarray, ...], correlation: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """log β_sf of some pools (their laws and sizes) at correlations in [0, 1), its slope, and the error of it."""
        # A block needs the nodes of its hardest pool, and the stronger the correlation the harder.
        order = np.argsort(correlation, kind="stable")
        law, size = (index[order] for index in pools)
        block = max(_FEWEST, _BLOCK // self.thresholds.shape[1])
        found = in_blocks(_log_all_below, block, self.thresholds[law], self.counts[size], correlation[order])
        back = np.argsort(order)
        return tuple(column[back] for column in found)


def _pools(thresholds: Float[np.ndarray, "laws m"], sizes: np.ndarray) -> _Pools:
    first, place = _distinct(thresholds)
    one_hot = place[:, None] == np.arange(len(first))
    return _Pools(thresholds[:, first], np.cumsum(one_hot, axis=0)[sizes - 1].astype(float))


@jax.jit
@jax.vmap  # so that the nodes of one pool are not refined because another needs more
def _log_all_below(thresholds: Array, counts: Array, correlation: Array) -> tuple[Array, Array, Array]:
    loading = jnp.sqrt(correlation)
    return jax.jvp(
        lambda loading: log_all_below(thresholds, loading, counts), (loading,), (0.5 / loading,), has_aux=True
    )


def _log_one_factor(pools: _Pools, correlation: Float[np.ndarray, "laws sizes"]) -> tuple[np.ndarray, ...]:
    """log β_sf, its slope in r and its error, (laws, sizes) each; nan at correlations outside [0, 1)."""
    found = np.full((3, *correlation.shape), np.nan)
    exists = np.nonzero((correlation >= 0) & (correlation < 1))
    if exists[0].size:
        found[:, *exists] = pools.log_all_below(exists, correlation[exists])
    return tuple(found)


def _implied_correlation(
    pools: _Pools, log_beta: np.ndarray, start: np.ndarray, at_start: np.ndarray, slope_at_start: np.ndarray
) -> Float[np.ndarray, "laws sizes"]:
    """The r in [0, 1) with β_sf(r) = β, to rounding; nan where none has it.

    Args:
        pools: their laws and sizes.
        log_beta: log β, (laws, sizes) like the others.
        start: a correlation to begin with, nan for none.
        at_start, slope_at_start: log β_sf and its slope there.
    """
    log_rates = log_ndtr(pools.thresholds)[:, None]
    at_zero = (log_rates * pools.counts).sum(axis=-1) - log_beta
    # At r = 1 the pool fails as its best model does.
    at_one = np.where(pools.counts > 0, log_rates, 0.0).min(axis=-1) - log_beta
    root = np.where(np.abs(at_zero) <= log_rounding(log_beta), 0.0, np.nan)
    law, size = exists = np.nonzero(np.isnan(root) & (at_zero < 0) & (at_one > 0))
    wanted = log_beta[exists]

    def missing(r: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pool = law[which], size[which]
        value, slope = at_start[pool], slope_at_start[pool]
        new = np.flatnonzero(r != start[pool])
        if new.size:
            value[new], slope[new], _ = pools.log_all_below((pool[0][new], pool[1][new]), r[new])
        return value - wanted[which], slope

    zero = np.zeros(wanted.shape)
    root[exists] = bracketed_roots(missing, zero, zero + 1, at_zero[exists], start[exists])
    return root


def simulate(
    law: AbstractErrorLaw,
    sizes: np.ndarray,
    options: RunOptions,
    shards: Mapping[str, pa.Table] | None = None,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Share of simulated queries that the first m models all get wrong, and its standard error, by size.

    What the shards of the run have counted is taken from them.
    """
    stored = shards["simulated"].to_pylist() if shards else []
    counted = {range(row["first"], row["stop"]): np.array(row["hits"]) for row in stored}
    hits = np.zeros(len(sizes), dtype=np.int64)
    with progress("Simulated queries", total=options.draws) as advance:
        for queries in _pieces(options):
            if queries in counted:
                hits += counted[queries]
                advance(len(queries))
            else:
                hits += count_hits(law, sizes, queries, options, advance)
    share = hits / options.draws
    return {"simulated": share, "simulated_error": np.sqrt(share * (1 - share) / options.draws)}


def count_hits(
    law: AbstractErrorLaw, sizes: np.ndarray, queries: range, options: RunOptions, advance: Callable[[int], None]
) -> Int[np.ndarray, " sizes"]:
    """How many of these simulated queries the first m models all get wrong; a query is the same in every range."""
    hits = np.zeros(len(sizes), dtype=np.int64)
    key, n = jax.random.key(options.seed), len(queries)
    for wrong in law.sample_chunks(key, n, chunk=options.chunk, first=queries.start) if n else ():
        # Models wrong before the first right one: a pool of the first m fails where there are at least m.
        run = np.where(wrong.all(axis=1), wrong.shape[1], wrong.argmin(axis=1))
        hits += (run[:, None] >= sizes).sum(axis=0)
        advance(len(wrong))
    return hits


def _pieces(options: RunOptions) -> list[range]:
    """The queries of every shard."""
    edges = [options.draws * k // options.shards for k in range(options.shards + 1)]
    return [range(*edge) for edge in itertools.pairwise(edges)]


def metrics_of(sizes: np.ndarray, curve: dict[str, np.ndarray]) -> dict[str, float | int | None]:
    """The metrics of one curve: what it says at the largest pool."""
    last = {key: float(column[-1]) for key, column in curve.items()}

    def value(key: str) -> float | None:
        return last[key] if np.isfinite(last[key]) else None

    def exponential(key: str) -> float | None:
        # Beyond the range of float64 a ratio is given by its log only.
        return float(np.exp(last[key])) if np.isfinite(last[key]) and abs(last[key]) < 700 else None

    return {
        "n_models": int(sizes[-1]),
        "all_wrong": float(np.exp(last["log_all_wrong"])),
        "log_all_wrong": value("log_all_wrong"),
        "tetrachoric": value("tetrachoric"),
        "pearson": value("pearson"),
        "predicted_one_factor": exponential("log_one_factor"),
        "predicted_one_factor_pearson": exponential("log_one_factor_pearson"),
        "ratio_one_factor": exponential("log_ratio_one_factor"),
        "ratio_one_factor_pearson": exponential("log_ratio_one_factor_pearson"),
        "log_ratio_one_factor": value("log_ratio_one_factor"),
        "log_ratio_one_factor_pearson": value("log_ratio_one_factor_pearson"),
        "implied_correlation": value("implied_correlation"),
    }


def _result(law: AbstractErrorLaw, sizes: np.ndarray, curve: dict[str, np.ndarray]) -> Result:
    name, m = type(law).__name__, law.n_models
    metrics = metrics_of(sizes, curve)
    ratio, ratio_pearson = metrics["ratio_one_factor"], metrics["ratio_one_factor_pearson"]
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
                    Row("β / one-factor read", number(ratio), f"tetrachoric {number(metrics['tetrachoric'])}"),
                    Row("β / one-factor read, Pearson", number(ratio_pearson), f"Pearson {number(metrics['pearson'])}"),
                    Row("implied correlation", number(metrics["implied_correlation"]), "what r the read would need"),
                ),
                figures={
                    "tail_curve": "Exact all-wrong rates (lines) and simulated ones (points, 95% bars).",
                    "underpricing": "How far the one-factor read is off, and the correlation it would need.",
                },
            ),
        ),
    )
