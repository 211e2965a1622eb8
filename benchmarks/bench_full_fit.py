"""The full fit: whole commands with nulls, held-out laws, figures and page, compiled code cached by the one before.

Every row is a process of its own, timed with everything that a user waits for.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.row import Row, timed

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _fitted(name: str, limit: str, path: Path, *options: str, cache: str) -> Row:
    command = [sys.executable, "-m", "cofail_lab", "data=csv", f"data.path={path}", *options]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        seconds, _ = timed(
            lambda: subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        )
    # The largest child so far: rows are in the order of their memory.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return Row(name, seconds, limit=limit, note=f"peak {peak:.2f} GiB")


def real() -> list[Row]:
    """Real matrices by the defaults: 2,000 bootstrap replicates, 200 matrices from each of three nulls."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, shape, limit in (
            ("cruxeval_output", "35 x 800", "<= 90 s"),
            ("mmlu_pro", "33 x 10,300", "<= 120 s"),
        ):
            path = _SHARED / f"{name}.csv.gz"
            if not path.exists():
                print(f"{path.name} is not at {_SHARED}: its rows are left out")
                continue
            states = ("compiled code cached",) if rows else ("nothing cached", "compiled code cached")
            rows += [_fitted(f"{name}, {shape}, {state}", limit, path, cache=cache) for state in states]
    return rows


def large() -> list[Row]:
    """2,000 models and 1,300 queries without bootstrap, nearest correlation matrix included."""
    rng = np.random.default_rng(0)
    thresholds = rng.uniform(-1.6, 1.6, 2000)
    right = np.sqrt(0.5) * rng.normal(size=(1300, 1)) + np.sqrt(0.5) * rng.normal(size=(1300, 2000)) >= thresholds
    with tempfile.TemporaryDirectory() as cache:
        path = Path(cache) / "grades.csv"
        header = ",".join(["query", *(f"m{j}" for j in range(2000))])
        np.savetxt(path, np.column_stack([np.arange(1300), right]), "%d", ",", header=header, comments="")
        options = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0")
        return [_fitted("2,000 x 1,300, point fit", "<= 120 s and <= 6 GiB", path, *options, cache=cache)]


BENCHMARKS = [real, large]
