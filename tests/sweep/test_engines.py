"""The real launchers, in processes of their own: joblib, submitit's local executor, a Ray cluster of two nodes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, Done, Run
from tests.sweep.counts import COUNTS, needs


def sweep(folder: Path, *arguments: str, values: str = "range(0,8)") -> Done:
    words = ("-m", *COUNTS, f"data.n_all_wrong={values}", "hydra.sweep.dir=s", "record.figures=false")
    return Run(folder)(*words, *arguments, process=True, PYTHONWARNINGS="ignore")


def found(folder: Path) -> dict[str, dict[str, Any]]:
    """What every job found, by its key; and nobody else's keys."""
    records = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("s/*/results.json")}
    return {key: {name: record[name] for name in ("status", "metrics", "labels")} for key, record in records.items()}


@pytest.fixture(scope="module")
def sequential(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Eighteen jobs, one after the other."""
    folder = tmp_path_factory.mktemp("sequential")
    done = sweep(folder, values="range(0,18)")
    assert done.code == 0, done.err
    return found(folder)


def test_joblib(tmp_path: Path, sequential: dict[str, dict[str, Any]]) -> None:
    needs("hydra_plugins.hydra_joblib_launcher", "joblib")
    values = ",".join(map(str, [*range(9), 400]))
    done = sweep(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", values=values)
    assert done.code == 2, done.err
    assert "9 of 10 runs are finished, 1 failed" in done.out
    assert "n_all_wrong: 400 of 330" in done.err
    parallel = {key: job for key, job in found(tmp_path).items() if job["status"] == "completed"}
    assert len(parallel) == 9
    assert parallel.items() <= sequential.items()


def test_submitit_on_this_machine(tmp_path: Path, sequential: dict[str, dict[str, Any]]) -> None:
    needs("hydra_plugins.hydra_submitit_launcher", "slurm")
    done = sweep(tmp_path, "hydra/launcher=submitit_local", values="0,17")
    assert done.code == 0, done.err
    assert "2 of 2 runs are finished" in done.out
    assert len(found(tmp_path)) == 2
    assert found(tmp_path).items() <= sequential.items()


_RAY = """
import os, signal, subprocess, sys, threading, time
from pathlib import Path
import ray
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1"})
cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
cluster.wait_for_nodes()
process = subprocess.Popen(sys.argv[1:], env={**os.environ, "RAY_ADDRESS": cluster.address})
killed = None
while process.poll() is None:
    done = len(list(Path("s").glob("*/results.json")))
    if killed is None and done >= 4:
        # A worker in the middle of a job: its command line is that of the task it runs.
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"ray::_run_job"):
                killed = int(folder.name)
                os.kill(killed, signal.SIGKILL)
                break
    time.sleep(0.05)
print("killed", killed is not None, "nodes", len([n for n in cluster.list_all_nodes()]))
cluster.shutdown()
sys.exit(process.returncode)
"""


def test_ray_on_two_nodes_with_a_worker_killed(tmp_path: Path, sequential: dict[str, dict[str, Any]]) -> None:
    needs("hydra_plugins.hydra_ray_launcher", "ray")
    script = tmp_path / "cluster.py"
    script.write_text(_RAY)
    command = [
        *COMMAND,
        "-m",
        *COUNTS,
        "data.n_all_wrong=range(0,18)",
        "hydra.sweep.dir=s",
        "record.figures=false",
        "hydra/launcher=ray_cluster",
    ]
    environment = {
        **os.environ,
        "PYTHONWARNINGS": "ignore",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Ray's own switch for "this machine only": without it the loopback address is replaced by the machine's.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
    done = subprocess.run(
        [sys.executable, str(script), *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "killed True nodes 2" in done.stdout
    assert "18 of 18 runs are finished" in done.stdout
    assert found(tmp_path) == sequential
