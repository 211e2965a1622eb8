"""Odd cases of the readers' small parts, each by hand."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.dialect import Dialect, find_dialect
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.paths import ABSENT, FieldPath
from cofail_lab.data.readers.inspect import _notes
from cofail_lab.data.readers.npz import NpzSource
from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.data.readers.routerbench import RouterBenchSource
from cofail_lab.data.readers.swebench import _model_and_run
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from tests.data.cells import write

DOCUMENT = {
    "runs": [3, {"name": "a", "v": 1}, {"name": "judge", "v": [2, 5]}],
    "by": {"x": {"v": 7}, "y": {"w": 8}},
    "a.b": 9,
    "a": {"b": 10},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("runs[name=judge].v", [2, 5]),
        ("runs[name=judge].v[-1]", 5),
        ("runs[name=judge].v[2]", ABSENT),
        ("runs[-3]", 3),
        ("runs[-4]", ABSENT),
        ("runs[name=c]", ABSENT),
        ("runs[0].v", ABSENT),
        ("runs[*].v", [1, 2, 5]),
        ("by.*.v", [7]),
        ("by.*.z", ABSENT),
        ("a.b", 9),
        ("a", {"b": 10}),
    ],
)
def test_what_a_path_leads_to(path: str, value: Any) -> None:
    assert FieldPath(path, "data.right").value(DOCUMENT) == value


def test_what_stands_for_a_star_is_a_key() -> None:
    assert list(FieldPath("by.*", "data.right").every(DOCUMENT)) == [(("x",), {"v": 7}), (("y",), {"w": 8})]


def test_rows_without_names_are_numbered_whatever_stands_beside_the_grades(tmp_path: Path) -> None:
    """A column of datasets, whose names repeat, names no query; nor does a category."""
    for name in ("dataset", "category"):
        grades = WideSource(write(tmp_path, f"{name},a,b\nx,1,0\nx,0,1\ny,1,1\n", f"{name}.csv")).load()
        assert (grades.models, NUMBERED in grades.notes) == (("a", "b"), True)
        assert list(grades.per_query["dataset"]) == ["x", "x", "y"]


def test_names_of_raters_with_the_signs_of_patterns(tmp_path: Path) -> None:
    path = write(tmp_path, "query,j[1],j[2],k\nq,1,0,1\nr,0,0,1\n", "votes.csv")
    assert RatersSource(path, raters=["j[1]", "k"]).load().raters == ("j[1]", "k")


@pytest.mark.parametrize("header", ["sample,m,m|total_cost", "sample_id,m,m_cost"])
def test_a_table_of_router_bench_has_ids_and_costs(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, f"{header}\nq,1,0.5\n", "t.csv")
    with pytest.raises(InputError, match=r"no column 'sample_id' with MODEL and MODEL\|total_cost columns"):
        RouterBenchSource(path).load()


def test_an_archive_says_which_answers_stopped_at_a_limit(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", wrong=np.eye(2), at_limit=np.array([[1, 0], [0, 1]]))
    assert NpzSource(str(tmp_path / "m.npz")).load().per_cell["at_limit"].tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt.run-1.json", ("gpt", "run-1")),
        ("a.b.run.json", ("a.b", "run")),
        ("run.json", ("here", "")),
        ("report.json", ("here", "")),
    ],
)
def test_a_report_is_named_after_its_model_and_run(tmp_path: Path, name: str, found: tuple[str, str]) -> None:
    assert _model_and_run(tmp_path / "here" / name) == found


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("sep=;\nquery;a;b\nq;1;0\n", Dialect(";", stated=True)),
        ("SEP=|\r\nquery|a\n", Dialect("|", stated=True)),
    ],
)
def test_a_first_line_states_the_delimiter(tmp_path: Path, text: str, dialect: Dialect) -> None:
    found = find_dialect(Path(write(tmp_path, text, "t.csv")))
    assert (found.delimiter, found.stated) == (dialect.delimiter, dialect.stated)


@pytest.mark.parametrize(
    ("scorer", "roles", "used", "said"),
    [
        ("model_graded_qa", {}, ("m",), True),
        ("inspect/model_graded_fact", {}, (), True),
        ("model_graded_qa", {}, ("m", "judge"), False),
        ("model_graded_qa", {"grader": "judge"}, ("m",), False),
        ("match", {}, ("m",), False),
    ],
)
def test_a_model_that_grades_itself_is_named(scorer: str, roles: dict, used: tuple[str, ...], said: bool) -> None:
    log: Any = SimpleNamespace(
        status="success",
        eval=SimpleNamespace(model="m", scorers=[SimpleNamespace(name=scorer)], model_roles=roles),
        stats=SimpleNamespace(model_usage=dict.fromkeys(used)),
    )
    last = "m graded its own answers: its tokens include those of grading."
    assert _notes(log, "s", 0, Counter()) == ["Right is decided by scorer 's'.", *[last] * said]
    log.status = "cancelled"
    assert _notes(log, "", 2, Counter(invalid=3))[:3] == [
        "m: the run's status is 'cancelled'.",
        "m: samples of the dataset that are not in the log, counted as missing: 2.",
        "m: invalidated samples, counted as missing: 3.",
    ]
