"""Which of a matrix's all-wrong queries have been read: by the sheet of verdicts beside its file."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.files import without_ending
from cofail_lab.data.sheet import read_verdicts
from cofail_lab.decisions.adjudication import ORDERS, state_of
from cofail_lab.errors import InputError

if TYPE_CHECKING:
    from cofail_lab.report.atlas_matrix import Matrix

_ENDINGS = (".verdicts.csv", ".verdicts.xlsx")


def with_states(matrix: Matrix) -> Matrix:
    """The matrix with what readers found, or with why their sheet cannot be read."""
    try:
        return replace(matrix, states=read_states(str(matrix.values["data.path"]), matrix.page.parent))
    except InputError as error:
        return replace(matrix, sheet_fault=str(error))


def read_states(matrix: str, run: Path) -> Counter[str] | None:
    """How many all-wrong queries are in each state of `data.sheet.State`; None where there is no sheet.

    Args:
        matrix: path of the file; the sheet is ``NAME.verdicts.csv`` (or ``.xlsx``) beside ``NAME.csv.gz``.
        run: folder of its fit, whose table of queries says which of them defeat everyone.

    Raises:
        InputError: the sheet cannot be read, or is not about this matrix.
    """
    stem = without_ending(Path(matrix))
    sheets = [path for ending in _ENDINGS if (path := Path(matrix).with_name(stem + ending)).is_file()]
    table = run / "tables" / "queries.parquet"
    if not sheets or not table.is_file():
        return None
    import pyarrow.parquet as pq

    columns = pq.read_table(table, columns=["query", "all_wrong"]).to_pydict()
    found = read_verdicts(sheets[0], columns["query"])
    # An answer without a verdict is judged by the key.
    answered = any(reading.answers for reading in found.values())
    keys = _keys(matrix) if answered else {}
    failed = [query for query, all_wrong in zip(columns["query"], columns["all_wrong"], strict=True) if all_wrong]
    return Counter(
        state_of(found[query], keys.get(query, ""), ORDERS[0]) if query in found else "unread" for query in failed
    )


def _keys(matrix: str) -> dict[str, str]:
    """The right answer of each query as the data have it."""
    grades = AutoSource(matrix).load()
    key = grades.per_query.get("key")
    return {} if key is None else {query: str(one) for query, one in zip(grades.queries, key, strict=True)}
