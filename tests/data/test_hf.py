"""Data sets on the Hugging Face hub, read from a cache that holds them as the hub's own library lays it out."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from cofail_lab.data.hf import INSTALL, HubSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from tests.data.makers import documented
from tests.data.reading import assert_same, load, one_line

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPO = "someone/outcomes"
LONG = "query,model,correct\nq1,a,1\nq1,b,0\nq2,a,0\nq2,b,error\n"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The snapshot folder of one data set in an offline cache; huggingface_hub itself finds the files in it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    snapshot = tmp_path / "cache" / "datasets--someone--outcomes" / "snapshots" / REVISION
    (snapshot / "data").mkdir(parents=True)
    (snapshot / "data" / "long.csv").write_text(LONG)
    return snapshot


def read(**options: Any) -> Grades:
    return HubSource(
        **{"repo": REPO, "revision": REVISION, "file": "data/long.csv", "format": "long", **options}
    ).load()


def test_one_file_of_a_pinned_revision(hub: Path) -> None:
    grades = read()
    assert grades.cells.tolist() == [[Cell.RIGHT, Cell.WRONG], [Cell.WRONG, Cell.ERROR]]
    assert grades.source == REPO
    digest = hashlib.sha256(LONG.encode()).hexdigest()
    assert grades.notes[0] == f"{REPO} at revision {REVISION}."
    assert digest in grades.notes[1]
    assert_same(read(sha256=digest), grades)


def test_several_files_of_a_revision_and_what_their_reader_says(hub: Path) -> None:
    (hub / "data" / "more.csv").write_text(LONG.replace("q1", "p1").replace("q2", "p2").replace(",a,", ",c,"))
    grades = read(file=["data/long.csv", "data/more.csv"])
    assert grades.queries == ("q1", "q2", "p1", "p2")
    assert grades.models == ("a", "b", "c")
    (hub / "data" / "wide.csv").write_text("question,a,b\nx,1,0\ny,0,1\n")
    said = read(file="data/wide.csv", format="csv").notes
    assert len(said) == 3
    assert said[2] == "Column 'question' was taken for the names of the queries."


def test_other_bytes_are_refused(hub: Path) -> None:
    digest = hashlib.sha256(LONG.encode()).hexdigest()
    (hub / "data" / "long.csv").write_text(LONG.replace("q2,a,0", "q2,a,1"))
    with pytest.raises(InputError) as error:
        read(sha256=digest)
    assert "these are other bytes" in one_line(error)


def test_what_the_cache_has_not_is_one_line(hub: Path) -> None:
    for options in ({"file": "data/other.csv"}, {"revision": REVISION[::-1]}):
        with pytest.raises(InputError) as error:
            read(**options)
        assert "could not be fetched" in one_line(error)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"revision": "main"}, "data.revision: 'main' is not a full commit hash"),
        ({"revision": REVISION[:7]}, "is not a full commit hash"),
        ({"revision": None}, "data.revision: a data set on the hub needs a full commit hash"),
        ({"repo": "outcomes"}, "data.repo: 'outcomes' is not owner/name"),
        ({"repo": "../x/../y"}, "is not owner/name"),
        ({"repo": ""}, "data.repo: '' is neither"),
        ({"file": "../secret.csv"}, "data.file: '../secret.csv' is not a path inside the data set"),
        ({"file": "/etc/passwd"}, "is not a path inside the data set"),
        ({"file": []}, "data.file: an empty list"),
        ({"sha256": "abc"}, "data.sha256: 'abc' is not a SHA-256"),
        ({"format": "pickle"}, "format: 'pickle' is not one of"),
        ({"format": "csv", "scorer": "acc"}, "data.scorer: 'acc' given, but format 'csv' has no scores"),
    ],
)
def test_values_that_are_refused(hub: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as error:
        read(**options)
    assert says in one_line(error)


def test_several_logs_of_a_local_folder(tmp_path: Path) -> None:
    log = documented.evalplus(tmp_path)
    names = [path.name for path in log.files]
    grades = read(repo=str(tmp_path), revision=None, file=names, format="evalplus", scorer="plus")
    assert_same(grades, load("evalplus", log.path, scorer="plus"))
    assert "data.sha256= pins it" in grades.notes[0]


def test_links_out_of_a_local_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(LONG)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "data.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(InputError, match=r"'data.csv' leads out of"):
        read(repo=str(tmp_path / "set"), revision=None, file="data.csv")
    with pytest.raises(InputError, match=r"no 'absent.csv' in"):
        read(repo=str(tmp_path / "set"), revision=None, file="absent.csv")


def test_without_the_package(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError) as error:
        read()
    assert INSTALL in one_line(error)


def test_every_option_reaches_the_reader_that_knows_it(hub: Path) -> None:
    """A table of models, a join by prompt and a name are passed on; a reader without a name is not given one."""
    source = HubSource(REPO, "x.json", "lm_eval", REVISION, None, "acc", 0.25, "content", "roster", None)
    reader = source._reader(["x.json"])
    given = ("path", "scorer", "threshold", "join", "registry")
    assert [getattr(reader, key) for key in given] == [["x.json"], "acc", 0.25, "content", "roster"]
    (hub / "models.csv").write_text("model,release_date\na,2025-03-04\nb,2026-01-02\n")
    with_table = read(registry=str(hub / "models.csv"))
    assert list(with_table.per_model["release_date"]) == ["2025-03-04", "2026-01-02"]


@pytest.mark.parametrize("name", ["a\\b.csv", "a\0b.csv", "a/../b.csv", "/a.csv", "", 7])
def test_names_that_are_no_paths_inside_a_data_set(name: Any) -> None:
    with pytest.raises(InputError, match="is not a path inside the data set"):
        HubSource(REPO, ["good.csv", name], "long", REVISION)


def test_a_local_folder_is_the_source_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(LONG)
    grades = read(repo=str(tmp_path), revision=None, file="long.csv")
    assert grades.source == load("long", tmp_path / "long.csv").source != str(tmp_path)
