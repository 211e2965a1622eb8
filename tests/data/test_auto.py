"""Formats are guessed from what the files hold."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from tests.data.cells import LONG, write


def test_formats_are_guessed_from_content_and_said(tmp_path: Path) -> None:
    long = write(tmp_path, LONG, "a.csv")
    wide = write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "b.csv")
    np.savez(tmp_path / "c.npz", wrong=np.eye(3))
    assert guess(Path(long)) == ("long", "a table with columns query, model and a grade")
    assert guess(Path(wide)) == ("csv", "a table whose first column is 'query'")
    assert guess(tmp_path / "c.npz") == ("npz", "a NumPy archive with a matrix of answers")
    assert AutoSource(long).load().notes[0] == "Read as long: a table with columns query, model and a grade."
    unknown = write(tmp_path, "hello", "d.txt")
    with pytest.raises(InputError, match=r"d.txt: of no known format; tried csv, .*; choose one with data="):
        AutoSource(unknown).load()
    with pytest.raises(InputError, match="no such file"):
        AutoSource(str(tmp_path / "absent.json")).load()
    (tmp_path / "c.npz").unlink()
    Path(wide).write_text("query,a,b\nq1,1,0\nq3,0,1\n")
    whole = AutoSource(str(tmp_path)).load()
    assert whole.models == ("a", "b")
    assert any("1 other file not read as logs, such as d.txt" in note for note in whole.notes)


def test_two_readers_that_claim_one_file_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, LONG, "a.csv")
    monkeypatch.setattr(WideSource, "sniff", classmethod(lambda cls, path: "anything"))
    with pytest.raises(InputError, match=r"could be csv \(anything\) or long \(.*\); choose one with data="):
        AutoSource(path).load()


def test_companions_of_a_matrix_are_read_and_are_no_strangers(tmp_path: Path) -> None:
    write(tmp_path, "query,a,b\nq1,1,0\nq3,0,1\n", "t.csv")
    write(tmp_path, "query,a,b\nq1,0.5,2\nq3,1,3\n", "t.costs.csv")
    write(tmp_path, "nothing", "notes.md")
    whole = AutoSource(str(tmp_path)).load()
    assert whole.per_cell["cost"].tolist() == [[0.5, 2], [1, 3]]
    assert [note for note in whole.notes if "not read" in note] == ["1 other file not read as logs, such as notes.md."]


def test_a_key_of_one_format_is_accepted_where_logs_of_several_are_read(tmp_path: Path) -> None:
    """The wide table needs its column of names; the long one has no such key."""
    (tmp_path / "wide.csv").write_text("a,name,b\n1,q1,0\n0,q2,1\n")
    (tmp_path / "long.csv").write_text("query,model,correct\nq1,c,1\nq2,c,0\n")
    paths = [str(tmp_path / name) for name in ("wide.csv", "long.csv")]
    grades = AutoSource(paths, query_column="name").load()
    assert (set(grades.queries), set(grades.models)) == ({"q1", "q2"}, {"a", "b", "c"})
    with pytest.raises(InputError, match=r"data\.query_column: 'name'; format long has no such key"):
        AutoSource(paths[1], query_column="name").load()
