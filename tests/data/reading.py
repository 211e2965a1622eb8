"""What every reader of logs is tested with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.data.formats import source_class
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.data.wide_writer import wide_tables
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

VENDOR = Path(__file__).with_name("logs")


def load(format: str, path: str | list[str] | Path, **options: Any) -> Grades:  # noqa: A002
    return source_class(format)(path=str(path) if isinstance(path, Path) else path, **options).load()


def converted(grades: Grades, folder: Path) -> Grades:
    """The matrix after a way through the wide format and back."""
    tables, left = wide_tables(grades)
    folder.mkdir()
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    assert set(left) <= {"votes", "multi_answer", "n_logs"}
    return WideSource(path=str(folder / "grades.parquet")).load()


def assert_same(one: Grades, other: Grades) -> None:
    assert (one.queries, one.models) == (other.queries, other.models)
    np.testing.assert_array_equal(one.cells, other.cells)
    for name in ("cost", "tokens", "frac", "samples"):
        assert (name in one.per_cell) == (name in other.per_cell), name
        if name in one.per_cell:
            np.testing.assert_array_equal(one.per_cell[name], other.per_cell[name])
    for name in ("dataset", "prompt"):
        if name in one.per_query:
            assert list(one.per_query[name]) == list(other.per_query[name])


def one_line(error: pytest.ExceptionInfo[InputError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def edited(path: Path, change: Callable[[Any], Any]) -> None:
    """Change the JSON document, or the first line of JSON lines, in place."""
    first, *rest = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    document = json.loads(first)
    changed = change(document)
    path.write_text("\n".join([json.dumps(document if changed is None else changed), *rest]))


def first(document: dict[str, Any]) -> dict[str, Any]:
    return next(iter(document.values()))
