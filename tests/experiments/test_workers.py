"""`run.workers`: a fit in several processes has the numbers of one, also where some or all of them are stopped."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.claims.tasks import ClaimTasks
from cofail_lab.errors import InputError
from cofail_lab.experiments import fit, fit_stages, workers
from cofail_lab.experiments.base import Inputs
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_workers import PRELOADED, FitWorkers
from cofail_lab.experiments.options import RunOptions
from cofail_lab.experiments.workers import n_worth
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.replicates.shards import missing_batches, to_table
from cofail_lab.fitting.tasks import LawTasks, Tasks
from cofail_lab.outcomes import Outcomes
from tests.conftest import Run
from tests.experiments.sources import inputs_from
from tests.sweep.test_shards import found, write_matrix

LAWS = ("independent", "one_factor")
FIT = (
    "grades.csv",
    "experiment.bootstrap=66",
    "experiment.null=2",
    "experiment.folds=2",
    f"experiment.laws=[{','.join(LAWS)}]",
    "record.figures=false",
)


@pytest.fixture
def outcomes(tmp_path: Path) -> Outcomes:
    write_matrix(tmp_path)
    return cl.load_outcomes(tmp_path / "grades.csv")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the histograms, most of a small fit, for the test of the tail, also in processes of their own."""
    monkeypatch.setattr(fit_stages, "Tasks", partial(Tasks, n_histograms=99))


@pytest.fixture
def tasks(outcomes: Outcomes) -> Tasks:
    return Tasks(fit_matrix(outcomes, level=0.9, seed=0), bootstrap=66, null=2, atom=0.03, seed=0)


