"""The fit of a matrix: bootstrap replicates against the published recipe, the whole command, and millions of pairs."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import published_recipe
from benchmarks.row import Row, peak_memory, timed

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _sampled(n: int, m: int, seed: int = 0) -> np.ndarray:
    """Columns drawn from a one-factor Gaussian law with rates from 5% to 95%."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(-1.6, 1.6, m)
    return np.sqrt(0.5) * rng.normal(size=(n, 1)) + np.sqrt(0.5) * rng.normal(size=(n, m)) < rates


def _real_columns(n: int, m: int) -> np.ndarray:
    """The first varying columns of farel_bench, its 450 queries repeated as often as needed."""
    from cofail_lab.data import load_outcomes

    wrong = load_outcomes(_SHARED / "farel_bench.csv.gz").wrong[:, :m]
    return np.tile(wrong, (-(-n // len(wrong)), 1))[:n]


def _matrices() -> list[tuple[str, np.ndarray]]:
    matrices = [("67 sampled columns x 1,319", _sampled(1319, 67))]
    if (_SHARED / "farel_bench.csv.gz").exists():
        matrices.append(("67 columns of farel_bench x 1,319", _real_columns(1319, 67)))
    else:
        print(f"farel_bench is not at {_SHARED}: its rows are left out")
    return matrices


def replicates() -> list[Row]:
    """2,000 bootstrap replicates, each a refit of everything, against the published recipe per replicate."""
    from cofail_lab.fitting.estimators.pairs import Pairs
    from cofail_lab.fitting.replicates.bootstrap import bootstrap, resample_counts

    rows = []
    for name, wrong in _matrices():
        n, m = wrong.shape
        pairs = Pairs.of(m)
        seconds, drawn = timed(lambda w=wrong, p=pairs: bootstrap(w, p, 2000, 0).replicates())
        resampled = wrong[np.repeat(np.arange(n), resample_counts(n, 0, 0))]

        def recipe(w: np.ndarray = resampled) -> tuple[float, float]:
            mean = published_recipe.mean_tetrachoric(w)
            return mean, published_recipe.one_factor_all_wrong(w.mean(axis=0), mean)

        slow, (mean, all_wrong) = timed(recipe)
        ours = float(drawn.fit.tetrachoric[0]), float(np.exp(drawn.fit.log_one_factor[0]))
        note = f"mean r {ours[0]:.9f} and {mean:.9f}; β {ours[1]:.6e} and {all_wrong:.6e}"
        assert abs(ours[0] - mean) < 1e-6, note
        assert abs(ours[1] / all_wrong - 1) < 1e-5, note
        rows.append(
            Row(
                f"{name}, 2,000 replicates",
                seconds,
                "published recipe, per replicate",
                slow / (seconds / 2000),
                ">= 100",
                note,
            )
        )
    return rows


def whole_command() -> list[Row]:
    """The whole process with 2,000 replicates, compilation, figures and page included, without nulls and folds."""
    rows = []
    for name, wrong in _matrices():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "grades.csv"
            header = ",".join(["query", *(f"m{j}" for j in range(wrong.shape[1]))])
            lines = [",".join([f"q{i}", *map(str, row)]) for i, row in enumerate((~wrong).astype(int))]
            path.write_text("\n".join([header, *lines]))
            command = [sys.executable, "-m", "cofail_lab", "data=csv", f"data.path={path}"]
            command += ["experiment.null=0", "experiment.folds=0"]
            environment = {**os.environ, "XDG_CACHE_HOME": folder}
            for state in ("nothing cached", "compiled code cached"):
                seconds, _ = timed(
                    lambda c=command, f=folder, e=environment: subprocess.run(
                        c, cwd=f, env=e, check=True, capture_output=True
                    )
                )
                rows.append(Row(f"whole command, {name}, {state}", seconds, limit="<= 15 s"))
    return rows


def many_pairs() -> list[Row]:
    """All tetrachoric pairs of a 2,000-model, 1,300-query matrix, and how time grows with the number of models."""
    from cofail_lab.fitting.estimators.tetrachoric import tetrachoric

    rows = []
    for m in (250, 500, 1000, 2000):
        wrong = _sampled(1300, m)
        seconds, _ = timed(lambda w=wrong: tetrachoric(w))
        n_pairs = m * (m - 1) // 2
        limit = "<= 15 s and <= 4 GiB" if m == 2000 else ""
        note = f"{1e9 * seconds / n_pairs:.0f} ns a pair (the first row compiles), peak {peak_memory():.2f} GiB"
        rows.append(Row(f"tetrachoric, {m:,} models ({n_pairs:,} pairs)", seconds, limit=limit, note=note))
    return rows


_PSYCH = """
suppressMessages(library(psych))
x <- as.matrix(read.csv("wrong.csv", header = FALSE))
s <- proc.time()[[3]]
r <- suppressWarnings(suppressMessages(tetrachoric(x, correct = 0, smooth = FALSE)$rho))
cat(proc.time()[[3]] - s)
write.table(format(r, digits = 12), "psych.csv", sep = ",", row.names = FALSE, col.names = FALSE, quote = FALSE)
"""


def against_psych() -> list[Row]:
    """All tetrachoric pairs of 67 columns against R's psych::tetrachoric, without its continuity correction."""
    from cofail_lab.fitting.estimators.tetrachoric import tetrachoric

    name, wrong = _matrices()[0]
    tetrachoric(wrong)  # compiles
    seconds, ours = timed(lambda: tetrachoric(wrong), repeats=3)
    name, rscript = f"tetrachoric, {name}", shutil.which("Rscript")
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "wrong.csv", wrong.astype(int), fmt="%d", delimiter=",")
        command = [rscript or "Rscript", "-e", _PSYCH]
        run = rscript and subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if not run or run.returncode:
            return [Row(name, seconds, "R psych (not installed)")]
        theirs = np.loadtxt(Path(folder) / "psych.csv", delimiter=",")
    i, j = np.triu_indices(len(theirs), 1)
    interior = ours.boundary[i, j] == 0
    apart = np.abs(ours.correlation[i, j] - theirs[i, j])
    assert apart[interior].max() < 1e-3, "R psych disagrees on a pair that is not on its bound"
    note = f"within {apart[interior].max():.0e} on {interior.sum():,} pairs; {(~interior).sum()} on the bound: ±1 here"
    note += f", {np.abs(theirs[i, j][~interior]).min():.2f} and more there"
    return [Row(name, seconds, "R psych", float(run.stdout) / seconds, "", note)]


def start_up() -> list[Row]:
    """Importing the package and asking for help."""
    rows = []
    for name, arguments in (
        ("import cofail_lab", ["-c", "import cofail_lab"]),
        ("cofail-lab --help", ["-m", "cofail_lab", "--help"]),
    ):
        seconds, _ = timed(
            lambda a=arguments: subprocess.run([sys.executable, *a], check=True, capture_output=True), repeats=3
        )
        rows.append(Row(name, seconds, limit="<= 1 s"))
    return rows


BENCHMARKS = [replicates, whole_command, many_pairs, against_psych, start_up]
