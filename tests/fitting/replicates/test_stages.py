"""Stages of batches use every device, and give the numbers of one."""

import json
import os
import subprocess
import sys
from typing import Any

_DEVICES = """
import json, sys, threading
import jax, jax.numpy as jnp, numpy as np
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.replicates import bootstrap as module
from cofail_lab.fitting.replicates.stages import in_batches
from cofail_lab.models import CommonShock

used, fit_counts = set(), module.fit_counts

def watched(*arguments):
    used.update(jnp.zeros(()).devices())
    return fit_counts(*arguments)

module.fit_counts = watched
module._MODELS_PER_BATCH = 8 * 6
law = CommonShock(0.1, [0.2, 0.3, 0.4, 0.5, 0.3, 0.6])
wrong = np.asarray(law.sample(jax.random.key(0), 5000, chunk=512))
stage = module.bootstrap(wrong, Pairs.of(6), 40, 0)
batches = list(in_batches(stage, stage.starts))
values = [np.concatenate([b.all_wrong for b in batches]), np.concatenate([b.fit.tetrachoric for b in batches])]
histogram = law.count_wrong(jax.random.key(1), 20_000, chunk=1024)
drawn = [wrong.sum(axis=0).tolist(), histogram.tolist(), [v.tolist() for v in values]]
print(json.dumps([len(used), len(batches), *drawn]))
"""


def test_draws_and_replicates_go_to_all_devices() -> None:
    """Four forced host devices: every one is used, and the numbers are those of one."""

    def run_stages(devices: int) -> list[Any]:
        environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
        done = subprocess.run(
            [sys.executable, "-c", _DEVICES], env=environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    one, four = run_stages(1), run_stages(4)
    assert (one[0], four[0]) == (1, 4)
    assert one[1] == four[1] == 5
    assert one[2:] == four[2:]
