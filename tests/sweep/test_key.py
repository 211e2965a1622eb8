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


@pytest.mark.parametrize(
    "entry",
    [
        "registry",
        "names",
        "instances",
        "other",
        "keys",
        "published",
        "replay",
        "verdicts",
        "repo",
        "path",
        "price_path",
    ],
)
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
    assert len(one) == len(job_key({})) == 16


def test_companions_of_a_compressed_file_are_in_its_key(tmp_path: Path) -> None:
    (tmp_path / "grades.csv.gz").write_bytes(b"")
    config = {"data": {"path": str(tmp_path / "grades.csv.gz")}}
    alone = job_key(config)
    (tmp_path / "grades.models.csv").write_text("model,family\n")
    assert job_key(config) != alone


def test_only_the_number_of_processes_is_left_out_of_a_key() -> None:
    """Every other option of a run is in it: shards and chunks say which tables are in its folder."""
    options = {"seed": 0, "draws": 5, "chunk": 5, "shards": 1, "shard": None, "workers": None, "smoke": False}
    config = {"data": {"n": 1}, "run": options}
    keys = {name: job_key({**config, "run": {**options, name: 7}}) for name in options}
    assert [name for name, one in keys.items() if one == job_key(config)] == ["workers"]
    assert len(set(keys.values())) == len(options)
    assert job_key({**config, "data": {"n": 2}}) != job_key(config)
    assert job_key({**config, "workers": 3}) != job_key(config)  # another group's entry of that name
    assert len(job_key(config)) == 16 and int(job_key(config), 16) >= 0


def test_which_overrides_name_a_sweep() -> None:
    """Those of the sweep itself and the number of processes do not; in any order the name is one."""
    name = sweep_key(["data=csv", "run.seed=0,1"])
    assert len(name) == 8 and int(name, 16) >= 0
    assert sweep_key(["run.seed=0,1", "run.workers=4", "sweep.gather=false", "data=csv"]) == name
    others = (["data=csv"], ["data=csv", "run.seed=0,2"], ["data=csv", "run.seed=0,1", "run.chunk=5"])
    others += (["data=csv", "run.seed=0,1", "run.shards=2"], ["data=csv", "run.seed=0,1", "sweeper=x"])
    assert len({name, *map(sweep_key, others)}) == 6


def test_every_file_below_a_folder_and_beside_a_file_counts(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "deep" / "er").mkdir(parents=True)
    config = {"data": {"path": str(folder)}}
    keys = [job_key(config)]

    def changed() -> bool:
        keys.append(job_key(config))
        return keys[-1] not in keys[:-1]

    (folder / "deep" / "er" / "a.json").write_text("1")
    assert changed()
    (folder / "deep" / "er" / "a.json").rename(folder / "deep" / "b.json")  # another name, the same content
    assert changed()
    (folder / "deep" / "b.json").write_text("2")  # as long as before
    assert changed()
    (tmp_path / "beside.json").write_text("1")
    assert not changed()


def test_files_are_found_at_any_depth_and_in_every_entry_of_a_list(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    for config in (
        {"data": {"path": paths}},
        {"experiment": {"other": paths}},
        {"policy": {"x": {"deep": {"price_path": paths[1]}}}},
        {"law": [{"registry": paths[1]}]},
        {"data": {"path": str(tmp_path / "*.csv")}},
    ):
        Path(paths[1]).unlink(missing_ok=True)
        absent = job_key(config)
        Path(paths[1]).write_text("1")
        assert job_key(config) != absent
    Path(paths[1]).unlink()
    plain = {"data": {"name": paths[1], "pathway": paths[1], "column": "path"}}
    absent = job_key(plain)
    Path(paths[1]).write_text("1")
    assert job_key(plain) == absent


def test_a_companion_has_the_name_up_to_the_first_dot(tmp_path: Path) -> None:
    """What only begins in the same way is another file."""
    for name in ("a.csv", "ab.csv", "a.b.csv"):
        (tmp_path / name).write_text("1")
    config = {"data": {"path": str(tmp_path / "a.csv")}}
    first = job_key(config)
    (tmp_path / "ab.csv").write_text("2")
    assert job_key(config) == first
    (tmp_path / "a.b.csv").write_text("2")
    assert job_key(config) != first


def test_sources_in_folders_are_code_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package" / "deep" / "er").mkdir(parents=True)
    monkeypatch.setattr(key, "__file__", str(tmp_path / "package" / "deep" / "key.py"))
    source = tmp_path / "package" / "deep" / "er" / "law.py"
    source.write_text("x = 1")
    before = code_version.__wrapped__()
    source.write_text("x = 2")
    changed = code_version.__wrapped__()
    source.rename(source.with_name("laws.py"))
    assert len({before, changed, code_version.__wrapped__()}) == 3
