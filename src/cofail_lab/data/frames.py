"""Matrices in memory: data frames of any library that narwhals knows, and NumPy arrays."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from cofail_lab import checks
from cofail_lab.data.layout import MODEL_NAMES, QUERY_NAMES, plain_name
from cofail_lab.data.names import check_names, list_names
from cofail_lab.data.readers.long import GRADES, LongSource
from cofail_lab.data.readers.wide import wide_grades
from cofail_lab.data.records import Records
from cofail_lab.data.tables import MAX_TEXT_CELLS, coded, sheet_of
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.outcomes import Outcomes
from cofail_lab.selection import Selection


def from_dataframe(
    frame: Any,
    query: str | None = None,
    *,
    model: str | None = None,
    right: str | None = None,
    threshold: float | None = None,
    dataset: str | Sequence[str] | None = None,
    models: str | Sequence[str] | None = None,
    min_coverage: float = 0.0,
    pool_size: int | None = None,
    seed: int = 0,
    limits: Literal["as_graded", "missing", "wrong"] = "as_graded",
    errors: Literal["missing", "wrong"] = "missing",
    unanswered: Literal["missing", "wrong"] = "missing",
) -> Outcomes:
    """The outcomes in a data frame: with a row per query and a column per model, or with a row per answer.

    Columns are found and cells are spelled as in a wide file, or a long one (``docs/data.md``); null and nan are
    missing. An index of pandas with a name or without numbers is a column. A lazy frame is collected.

    Args:
        frame: pandas, polars, Arrow, or any frame that narwhals knows.
        query: the column that names the queries; None finds it by its name, or numbers the rows.
        model, right: of a frame with a row per answer, the columns that name the model and say whether it is right;
            None finds them by their names (``model``, ``correct`` or ``score``).
        threshold: the lowest number of a right answer; None accepts no numbers but 0 and 1.
        dataset, models, min_coverage, pool_size, seed, limits, errors, unanswered: see `grades.Selection`.

    Raises:
        InputError: one line that names the column and what is wrong with it.
    """
    selection = Selection(dataset, models, min_coverage, pool_size, seed, limits, errors, unanswered)
    return frame_grades(frame, query, threshold, model, right).select(selection).outcomes()


def frame_grades(
    frame: Any,
    query: str | None = None,
    threshold: float | None = None,
    model: str | None = None,
    right: str | None = None,
) -> Grades:
    """The matrix in a data frame; arguments as in `from_dataframe`."""
    import narwhals as nw
    import pyarrow as pa

    if threshold is not None:
        checks.number("threshold", threshold)
    try:
        data = nw.from_native(_arrow_table(frame))
        data = data.collect() if isinstance(data, nw.LazyFrame) else data
        index = nw.maybe_get_index(data)
        if index is not None and (index.name is not None or index.dtype.kind not in "iu"):
            data = nw.from_native(data.to_native().reset_index(), eager_only=True)
    except (TypeError, pa.ArrowException):
        raise InputError(
            f"data frame: a {type(frame).__name__} is none; accepted: pandas, polars, Arrow, NumPy arrays"
        ) from None
    except (ValueError, nw.exceptions.NarwhalsError) as error:  # such as a column twice
        raise InputError(f"data frame: {' '.join(str(error).split())}") from error
    if data.shape[0] * data.shape[1] > MAX_TEXT_CELLS:
        raise InputError(f"data frame: {data.shape[0]:,} rows x {data.shape[1]:,} columns; use a NumPy array")
    if not data.columns:
        raise InputError("data frame: no columns; one per model was expected")
    names = check_names([str(name) for name in data.columns], "column", "data frame", blank=True)
    columns = {name: _column(series) for name, series in zip(names, data.iter_columns(), strict=True)}
    if (named := _long_columns(names, query, model, right)) is not None:
        return _long_grades(columns, named, threshold)
    return wide_grades(sheet_of(columns, "data frame"), "data frame", query_column=query, threshold=threshold)


def _arrow_table(frame: Any) -> Any:
    """What narwhals does not know and Arrow does, such as a record batch, as a table; anything else as it is."""
    import narwhals as nw
    import pyarrow as pa

    if isinstance(frame, pa.RecordBatch):
        return pa.table(frame)
    known = nw.from_native(frame, pass_through=True) is not frame or isinstance(frame, nw.DataFrame | nw.LazyFrame)
    return frame if known or not hasattr(frame, "__arrow_c_stream__") else pa.table(frame)


def _long_columns(
    names: Sequence[str], query: str | None, model: str | None, right: str | None
) -> tuple[str, str, str] | None:
    """The columns with query, model and grade of a frame with a row per answer; None for a row per query."""
    plain = {plain_name(name): name for name in reversed(names)}
    named = (
        query or next((plain[name] for name in QUERY_NAMES if name in plain), None),
        model or next((plain[name] for name in MODEL_NAMES if name in plain), None),
        right or next((name for name in GRADES if name in names), None),
    )
    if model is not None or right is not None:
        for key, name in zip(("query", "model", "right"), named, strict=True):
            if name is None:
                raise InputError(f"data frame: {key}= is needed too, one of the columns {list_names(names)}")
            if name not in names:
                raise InputError(f"data frame: no column {key}={name!r} among {list_names(names)}")
    return None if None in named else named  # type: ignore[return-value]


def _long_grades(columns: Mapping[str, Any], names: tuple[str, str, str], threshold: float | None) -> Grades:
    """The matrix of a frame with a row per answer."""
    import pyarrow as pa

    query, model, right = names
    named = {**{name: column for name, column in columns.items() if name not in (query, model)}}
    named |= {"query": columns[query], "model": columns[model]}
    arrow = {
        name: pa.array(column, pa.string()) if isinstance(column, list) else column for name, column in named.items()
    }
    records = Records()
    source = LongSource(path="data frame", scorer=right, threshold=threshold)
    notes = source.add(arrow, right, "data frame", records)
    return records.grades(source="data frame", sha256="", notes=notes)


def array_grades(right: np.ndarray) -> Grades:
    """The matrix in an array of shape (queries, models): 1 or True is right, 0 or False is wrong, nan is missing."""
    if isinstance(right, np.ma.MaskedArray):
        right = np.where(np.ma.getmaskarray(right), np.nan, right.data.astype(float))
    elif right.dtype.kind == "O":
        right = _numbers(right)
    if right.ndim != 2 or not right.size or right.dtype.kind not in "biuf":
        raise InputError(
            f"array: shape {right.shape}, dtype {right.dtype}; a row per query and a column per model were expected, "
            "of 1 (right), 0 (wrong) or nan (missing)"
        )
    values = right.astype(float)
    missing = np.isnan(values)
    if (bad := ~missing & (values != 0) & (values != 1)).any():
        i, j = np.argwhere(bad)[0]
        raise InputError(f"array: row {i}, column {j}: {values[i, j]:g} is not 1 (right), 0 (wrong) or nan (missing)")
    cells = np.where(missing, Cell.MISSING, np.where(values == 1, Cell.RIGHT, Cell.WRONG)).astype(np.int8)
    queries = tuple(f"row {i + 1}" for i in range(len(cells)))
    models = tuple(f"model {j + 1}" for j in range(cells.shape[1]))
    note = "1 and True of the array were taken for right, 0 and False for wrong."
    return Grades(cells, queries, models, "array", notes=(note,))


def _numbers(values: np.ndarray) -> np.ndarray:
    """An array of objects as numbers, None as nan; as it is where some object is none."""
    try:
        return np.array([np.nan if value is None else float(value) for value in values.flat]).reshape(values.shape)
    except (TypeError, ValueError):
        return values


def outcomes_of(matrix: Any) -> Outcomes:
    """`Outcomes` as they are, or the outcomes in an array or a data frame."""
    if isinstance(matrix, Outcomes):
        return matrix
    return (array_grades(matrix) if isinstance(matrix, np.ndarray) else frame_grades(matrix)).outcomes()


def _column(series: Any) -> Any:
    """A column as Arrow, or as text where its values are of several types."""
    import pyarrow as pa

    try:
        column = series.to_arrow()
        coded(column, "data frame")
        return column
    except (pa.ArrowException, TypeError, ValueError, OverflowError, InputError):
        missing = series.is_null().to_list()
        pairs = zip(series.to_list(), missing, strict=True)
        return ["" if null or _is_nan(value) else str(value) for value, null in pairs]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
