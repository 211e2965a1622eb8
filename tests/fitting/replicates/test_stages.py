"""Stages of batches use every device, and give the numbers of one."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates import bootstrap as module
from cofail_lab.fitting.replicates import stages as stages_module
from cofail_lab.fitting.replicates.stages import Replicates, Stage, in_batches, run_stages
from cofail_lab.models import CommonShock

ROOT = Path(__file__).resolve().parents[3]


def on_devices(patch: pytest.MonkeyPatch) -> list[Any]:
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
    one, many = on_devices(monkeypatch), json.loads(done.stdout)
    assert (one[0], many[0]) == (1, devices)
    assert one[1] == many[1] == 5
    assert one[2:] == many[2:]


def _numbered(n: int, size: int, asked: list[int]) -> Stage:
    """A stage in which the best accuracy of a replicate is its number."""

    def batch(start: int) -> Replicates:
        asked.append(start)
        numbers = np.arange(start, min(start + size, n), dtype=float)
        return Replicates(np.zeros(len(numbers)), numbers, PointFit(*(numbers for _ in PointFit._fields)), {})

    return Stage(n, size, batch)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_stages_grow_in_waves_until_they_have_enough(elsewhere: bool) -> None:
    """64 replicates, then twice as many, in whole batches; a stage that has enough stays as it is."""
    asked: dict[str, list[int]] = {"few": [], "many": []}
    announced: list[tuple[str, int, int]] = []
    drawn, finished = run_stages(
        {"few": _numbered(500, 30, asked["few"]), "many": _numbered(200, 64, asked["many"])},
        elsewhere=elsewhere,
        enough=lambda name, so_far: name == "few" and len(so_far["many"].all_wrong) >= 128,
        ahead=lambda name, starts: announced.append((name, starts[0], starts[-1])),
    )
    assert finished
    assert announced == [("few", 0, 60), ("many", 0, 0), ("few", 90, 120), ("many", 64, 64), ("many", 128, 192)]
    assert sorted(asked["few"]) == [0, 30, 60, 90, 120]
    assert drawn["few"].single_best.tolist() == list(range(150))
    assert drawn["many"].single_best.tolist() == list(range(200))


def test_all_replicates_are_computed_where_nobody_asks() -> None:
    asked: list[int] = []
    drawn, _ = run_stages({"all": _numbered(200, 30, asked)})
    assert drawn["all"].single_best.tolist() == list(range(200))


if __name__ == "__main__":
    print(json.dumps(on_devices(pytest.MonkeyPatch())))


@pytest.mark.parametrize("names", ["abc", "a"])
def test_batches_go_to_all_devices_in_turn(monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    """By the number of the batch, not of its first replicate; an only device is not named."""
    here = threading.local()

    @contextmanager
    def on(device: str) -> Iterator[None]:
        here.device = device
        yield
        here.device = ""

    monkeypatch.setattr(stages_module.jax, "devices", lambda: [*names])
    monkeypatch.setattr(stages_module.jax, "default_device", on)
    stage: Any = Stage(16, 3, lambda start: (start, getattr(here, "device", "")))  # type: ignore[arg-type,return-value]
    used = ["a", "b", "c", "a", "b", "c"] if len(names) > 1 else [""] * 6
    assert list(in_batches(stage, stage.starts)) == [*zip(range(0, 16, 3), used, strict=True)]
