"""A sweep: how many queries must defeat every model before a small gain is ruled out?

    python examples/sweep.py [folder]

Runs the command line once, for seven jobs: one per number of all-wrong queries. Each job has a folder of its own, named
by its content; the same command again skips finished jobs. The example then reads the table in which the sweep gathers
its results. Without a folder it writes to a temporary one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

GAIN = 0.05
"""What a router costs, in accuracy: a gain up to this is not worth having."""


def run_sweep(folder: Path) -> list[dict]:
    """Run the jobs; returns the rows of the table of all jobs."""
    totals = ["data.n_models=20", "data.n_queries=2000", "data.best_correct=1800"]
    command = [sys.executable, "-m", "cofail_lab", "-m", "experiment=certify", "data=counts", *totals]
    command += ["data.n_all_wrong=0,40,80,120,140,160,180", f"hydra.sweep.dir={folder}", "record.figures=false"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return pq.read_table(folder / "tables" / "runs.parquet").to_pylist()


def main() -> None:
    """Print the certified gain for every number of all-wrong queries, and the number from which it is small."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = run_sweep(Path(sys.argv[1] if len(sys.argv) > 1 else scratch).absolute())
    print("20 models, 2,000 queries, the best model is right on 90%:")
    for row in sorted(rows, key=lambda row: row["n_all_wrong"]):
        print(f"{row['n_all_wrong']:4} queries defeat every model: a gain of at most {row['paired_max_gain']:.1%}")
    enough = min(row["n_all_wrong"] for row in rows if row["paired_max_gain"] <= GAIN)
    print(f"Decision: a router that costs {GAIN:.0%} cannot pay if {enough} or more of the 2,000 queries defeat all.")


if __name__ == "__main__":
    main()
