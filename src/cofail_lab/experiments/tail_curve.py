"""`experiment=tail_curve`: a law's all-wrong rate over pool sizes, against the one-factor prediction from its pairs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, RunOptions, silent
from cofail_lab.models.tail import count_all_wrong, tail_curve
from cofail_lab.report import tail_curve as tail_words
from cofail_lab.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.models import AbstractErrorLaw


@dataclass(frozen=True)
class TailCurve:
    """β(m), β_sf(m) at the tetrachoric and the Pearson correlation, their ratios and the implied correlation.

    The pools are the first m models of the law.

    Attributes:
        sizes: pool sizes m from 2 on; None takes about 24, evenly spaced in log m.
        simulate: whether to add the rates observed in ``run.draws`` simulated queries.
    """

    sizes: tuple[int, ...] | None
    simulate: bool

    def __post_init__(self) -> None:
        if not isinstance(self.sizes, list | tuple | None):
            raise InputError(f"experiment.sizes: {self.sizes!r} is not a list of numbers of models")
        for size in self.sizes or ():
            checks.whole("experiment.sizes", size, 2)
        checks.flag("experiment.simulate", self.simulate)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compute the curve of one law."""
        law, options = inputs.law(), inputs.options
        sizes = self.pool_sizes(law.n_models)
        with progress("All-wrong rates", total=len(sizes)) as advance:
            curve = tail_curve(law, sizes, advance)
        if self.simulate:
            curve |= simulate(law, sizes, options, inputs.store.tables, progress)
        metrics = metrics_at_largest_pool(sizes, curve)
        name = type(law).__name__
        return Result(
            headline=tail_words.headline(name, law.n_models, metrics),
            metrics=metrics,
            labels={"law": name},
            estimates={"all_wrong": law.subpool(np.arange(sizes[-1])).all_wrong_estimate()},
            tables={"tail_curve": pa.table(curve)},
            figures={
                "tail_curve": partial(_draw_tail_curve, curve),
                "underpricing": partial(_draw_underpricing, curve),
            },
            sections=(tail_words.section(metrics),),
        )

    @property
    def splits(self) -> bool:
        """Whether queries are simulated."""
        return self.simulate

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Count the simulated queries of one shard."""
        law, options = inputs.law(), inputs.options
        if options.shard is None:
            raise ValueError("run.shard: null; a shard is computed by its number")
        queries = _queries_of_shards(options)[options.shard]
        with progress("Simulated queries of this shard", total=len(queries)) as advance:
            sizes = self.pool_sizes(law.n_models)
            hits = count_all_wrong(law, sizes, queries, options.seed, options.chunk, advance)
        return Result(
            headline=f"Shard {options.shard} of {options.shards}: {len(queries):,} simulated queries.",
            metrics={"n_queries": len(queries)},
            tables={"simulated": pa.table({"first": [queries.start], "stop": [queries.stop], "hits": [hits]})},
        )

    def pool_sizes(self, m: int) -> np.ndarray:
        """The pool sizes for a law of m models, in increasing order."""
        if self.sizes is None:
            if m < 2:
                raise InputError(f"law: {m} model; a curve over pool sizes needs at least 2")
            return np.unique(np.rint(np.geomspace(2, m, 24)).astype(int))
        if max(self.sizes) > m:
            raise InputError(f"experiment.sizes: {max(self.sizes)}, but the law has {m} models")
        return np.unique(self.sizes)


def simulate(
    law: AbstractErrorLaw,
    sizes: np.ndarray,
    options: RunOptions,
    shards: Mapping[str, pa.Table] | None = None,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Share of simulated queries that the first m models all get wrong, and its standard error, by pool size m.

    What the shards of the run have counted is not simulated again.
    """
    stored = shards["simulated"].to_pylist() if shards else []
    counted = {range(row["first"], row["stop"]): np.array(row["hits"]) for row in stored}
    hits = np.zeros(len(sizes), dtype=np.int64)
    with progress("Simulated queries", total=options.draws) as advance:
        for queries in _queries_of_shards(options):
            if queries in counted:
                hits += counted[queries]
                advance(len(queries))
            else:
                hits += count_all_wrong(law, sizes, queries, options.seed, options.chunk, advance)
    share = hits / options.draws
    return {"simulated": share, "simulated_error": np.sqrt(share * (1 - share) / options.draws)}


def _queries_of_shards(options: RunOptions) -> list[range]:
    """The numbers of the simulated queries of every shard."""
    edges = [options.draws * k // options.shards for k in range(options.shards + 1)]
    return [range(*edge) for edge in itertools.pairwise(edges)]


def metrics_at_largest_pool(sizes: np.ndarray, curve: dict[str, np.ndarray]) -> dict[str, float | int | None]:
    """The metrics of one curve: its values at the largest pool."""
    last = {key: float(column[-1]) for key, column in curve.items()}

    def value(key: str) -> float | None:
        return last[key] if np.isfinite(last[key]) else None

    def exponential(key: str) -> float | None:
        # Beyond the range of float64, only the log of a ratio is given.
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


def _draw_tail_curve(curve: Mapping[str, np.ndarray]) -> Figure:
    from cofail_lab.report.figures import tail_curve as figures

    return figures.tail_curve(curve)


def _draw_underpricing(curve: Mapping[str, np.ndarray]) -> Figure:
    from cofail_lab.report.figures import tail_curve as figures

    return figures.underpricing(curve)
