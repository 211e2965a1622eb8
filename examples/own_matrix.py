"""Your own matrix: is there anything to gain from combining these models?

    python examples/own_matrix.py [grades.csv]

The file has one row per query and one column per model: 1 is right, 0 is wrong, an empty cell is missing. Without a
file, the example writes a small one to a temporary folder.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import cofail_lab as cl

OVERHEAD = 0.02
"""What combining costs, in accuracy: a gain below it is not worth having."""


def write_example(folder: Path) -> Path:
    """Write 500 queries and 8 models: all models fail 4% of the queries, and each model fails others independently."""
    rng = np.random.default_rng(0)
    hard = rng.random((500, 1)) < 0.04
    right = ~hard & (rng.random((500, 8)) < np.linspace(0.6, 0.9, 8))
    lines = [",".join(["query", *(f"model-{j}" for j in range(8))])]
    lines += [",".join([f"q-{i}", *map(str, row)]) for i, row in enumerate(right.astype(int))]
    path = folder / "grades.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def main() -> None:
    """Certify, fit, and print the decision."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else write_example(Path(folder))
        # Queries that some model did not answer are left out and counted; they are never taken as wrong.
        outcomes = cl.load_outcomes(path)
    certificate = cl.certify(outcomes, delta=0.05, overhead=OVERHEAD)
    # `cl.fit` computes far more than these two numbers; bootstrap, nulls and folds take most of its time.
    metrics = cl.fit(outcomes, bootstrap=0, null=0, folds=0).metrics
    print(f"{outcomes.n_models} models, {outcomes.n_queries} queries, {outcomes.n_all_wrong} failed by every model.")
    predicted = metrics["predicted_one_factor"]
    print(f"That is {metrics['all_wrong']:.2%}; the pairwise correlations alone predict {predicted:.2%} (one factor).")
    print(f"Decision: {certificate.decision}")


if __name__ == "__main__":
    main()
