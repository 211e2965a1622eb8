"""Keys follow content."""

from pathlib import Path

import pytest

from cofail_lab.sweep import key
from cofail_lab.sweep.key import code_version, job_key, sweep_key


def test_keys_follow_content(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("query,a,b\n1,0,1\n")
    config = {"data": {"path": str(path)}, "run": {"seed": 0}}
    key = job_key(config)
    assert job_key({"run": {"seed": 0}, "data": {"path": str(path)}}) == key
    assert job_key({**config, "run": {"seed": 1}}) != key
    (tmp_path / "grades.models.csv").write_text("model,family\n")
    beside = job_key(config)
    assert beside != key
    (tmp_path / "other.csv").write_text("")
    assert job_key(config) == beside
    path.write_text("query,a,b\n1,1,1\n")
    assert job_key(config) != beside
    listed = {"data": {"path": [str(path), str(tmp_path / "absent.csv")]}}
    several = job_key(listed)
    path.write_text("query,a,b\n1,1,0\n")
    assert job_key(listed) != several
    assert sweep_key(["a=1", "b=2"]) == sweep_key(["b=2", "a=1", "sweep.retry_failed=true"]) != sweep_key(["a=1"])


@pytest.mark.parametrize("entry", ["registry", "names", "instances", "other", "published", "replay", "price_path"])
def test_every_file_that_a_job_reads_is_in_its_key(tmp_path: Path, entry: str) -> None:
    """A second grading or a table of prices that changes is another job, as the matrix itself is."""
    path = tmp_path / "table.csv"
    config = {"experiment": {entry: str(path)}}
    keys = {job_key(config)}
    for text in ("model,accuracy\na,.5\n", "model,accuracy\na,.6\n"):
        path.write_text(text)
        keys.add(job_key(config))
    assert len(keys) == 3


def test_a_pattern_stands_for_what_it_matches(tmp_path: Path) -> None:
    config = {"data": {"path": str(tmp_path / "run_*" / "*.csv")}}
    absent = job_key(config)
    for name in ("run_a", "run_b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "grades.csv").write_text("query,a\nq,1\n")
    both = job_key(config)
    (tmp_path / "run_b" / "grades.csv").write_text("query,a\nq,0\n")
    other = job_key(config)
    (tmp_path / "run_b" / "grades.csv").unlink()
    assert len({absent, both, other, job_key(config)}) == 4


def test_the_code_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = job_key({"run": {"seed": 0}})
    monkeypatch.setattr("cofail_lab.sweep.key.code_version", lambda: "another")
    assert job_key({"run": {"seed": 0}}) != key


def test_the_content_of_every_source_is_in_the_version_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sweep").mkdir()
    monkeypatch.setattr(key, "__file__", str(tmp_path / "sweep" / "key.py"))
    version = code_version.__wrapped__
    (tmp_path / "a.py").write_text("x = 1\n")
    one = version()
    assert version() == one
    (tmp_path / "a.py").write_text("x = 2\n")
    two = version()
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({one, two, version()}) == 3


def test_companions_of_a_compressed_file_are_in_its_key(tmp_path: Path) -> None:
    (tmp_path / "grades.csv.gz").write_bytes(b"")
    config = {"data": {"path": str(tmp_path / "grades.csv.gz")}}
    alone = job_key(config)
    (tmp_path / "grades.models.csv").write_text("model,family\n")
    assert job_key(config) != alone
