"""Logs of real tools through the command line: several of them in one command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(folder: Path, *arguments: str) -> tuple[dict, str]:
    """Record and standard output of one command."""
    command = [sys.executable, "-m", "cofail_lab", f"hydra.run.dir={folder}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder.parent)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((folder / "results.json").read_text()), done.stdout


@pytest.fixture
def sources(inspect_logs: Path, harness_logs: Path) -> dict[str, list[str]]:
    archives = sorted((inspect_logs / "plain").glob("*.eval"), key=lambda path: path.stat().st_mtime_ns)
    folders = [harness_logs / "out" / name for name in ("org__alpha", "org__beta")]
    return {
        "inspect": ["data=inspect", f"data.path=[{archives[0]},{archives[2]}]"],
        "lm_eval": ["data=lm_eval", f"data.path=[{folders[0]},{folders[1]}]"],
        "both": [
            "data=auto",
            f"data.path=[{archives[0]},{archives[2]},{folders[0]},{folders[1]}]",
            "data.join=content",
        ],
    }


def test_two_inspect_logs_and_two_harness_folders_fit_in_one_command(
    sources: dict[str, list[str]], tmp_path: Path
) -> None:
    quick = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0", "record.figures=false")
    record, said = run(tmp_path / "fit", *sources["both"], *quick, "record.report=false")
    assert record["status"] == "completed"
    assert (record["metrics"]["n_models"], record["metrics"]["n_queries"]) == (4, 8)
    assert "4 logs joined by content: 8 queries and 4 models" in said


@pytest.mark.parametrize("name", ["inspect", "lm_eval"])
def test_two_logs_of_one_tool_in_one_command(sources: dict[str, list[str]], tmp_path: Path, name: str) -> None:
    record, _ = run(tmp_path / "run", "experiment=certify", *sources[name], "record.figures=false")
    assert (record["metrics"]["n_models"], record["metrics"]["n_queries"]) == (2, 8)
