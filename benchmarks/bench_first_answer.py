"""Seconds to the first answer: to the box of a fit, and to the line that refuses a file.

A stopwatch around the command itself, imports included, on files as people have them: the least wall time of three
runs. The ratio is of processor times, which hardly depend on what else runs, against `experiment=certify`, which has
said the same when it ends.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.row import Row

_COMMAND = (sys.executable, "-m", "cofail_lab")
_REPEATS = 3
# The last row of what the counts say.
_BOX = b"fail everyone"


def box() -> list[Row]:
    """The box of the digits, and of pools of 67 and 2,173 models on 1,319 queries."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _run(["experiment=certify"], folder)  # the first run of a machine compiles bytecode
        small, large = (str(_drawn(folder, m)) for m in (67, 2173))
        for name, arguments, limit in (
            ("digits, 32 x 1,547", [], "3 s"),
            ("a CSV of 67 x 1,319", [small], "3 s"),
            ("a CSV of 2,173 x 1,319", [large], "6 s"),
        ):
            seconds, processor = _run(arguments, folder, until=_BOX)
            rows.append(_row(f"box of {name}", seconds, processor, arguments, folder, limit))
    return rows


def refusal() -> list[Row]:
    """The line that refuses a table with a cell that is no grade."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "bad.csv").write_text("query,a,b\nq1,1,x\nq2,0,1\n")
        (folder / "good.csv").write_text("query,a,b\nq1,1,0\nq2,0,1\nq3,1,1\n")
        seconds, processor = _run(["bad.csv"], folder, code=2)
        return [_row("error in a file", seconds, processor, ["good.csv"], folder, "1.5 s")]


def _row(name: str, seconds: float, processor: float, certified: Sequence[str], folder: Path, limit: str) -> Row:
    """A measured time beside that of a certificate."""
    whole, used = _run([*certified, "experiment=certify", "record.report=false", "record.figures=false"], folder)
    note = f"{processor:.1f} s of processor time; certify: {used:.1f} s, {whole:.1f} s on the wall"
    return Row(name, seconds, "experiment=certify, processor", used / processor, limit, note)


def _run(arguments: Sequence[str], folder: Path, until: bytes | None = None, code: int = 0) -> tuple[float, float]:
    """Wall and processor time of a command, the least of some runs: to its end, or until it has printed something."""
    times = []
    for _ in range(_REPEATS):
        before, begun = _processor(), time.perf_counter()
        with subprocess.Popen(
            [*_COMMAND, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "80"},
        ) as process:
            printed = b""
            while process.stdout is not None and (part := os.read(process.stdout.fileno(), 2**16)):
                printed += part
                if until is not None and until in printed:
                    break
            wall = time.perf_counter() - begun
            if until is not None:
                process.kill()
        if (process.returncode != code) if until is None else (until not in printed):
            raise RuntimeError(f"{' '.join(arguments)}: ended with {process.returncode}")
        times.append((wall, _processor() - before))
    return min(wall for wall, _ in times), min(processor for _, processor in times)


def _processor() -> float:
    """Processor time of the processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _drawn(folder: Path, m: int, n: int = 1319) -> Path:
    """A table of m models whose abilities and n queries whose difficulties are normal, as a person would save it."""
    rng = np.random.default_rng(m)
    latent = rng.normal(1.2, 0.6, m) - rng.normal(0, 1.2, n)[:, None] + rng.normal(size=(n, m))
    path = folder / f"grades_{m}.csv"
    lines = [",".join(["query", *(f"model-{j}" for j in range(m))])]
    lines += [",".join([f"q-{i}", *map(str, row)]) for i, row in enumerate((latent > 0).astype(int).tolist())]
    path.write_text("\n".join(lines) + "\n")
    return path


BENCHMARKS = (box, refusal)
