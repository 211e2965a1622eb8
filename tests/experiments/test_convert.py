"""`experiment=convert`: everything that a matrix holds survives the wide format."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.data.readers.long import LongSource
from cofail_lab.data.readers.npz import NpzSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.convert import Convert
from cofail_lab.grades import Grades
from tests.data.cells import LONG, MISSING, assert_same, grades_of, write
from tests.experiments.sources import Fixed


def converted(source: object, folder: Path) -> Grades:
    """What `experiment=convert` writes of a source, read back by `data=parquet`."""
    result = Convert().run(Inputs(RunOptions(), source=lambda: source))  # type: ignore[arg-type]
    for name, table in result.tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return WideSource(str(folder / "grades.parquet")).load()


def test_convert_round_trips_everything(tmp_path: Path, rng: np.random.Generator) -> None:
    n, m = 30, 4
    samples = rng.integers(0, 5, (n, m, 3)).astype(np.int8)
    samples = np.take_along_axis(samples, np.argsort(samples == MISSING, axis=2, kind="stable"), axis=2)
    text = np.array([f'p"{i}",\n\u2028é' for i in range(n)], dtype=object)
    from cofail_lab.data.records import share_right

    grades = Grades(
        samples[..., 0].copy(),
        tuple(f"q,{i}\t" for i in range(n)),
        ('m"1', "m,2", "m;3", "=m4"),
        "made",
        per_query={
            "dataset": np.array([f"d{i % 3}" for i in range(n)], dtype=object),
            "prompt": text,
            "key": np.array([f"{i % 4}" for i in range(n)], dtype=object),
        },
        per_model={
            "family": np.array(["a", "", "7", "b"], dtype=object),
            "usd_per_mtok_in": np.array([1, np.nan, 1 / 3, 0]),
        },
        per_cell={
            "cost": np.where(rng.random((n, m)) < 0.2, np.nan, rng.random((n, m)) * 1e-7),
            "score": rng.normal(size=(n, m)) * 1e17,
            "tokens_in": np.floor(rng.random((n, m)) * 1e9),
            "at_limit": rng.random((n, m)) < 0.5,
            "agreement": rng.random((n, m)),
            "answer": np.array(["", "007", "A,\n", "é"], dtype=object)[rng.integers(4, size=(n, m))],
            "samples": samples,
            "frac": share_right(samples),
        },
    )
    assert_same(grades, converted(Fixed(grades), tmp_path))


def test_every_format_converts_to_the_same_matrix(tmp_path: Path) -> None:
    rows = LONG.replace("q3,b,,x,,,,,\n", "q3,b,1,x,,,,,\nq3,a,0,x,,,,,\n")
    source = LongSource(write(tmp_path, rows, "long.csv"))
    assert_same(source.load(), converted(source, tmp_path))
    np.savez(tmp_path / "m.npz", correct=np.array([[[1, 0], [0, 0]], [[1, 1], [np.nan, np.nan]]]))
    archive = NpzSource(str(tmp_path / "m.npz"))
    for file in tmp_path.glob("grades*"):
        file.unlink()
    assert_same(archive.load(), converted(archive, tmp_path))


def test_convert_names_what_has_no_place(tmp_path: Path) -> None:
    grades = grades_of([[0, 1], [1, 0]], "pq", "ab", per_query={"features": np.zeros((2, 8))})
    result = Convert().run(Inputs(RunOptions(), source=lambda: Fixed(grades)))  # type: ignore[arg-type]
    assert any("no place for: features" in sentence for sentence in result.sections[0].sentences)
    for name in ("query", "dataset"):
        with pytest.raises(InputError, match=f"a model named '{name}'"):
            converted(Fixed(replace(grades, models=(name, "b"))), tmp_path)


def test_every_state_is_counted_once() -> None:
    grades = grades_of([[0, 1, 1], [2, 3, 3], [4, 4, 3]], "pqr", "abc")
    result = Convert().run(Inputs(RunOptions(), source=lambda: Fixed(grades)))  # type: ignore[arg-type]
    states = {"n_right": 1, "n_wrong": 2, "n_unscored": 1, "n_error": 3, "n_missing": 2}
    assert result.metrics == {"n_models": 3, "n_queries": 3, **states}
    assert [(row.label, row.value, row.note) for row in result.sections[0].rows][:2] == [
        ("right", "1", "11.1%"),
        ("wrong", "2", "22.2%"),
    ]
