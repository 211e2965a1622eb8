"""`run.shards=K`: replicates and draws split over jobs, and merged to the numbers of one process, bit for bit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Splittable
from cofail_lab.experiments.tail_curve import TailCurve
from cofail_lab.fitting.replicates import bootstrap as bootstrap_module
from cofail_lab.fitting.replicates import null as null_module
from cofail_lab.result import Result
from cofail_lab.sweep.journal import Event
from cofail_lab.sweep.shards import collect_shards
from tests.conftest import Run
from tests.sweep.counts import needs

FIT = ("data=csv", "data.path=grades.csv", "experiment.bootstrap=70", "experiment.null=3", "experiment.folds=0")
CURVE = ("experiment=tail_curve", "law=common_shock", "experiment.simulate=true", "law.base_error_rates=0.3x9")
BRIEF = ("record.figures=false", "record.report=false")


def write_matrix(folder: Path) -> None:
    """Five models and 60 questions, one of them beyond all models."""
    rng = np.random.default_rng(1)
    right = (rng.normal(size=(60, 1)) + rng.normal(size=(60, 5)) > -0.2).astype(int)
    right[0] = 0
    lines = ["query,a,b,c,d,e", *(",".join([f"q{i}", *map(str, row)]) for i, row in enumerate(right))]
    (folder / "grades.csv").write_text("\n".join(lines))


@pytest.fixture(autouse=True)
def matrix(tmp_path: Path) -> None:
    """The folder in which the command runs has the matrix."""
    write_matrix(tmp_path)


@pytest.fixture(scope="module")
def once() -> dict[str, Any]:
    """Holds what is found in the matrix without shards, once it is computed."""
    return {}


@pytest.fixture
def one_process(run: Run, tmp_path: Path, once: dict[str, Any]) -> dict[str, Any]:
    """What one process finds in the matrix."""
    if not once:
        assert run(*FIT, *BRIEF, "hydra.run.dir=one").code == 0
        once.update(found(tmp_path / "one"))
    return once


def found(folder: Path) -> dict[str, Any]:
    """Everything a run has found: numbers, labels and tables; an absent number is equal to itself."""
    record = json.loads((folder / "results.json").read_text())
    assert record["status"] == "completed"
    return {name: record[name] for name in ("metrics", "labels", "estimates")} | {"tables": runs.tables(folder)}


def shard_folders(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("outputs/*/sweep_*/*/results.json"))


def test_a_fit_in_three_shards_is_the_fit_of_one_process(
    run: Run, tmp_path: Path, one_process: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit; given again it computes no replicate, so what it says is what the shards have left."""
    split = (*FIT, *BRIEF, "run.shards=3")
    code, out, err = run(*split, "hydra.run.dir=outputs/r")
    assert (code, err) == (0, "")
    assert found(tmp_path / "outputs/r") == one_process
    assert len(shard_folders(tmp_path)) == 3
    assert "Shard" not in out

    def computes(*_: object) -> None:
        raise AssertionError("a replicate was computed again")

    for module in (bootstrap_module, null_module):
        monkeypatch.setattr(module, "fit_counts", computes)
    code, _, err = run(*split, "hydra.run.dir=again")
    assert (code, err) == (0, "3 of 3 shards were finished earlier and not run again.\n")
    assert found(tmp_path / "again") == one_process
    # A shard is no result.
    code, out, _ = run("experiment=gather", "gather.path=outputs", *BRIEF)
    assert code == 0
    assert "1 of 1 runs" in out


def test_another_seed_is_another_fit(run: Run, tmp_path: Path, one_process: dict[str, Any]) -> None:
    """The comparisons here could have failed."""
    assert run(*FIT, *BRIEF, "run.shards=2", "run.seed=1", "hydra.run.dir=r")[0] == 0
    other = found(tmp_path / "r")
    assert {name for name in other if other[name] != one_process[name]} >= {"metrics", "estimates", "tables"}


@pytest.mark.slow
def test_a_fit_in_shards_by_joblib(run: Run, tmp_path: Path) -> None:
    """Two processes of their own, and a third that merges; the bootstrap alone, for brevity."""
    needs("hydra_plugins.hydra_joblib_launcher", "joblib")
    brief = (*FIT, *BRIEF, "experiment.null=0")
    assert run(*brief, "hydra.run.dir=one")[0] == 0
    words = (*brief, "run.shards=2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.run.dir=r")
    done = run(*words, process=True, PYTHONWARNINGS="ignore")
    assert done.code == 0, done.err
    assert found(tmp_path / "r") == found(tmp_path / "one")
    assert len(shard_folders(tmp_path)) == 2


def stopped(experiment: type[Splittable], shard: int, error: BaseException) -> Callable[..., Result]:
    """The experiment's `shard`, but one of them raises."""
    original = experiment.shard

    def shard_or_stop(self: Splittable, inputs: Inputs, *arguments: Any) -> Result:
        if inputs.options.shard == shard:
            raise error
        return original(self, inputs, *arguments)

    return shard_or_stop


