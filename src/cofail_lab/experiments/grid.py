"""`experiment=grid`: the tail curve of one law on a dense grid of its parameters, in one job."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.experiments.tail_curve import TailCurve, metrics_at_largest_pool
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.models.base import log_rounding
from cofail_lab.models.tail import one_factor_predictions
from cofail_lab.report.figures import sweep as sweep_figures
from cofail_lab.report.numbers import count
from cofail_lab.result import Result, Section

# Laws mapped at once: one compiled shape, whatever the size of the grid.
_BATCH = 128
# Bounds the pairwise probabilities of a batch to a few hundred megabytes.
_CELLS = 2**25
_SHOWN = ("all_wrong", "ratio_one_factor", "ratio_one_factor_pearson", "tetrachoric", "pearson", "implied_correlation")


@dataclass(frozen=True)
class Grid:
    """Every combination of some values of a law's parameters: what `experiment=tail_curve -m` gives, without its jobs.

    Attributes:
        axes: parameter of the law -> its values: a list, or ``{from, to, n}`` for evenly spaced ones (``log: true`` for
            evenly spaced logs).
        sizes: as for `TailCurve`.
    """

    axes: Mapping[str, Any]
    sizes: tuple[int, ...] | None

    def __post_init__(self) -> None:
        TailCurve(self.sizes, False)
        if not isinstance(self.axes, Mapping) or not self.axes:
            raise InputError(
                f"experiment.axes: {self.axes!r} is not a map of parameters to values, such as {{shock: [0.01, 0.05]}}"
            )
        for name, values in self.axes.items():
            _values(name, values)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compute all curves; table ``points`` has a row per combination, ``curves`` one per combination and size."""
        axes = {str(name): _values(name, values) for name, values in self.axes.items()}
        points = list(itertools.product(*axes.values()))
        laws: list[AbstractErrorLaw] = []
        with progress("Laws", total=len(points)) as advance:
            for point in points:
                laws.append(inputs.law(**dict(zip(axes, point, strict=True))))
                advance(1)
        sizes = TailCurve(self.sizes, False).pool_sizes(min(law.n_models for law in laws))
        with progress("Curves", total=len(points)) as advance:
            parts = [_curves(batch, sizes) for batch in _batches(laws, advance)]
        curves = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        columns = {name: [point[k] for point in points] for k, name in enumerate(axes)}
        return _result(laws, columns, sizes, curves)


def _values(name: Any, values: Any) -> list[Any]:
    field = f"experiment.axes.{name}"
    if isinstance(values, Mapping):
        if not {"from", "to", "n"} <= set(values) <= {"from", "to", "n", "log"}:
            raise InputError(f"{field}: {dict(values)!r} is not {{from, to, n}}, with log: true or without")
        checks.within(f"{field}.n", values["n"], 2, 10**6)
        checks.flag(f"{field}.log", values.get("log"))
        ends = values["from"], values["to"]
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
            raise InputError(f"{field}: from {ends[0]!r} to {ends[1]!r} are not numbers")
        if values.get("log") and min(ends) <= 0:
            raise InputError(f"{field}: from {ends[0]} to {ends[1]} has no logs; both above 0 are accepted")
        return (np.geomspace if values.get("log") else np.linspace)(*ends, values["n"]).tolist()
    if not isinstance(values, list) or not values:
        raise InputError(f"{field}: {values!r} is not a list of values, nor {{from, to, n}}")
    return values


