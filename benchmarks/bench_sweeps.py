"""Sweeps: what a job costs beside Hydra's own composition, a grid against jobs, and gathering ten thousand runs."""

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.row import Row, peak_memory, timed

COUNTS = ("experiment=certify", "data=counts", "data.n_queries=330", "data.n_models=67", "data.best_correct=276")


@contextmanager
def _scratch() -> Iterator[Path]:
    """An empty working folder."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def _command(*arguments: str) -> None:
    from hydra.core.global_hydra import GlobalHydra

    from cofail_lab import cli

    GlobalHydra.instance().clear()
    sys.argv = ["cofail-lab", *arguments]
    with (
        contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        cli.main()


def overhead() -> list[Row]:
    """CPU time of a sweep's job outside Hydra: everything `cli.task` does, the certificate itself included."""
    from cofail_lab import cli

    inside = 0.0
    task = cli.task

    def timed_task(config: object) -> None:
        nonlocal inside
        begun = time.process_time()
        task(config)  # type: ignore[arg-type]
        inside += time.process_time() - begun

    with _scratch():
        sweep = ("-m", *COUNTS, "sweep.gather=false")
        _command(*sweep, "data.n_all_wrong=0")  # imports, once per process
        cli.task, n = timed_task, 40  # type: ignore[assignment]
        begun = time.process_time()
        _command(*sweep, f"data.n_all_wrong=range(0,{n})")
        whole = time.process_time() - begun
    hydra = (whole - inside) / n
    note = f"Hydra composes for {1e3 * hydra:.0f} ms a job (twice: it checks all jobs first)"
    return [
        Row(
            "a job of a sweep beside Hydra, CPU seconds",
            inside / n,
            "Hydra's part",
            hydra * n / inside,
            "<= 0.05",
            note,
        )
    ]


def grid() -> list[Row]:
    """A tail curve of 67 models per point: 1,000 points in one job against jobs of -m, CPU seconds a point."""
    rows = []
    for law, key, low, high in (("common_shock", "shock", 0.001, 0.3), ("clayton", "theta", 0.2, 8)):
        with _scratch():
            shared = (f"law={law}", "record.figures=false", "record.report=false")
            alone = ("-m", "experiment=tail_curve", "experiment.simulate=false", "sweep.gather=false", *shared)
            dense = "experiment.axes={%s:{from:%g,to:%g,n:%d,log:true}}"
            _command(*alone, f"law.{key}=0.21")  # compiles
            _command("experiment=grid", *shared, dense % (key, low, high, 128))
            jobs = 10
            begun = time.process_time()
            _command(*alone, f"law.{key}=" + ",".join(f"0.{k}" for k in range(30, 30 + jobs)))
            per_job = (time.process_time() - begun) / jobs
            begun = time.process_time()
            _command("experiment=grid", *shared, dense % (key, low, high, 1000))
            per_point = (time.process_time() - begun) / 1000
        rows.append(
            Row(
                f"grid of 1,000 {law} curves, CPU seconds a point",
                per_point,
                "-m, a job a point",
                per_job / per_point,
                ">= 100",
            )
        )
    return rows


def gathering() -> list[Row]:
    """Ten thousand run folders, made from one, to a table, figures and an index."""
    from cofail_lab.experiments.base import Inputs, RunOptions
    from cofail_lab.experiments.gather import Gather
    from cofail_lab.record import Recorder

    with _scratch() as folder:
        _command(*COUNTS, "data.n_all_wrong=17", "hydra.run.dir=one")
        record, config = json.loads(Path("one/results.json").read_text()), Path("one/config.yaml").read_text()
        for k in range(10_000):
            run = folder / "many" / f"{k:016x}"
            run.mkdir(parents=True)
            record["metrics"]["max_gain"] = k / 10_000
            (run / "results.json").write_text(json.dumps(record))
            own = config.replace("n_all_wrong: 17", f"n_all_wrong: {k % 331}").replace("seed: 0", f"seed: {k // 331}")
            (run / "config.yaml").write_text(own)

        def whole() -> int:
            recorder = Recorder(folder / "gathered", "gather", "", seed=None)
            recorder.start()
            result = Gather("many").run(Inputs(RunOptions()))
            recorder.finish(result, {})
            return int(result.metrics["n_runs"] or 0)

        begun = time.process_time()
        seconds, n = timed(whole)
        processor = time.process_time() - begun
    assert n == 10_000, n
    note = f"{processor:.1f} s of CPU; peak {peak_memory():.2f} GiB"
    return [Row("gathering 10,000 runs", seconds, limit="<= 30 s and <= 1 GiB", note=note)]


BENCHMARKS = [overhead, grid, gathering]
