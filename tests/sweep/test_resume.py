"""A single run that is stopped keeps what it has, and the same command goes on from there to the same numbers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.experiments import kept_batches
from cofail_lab.kept import KEPT
from cofail_lab.record import Recorder
from cofail_lab.sweep.lock import locked
from cofail_lab.sweep.resume import run_folder
from tests.conftest import Run
from tests.sweep.stopping import stop
from tests.sweep.test_shards import write_matrix

FIT = (
    "grades.csv",
    "experiment.bootstrap=70",
    "experiment.null=3",
    "experiment.folds=2",
    "experiment.laws=[independent,one_factor,clayton]",
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which the command runs has the matrix; every batch is kept at once."""
    write_matrix(tmp_path)
    monkeypatch.setattr(kept_batches, "_SECONDS", -1.0)


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def found(folder: Path) -> dict[str, Any]:
    """Everything that a run has found."""
    whole = record(folder)
    return {name: whole[name] for name in ("status", "metrics", "labels", "estimates")} | {
        "tables": runs.tables(folder)
    }


MOMENTS = {
    "reading": ("stopped by the user", ""),
    "point": ("certified only, the fit was not finished", ""),
    "bootstrap": ("of 70 bootstrap replicates done", "bootstrap resumed"),
    "between": ("0 of 3 null matrices done", "bootstrap kept"),
    "nulls": ("null matrices done", "bootstrap kept, null matrices resumed"),
    "tail": ("the test of the tail was not finished", "bootstrap kept, null matrices kept"),
    "laws": ("the comparison of laws was not finished", "null matrices kept, laws, held out resumed (1 of 3)"),
    "figures": ("1 of 6 figures drawn", "laws, held out kept"),
    "page": ("stopped by the user", "laws, held out kept"),
}
"""Moment -> what the stopped run says is missing, and what the next one says is kept."""


def check_stopped(moment: str, folder: Path, out: str, err: str) -> None:
    """A stopped run says what is missing, and has found what it can."""
    stopped, (missing, kept) = record(folder), MOMENTS[moment]
    assert stopped["status"] == "interrupted"
    assert missing in stopped["error"]
    # What was asked for and interrupted is not advised.
    assert "experiment.null=200" not in out
    if missing != "stopped by the user":
        assert missing in out
        assert missing in (folder / "report.html").read_text()
        assert stopped["metrics"]["paired_max_gain"] > 0
        assert ("n_replicates" in stopped["metrics"]) == (moment != "point")
    assert ("the same command continues from there" in err) == bool(kept)
    assert (folder / KEPT).is_dir()
    assert [path.name for path in folder.glob(".*")] == [KEPT]


@pytest.mark.parametrize(
    ("moments", "figures"),
    [(("bootstrap", "nulls", "laws"), "false"), pytest.param(tuple(MOMENTS), "true", marks=pytest.mark.slow)],
)
def test_stopped_again_and_again(run: Run, tmp_path: Path, moments: tuple[str, ...], figures: str) -> None:
    """The same command goes on each time, in one folder, and finds what an unstopped run finds, bit for bit."""
    command, said, folder = (*FIT, f"record.figures={figures}"), "", tmp_path
    for moment in moments:
        with pytest.MonkeyPatch.context() as patch:
            stop(patch, moment)
            code, out, err = run(*command)
        assert code == 130, moment
        (folder,) = (tmp_path / "outputs/fit").iterdir()
        check_stopped(moment, folder, out, err)
        assert said in err
        said = MOMENTS[moment][1]
    code, _, err = run(*command)
    assert (code, err.partition(": ")[0]) == (0, f"continues outputs/fit/{folder.name}")
    assert said in err
    assert list((tmp_path / "outputs/fit").iterdir()) == [folder]
    assert not list(folder.glob(".*"))
    assert record(folder)["status"] == "completed"
    assert run(*command, "hydra.run.dir=whole").code == 0
    assert found(folder) == found(tmp_path / "whole")


def test_another_seed_does_not_go_on(run: Run, tmp_path: Path) -> None:
    """Nor does it find the same, so that the comparison above could have failed."""
    command = (*FIT, "experiment.null=0", "experiment.folds=0", "record.figures=false", "hydra.run.dir=r")
    with pytest.MonkeyPatch.context() as patch:
        stop(patch, "bootstrap")
        assert run(*command).code == 130
    assert run(*command, "run.seed=1").err == ""
    one = found(tmp_path / "r")
    assert run(*command).err == ""
    assert found(tmp_path / "r")["tables"]["bootstrap"] != one["tables"]["bootstrap"]


