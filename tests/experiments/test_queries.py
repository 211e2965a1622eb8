"""`experiment=queries` on a matrix of six queries and three models, counted by hand."""

from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.queries import Queries
from cofail_lab.grades import Grades
from cofail_lab.record import Recorder
from cofail_lab.result import Result
from tests.data.cells import RIGHT, WRONG, grades_of

CELLS = [
    [RIGHT, RIGHT, RIGHT],
    [WRONG, WRONG, WRONG],
    [RIGHT, WRONG, WRONG],
    [WRONG, RIGHT, WRONG],
    [RIGHT, RIGHT, WRONG],
    [WRONG, WRONG, WRONG],
]
"""By model a, b and c."""


@pytest.fixture
def matrix() -> Grades:
    datasets = np.array(["y", "y", "x", "x", "x", "x"], object)
    prompts = np.array([f"What, =1+{i}?" for i in range(6)], object)
    return grades_of(CELLS, "123456", "abc", per_query={"dataset": datasets, "prompt": prompts})


def run(matrix: Grades, **parameters: object) -> Result:
    source = type("Held", (), {"load": lambda self: matrix})
    return Queries(**parameters).run(Inputs(RunOptions(), source=source))  # type: ignore[arg-type]


def test_the_hardest_queries_come_first(matrix: Grades) -> None:
    result = run(matrix)
    assert result.headline == "2 of 6 queries defeat every model."
    assert result.metrics == {
        "n_models": 3,
        "n_queries": 6,
        "n_all_wrong": 2,
        "n_listed": 2,
        "n_one_right": 2,
        "n_only_best": 1,
    }
    assert result.tables["queries"].column("query").to_pylist() == ["6", "2"]  # dataset x before y
    few = run(matrix, most_right=1)
    assert few.headline == "4 of 6 queries are right for at most 1 model."
    assert few.tables["queries"].column("query").to_pylist() == ["6", "2", "3", "4"]
    assert few.tables["queries"].column("right").to_pylist() == ["", "", "a", "b"]
    by_dataset = {row.label: (row.value, row.note) for row in few.sections[1].rows}
    assert by_dataset == {"x": ("3", "75.0% of 4"), "y": ("1", "50.0% of 2")}


def test_queries_that_one_model_alone_gets_right(matrix: Grades) -> None:
    assert run(matrix, only="best").headline == "1 of 6 queries only a gets right."
    assert run(matrix, only="b").tables["queries"].column("query").to_pylist() == ["4"]
    assert run(matrix, only="c").metrics["n_listed"] == 0
    for parameters, says in (
        ({"only": "d"}, r"experiment.only: 'd' is not in g; there are a, b, c"),
        ({"only": 3}, r"experiment.only: 3 is not the name"),
        ({"most_right": -1}, r"experiment.most_right: -1"),
    ):
        with pytest.raises(InputError, match=says):
            run(matrix, **parameters)


def test_the_table_is_written_as_csv_too(matrix: Grades, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "queries", "", seed=0, figures=False, report=False)
    recorder.start()
    recorder.finish(run(matrix), {})
    assert (tmp_path / "tables" / "queries.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pyarrow.csv.read_csv(tmp_path / "tables" / "queries.csv")
    assert table.column("prompt").to_pylist() == ["What, =1+5?", "What, =1+1?"]


def test_what_each_answer_was_given_by(matrix: Grades) -> None:
    answers = np.array([["A", "B", "A"]] * 6, object)
    held = Grades(**{**matrix.__dict__, "per_cell": {"answer": answers}})
    assert run(held).tables["queries"].column("answers").to_pylist() == ["A: a, c; B: b"] * 2
    # The most frequent first, whatever the alphabet says.
    held.per_cell["answer"][:] = ["B", "A", "B"]
    assert run(held).tables["queries"].column("answers").to_pylist() == ["B: a, c; A: b"] * 2
