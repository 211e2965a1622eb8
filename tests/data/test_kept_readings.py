"""What the readers make of small files of every format, whole: names, cells, columns, settings and notes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.formats import source_class
from cofail_lab.grades import Grades
from tests.data.makers.platforms import MAKERS
from tests.data.test_states_table import KEYS, MADE
from tests.experiments.whole import keep, shown

# Of a column so many cells are kept; the columns of the makers have 25 or 50, and go on as they begin.
_CELLS = 8


def described(grades: Grades) -> Iterator[str]:
    """A matrix as lines."""
    yield f"source: {grades.source}"
    yield f"models: {' | '.join(grades.models)}"
    yield f"queries: {' | '.join(grades.queries)}"
    yield f"cells: {' '.join(''.join(map(str, row)) for row in grades.cells)}"
    for kind in ("per_query", "per_model", "per_cell"):
        for name, column in sorted(getattr(grades, kind).items()):
            cells = np.asarray(column).tolist()
            yield f"{kind} {name} {column.dtype.kind} {column.shape}: {shown(cells[:_CELLS])}"
    yield f"settings: {shown(grades.settings)}"
    yield from (f"note: {note}" for note in grades.notes)


@pytest.mark.parametrize("name", MADE)
def test_every_state_in_every_format(name: str, tmp_path: Path) -> None:
    files, _ = MADE[name]()
    for file, content in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    path = tmp_path if len(files) > 1 else tmp_path / next(iter(files))
    grades = source_class(name)(str(path), **KEYS.get(name, {})).load()
    keep(
        f"read_states_{name}",
        [line.replace(tmp_path.name, "FOLDER") for line in described(grades)],
        tmp_path,
        exact=True,
    )


@pytest.mark.parametrize("name", MAKERS)
def test_everything_that_a_log_holds(name: str, tmp_path: Path) -> None:
    kind, make = MAKERS[name]
    made = make(tmp_path)
    grades = source_class(kind)(made.path, **made.options).load()
    keep(f"read_{name}", [line.replace(tmp_path.name, "FOLDER") for line in described(grades)], tmp_path, exact=True)
