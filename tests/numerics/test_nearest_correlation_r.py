"""The Newton projection against R's `Matrix::nearPD`; `test_nearest_correlation` has a solver that needs no R."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from cofail_lab.outcomes import Outcomes

SCRIPT = """
suppressMessages(library(Matrix))
for (f in list.files(commandArgs(TRUE), pattern = "in.csv$", full.names = TRUE)) {
  found <- nearPD(as.matrix(read.csv(f, header = FALSE)), corr = TRUE, do2eigen = FALSE,
                  eig.tol = 1e-14, conv.tol = 1e-13, maxit = 20000)
  stopifnot(found$converged)
  write.table(format(as.matrix(found$mat), digits = 17), sub("in.csv", "out.csv", f), sep = ",",
              row.names = FALSE, col.names = FALSE, quote = FALSE)
}
"""


def _rscript() -> str:
    found = shutil.which("Rscript")
    has_matrix = found and subprocess.run([found, "-e", "library(Matrix)"], capture_output=True).returncode == 0
    if not found or not has_matrix:
        pytest.skip("Rscript with the package Matrix is not installed (apt-get install r-base-core r-cran-matrix)")
    return found


def _sampled(seed: int, n: int, m: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = np.sqrt(0.5) * rng.normal(size=(n, 1))
    return tetrachoric(shared + np.sqrt(0.5) * rng.normal(size=(n, m)) < rng.uniform(-1, 1, m)).correlation


def test_ten_indefinite_tetrachoric_matrices(real: Callable[[str], Outcomes], tmp_path: Path) -> None:
    """To 1e-6 in Frobenius norm (found: 1e-9), on matrices whose smallest eigenvalue is -0.04 to -6.8."""
    names = ["misguided_attention", "cruxeval_output", "cruxeval_input", "swebench_pro_public", "zeroeval_crux"]
    matrices = {name: VaryingPool.of(real(name)).tetrachoric for name in names}
    matrices["farel_bench_60"] = tetrachoric(real("farel_bench").wrong[:, :60]).correlation
    for seed, (n, m) in enumerate([(60, 20), (100, 30), (200, 40), (330, 67)]):
        matrices[f"sampled_{m}"] = _sampled(seed, n, m)
    rscript = _rscript()
    for name, matrix in matrices.items():
        assert np.linalg.eigvalsh(matrix)[0] < -0.03, f"{name} is no test: it is a correlation matrix"
        np.savetxt(tmp_path / f"{name}.in.csv", matrix, delimiter=",", fmt="%.17g")
    (tmp_path / "near.R").write_text(SCRIPT)
    subprocess.run([rscript, str(tmp_path / "near.R"), str(tmp_path)], check=True, capture_output=True)
    assert len(matrices) == 10
    for name, matrix in matrices.items():
        theirs = np.loadtxt(tmp_path / f"{name}.out.csv", delimiter=",")
        assert np.linalg.norm(nearest_correlation(matrix) - theirs) < 1e-6, name
        # The published repair is another matrix: the tolerance can tell them apart.
        values, vectors = np.linalg.eigh(matrix)
        clipped = (vectors * np.maximum(values, 1e-8)) @ vectors.T
        scale = np.sqrt(np.diag(clipped))
        assert np.linalg.norm(clipped / np.outer(scale, scale) - theirs) > 1e-3, name
