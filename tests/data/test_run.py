"""`data=run`: the matrix of an earlier run, read again where it is the same, and refused where it is not."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from cofail_lab import runs
from cofail_lab.data.law import LawSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.data.run import RunSource
from cofail_lab.errors import InputError
from cofail_lab.models import Independent
from cofail_lab.selection import Selection
from tests.conftest import Run
from tests.sweep.test_shards import write_matrix

CERTIFY = ("experiment=certify", "data=csv", "data.path=grades.csv", "data.pool_size=3", "run.seed=4")


@pytest.fixture(autouse=True)
def matrix(tmp_path: Path) -> None:
    """The folder in which the command runs has the matrix."""
    write_matrix(tmp_path)


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())["metrics"]


def test_the_matrix_of_a_run_with_its_selection(run: Run, tmp_path: Path) -> None:
    """Of the same three models, whatever the seed of the new run; a run on a run is the same once more."""
    assert run(*CERTIFY, "hydra.run.dir=first").code == 0
    again = ("experiment=certify", "data=run", "run.seed=5")
    assert run(*again, "data.path=first", "hydra.run.dir=second").code == 0
    assert run(*again, "data.path=second", "hydra.run.dir=third").code == 0
    assert metrics(tmp_path / "first") == metrics(tmp_path / "second") == metrics(tmp_path / "third")
    # A different sub-pool has other numbers, so that the comparison could have failed.
    assert run(*CERTIFY[:-1], "run.seed=5", "hydra.run.dir=other").code == 0
    assert metrics(tmp_path / "other") != metrics(tmp_path / "first")
    code, out, _ = run("experiment=queries", "data=run", "data.path=first", "verbose=true")
    assert code == 0
    assert "The matrix of first: grades.csv, read again, the same by its hash." in " ".join(out.split())


def test_latest_is_the_newest_finished_run_and_is_recorded_by_name(run: Run, tmp_path: Path) -> None:
    assert "no finished run in outputs" in run("experiment=queries", "data=run").err
    for name, time in (("old", 1), ("new", 3), ("interrupted", 5)):
        assert run(*CERTIFY, f"hydra.run.dir=outputs/certify/{name}").code == 0
        results = tmp_path / "outputs/certify" / name / "results.json"
        if name == "interrupted":
            results.write_text(results.read_text().replace('"completed"', '"interrupted"'))
        os.utime(results, (time, time))
    # Neither a job of a sweep nor a run without data is meant.
    assert run("-m", *CERTIFY, "sweep.gather=false").code == 0
    assert run("experiment=plan", "experiment.gain=.02", "experiment.n_models=3").code == 0
    assert runs.latest(tmp_path / "outputs") == tmp_path / "outputs/certify/new"
    assert run("experiment=queries", "data=run", "hydra.run.dir=q").code == 0
    assert yaml.safe_load((tmp_path / "q/config.yaml").read_text())["data"]["path"] == "outputs/certify/new"


def test_changed_or_gone_is_one_line(run: Run, tmp_path: Path) -> None:
    assert run(*CERTIFY, "hydra.run.dir=first").code == 0
    grades = tmp_path / "grades.csv"
    grades.write_text(grades.read_text().replace("\nq0,0", "\nq0,1"))
    code, out, err = run("experiment=queries", "data=run", "data.path=first")
    assert (code, out) == (2, "")
    assert err.startswith("error: data.path: grades.csv has changed since first read it (sha256 ")
    grades.unlink()
    code, out, err = run("experiment=queries", "data=run", "data.path=first")
    assert (code, out) == (2, "")
    assert err == "error: data.path: the data of first cannot be read again: grades.csv: no such file\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": {"_target_": "subprocess.run", "args": ["false"]}}, "subprocess.run is no source of this package"),
        ({"data": {"_target_": "cofail_lab.data.files.Path"}}, "cofail_lab.data.files.Path is no source"),
        ({"data": {"_target_": "cofail_lab.data.digits.write_shipped"}}, "is no source of this package"),
        ({"data": {"_target_": "cofail_lab.data.law.LawSource", "law": {"_target_": "os.getcwd"}}}, "os.getcwd is no"),
        (
            {"data": {"_target_": "cofail_lab.data.law.LawSource", "law": [{"_target_": "os.getcwd"}]}},
            "os.getcwd is no",
        ),
        ({"data": {"_target_": "cofail_lab.selection.Selection"}}, "cofail_lab.selection.Selection is no source"),
        ({"data": {"_target_": "cofail_lab.data.gone.Source"}}, "cannot be read again"),
        ({"data": {"_target_": "cofail_lab.data.digits.DigitsSource", "colour": 1}}, "cannot be read again"),
        ({"data": None}, "is not the folder of a run"),
        ({"data": {"_target_": "cofail_lab.data.run.RunSource", "path": "first"}}, "first names itself as its data"),
    ],
)
def test_a_folder_from_elsewhere_calls_nothing_but_sources(
    run: Run, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    assert run(*CERTIFY, "hydra.run.dir=first").code == 0
    path = tmp_path / "first/config.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **change}))
    with pytest.raises(InputError, match=says) as raised:
        RunSource("first").load()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("path", ["", "absent", "."])
def test_no_run_is_one_line(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match=r"data\.path"):
        RunSource(path).load()


def test_totals_have_no_matrix(run: Run) -> None:
    counts = ("data=counts", "data.n_all_wrong=1", "data.n_queries=9", "data.n_models=3", "data.best_correct=5")
    assert run("experiment=certify", *counts, "hydra.run.dir=totals").code == 0
    with pytest.raises(InputError, match="totals has no matrix: its certify read none"):
        RunSource("totals").load()


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_the_sub_pool_is_that_of_the_run(tmp_path: Path, seed: int) -> None:
    """Drawn by the seed of that run, whatever the seed of this one."""
    matrix = WideSource(path=str(tmp_path / "grades.csv"))
    source = {"_target_": "cofail_lab.data.readers.wide.WideSource", "path": str(tmp_path / "grades.csv")}
    (tmp_path / "r").mkdir()
    config = {"data": {**source, "pool_size": 2}, "run": {"seed": seed}}
    (tmp_path / "r/config.yaml").write_text(json.dumps(config))
    record = {"experiment": "fit", "provenance": {"data": {"sha256": matrix.load().sha256}}}
    (tmp_path / "r/results.json").write_text(json.dumps(record))
    chosen = matrix.load().select(Selection(pool_size=2, seed=seed)).models
    assert RunSource(str(tmp_path / "r")).load().models == chosen


@pytest.mark.parametrize("recorded", [{}, {"sha256": None}, {"sha256": ""}])
def test_a_run_without_a_hash_of_data_has_no_matrix(tmp_path: Path, recorded: dict[str, str | None]) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r/config.yaml").write_text(json.dumps({"data": {"path": "grades.csv"}, "run": {"seed": 1}}))
    (tmp_path / "r/results.json").write_text(json.dumps({"experiment": "plan", "provenance": {"data": recorded}}))
    with pytest.raises(InputError) as refused:
        RunSource(str(tmp_path / "r")).load()
    assert str(refused.value) == f"data.path: {tmp_path / 'r'} has no matrix: its plan read none"


def test_a_draw_keeps_its_own_seed_and_the_selection_that_of_the_run(tmp_path: Path) -> None:
    law = Independent([0.3, 0.5, 0.4, 0.6])
    drawn = LawSource(law, 12, 3).load()
    data = {
        "_target_": "cofail_lab.data.law.LawSource",
        "law": {"_target_": "cofail_lab.models.Independent", "error_rates": [0.3, 0.5, 0.4, 0.6]},
        "n_queries": 12,
        "seed": 3,
        "pool_size": 2,
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"data": data, "run": {"seed": 4}}))
    recorded = {"experiment": "certify", "provenance": {"data": {"sha256": drawn.sha256}}}
    (tmp_path / "results.json").write_text(json.dumps(recorded))
    found = RunSource(str(tmp_path)).load()
    expected = drawn.select(Selection(pool_size=2, seed=4))
    assert found.models == expected.models != drawn.select(Selection(pool_size=2, seed=3)).models
    assert (found.cells == expected.cells).all()
    assert found.notes == (
        f"The matrix of {tmp_path}: {drawn.source}, read again, the same by its hash.",
        *expected.notes,
    )
