"""The wide format: a `query` column, optionally `dataset`, then one column per model; CSV, CSV.gz or Parquet.

Siblings of ``NAME.csv.gz`` are picked up when they are there: ``NAME.costs``, ``.tokens`` and ``.frac`` (numbers, same
rows and columns), ``NAME.prompts`` (`query, prompt`) and ``NAME.models`` (one row per model: family, prices and
so on).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cofail_lab.data.cells import check_names, parse_cells, read_rows, shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

SUFFIXES = {"csv": (".csv", ".csv.gz"), "parquet": (".parquet",)}
_CELL_COMPANIONS = {"costs": "cost", "tokens": "tokens", "frac": "frac"}


@dataclass(frozen=True)
class WideSource:
    """A wide file and its companions.

    Attributes:
        path: the file; ``~`` and relative paths are understood.
        format: ``csv`` (also gzipped) or ``parquet``; None takes it from the extension.
    """

    path: str
    format: Literal["csv", "parquet"] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path:
            raise InputError(f"data.path: {self.path!r} is not the path of a file")
        if self.format not in (None, *SUFFIXES):
            raise InputError(f"data.format: {self.format!r} is not one of {', '.join(SUFFIXES)}")

    def load(self) -> Grades:
        """Read the matrix and its companions; raises InputError naming file, row and column of what cannot be read."""
        path = Path(self.path).expanduser()
        accepted = [suffix for key, group in SUFFIXES.items() for suffix in group if self.format in (None, key)]
        suffix = next((s for s in sorted(accepted, key=len, reverse=True) if path.name.endswith(s)), None)
        if suffix is None:
            raise InputError(f"data.path: {self.path!r} does not end in {' or '.join(accepted)}")
        sheet = _read(path)
        header = sheet.header
        if header[0] != "query":
            raise InputError(
                f"{path.name}: the first column is {shorten(header[0])!r}; 'query' was expected, then one per model"
            )
        has_dataset = len(header) > 1 and header[1] == "dataset"
        first = 2 if has_dataset else 1
        models = check_names(header[first:], "model", path.name)
        queries = check_names([row[0] for row in sheet.rows], "query", path.name)
        if len(models) < 2 or len(queries) < 2:
            raise InputError(
                f"{path.name}: {len(models)} model column(s) and {len(queries)} query row(s); "
                "at least 2 of each are needed"
            )
        cells = parse_cells(header[first:], [row[first:] for row in sheet.rows], list(queries), path.name)
        per_query, per_model, per_cell = _companions(path, path.name.removesuffix(suffix), queries, models)
        if has_dataset:
            per_query["dataset"] = np.array([row[1] for row in sheet.rows], dtype=object)
        notes = tuple(f"Column {models[j]!r} has no graded cell." for j in np.flatnonzero((cells > 1).all(axis=0)))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Grades(cells, queries, models, path.name, per_query, per_model, per_cell, notes, digest)


@dataclass(frozen=True)
class _Sheet:
    header: list[str]
    rows: list[list[str]]


def _read(path: Path) -> _Sheet:
    if path.suffix == ".parquet":
        return _read_parquet(path)
    rows = [row for _, row in read_rows(path)]
    return _Sheet(rows[0], rows[1:])


def _read_parquet(path: Path) -> _Sheet:
    """A Parquet file as the text its cells would have in a CSV, so that both formats take one path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise InputError(f"{path}: no such file")
    columns = []
    try:
        table = pq.ParquetFile(path).read()
        for column in table.columns:
            if pa.types.is_floating(column.type):
                # Data frames write a missing cell as nan.
                values = column.to_numpy()
                column = pa.array(values, column.type, from_pandas=True)
            columns.append(column.cast(pa.string()).fill_null("").to_pylist())
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path.name}: not a Parquet table of numbers and text ({shorten(reason, 120)})") from error
    if not columns:
        raise InputError(f"{path.name}: the table has no columns; 'query' and one column per model were expected")
    return _Sheet(list(table.column_names), [list(row) for row in zip(*columns, strict=True)])


def _companions(
    path: Path, stem: str, queries: tuple[str, ...], models: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Per-query, per-model and per-cell columns from the siblings of the file, in the order of the matrix."""
    per_query: dict[str, np.ndarray] = {}
    per_model: dict[str, np.ndarray] = {}
    per_cell: dict[str, np.ndarray] = {}
    for kind in ("prompts", "models", *_CELL_COMPANIONS):
        candidates = [path.with_name(f"{stem}.{kind}{s}") for group in SUFFIXES.values() for s in group]
        found = [candidate for candidate in candidates if candidate.exists()]
        if not found:
            continue
        if len(found) > 1:
            raise InputError(f"{found[0].name} and {found[1].name}: one companion of a kind is accepted, remove one")
        companion = found[0]
        sheet = _read(companion)
        names, what = (models, "model") if kind == "models" else (queries, "query")
        order = _match([row[0] for row in sheet.rows], names, what, companion.name, path.name)
        if len(sheet.header) < 2:
            raise InputError(f"{companion.name}: no column beside the {what} names; at least one was expected")
        first_columns = ("model", "") if kind == "models" else ("query",)
        if sheet.header[0] not in first_columns:
            raise InputError(f"{companion.name}: the first column is {shorten(sheet.header[0])!r}, not {what!r}")
        check_names(sheet.header[1:], "column", companion.name)
        if kind == "prompts":
            if "prompt" not in sheet.header:
                raise InputError(f"{companion.name}: no column 'prompt' among {', '.join(sheet.header)}")
            column = sheet.header.index("prompt")
            per_query["prompt"] = np.array([sheet.rows[i][column] for i in order], dtype=object)
        elif kind == "models":
            for j, column in enumerate(sheet.header[1:], start=1):
                text = [sheet.rows[i][j] for i in order]
                per_model[column] = np.array(text, dtype=object) if column == "family" else _column(text)
        else:
            columns = _match(sheet.header[1:], models, "model", companion.name, path.name)
            text = np.array([sheet.rows[i] for i in order], dtype=object)[:, 1:][:, columns]
            per_cell[_CELL_COMPANIONS[kind]] = _numbers(text, queries, models, companion.name)
    return per_query, per_model, per_cell


def _match(found: list[str], wanted: tuple[str, ...], what: str, companion: str, main: str) -> list[int]:
    """Positions of the wanted names in a companion; both must hold the same names."""
    check_names(found, what, companion)
    position = {name: i for i, name in enumerate(found)}
    for name in wanted:
        if name not in position:
            raise InputError(
                f"{companion}: no {what} {shorten(name)!r}, which {main} has; a companion holds the same names"
            )
    if extra := set(position) - set(wanted):
        raise InputError(
            f"{companion}: {what} {shorten(min(extra))!r} is not in {main}; a companion holds the same names"
        )
    return [position[name] for name in wanted]


def _numbers(text: np.ndarray, queries: tuple[str, ...], models: tuple[str, ...], file: str) -> np.ndarray:
    """Float64 array, nan where a cell is empty."""
    try:
        return np.where(text == "", "nan", text).astype(float)
    except ValueError:
        for (i, j), value in np.ndenumerate(text):
            try:
                float(value or "nan")
            except ValueError:
                raise InputError(
                    f"{file}: row {queries[i]!r}, column {models[j]!r}: {shorten(value)!r} is not a number or empty"
                ) from None
        raise


def _column(text: list[str]) -> np.ndarray:
    """A per-model column: numbers where every filled cell is one, else text."""
    try:
        return np.array([float(value) if value else np.nan for value in text])
    except ValueError:
        return np.array(text, dtype=object)
