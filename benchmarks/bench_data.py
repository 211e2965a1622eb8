"""Reading logs: a million answers from a long table, and a million records added one by one."""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.row import Row, peak_memory, timed

_QUERIES, _MODELS = 20_000, 50


@contextmanager
def _long_table() -> Iterator[Path]:
    """A long CSV of 1,000,000 answers with dataset, cost and tokens; written row by row, to leave no memory behind."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        with path.open("w") as file:
            file.write("query,model,correct,dataset,cost,tokens_in,tokens_out\n")
            for i in range(_QUERIES):
                draws = rng.integers(0, 1000, (_MODELS, 2)).tolist()
                file.writelines(
                    f"item-{i:06d},provider/model-{j},{int(a < 600)},set-{i % 7},{a * 1e-6:.6f},{a},{b}\n"
                    for j, (a, b) in enumerate(draws)
                )
        yield path


def _plainly(path: Path) -> np.ndarray:
    """The same matrix by the csv module and two dictionaries, without costs, tokens or checks."""
    queries: dict[str, int] = {}
    models: dict[str, int] = {}
    cells = np.full((_QUERIES, _MODELS), 4, np.int8)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            i = queries.setdefault(row["query"], len(queries))
            j = models.setdefault(row["model"], len(models))
            cells[i, j] = row["correct"] == "0"
    return cells


def long_table() -> list[Row]:
    """The guess, the read and the matrix, with all columns, against the csv module."""
    from cofail_lab.data.auto import AutoSource

    with _long_table() as path:
        megabytes = path.stat().st_size / 2**20
        seconds, grades = timed(lambda: AutoSource(str(path)).load())
        memory = peak_memory()
        slow, plain = timed(lambda: _plainly(path))
    assert (grades.cells == plain).all()
    assert memory <= 1
    note = f"{megabytes:.0f} MiB of text, peak {memory:.2f} GiB of the whole process; equal cells"
    name = f"long CSV, {_QUERIES:,} queries x {_MODELS} models, with cost and tokens"
    return [Row(name, seconds, "csv.DictReader, cells only", slow / seconds, "<= 10 s and <= 1 GiB", note)]


def single_records() -> list[Row]:
    """What a log reader does: one call per answer, then the matrix."""
    from cofail_lab.data.records import Records
    from cofail_lab.grades import Cell

    names = [f"item-{i:06d}" for i in range(_QUERIES)]
    states = (Cell.RIGHT, Cell.WRONG)

    def build() -> int:
        records = Records()
        for j in range(_MODELS):
            model = f"provider/model-{j}"
            for i, name in enumerate(names):
                records.add(name, model, states[(i + j) % 2], cost=0.1, tokens_in=5.0)
        return records.grades(source="benchmark", sha256="").cells.size

    def plainly() -> int:
        return len(
            [{"query": name, "model": j, "cost": 0.1, "tokens_in": 5.0} for j in range(_MODELS) for name in names]
        )

    seconds, size = timed(build)
    memory = peak_memory()
    slow, _ = timed(plainly)
    assert size == _QUERIES * _MODELS
    note = f"peak {memory:.2f} GiB; a list of dictionaries, without any matrix, peaks at {peak_memory():.2f}"
    return [
        Row("Records.add, 1,000,000 times, and the matrix", seconds, "list of dictionaries", slow / seconds, "", note)
    ]


BENCHMARKS = [long_table, single_records]
