"""Reading run folders: which is the latest, what is skipped, what a run holds."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cofail_lab import runs
from cofail_lab.errors import InputError


def _write(
    folder: Path, age: int, text: str | None = None, status: str = "completed", sha256: str | None = "f0"
) -> Path:
    """A run folder that was finished so many seconds ago."""
    folder.mkdir(parents=True)
    record = {"status": status, "provenance": {"data": {"sha256": sha256}}}
    (folder / "results.json").write_text(json.dumps(record) if text is None else text)
    os.utime(folder / "results.json", (1_000_000 - age, 1_000_000 - age))
    return folder


def test_the_latest_run_is_the_newest_that_has_finished_and_read_a_matrix(tmp_path: Path) -> None:
    _write(tmp_path / "fit" / "old", 90)
    wanted = _write(tmp_path / "audit" / "9", 50)
    assert runs.latest(tmp_path) == wanted
    _write(tmp_path / "a" / "running", 40, status="failed")
    _write(tmp_path / "b" / "law", 30, sha256=None)
    _write(tmp_path / "sweep_1" / "job", 20)
    _write(tmp_path / ".hidden" / "run", 20)
    _write(tmp_path / "c" / "tables", 20)
    for number, text in enumerate(
        ("{", "[]", "{}", '{"status": "completed"}', '{"status": "completed", "provenance": []}')
    ):
        _write(tmp_path / "broken" / str(number), number, text)
    _write(tmp_path / "broken" / "no_text", 1).joinpath("results.json").write_bytes(b"\xff\xfe")
    assert runs.latest(tmp_path) == wanted
    newest = _write(tmp_path / "zoo" / "sweep_1" / "job" / "inner", 1)  # below a job, and none itself
    assert runs.latest(tmp_path) == newest


def test_without_a_run_that_read_a_matrix_there_is_no_latest(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"^data\.path: latest, but no finished run in .* has read a matrix$"):
            runs.latest(root)


def test_folders_are_found_at_any_depth_and_below_runs(tmp_path: Path) -> None:
    made = [_write(tmp_path / name, 1) for name in ("b", "a/x", "a/x/y", "b/figure", ".work")]
    for inner in ("b/figures/x", "b/tables/x"):
        _write(tmp_path / inner, 1)
    assert runs.find(tmp_path) == sorted(made[:4])
    assert runs.find(tmp_path / "b")[0] == tmp_path / "b"
    with pytest.raises(InputError, match=r"^gather\.path: .*none is not a folder$"):
        runs.find(tmp_path / "none")


def _run(folder: Path, config: str, **changes: Any) -> Path:
    folder.mkdir()
    record = {
        "experiment": "fit",
        "status": "failed",
        "error": "no memory",
        "metrics": {"gain": 0.5, "m": 3},
        "labels": {"best": "a"},
        "estimates": {"gain": {"value": 0.5, "error": 0.25}, "x": {"value": 1, "error": None}},
        "provenance": {"code": "abc", "git": {"revision": "def"}},
        **changes,
    }
    (folder / "results.json").write_text(json.dumps(record))
    (folder / "config.yaml").write_text(config)
    return folder


def test_a_run_holds_its_record_and_its_configuration_flat(tmp_path: Path) -> None:
    config = "experiment: {n: 3, deep: {er: [1, a]}}\nseed: null\npolicy: {vote: {k: 2}, best: {}}\n"
    (run,) = runs.read([_run(tmp_path / "1", config)])
    assert run is not None and run == runs.Run(
        folder=tmp_path / "1",
        experiment="fit",
        status="failed",
        error="no memory",
        parameters={
            "policy": "vote, best",
            "experiment.n": 3,
            "experiment.deep.er": '[1, "a"]',
            "seed": None,
            "policy.vote.k": 2,
        },
        metrics={"gain": 0.5, "m": 3},
        labels={"best": "a"},
        errors={"gain": 0.25, "x": None},
        code="abc",
    )


def test_the_version_of_the_code_is_the_recorded_one_else_that_of_git(tmp_path: Path) -> None:
    made = ({"git": {"revision": "def"}}, {"code": None, "git": {"revision": "def"}}, {"git": None}, {})
    folders = [_run(tmp_path / str(i), "policy: null", provenance=one) for i, one in enumerate(made)]
    assert [run.code for run in runs.read(folders) if run] == ["def", "def", None, None]
    assert [dict(run.parameters) for run in runs.read(folders[:1]) if run] == [{"policy": None}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("results.json", text) for text in ("{", "[]", "{}", "null", '{"experiment": "fit", "status": "failed"}')),
        *(("config.yaml", text) for text in ("{", "- 1", "x: !!python/none 1", "")),
    ],
)
def test_what_is_not_a_run_is_none_and_the_others_are_read(tmp_path: Path, name: str, text: str) -> None:
    folders = [_run(tmp_path / str(i), "seed: 1") for i in range(3)]
    (folders[1] / name).write_text(text)
    read = [*runs.read(folders)]
    assert [run is None for run in read] == [False, True, False]
    (folders[1] / name).unlink()
    assert [run is None for run in runs.read(folders)] == [False, True, False]
