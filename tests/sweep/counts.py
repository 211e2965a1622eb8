"""A short job to sweep over, and what is found in a sweep's folder."""

import importlib.util
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

COUNTS = ("experiment=certify", "data=counts", "data.n_queries=330", "data.n_models=67", "data.best_correct=276")


def jobs(sweep: Path) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in sweep.glob("*/results.json")}


def states(sweep: Path) -> Counter[str]:
    return Counter(job["status"] for job in jobs(sweep).values())


def needs(module: str, extra: str) -> None:
    """Skip the test where the extra is not installed; CI names the engines it has, and one that is missing fails."""
    # The name of a submodule would raise where no engine at all is installed, because its package is missing too.
    package, _, plugin = module.partition(".")
    found = importlib.util.find_spec(package)
    if found is None or importlib.util.find_spec(f"{package}.{plugin}") is None:
        if extra in os.environ.get("COFAIL_LAB_ENGINES", "").split():
            pytest.fail(f"the extra {extra} is not installed")
        pytest.skip(f"pip install 'cofail-lab[{extra}]' brings this engine")
