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
from scipy.special import ndtri

from benchmarks.row import Row, timed

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _fitted(name: str, limit: str, *options: str, cache: str) -> Row:
    command = [sys.executable, "-m", "cofail_lab", *options]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, _ = timed(
            lambda: subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The largest child so far: rows are in the order of their memory.
    return Row(name, seconds, limit=limit, note=f"{cpu:.0f} CPU s; largest process {after.ru_maxrss / 2**20:.2f} GiB")


def real() -> list[Row]:
    """Real matrices by the defaults: 2,000 bootstrap replicates, 200 matrices from each of three nulls."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, shape, limit in (
            ("cruxeval_output", "35 x 800", "<= 90 s"),
            ("mmlu_pro", "33 x 10,300", "<= 120 s"),
            ("canaicode_junior", "420 x 182", "5 x faster than 560 CPU s"),
        ):
            path = _SHARED / f"{name}.csv.gz"
            if not path.exists():
                print(f"{path.name} is not at {_SHARED}: its rows are left out")
                continue
            states = ("compiled code cached",) if rows else ("nothing cached", "compiled code cached")
            source = ("data=csv", f"data.path={path}")
            rows += [_fitted(f"{name}, {shape}, {state}", limit, *source, cache=cache) for state in states]
    return rows


def large() -> list[Row]:
    """2,173 models and 1,319 queries, drawn from one factor: the point fit, then replicates, nulls and all laws."""
    m = 2173
    rates, loading = ",".join(f"{rate:.6f}" for rate in np.linspace(0.05, 0.7, m)), np.sqrt(0.4)
    law = ("law=one_factor_gaussian", f"law.error_rates=[{rates}]", f"law.loadings=['{loading:.9f}x{m}']")
    source = ("data=law", "data.n_queries=1319", *law)
    point = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0")
    few = ("experiment.bootstrap=200", "experiment.null=20", "run.workers=1")
    with tempfile.TemporaryDirectory() as cache:
        _fitted("", "", *source, *point, cache=cache)
        return [
            _fitted("2,173 x 1,319, point fit", "2.5 x faster than 51 s", *source, *point, cache=cache),
            _fitted("2,173 x 1,319, 200 replicates, 20 nulls", "4 x faster, <= 4 GiB", *source, *few, cache=cache),
        ]


def long() -> list[Row]:
    """33 models and 1,000,000 queries from a CSV file of 74 MB: certificates, then the point fit."""
    n, m = 1_000_000, 33
    rng = np.random.default_rng(0)
    scores = np.sqrt(0.4) * rng.standard_normal((n, 1)) + np.sqrt(0.6) * rng.standard_normal((n, m))
    right = scores >= ndtri(np.linspace(0.05, 0.6, m))
    with tempfile.TemporaryDirectory() as cache:
        path = Path(cache) / "grades.csv"
        with path.open("w") as file:
            file.write(",".join(["query", *(f"m{j}" for j in range(m))]) + "\n")
            file.writelines(
                f"q{i}," + ",".join("01"[cell] for cell in row) + "\n" for i, row in enumerate(right.tolist())
            )
        source = ("data=csv", f"data.path={path}")
        point = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0", "run.workers=1")
        return [
            _fitted("33 x 1,000,000, certificates", "<= 2 GiB", "experiment=certify", *source, cache=cache),
            _fitted("33 x 1,000,000, point fit", "<= 4 GiB", *source, *point, cache=cache),
        ]


BENCHMARKS = [real, large, long]
