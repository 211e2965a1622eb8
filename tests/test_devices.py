"""What runs on accelerators, by two devices that the CPU is split into and that take the forms of an accelerator."""

import hashlib
import json
import os
import subprocess
import sys
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.fitting.replicates.weighted_counts import weighted_joint_counts
from cofail_lab.models._sampling import chunk_size
from cofail_lab.numerics import devices, normal, orthant, squares
from tests.models.laws import LAWS

N = 9_000


def exact_numbers(*chunks: int) -> list[Any]:
    """Draws by a table, by blocks and by a matrix product, counts by positions and a table, and joint counts."""
    key, found = jax.random.key(7), []
    for name, chunk in zip(("common_shock", "block_factor", "gaussian_copula"), chunks, strict=False):
        found.append(hashlib.sha256(np.asarray(LAWS[name].sample(key, N, chunk=chunk)).tobytes()).hexdigest())
    # So many chunks that several are added up before they are fetched.
    counted = (
        LAWS[name].count_wrong(key, 5 * N + 3, chunk=chunks[-1]) for name in ("exchangeable_count", "common_shock")
    )
    found += [histogram.tolist() for histogram in counted]
    rng = np.random.default_rng(0)
    columns, weights = rng.integers(2, size=(500, 6)).astype(np.float32), rng.poisson(3_000, size=(7, 500))
    return [*found, weighted_joint_counts(columns, weights).tolist()]


def rounded_numbers(chunk: int) -> list[float]:
    """β with its standard error, whose sums are in float64."""
    estimate = LAWS["common_shock"].all_wrong_rate(jax.random.key(8), N, conditional=True, chunk=chunk)
    return [estimate.value, estimate.error]


def test_an_accelerator_has_the_numbers_of_the_cpu() -> None:
    """Its tables are made by the CPU: last digits of another device's logarithms would move thresholds."""
    code = """
import json, jax
from cofail_lab.numerics import devices
devices.stand_in()
from tests import test_devices as these
found = [these.exact_numbers(1_024, 2_048, 5_000, 700), these.rounded_numbers(700)]
jax.default_backend = lambda: "gpu"
with jax.default_device(jax.devices()[1]):
    made = these.LAWS["independent"]._tables().thresholds.devices()
print(json.dumps([*found, [device.id for device in made], len(jax.devices())]))
"""
    env = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    exact, rounded, made, n_devices = json.loads(run.stdout)
    assert n_devices == 2 != len(jax.devices())
    assert exact == exact_numbers(*4 * (2**16,))
    np.testing.assert_allclose(rounded, rounded_numbers(2**16), rtol=1e-13)
    assert made == [0]


def test_orthants_do_not_depend_on_how_many_points_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    t, lower, mu = (
        jnp.array([-1.0, 0.5, -0.3]),
        jnp.eye(3) + jnp.tril(jnp.full((3, 3), 0.4), -1),
        jnp.array([-0.5, 0, 0]),
    )
    points = orthant.sobol_net(3, 4), orthant.digital_shifts(3, 0, 5)
    found = []
    for accelerated in (False, True):
        monkeypatch.setattr(devices, "accelerated", lambda form=accelerated: form)
        found.append(orthant._log_weights(t, lower, mu, *map(jnp.asarray, points)))
    assert found[1].dtype == jnp.float64
    np.testing.assert_allclose(found[1], found[0], rtol=1e-13)


def test_squares_from_products_of_halves() -> None:
    words = np.random.default_rng(1).integers(2**64, size=1_000, dtype=np.uint64)
    words[:3] = 0, 2**64 - 1, 2**32 - 1
    np.testing.assert_array_equal(squares._square_by_halves(jnp.asarray(words)), words * words)


def test_a_product_and_a_sum_are_rounded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against fractions; the last cases lie so near the middle of two numbers that float64 would take them for it."""
    monkeypatch.setattr(devices, "accelerated", lambda: True)
    a, b, c = np.random.default_rng(2).normal(size=(3, 300)).astype(np.float32)
    for k, sign in enumerate((1, -1, 1, -1)):
        # ab is half a last digit of c, give or take 2^-47 of it: the sum has 71 digits.
        a[k], b[k] = sign * 2.0**-24 * (1 + 2.0**-23), (1 - 2.0**-23) if k < 2 else (1 - 2.0**-22 + 2.0**-23)
        c[k] = sign * (1 + 2.0**-23 * (k % 3))
    got = np.asarray(normal._multiply_add(*map(jnp.asarray, (a, b, c))))
    for x, y, z, value in zip(a, b, c, got, strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        error, below, above = (
            abs(Fraction(float(one)) - exact) for one in (value, np.nextafter(value, -9), np.nextafter(value, 9))
        )
        assert error <= min(below, above)


def test_chunks_suit_the_memory_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU states none. Others have whole powers of two, of which 64 bytes a cell take a sixteenth at most."""
    assert (devices.memory(), chunk_size(None, 67)) == (None, 65_536)
    for memory, m in ((2**33, 67), (2**34, 2_000), (2**20, 5_000)):
        size = chunk_size(memory, m)
        assert size == 1_024 or size * 64 * (m + 1) <= memory / 16 < 2 * size * 64 * (m + 1)
    assert chunk_size(2**40, 5) == 2**22

    class Card:
        def __init__(self, limit: int) -> None:
            self.limit = limit

        def memory_stats(self) -> dict[str, int]:
            return {"bytes_limit": self.limit}

    monkeypatch.setattr(jax, "devices", lambda: [Card(8), Card(5)])
    assert devices.memory() == 5