def fail(*_: object) -> None:
    raise AssertionError("computed by the main process")


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("n", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_numbers_of_one_process(run: Run, tmp_path: Path, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, and not one of them is computed here."""
    write_matrix(tmp_path)
    assert run(*FIT, "run.workers=1", "hydra.run.dir=alone").code == 0
    monkeypatch.setattr(workers, "WORTH", 0.0)
    for owner, methods in ((Tasks, ("replicates", "tail")), (LawTasks, ("whole", "part"))):
        for method in methods:
            monkeypatch.setattr(owner, method, fail)
    assert run(*FIT, f"run.workers={n}", "hydra.run.dir=together").code == 0
    assert found(tmp_path / "together") == found(tmp_path / "alone")
    assert not multiprocessing.active_children()


def test_the_fork_server_has_one_thread() -> None:
    """A process with threads must not be forked; this one has imported the package by the time it answers."""
    workers.prepare(PRELOADED)
    context = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    if sys.platform != "linux":
        pytest.skip("there is no fork server")
    with context.Pool(1) as pool:
        parent = pool.apply(os.getppid)
        state = Path(f"/proc/{parent}/status").read_text()
        assert pool.apply(_is_imported)
    assert "\nThreads:\t1\n" in state
    assert parent != os.getpid()


def _is_imported() -> bool:
    return "cofail_lab.fitting.tasks" in sys.modules


def test_a_worker_is_killed(tasks: Tasks, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so, and the main process goes on with the same numbers."""
    stage, laws = tasks.resampled["bootstrap_laws"], LawTasks(tasks.fit.outcomes, 0, 2)
    before = set(multiprocessing.active_children())
    with FitWorkers(2, laws) as crew:
        crew.add(tasks)
        crew.send("replicates", [("bootstrap_laws", start) for start in stage.starts])
        crew.send("whole", [(law,) for law in LAWS])
        (killed, *_) = set(multiprocessing.active_children()) - before
        os.kill(killed.pid or 0, signal.SIGKILL)
        killed.join()
        batches = [crew.stages({"bootstrap_laws": stage})["bootstrap_laws"].batch(start) for start in stage.starts]
        assert [crew.whole(law).predicted for law in LAWS] == [laws.whole(law).predicted for law in LAWS]
        assert not crew.at_work
    for start, batch in zip(stage.starts, batches, strict=True):
        np.testing.assert_array_equal(batch.all_wrong, stage.batch(start).all_wrong)
    assert capsys.readouterr().err.splitlines() == [
        "a worker process was killed; its part is computed by the main process now"
    ]


@dataclass(frozen=True)
class _Early:
    """Tasks that are known at the start."""

    def twice(self, number: int) -> int:
        return 2 * number

    def asleep(self, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()


@dataclass(frozen=True)
class _Late:
    """Tasks that are known later; they know what they were and which thread sent them."""

    values: list[int]

    def held(self, _: int) -> tuple[int, ...]:
        return tuple(self.values)

    def __getstate__(self) -> dict[str, Any]:
        assert threading.current_thread() is threading.main_thread()
        return {"values": self.values}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def test_tasks_that_are_added() -> None:
    """As they were when they were added, in every process; those of the start go on, and nobody waits for others."""
    with workers.Workers(2, _Early()) as crew:
        with pytest.raises(StopIteration):
            crew.send("held", [(0,)])
        late = _Late([7])
        crew.send("twice", [(1,), (2,)])
        crew.add(late)
        late.values.append(8)
        crew.send("held", [(number,) for number in range(6)])
        assert [crew.result("twice", number) for number in (1, 2)] == [2, 4]
        arrived = [crew._futures.pop(("held", number)).result(timeout=60) for number in range(6)]
        assert arrived == [(7,)] * 6 and crew.at_work
        # What was not sent is computed here.
        assert (crew.result("held", 6), crew.result("twice", 3)) == ((7, 8), 6)
    alone = workers.Workers(1, _Early())
    alone.add(late)
    assert (alone.result("held", 0), alone.result("twice", 4)) == ((7, 8), 8)


def test_what_is_called_back_is_computed_by_nobody_before_it_is_sent_again() -> None:
    with workers.Workers(2, _Early()) as crew:
        sent = [(0.3 + number / 1000,) for number in range(12)]
        crew.send("asleep", sent)
        crew.send("twice", [(1,), (3,)])
        crew.recall("asleep")
        begun = [key for key in crew._futures if key[0] == "asleep"]
        # Two are computed at most, and three are on their way.
        assert len(begun) <= 5 and begun == [("asleep", *one) for one in sent[: len(begun)]]
        assert ("twice", 3) in crew._futures
        assert crew.result("twice", 1) == 2
        assert os.getpid() not in {crew.result(*key) for key in begun}
        assert crew.result("asleep", 0.0) == os.getpid()


def _alive(group: int) -> list[str]:
    """The processes of a group that have not ended, where the system lists them."""
    states = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name in parentheses: state, parent, group.
            state, _, owner, *_ = path.read_text().rpartition(")")[2].split()
            states.extend([state] if int(owner) == group and state not in "ZX" else [])
    return states


STOPPED = """
import os, signal, sys
from cofail_lab import cli
from cofail_lab.experiments import kept_batches, workers
original, calls = workers.Workers.result, []
def stopped(self, method, *arguments):
    calls.append(method)
    if calls.count({method!r}) == 2:
        os.killpg(0, signal.SIGINT)
    return original(self, method, *arguments)
workers.Workers.result, workers.WORTH, kept_batches._SECONDS = stopped, 0.0, -1.0
if __name__ == "__main__":
    cli.main()
"""


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("method", ["replicates", pytest.param("part", marks=pytest.mark.slow)])
def test_ctrl_c(run: Run, tmp_path: Path, method: str) -> None:
    """What has arrived is kept, no process stays, one line is said, and the run goes on with one process."""
    write_matrix(tmp_path)
    (tmp_path / "stopped.py").write_text(STOPPED.format(method=method))
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "stopped.py", *FIT, "run.workers=2"],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert len(err.splitlines()) == 1
    assert "the same command continues from there" in err
    begun = time.monotonic()
    while _alive(process.pid):
        assert time.monotonic() < begun + 30, "a process stays"
        time.sleep(0.1)
    (folder,) = (tmp_path / "outputs/fit").iterdir()
    assert json.loads((folder / "results.json").read_text())["status"] == "interrupted"
    again = run(*FIT, "run.workers=1")
    assert again.code == 0
    assert again.err.startswith(f"continues outputs/fit/{folder.name}: bootstrap")
    assert json.loads((folder / "results.json").read_text())["status"] == "completed"


def test_small_fits_start_no_process(outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_stages, "prepare", fail)
    cl.fit(outcomes, bootstrap=2, null=0, folds=0, workers=4)
    assert [n_worth(*asked) for asked in ((4, 1e9), (4, 0.0), (1, 1e9))] == [4, 1, 1]
    # Without being asked, a function starts none, whatever the work.
    monkeypatch.setattr(workers, "WORTH", 0.0)
    cl.fit(outcomes, bootstrap=2, null=0, folds=0)


@pytest.mark.parametrize(
    ("n", "smoke", "null", "early"),
    [(2, False, 1, [PRELOADED]), (1, False, 1, []), (None, False, 1, []), (2, True, 1, []), (2, False, 0, [])],
)
def test_only_a_long_fit_prepares_processes_before_its_own_imports(
    monkeypatch: pytest.MonkeyPatch, n: int | None, smoke: bool, null: int, early: list[str]
) -> None:
    begun: list[str] = []

    def stopped(*_: Any) -> None:
        begun.append("imports")
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "prepare", begun.append)
    monkeypatch.setattr(Fit, "_stages", stopped)
    source = inputs_from(np.array([[0, 1], [1, 0], [1, 1]], bool)).source
    Fit(bootstrap=0, null=null).run(Inputs(RunOptions(workers=n, smoke=smoke), source=source))
    assert begun == [*early, "imports"]


@pytest.mark.parametrize("workers_", [0, 1.5, "many", True])
def test_a_bad_number_of_workers(outcomes: Outcomes, workers_: Any) -> None:
    with pytest.raises(InputError, match="workers: "):
        cl.fit(outcomes, workers=workers_)


def test_missing_batches(tasks: Tasks) -> None:
    """Only batches that a table holds whole are not computed again."""
    stage = tasks.resampled["bootstrap_laws"]
    first, last = stage.starts
    table = to_table({first: stage.batch(first)})
    assert missing_batches(stage, None) == [first, last]
    assert missing_batches(stage, table) == [last]
    assert missing_batches(stage, table.slice(1)) == [first, last]


@pytest.mark.parametrize(
    ("asked", "seconds", "backend", "n"),
    [(4, 8.0, "cpu", 4), (4, 7.9, "cpu", 1), (1, 100.0, "cpu", 1), (2, 100.0, "cpu", 2), (4, 100.0, "gpu", 1)],
)
def test_processes_are_worth_their_start_and_share_no_accelerator(
    monkeypatch: pytest.MonkeyPatch, asked: int, seconds: float, backend: str, n: int
) -> None:
    monkeypatch.setattr("jax.default_backend", lambda: backend)
    assert n_worth(asked, seconds) == n


def test_what_has_arrived_is_of_its_own_stage_and_no_error() -> None:
    futures: dict[tuple[Any, ...], Future[int]] = {
        key: Future()
        for key in (("replicates", "a", 0), ("replicates", "b", 32), ("replicates", "a", 64), ("whole", "a"))
    }
    for future in futures.values():
        future.set_result(1)
    failed = futures["replicates", "a", 96] = Future()
    failed.set_exception(ValueError())
    gone = futures["replicates", "a", 128] = Future()
    gone.cancel()
    futures["replicates", "a", 160] = Future()
    made = object.__new__(FitWorkers)
    made._futures = futures
    assert (made.arrived("a"), made.arrived("b"), made.waiting("whole")) == ([0, 64], [32], [("a",)])


def test_the_verdicts_of_one_process(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks by enumeration, quadrature, simulation and search, and mutants; all but the seconds is the same."""
    chosen = ("experiment.claims=P5.i,P7.ii.b,P11.iii", "experiment.mutants=true")
    command = ("experiment=verify", *chosen, "record.report=false")
    assert run(*command, "run.workers=1", "hydra.run.dir=alone").code == 0
    monkeypatch.setattr(workers, "WORTH", 0.0)
    for method in ("verdicts", "mutants"):
        monkeypatch.setattr(ClaimTasks, method, fail)
    assert run(*command, "run.workers=2", "hydra.run.dir=together").code == 0
    stored = [json.loads((tmp_path / folder / "results.json").read_text()) for folder in ("alone", "together")]
    for record in stored:
        for verdict in record["verdicts"]:
            assert verdict["evidence"].pop("seconds") >= 0
    assert stored[0]["metrics"] == stored[1]["metrics"] and stored[0]["metrics"]["n_mutants"]
    assert stored[0]["verdicts"] == stored[1]["verdicts"]


def test_processes_are_started_for_long_work_only() -> None:
    assert [n_worth(4, seconds) for seconds in (7.9, 8.0, 100.0)] == [1, 4, 4]
    assert [n_worth(asked, 100.0) for asked in (1, 2)] == [1, 2]
