"""The wide format: a row per query, a column per model, and columns that name the query, its dataset and its prompt.

CSV (commas, semicolons, tabs or vertical bars), also gzipped, Parquet, or the first sheet of an Excel workbook. Files
beside it are read with it, see `companions`.
"""

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from cofail_lab import checks
from cofail_lab.data import files
from cofail_lab.data.cells import TextColumns, cell_states, read_texts, spellings_note
from cofail_lab.data.dialect import find_dialect
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.layout import MODEL_NAMES, QUERY_NAMES, find_layout, plain_name
from cofail_lab.data.names import check_names, list_names
from cofail_lab.data.parquet import read_records
from cofail_lab.data.readers.companions import (
    SUFFIXES,
    check_samples,
    is_companion,
    numbers_or_text,
    read_companions,
    suffix_of,
)
from cofail_lab.data.tables import Sheet, header, read_rows, read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

# Columns of a matrix that only a companion or another format gives.
_OTHERWISE = ("dataset", "prompt", "key", "n_logs", "content", "features", "multi_answer")
# Rows that are looked at to guess a format.
_FIRST_ROWS = 20


@dataclass(frozen=True)
class WideSource(FileSource):
    """Wide files and their companions.

    Attributes:
        format: ``csv`` (also gzipped, tab-separated, and Excel) or ``parquet``; None for any, by the extension.
        query_column: the column that names the queries; None to find it by its name (`layout.QUERY_NAMES`).
        threshold: the lowest number of a right answer; None accepts no numbers but 0 and 1.
    """

    format: Literal["csv", "parquet"] | None = None
    query_column: str | None = None
    threshold: float | None = None

    patterns: ClassVar[tuple[str, ...]] = tuple(f"*{suffix}" for group in SUFFIXES.values() for suffix in group)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format not in (None, *SUFFIXES):
            raise InputError(f"data.format: {self.format!r} is not one of {', '.join(SUFFIXES)}")
        if self.query_column is not None and not isinstance(self.query_column, str):
            raise InputError(f"data.query_column: {self.query_column!r} is not the name of a column")
        if self.threshold is not None:
            checks.number("data.threshold", self.threshold)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A table with a column that names queries, at least one column of grades, and no column of models."""
        if suffix_of(path, None) is None or is_companion(path):
            return ""
        try:
            names = header(path)
            plain = [plain_name(name) for name in names]
            several = not {"model", "model_name", "model_id"}.isdisjoint(plain[1:]) or "|total_cost" in "".join(names)
            if not names or several:
                return ""  # no table, a row per answer, or RouterBench
            if plain[0] == "query":
                return "a table whose first column is 'query'"
            named = plain[0] in MODEL_NAMES or not set(plain).isdisjoint(QUERY_NAMES)
            if not named or not _some_grades(path, names):
                return ""
        except InputError:
            return ""
        return "a table with a row per query and a column per model"

    def files(self) -> list[Path]:
        """The files to read, without the companions, which are read with their matrix."""
        return [path for path in super().files() if not is_companion(path)]

    def grades(self, path: Path) -> Grades:
        """The matrix and its companions; raises InputError naming file, row and column of what cannot be read."""
        suffix = suffix_of(path, self.format)
        if suffix is None:
            accepted = [s for key, group in SUFFIXES.items() for s in group if self.format in (None, key)]
            raise InputError(f"data.path: {str(path)!r} does not end in {' or '.join(accepted)}")
        grades = wide_grades(
            read_sheet(path),
            path.name,
            query_column=self.query_column,
            threshold=self.threshold,
            decimal_comma=_decimal_comma(path),
        )
        per_query, per_model, per_cell = read_companions(path, path.name[: -len(suffix)], grades.queries, grades.models)
        if "samples" in per_cell:
            check_samples(grades.cells, per_cell, path.name)
        return replace(
            grades,
            per_query={**grades.per_query, **per_query},
            per_model=per_model,
            per_cell={**grades.per_cell, **per_cell},
            sha256=files.digest([path]),
        )


def wide_grades(
    sheet: Sheet,
    file: str,
    *,
    query_column: str | None = None,
    threshold: float | None = None,
    decimal_comma: bool = False,
) -> Grades:
    """The matrix of a wide table.

    Args:
        sheet: the table.
        file: its name, for messages.
        query_column, threshold: as in `WideSource`.
        decimal_comma: as in `cells.read_texts`.

    Raises:
        InputError: no models or queries, names that are blank or twice there, cells that are no grades.
    """
    sheet, notes = _queries_in_rows(sheet)
    names, rows = sheet.header, sheet.rows
    table = TextColumns.of(rows, len(names))
    reading = read_texts(table, threshold, decimal_comma=decimal_comma)
    layout = find_layout(names, table, reading, file, query_column=query_column, threshold=threshold)
    models = check_names([names[j] for j in layout.models], "model", file)
    if layout.query is None:
        queries = tuple(f"row {i + 1}" for i in range(len(rows)))
    else:
        first = [f"{row[layout.dataset]}/" if layout.by_dataset and layout.dataset is not None else "" for row in rows]
        named = [before + row[layout.query] for before, row in zip(first, rows, strict=True)]
        queries = check_names(named, "query", file)
    if not queries:
        raise InputError(f"{file}: a header and no rows; one row per query is needed")
    if not models:
        shown = list_names(names, 8)
        raise InputError(
            f"{file}: no column of grades besides {shown}; one column per model is needed, 1 right, 0 wrong"
        )
    columns = list(layout.models)
    table = TextColumns(table.texts, table.codes[:, columns])
    reading = reading._replace(states=reading.states[:, columns])
    cells = cell_states(table, reading, models, queries, file, threshold)
    found = {"dataset": layout.dataset, "prompt": layout.prompt}
    per_query = {name: np.array([row[j] for row in rows], dtype=object) for name, j in found.items() if j is not None}
    for j in layout.aside:
        if (name := names[j].strip()) and name not in _OTHERWISE:
            per_query[name] = numbers_or_text([row[j] for row in rows])
    scores, said = _kept_scores(table, reading.scores, threshold)
    notes += [*layout.notes, *filter(None, [spellings_note(table, reading)]), *said]
    notes += [f"Column {models[j]!r} has no graded cell." for j in np.flatnonzero((cells > 1).all(axis=0))]
    return Grades(cells, queries, models, file, per_query, {}, scores, tuple(notes))


def _some_grades(path: Path, names: list[str]) -> bool:
    """Whether some column of the first rows is half full of grades, besides one that names the rows."""
    if suffix_of(path, "parquet"):
        records = list(islice(read_records(path), _FIRST_ROWS))
        if any(isinstance(value, dict | list) for record in records for value in record.values()):
            return False
        rows = [["" if value is None else str(value) for value in record.values()] for record in records]
    elif suffix_of(path, "csv") == ".xlsx":
        rows = read_sheet(path).rows[:_FIRST_ROWS]
    else:
        rows = [row for _, row in islice(read_rows(path), 1, _FIRST_ROWS + 1)]
    table = TextColumns.of(rows, len(names))
    states = read_texts(table).states[table.codes, np.arange(len(names))]
    return bool(rows) and bool(((states >= 0).mean(axis=0) >= 0.5)[1:].any())


def _queries_in_rows(sheet: Sheet) -> tuple[Sheet, list[str]]:
    """The table with a row per query; one whose first column is called ``model`` has the models in its rows."""
    if plain_name(sheet.header[0]) not in MODEL_NAMES:
        return sheet, []
    turned = [list(column) for column in zip(*sheet.rows, strict=True)] or [[]]
    rows = [[query, *cells] for query, cells in zip(sheet.header[1:], turned[1:], strict=True)]
    note = (
        f"Each row was taken for a model and each column for a query, because the first column is {sheet.header[0]!r}."
    )
    return Sheet(["query", *turned[0]], rows), [note]


def _decimal_comma(path: Path) -> bool:
    return suffix_of(path, "csv") not in (None, ".xlsx") and find_dialect(path).delimiter == ";"


def _kept_scores(
    table: TextColumns, scores: np.ndarray, threshold: float | None
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The numbers of the cells where a threshold grades them, as pass rates if all lie in [0, 1]; and one sentence."""
    numbers = scores[table.codes]
    known = numbers[~np.isnan(numbers)]
    if threshold is None or not len(known):
        return {}, []
    name, kept = ("frac", "pass rates") if known.min() >= 0 and known.max() <= 1 else ("score", "scores")
    note = f"Numbers from {threshold:g} on count as right, lower ones as wrong; the numbers are kept as {kept}."
    return {name: numbers}, [note]
