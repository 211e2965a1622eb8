"""Grades as tables of the wide format, the inverse of `readers.wide`: every name, state and number survives."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cofail_lab.data.cells import WRITTEN
from cofail_lab.data.readers.companions import ANSWERS, COMPANIONS, SAMPLES
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_RESERVED = ("query", "dataset")
"""Columns of the matrix that are not models."""


def wide_tables(grades: Grades) -> tuple[dict[str, pa.Table], list[str]]:
    """The matrix and its companions, and the names of the columns that the wide format has no place for.

    The tables are called ``grades`` (see `matrix_table`) and ``grades.KIND`` for every companion.

    Raises:
        InputError: a model is called ``query`` or ``dataset``.
    """
    tables = {"grades": matrix_table(grades)}
    for kind, companion in COMPANIONS.items():
        if companion.name in grades.per_cell:
            values = np.asarray(grades.per_cell[companion.name], dtype=float)
            tables[f"grades.{kind}"] = _by_model(grades, [pa.array(column, from_pandas=True) for column in values.T])
    samples = grades.per_cell.get("samples")
    if samples is not None and samples.dtype == np.int8:
        tables[f"grades.{SAMPLES}"] = _by_model(grades, [pa.array(column) for column in _sample_texts(samples)])
    if "answer" in grades.per_cell:
        answers = [pa.array([str(text) for text in column], pa.string()) for column in grades.per_cell["answer"].T]
        tables[f"grades.{ANSWERS}"] = _by_model(grades, answers)
    for kind, name in (("prompts", "prompt"), ("key", "key")):
        if name in grades.per_query:
            texts = [str(text) for text in grades.per_query[name]]
            tables[f"grades.{kind}"] = pa.table({"query": list(grades.queries), name: pa.array(texts, pa.string())})
    columns = {name: column for name, column in grades.per_model.items() if column.ndim == 1}
    if columns:
        arrays = [_numbers_or_text(column) for column in columns.values()]
        tables["grades.models"] = pa.table([pa.array(list(grades.models)), *arrays], names=["model", *columns])
    if "n_logs" in grades.per_query:
        n_logs = np.asarray(grades.per_query["n_logs"], dtype=np.int64)
        tables["grades.logs"] = pa.table({"query": list(grades.queries), "n_logs": n_logs})
    placed = {
        "dataset",
        "prompt",
        "key",
        "content",
        "n_logs",
        "answer",
        *columns,
        *(companion.name for companion in COMPANIONS.values()),
    }
    placed |= {"samples"} if f"grades.{SAMPLES}" in tables else set()
    return tables, [name for name in (*grades.per_query, *grades.per_model, *grades.per_cell) if name not in placed]


def matrix_table(grades: Grades) -> pa.Table:
    """Column ``query``, column ``dataset`` where datasets are known, then one column of cells per model.

    Raises:
        InputError: a model is called ``query`` or ``dataset``.
    """
    for name in _RESERVED:
        if name in grades.models:
            raise InputError(
                f"{grades.source}: a model named {name!r} cannot have a column in the wide format; rename it"
            )
    dataset = grades.per_query.get("dataset")
    before = {} if dataset is None else {"dataset": pa.array([str(name) for name in dataset], pa.string())}
    return _by_model(grades, _states(grades.cells), before)


def _by_model(grades: Grades, columns: Sequence[pa.Array], before: dict[str, pa.Array] | None = None) -> pa.Table:
    """A table with one row per query and one column per model, with other columns ``before`` those of the models."""
    before = before or {}
    return pa.table(
        [pa.array(list(grades.queries)), *before.values(), *columns], names=["query", *before, *grades.models]
    )


def _states(cells: np.ndarray) -> list[pa.Array]:
    """One column per model: int8 1, 0 and null if all its cells are right, wrong or missing, else words."""
    columns = []
    for column in cells.T:
        if np.isin(column, (Cell.RIGHT, Cell.WRONG, Cell.MISSING)).all():
            columns.append(pa.array((column == Cell.RIGHT).astype(np.int8), mask=column == Cell.MISSING))
        else:
            columns.append(pa.array([WRITTEN[Cell(state)] for state in column], pa.string()))
    return columns


def _sample_texts(samples: np.ndarray) -> list[list[str]]:
    """One list per model with a text per query: the states of all samples in order, such as ``1 0 error``."""
    words = np.array([WRITTEN[state] for state in sorted(Cell)], dtype=object)[samples]
    return [[" ".join(filter(None, words[i, j])) for i in range(len(words))] for j in range(words.shape[1])]


def _numbers_or_text(column: np.ndarray) -> pa.Array:
    """A per-model column as numbers or text; empty where nothing is known."""
    if column.dtype.kind in "fiub":
        return pa.array(column.astype(float), from_pandas=True)
    return pa.array(["" if value != value else str(value) for value in column], pa.string())
