"""`experiment=convert`: any source in the wide format, with everything beside the cells in companions."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cofail_lab.data.cells import WRITTEN
from cofail_lab.data.readers.wide import COMPANIONS, SAMPLES
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Cell, Grades
from cofail_lab.report.numbers import count, percent
from cofail_lab.result import Result, Row, Section


@dataclass(frozen=True)
class Convert:
    """Write what a source holds, after selection, as ``tables/grades.parquet`` and its companions.

    `data=parquet` reads them back to the same matrix: same names in the same order, every cell in its state, numbers
    bit for bit.
    """

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:  # noqa: ARG002  (seconds at most)
        """Load, select and lay out; nothing is left out that the format has a place for."""
        grades = inputs.grades()
        tables, left = wide_tables(grades)
        states = {state: int((grades.cells == state).sum()) for state in Cell}
        n, m = grades.cells.shape
        rows = [
            Row(state.name.lower(), count(number), percent(number / max(n * m, 1))) for state, number in states.items()
        ]
        sentences = [
            *grades.notes,
            "Fit it with data=parquet data.path=<run folder>/tables/grades.parquet; the companions are found by name.",
        ]
        if left:
            sentences.append(f"The wide format has no place for: {', '.join(left)}.")
        companions = ", ".join(name.removeprefix("grades.") for name in tables if name.startswith("grades."))
        return Result(
            headline=(
                f"{count(n)} queries × {count(m)} models from {grades.source} are in tables/grades.parquet"
                + (f", with {companions} beside it." if companions else ".")
            ),
            metrics={"n_models": m, "n_queries": n, **{f"n_{s.name.lower()}": number for s, number in states.items()}},
            labels={"source": grades.source, "companions": companions},
            tables=tables,
            sections=(Section("Converted matrix", tuple(sentences), tuple(rows)),),
        )


def wide_tables(grades: Grades) -> tuple[dict[str, pa.Table], list[str]]:
    """The tables of the wide format, and the names of columns that it has no place for."""
    if "query" in grades.models:
        raise InputError(f"{grades.source}: a model named 'query' cannot have a column in the wide format; rename it")
    # Where a model is called dataset, the column of that name must be there to tell them apart.
    dataset = grades.per_query.get("dataset")
    if "dataset" in grades.models:
        raise InputError(f"{grades.source}: a model named 'dataset' cannot have a column in the wide format; rename it")
    beside = [] if dataset is None else [("dataset", pa.array([str(name) for name in dataset], pa.string()))]
    tables = {"grades": _table(grades, beside, _states(grades.cells))}
    for kind, companion in COMPANIONS.items():
        if companion.name in grades.per_cell:
            values = np.asarray(grades.per_cell[companion.name], dtype=float)
            tables[f"grades.{kind}"] = _table(grades, [], [pa.array(column, from_pandas=True) for column in values.T])
    samples = grades.per_cell.get("samples")
    if samples is not None and samples.dtype == np.int8:
        tables[f"grades.{SAMPLES}"] = _table(grades, [], [pa.array(column) for column in _sample_texts(samples)])
    if "prompt" in grades.per_query:
        prompts = [str(prompt) for prompt in grades.per_query["prompt"]]
        tables["grades.prompts"] = pa.table({"query": list(grades.queries), "prompt": prompts})
    columns = {name: column for name, column in grades.per_model.items() if column.ndim == 1}
    if columns:
        arrays = [_plain(column) for column in columns.values()]
        tables["grades.models"] = pa.table([pa.array(list(grades.models)), *arrays], names=["model", *columns])
    if "n_logs" in grades.per_query:
        n_logs = np.asarray(grades.per_query["n_logs"], dtype=np.int64)
        tables["grades.logs"] = pa.table({"query": list(grades.queries), "n_logs": n_logs})
    placed = {"dataset", "prompt", "n_logs", *columns, *(companion.name for companion in COMPANIONS.values())}
    placed |= {"samples"} if f"grades.{SAMPLES}" in tables else set()
    return tables, [k for k in (*grades.per_query, *grades.per_model, *grades.per_cell) if k not in placed]


def _table(grades: Grades, beside: list[tuple[str, pa.Array]], columns: list[pa.Array]) -> pa.Table:
    names = ["query", *(name for name, _ in beside), *grades.models]
    return pa.table([pa.array(list(grades.queries)), *(column for _, column in beside), *columns], names=names)


def _states(cells: np.ndarray) -> list[pa.Array]:
    """One column per model: 1, 0 and null where that is all there is, else words."""
    columns = []
    for column in cells.T:
        if np.isin(column, (Cell.RIGHT, Cell.WRONG, Cell.MISSING)).all():
            columns.append(pa.array((column == Cell.RIGHT).astype(np.int8), mask=column == Cell.MISSING))
        else:
            columns.append(pa.array([WRITTEN[Cell(state)] for state in column], pa.string()))
    return columns


def _sample_texts(samples: np.ndarray) -> list[list[str]]:
    """One list per model, a text per query: the states of all samples in order, such as ``1 0 error``."""
    words = np.array([WRITTEN[state] for state in sorted(Cell)], dtype=object)[samples]
    return [[" ".join(filter(None, words[i, j])) for i in range(len(words))] for j in range(words.shape[1])]


def _plain(column: np.ndarray) -> pa.Array:
    """A per-model column as numbers or text; empty where nothing is known."""
    if column.dtype.kind in "fiub":
        return pa.array(column.astype(float), from_pandas=True)
    return pa.array(["" if value != value else str(value) for value in column], pa.string())