def _batches(laws: Sequence[AbstractErrorLaw], advance: Any) -> Iterator[list[AbstractErrorLaw]]:
    """Laws of one shape, a bounded number at a time, filled up with repetitions of the last by `_curves`."""
    for _, alike in itertools.groupby(laws, key=_shape):
        group = list(alike)
        size = max(1, min(_BATCH, _CELLS // group[0].n_models ** 2))
        for first in range(0, len(group), size):
            yield group[first : first + size]
            advance(len(group[first : first + size]))


def _shape(law: AbstractErrorLaw) -> tuple[Any, ...]:
    """What laws that are stacked have in common."""
    return jax.tree.structure(law), *map(np.shape, jax.tree.leaves(law))


def _curves(laws: Sequence[AbstractErrorLaw], sizes: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of `tail_curve`, (laws, sizes).

    Where β is no closed form its error is computed at the largest size only, and is nan at the others.
    """
    # Few shapes, so that little is compiled: a batch is filled up to a power of two.
    filled = [*laws, *[laws[-1]] * ((1 << (len(laws) - 1).bit_length()) - len(laws))]
    stacked = jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *filled)
    rates = np.asarray(jax.vmap(lambda law: law.error_rates)(stacked))
    pairs = np.asarray(jax.vmap(lambda law: law.pairwise_wrong())(stacked))
    log_beta = np.stack([np.asarray(_log_all_wrong(stacked, int(size))) for size in sizes], axis=1)
    if type(laws[0]).all_wrong_estimate is AbstractErrorLaw.all_wrong_estimate:
        log_error = log_rounding(log_beta)  # in closed form: nothing but rounding
    else:
        log_error = np.full(log_beta.shape, np.nan)
        for row, law in enumerate(laws):
            pool = law if sizes[-1] == law.n_models else law.subpool(np.arange(sizes[-1]))
            log_error[row, -1] = pool.log_all_wrong_error(log_beta[row, -1])
    columns = {
        "log_all_wrong": log_beta,
        "log_all_wrong_error": log_error,
        **one_factor_predictions(rates, pairs, sizes, log_beta),
    }
    return {name: column[: len(laws)] for name, column in columns.items()}


@partial(jax.jit, static_argnums=1)
def _log_all_wrong(stacked: AbstractErrorLaw, size: int) -> jax.Array:
    return jax.vmap(lambda law: law.subpool(np.arange(size)).log_all_wrong())(stacked)


def _result(
    laws: Sequence[AbstractErrorLaw], axes: Mapping[str, list[Any]], sizes: np.ndarray, curves: dict[str, np.ndarray]
) -> Result:
    name, n = type(laws[0]).__name__, len(laws)
    rows = [metrics_at_largest_pool(sizes, {key: column[k] for key, column in curves.items()}) for k in range(n)]
    points = {key: [row[key] for row in rows] for key in rows[0]}
    error = np.exp(curves["log_all_wrong"][:, -1]) * curves["log_all_wrong_error"][:, -1]
    shown = {key: points[key] for key in _SHOWN if any(value is not None for value in points[key])}
    drawn = {key: [str(v) if isinstance(v, list) else v for v in values] for key, values in axes.items()}
    plan = sweep_figures.plan({f"law.{key}": values for key, values in drawn.items() if len(set(values)) > 1})
    flat = {key: column.ravel() for key, column in curves.items()}
    repeated = {key: [value for value in values for _ in sizes] for key, values in axes.items()}
    return Result(
        headline=f"{name}: {count(n)} combinations of {', '.join(axes)}, {len(sizes)} pool sizes each.",
        metrics={
            "n_points": n,
            "n_models": int(sizes[-1]),
            "n_sizes": len(sizes),
            **{
                f"{key}_{end}": pick(_present(points[key]))
                for key in shown
                for end, pick in (("min", min), ("max", max))
            },
        },
        labels={"law": name, "axes": ", ".join(axes)},
        tables={
            "points": pa.table({**axes, **points, "all_wrong_error": error}),
            "curves": pa.table({**repeated, "pool_size": np.tile(sizes, n), **flat}),
        },
        figures={"grid": partial(sweep_figures.small_multiples, plan, shown)} if n > 1 else {},
        sections=(
            Section(
                title="Grid",
                sentences=(
                    "tables/points.parquet has a row per combination with the metrics of experiment=tail_curve; "
                    "tables/curves.parquet has one per combination and pool size.",
                ),
                figures={"grid": f"At {sizes[-1]} models. {plan.caption}"} if n > 1 else {},
            ),
        ),
    )


def _present(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