def test_stopped_again_while_it_is_summed_up(run: Run, tmp_path: Path) -> None:
    """A second Ctrl-C leaves the certificate and the batches; a continued run that is stopped at once loses nothing."""
    with pytest.MonkeyPatch.context() as patch:
        stop(patch, "between", times=2)
        code, out, err = run(*FIT, "hydra.run.dir=r")
    assert code == 130
    assert "certified only, the fit was not finished" in out
    before = record(tmp_path / "r")
    with pytest.MonkeyPatch.context() as patch:
        stop(patch, "reading", signal.SIGTERM)
        code, _, err = run(*FIT, "hydra.run.dir=r")
    assert code == 130
    assert "continues r: bootstrap kept" in err
    assert "interrupted: terminated" in err
    after = record(tmp_path / "r")
    assert after["status"] == "interrupted"
    assert after["metrics"] == before["metrics"]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """Of a run that has kept ten rows in two parts."""
    made = Recorder(tmp_path / "made", "fit", "run: {}", seed=0, origin={"key": "k"})
    made.start()
    for first in (0, 5):
        made.kept.add("a", pa.table({"x": range(first, first + 5)}), "draws", 5, 20)
    return made


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "foreign"])
def test_a_damaged_part_is_discarded_and_said(recorder: Recorder, damage: str) -> None:
    path = recorder.folder / KEPT / "a.0.parquet"
    content = path.read_bytes()
    place = content.index((3).to_bytes(8, "little"))
    flipped = content[:place] + b"\x07" + content[place + 1 :]
    path.write_bytes({"cut": content[:-20], "flipped": flipped, "emptied": b"", "foreign": b"PAR1"}[damage])
    tables, said = recorder.kept.tables()
    assert tables["a"]["x"].to_pylist() == list(range(5, 10))
    assert said == ["draws resumed (5 of 20)", "a.0.parquet is damaged and was discarded"]
    # It is said once, and what is computed again does not replace the part that is whole.
    recorder.kept.add("a", pa.table({"x": range(5)}), "draws", 5, 20)
    tables, said = recorder.kept.tables()
    assert sorted(tables["a"]["x"].to_pylist()) == list(range(10))
    assert said == ["draws resumed (10 of 20)"]


@pytest.mark.parametrize(("status", "goes_on"), [("started", True), ("interrupted", True), ("failed", False)])
def test_which_run_goes_on(tmp_path: Path, recorder: Recorder, status: str, goes_on: bool) -> None:
    """Of the same key, interrupted or killed, and not while another process runs it."""
    made = recorder.folder
    (made / "results.json").write_text(json.dumps({**record(made), "status": status}))

    def folder(key: str, *, stated: bool = False) -> Path:
        new = tmp_path / "new"
        new.mkdir(exist_ok=True)
        with run_folder(new, key, stated=stated) as place:
            return place

    assert folder("k") == (made if goes_on else tmp_path / "new")
    assert folder("other") == tmp_path / "new"
    assert folder("k", stated=True) == tmp_path / "new"
    with locked(made / ".lock"):
        assert folder("k") == tmp_path / "new"
    with locked(tmp_path / "new/.lock"), pytest.raises(InputError, match="written by another process"):
        folder("other")
    # A run of another key in the folder starts afresh.
    Recorder(made, "fit", "run: {}", seed=0, origin={"key": "other"}).start()
    assert not list((made / KEPT).iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_is_stopped_and_given_again(
    run: Run, tmp_path: Path, moment: str, number: signal.Signals, wholes: dict[str, Any]
) -> None:
    """Each moment in a process of its own; one that is killed leaves at most the batches of its last five seconds."""
    words = [sys.executable, "-m", "tests.sweep.stopping", moment, number.name, "1", *FIT]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, "PYTHONPATH": paths, "COLUMNS": "100"}
    done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    (folder,) = (tmp_path / "outputs/fit").iterdir()
    if number == signal.SIGKILL:
        assert done.returncode == -signal.SIGKILL
        assert record(folder)["status"] == "started"
    else:
        assert done.returncode == 130
        assert record(folder)["status"] == "interrupted"
        assert "Traceback" not in done.stderr
    again = run(*FIT, process=True)
    assert again.code == 0
    assert list((tmp_path / "outputs/fit").iterdir()) == [folder]
    if not wholes:
        assert run(*FIT, "hydra.run.dir=whole", process=True).code == 0
        wholes.update(found(tmp_path / "whole"))
    assert found(folder) == wholes


@pytest.fixture(scope="module")
def wholes() -> dict[str, Any]:
    """Holds what a process finds that nothing stops, once it is computed."""
    return {}
