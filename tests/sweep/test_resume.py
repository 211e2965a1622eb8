"""A single run that is stopped keeps what it has, and the same command goes on from there to the same numbers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cofail_lab import runs
from cofail_lab.experiments import kept_batches
from cofail_lab.kept import KEPT
from cofail_lab.record import Recorder
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


@pytest.fixture(scope="module")
def wholes() -> dict[str, Any]:
    """Holds what a run finds that nothing stops, so that it is computed once."""
    return {}


@pytest.fixture
def whole(run: Run, tmp_path: Path, wholes: dict[str, Any]) -> dict[str, Any]:
    """What a run finds that nothing stops."""
    if not wholes:
        assert run(*FIT, "hydra.run.dir=whole", "record.figures=false").code == 0
        wholes.update(found(tmp_path / "whole"))
    return wholes


@pytest.mark.parametrize(
    ("moment", "missing", "kept"),
    [
        ("reading", "stopped by the user", None),
        ("point", "certified only", None),
        ("bootstrap", "of 70 bootstrap replicates done", "bootstrap resumed"),
        ("between", "0 of 3 null matrices done", "bootstrap kept"),
        ("nulls", "null matrices done", "bootstrap kept, null matrices resumed"),
        ("tail", "the test of the tail was not finished", "bootstrap kept, null matrices kept"),
        ("laws", "the comparison of laws was not finished", "laws, held out resumed (1 of 3)"),
        ("figures", "1 of 8 figures drawn", "laws, held out kept"),
        ("page", "stopped by the user", "laws, held out kept"),
    ],
)
def test_stopped_and_given_again(
    run: Run, tmp_path: Path, whole: dict[str, Any], moment: str, missing: str, kept: str | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop(patch, moment)
        code, out, err = run(*FIT)
    assert code == 130
    (folder,) = (tmp_path / "outputs/fit").iterdir()
    stopped = record(folder)
    assert stopped["status"] == "interrupted"
    assert missing in stopped["error"]
    if moment not in ("reading", "page"):
        assert missing in out
        assert missing in (folder / "report.html").read_text()
    assert ("the same command continues from there" in err) == (kept is not None)
    if moment != "reading":
        # What was computed is there, and equal to what the whole run finds, but for what an interval still lacks.
        assert stopped["metrics"]["paired_max_gain"] == whole["metrics"]["paired_max_gain"]
    code, _, err = run(*FIT)
    assert code == 0
    if kept is None:
        assert err == ""
    else:
        assert err.startswith(f"continues outputs/fit/{folder.name}: ")
        assert kept in err
    assert list((tmp_path / "outputs/fit").iterdir()) == [folder]
    assert found(folder) == whole
    assert not (folder / KEPT).exists()
    assert not list(folder.glob(".*"))