def test_stopped_in_the_middle_and_given_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished shards are kept, a failed one is tried again, and what is missing in the end is computed by the run."""
    whole = (*CURVE, *BRIEF, "run.draws=5003")
    split = (*whole, "run.shards=3", "hydra.run.dir=r")
    assert run(*whole, "hydra.run.dir=whole")[0] == 0
    expected = found(tmp_path / "whole")

    with monkeypatch.context() as patch:
        patch.setattr(TailCurve, "shard", stopped(TailCurve, 1, KeyboardInterrupt("terminated")))
        code, _, err = run(*split)
    assert code == 130
    assert err.startswith("interrupted: terminated (sweep: 1 of 3 jobs done")
    assert err.endswith("the same command continues from there\n")
    assert not (tmp_path / "r").exists()
    (first,) = (folder for folder in shard_folders(tmp_path) if (folder / "tables").exists())
    finished = {path: path.stat().st_mtime_ns for path in first.rglob("*.*")}

    with monkeypatch.context() as patch:
        patch.setattr(TailCurve, "shard", stopped(TailCurve, 1, RuntimeError("out of luck")))
        code, _, err = run(*split)
    assert code == 0
    assert err.splitlines() == [
        "1 of 3 shards were finished earlier and not run again.",
        "shard 1 is missing: RuntimeError: out of luck; its part is computed now.",
    ]
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*.*")} == finished
    assert found(tmp_path / "r") == expected

    # One shard failed before, one is deleted, the table of one is damaged.
    (third,) = (f for f in shard_folders(tmp_path) if f != first and (f / "tables").exists())
    shutil.rmtree(third)
    (first / "tables/simulated.parquet").write_bytes(b"no table")
    code, _, err = run(*split)
    assert code == 0
    assert len([folder for folder in shard_folders(tmp_path) if (folder / "tables").exists()]) == 3
    assert "shard 0 cannot be read" in err
    assert found(tmp_path / "r") == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run.shards=0",), "run.shards: 0"),
        (("run.shards=many",), "run.shards: 'many'"),
        (("run.shards=2", "run.shard=2"), "run.shard: 2 is above 1"),
        (("run.shards=2", "experiment.bootstrap=0", "experiment.null=0"), "run.shards: 2, but there is nothing"),
        (("run.shards=2", "experiment=certify"), "run.shards: 2, but there is nothing"),
        (("run.shards=2", *CURVE, "experiment.simulate=false"), "run.shards: 2, but there is nothing"),
        (("-m", "run.shards=2"), "run.shards: every job of a sweep"),
        (("-m", "run.shards=2", "run.seed=0,1"), "run.shards: every job of a sweep"),
        (("run.shards=2", "experiment.delta=2"), "experiment.delta: 2"),
        (("run.shards=2", "data=csv", "data.path=absent.csv"), "absent.csv: no such file"),
    ],
)
def test_refused_in_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(*arguments, "hydra.run.dir=r")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {says}")
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("r/*"))


def test_a_swept_number_of_shards_is_refused_job_by_job(run: Run) -> None:
    code, _, err = run("-m", *CURVE, "run.draws=10", "run.shards=1,2", "sweep.gather=false")
    assert code == 2
    assert "1 of 2 jobs failed" in err
    assert "run.shards=2: run.shards: every job of a sweep" in err


def test_shards_by_themselves(run: Run, tmp_path: Path) -> None:
    """Where nobody can wait for them: launched alone, and found by the command that merges them later."""
    split = (*CURVE, *BRIEF, "run.draws=100", "run.shards=2")
    assert run("-m", *split, "run.shard=range(0,2)") == (0, "", "")
    assert len(shard_folders(tmp_path)) == 2
    code, _, err = run(*split, "hydra.run.dir=r")
    assert (code, err) == (0, "2 of 2 shards were finished earlier and not run again.\n")


def test_bad_input_of_one_shard_is_not_that_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its part is computed by the run; where every shard says so, the input is bad."""
    monkeypatch.setattr(runs, "tables", lambda folder: {"draws": pa.table({"shard": [int(folder.name)]})})
    bad = Event(1, (), "failed", "1", "absent.csv: no such file")
    ended = [Event(0, (), "completed", "0"), bad, Event(2, (), "kept", "2")]
    sweep: Any = SimpleNamespace(folder=tmp_path, close=lambda: ended)
    assert collect_shards(sweep)["draws"]["shard"].to_pylist() == [0, 2]
    assert capsys.readouterr().err.splitlines() == [
        "1 of 3 shards were finished earlier and not run again.",
        "shard 1 is missing: absent.csv: no such file; its part is computed now.",
    ]
    ended[:] = [bad]
    with pytest.raises(InputError, match=r"absent.csv: no such file"):
        collect_shards(sweep)
