"""Options of sources that read files."""

from pathlib import Path

import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.auto import AutoSource
from cofail_lab.data.file_source import expand
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.cells import write


def test_options_that_a_format_does_not_take_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "g.csv")
    assert load_outcomes(path, "auto").n_queries == load_outcomes(path, "csv").n_queries == 2
    with pytest.raises(InputError, match="scorer: format 'csv' has no such option"):
        load_outcomes(path, "csv", scorer="judge")
    for arguments, says in (
        ({"join": "fuzzy"}, r"data.join: 'fuzzy' is not 'id' or 'content'"),
        ({"registry": ""}, r"data.registry: ''"),
        ({"path": ["x", 3]}, r"data.path: 3 is not the path"),
        ({"path": "*.none"}, "a pattern that matches nothing"),
        ({"path": "a\0b.csv"}, "cannot be looked up|no such file"),
    ):
        with pytest.raises(InputError, match=says):
            AutoSource(**{"path": path, **arguments}).load()


def test_what_a_registry_knows_of_the_models_is_attached(tmp_path: Path) -> None:
    path = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "g.csv")
    registry = write(tmp_path, "model,family\nb,second\na,first\n", "models.csv")
    assert list(AutoSource(path, join="id", registry=registry).load().per_model["family"]) == ["first", "second"]
    assert AutoSource(path).load().per_model == {}


def test_a_name_in_capitals_is_found_in_a_folder(tmp_path: Path) -> None:
    for name in ("B.CSV", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in expand(str(tmp_path), ("*.csv",))] == ["B.CSV", "a.csv"]


def test_what_is_said_of_logs_that_another_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three are not read, and are named by their order."""
    for name, grade in (("c", 1), ("a", 0), ("b", 1)):
        (tmp_path / f"{name}.csv").write_text(f"query,m\nq,{grade}\n")
    replaced = {tmp_path / "b.csv", tmp_path / "a.csv"}
    monkeypatch.setattr(WideSource, "superseded", classmethod(lambda cls, paths: {p for p in paths if p in replaced}))
    grades = WideSource(str(tmp_path)).load()
    assert grades.cells.tolist() == [[Cell.RIGHT]]
    assert grades.notes[-1] == (
        "2 logs left out, because a retry of the same run, or a log with its grades, replaces them: a.csv, b.csv."
    )
