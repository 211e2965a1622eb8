"""Stages of batches use every device, and give the numbers of one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.replicates import bootstrap as module
from cofail_lab.fitting.replicates.stages import in_batches
from cofail_lab.models import CommonShock

ROOT = Path(__file__).resolve().parents[3]


def run_stages(patch: pytest.MonkeyPatch) -> list[Any]:
    """How many devices replicates go to, in how many batches, and everything that is drawn and fitted."""
    used, fit_counts = set(), module.fit_counts

    def watched(*arguments: Any) -> Any:
        used.update(jnp.zeros(()).devices())
        return fit_counts(*arguments)

    patch.setattr(module, "fit_counts", watched)
    patch.setattr(module, "_MODELS_PER_BATCH", 8 * 5)
    law = CommonShock(0.1, [0.2, 0.3, 0.4, 0.5, 0.6])
    wrong = np.asarray(law.sample(jax.random.key(0), 5000, chunk=512))
    stage = module.bootstrap(wrong, Pairs.of(5), 40, 0)
    batches = list(in_batches(stage, stage.starts))
    values = [np.concatenate([b.all_wrong for b in batches]), np.concatenate([b.fit.tetrachoric for b in batches])]
    histogram = law.count_wrong(jax.random.key(1), 20_000, chunk=1024)
    drawn = [wrong.sum(axis=0).tolist(), histogram.tolist(), [v.tolist() for v in values]]
    return [len(used), len(batches), *drawn]


@pytest.mark.parametrize("devices", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_draws_and_replicates_go_to_all_devices(devices: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forced host devices, in a process of their own: every one is used, and the numbers are those of one."""
    environment = {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
    }
    command = [sys.executable, "-m", "tests.fitting.replicates.test_stages"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    one, many = run_stages(monkeypatch), json.loads(done.stdout)
    assert (one[0], many[0]) == (1, devices)
    assert one[1] == many[1] == 5
    assert one[2:] == many[2:]


if __name__ == "__main__":
    print(json.dumps(run_stages(pytest.MonkeyPatch())))
