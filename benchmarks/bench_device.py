"""Device: what an accelerator draws and counts, checked against the CPU, then timed beside limits of its own."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.row import Row, timed

if TYPE_CHECKING:
    from cofail_lab.models import AbstractErrorLaw

M, SEED = 67, 0
N_CHECKED = 2**18
_STAND_IN = "stand-in"
_CHECKS = """\
Numbers are compared with those of the CPU before anything is timed, and a difference ends the run: draws, counts,
all-wrong rates and joint counts bit for bit, simulated and integrated β to 1e-9. The words alone are the random bits
of the cells, without any law."""
_NOT_REACHED = """\
**No accelerator has been reached so far.** The row below is of a CPU that is split into four devices and computes in
the forms of an accelerator: it says that the numbers are right; its speed would say nothing. On a machine with a GPU
`python -m benchmarks device` replaces this section ([how](scale.md#devices)). It needs no network, and is meant to end
within 4 minutes (the stand-in: 84 s of processor time)."""
_EXPECTED = """\
Expected, and not measured: laws drawn from tables within a small multiple of the words alone, draws that are kept near
the bandwidth, a full correlation matrix near the product in float64. A card with little float64 loses that one, and
orthants, to its CPU."""
_ON_CPU = "import json; from benchmarks import bench_device; print(json.dumps(bench_device.numbers()))"


def about(rows: list[Row]) -> str:
    """What the page says above the table."""
    reached = rows and not rows[0].name.startswith(_STAND_IN)
    return _CHECKS if reached else f"{_NOT_REACHED}\n\n{_CHECKS}\n\n{_EXPECTED}"


def laws() -> "dict[str, AbstractErrorLaw]":
    from cofail_lab.models import (
        BlockFactor,
        Clayton,
        CommonShock,
        ExchangeableCount,
        GaussianCopula,
        Independent,
        OneFactorGaussian,
    )

    rates, loadings = np.linspace(0.1, 0.6, M), np.linspace(0.2, 0.8, M)
    correlation = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    return {
        "independent": Independent([0.3] * M),
        "common shock": CommonShock(0.05, [0.3] * M),
        "Clayton": Clayton([0.3] * M, 2.0),
        "heterogeneous one factor": OneFactorGaussian(rates, loadings),
        "families": BlockFactor(rates, np.arange(M) % 8, 0.3, 0.6),
        "exchangeable": ExchangeableCount(np.full(M + 1, 1 / (M + 1))),
        "full correlation matrix": GaussianCopula(rates, correlation),
    }


def _resampled() -> tuple[np.ndarray, np.ndarray]:
    """The columns of a matrix of 1,319 queries, and the weights of 256 bootstrap replicates."""
    rng = np.random.default_rng(SEED)
    weights = [np.bincount(rng.integers(1_319, size=1_319), minlength=1_319) for _ in range(256)]
    return rng.integers(2, size=(1_319, M)).astype(np.float32), np.stack(weights)


def numbers() -> dict[str, dict[str, Any]]:
    """All that is compared, of the device of this process: ``exact`` bit for bit, ``rounded`` to 1e-9."""
    import jax

    from cofail_lab.fitting.replicates.weighted_counts import weighted_joint_counts

    key, exact, rounded = jax.random.key(SEED), {}, {}
    for name, law in laws().items():
        exact[f"{name}: draws"] = hashlib.sha256(np.asarray(law.sample(key, N_CHECKED)).tobytes()).hexdigest()
        exact[f"{name}: counts"] = law.count_wrong(key, N_CHECKED).tolist()
        exact[f"{name}: all-wrong rate"] = law.all_wrong_rate(key, N_CHECKED).value
        rounded[f"{name}: conditional rate"] = law.all_wrong_rate(key, N_CHECKED, conditional=True).value
        # Of the full correlation matrix this is an orthant, of the others a sum or a quadrature.
        rounded[f"{name}: log β"] = float(law.log_all_wrong())
    joint = weighted_joint_counts(*_resampled())
    exact["joint counts"] = hashlib.sha256(joint.astype(np.int64).tobytes()).hexdigest()
    return {"exact": exact, "rounded": rounded}


def _begin_on_cpu() -> subprocess.Popen[str]:
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    return subprocess.Popen([sys.executable, "-c", _ON_CPU], env=environment, stdout=subprocess.PIPE, text=True)


def differences(found: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    """Names of the numbers that are not the expected ones."""
    wrong = [name for name, value in expected["exact"].items() if found["exact"][name] != value]
    for name, value in expected["rounded"].items():
        if not np.isclose(found["rounded"][name], value, rtol=1e-9, atol=0):
            wrong.append(name)
    return wrong


def device() -> list[Row]:
    """Checks first; a number that differs from the CPU's ends the run."""
    # Has an effect on CPUs only, and only before JAX starts.
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    import jax

    from cofail_lab.numerics import devices

    stands_in = jax.default_backend() == "cpu"
    if stands_in:
        devices.stand_in()
    with _begin_on_cpu() as cpu:
        seconds, found = timed(numbers)
        wrong = differences(found, json.loads(cpu.communicate()[0]))
    if wrong:
        sys.exit(f"not the numbers of the CPU: {', '.join(wrong)}")
    kind = f"{_STAND_IN}: a CPU as 4 devices" if stands_in else f"{jax.device_count()} x {jax.devices()[0].device_kind}"
    checked = f"the numbers of the CPU: {len(found['exact'])} exact, {len(found['rounded'])} to 1e-9"
    # What a stand-in takes says nothing: there it is enough that the rest runs.
    rows = [*_limits_and_laws(N_CHECKED if stands_in else 2**26), *_products()]
    return [Row(kind, seconds, note=checked), *(rows if not stands_in else [])]


def _limits_and_laws(n: int) -> list[Row]:
    """n queries of every law, a sixteenth of them where cells are kept or scores are products."""
    import jax

    from cofail_lab.models import GaussianCopula

    key, few = jax.random.key(SEED), n // 16
    words, copied = _words(n // 4), _copy(n)
    rows = [
        Row("words alone", words * n * M, note=f"{words * 1e9:.3g} ns a cell"),
        Row("copy in memory", copied * n * M, note=f"{1e-9 / copied:,.0f} GB/s, read and written"),
    ]

    def row(what: str, work: Callable[[], Any], queries: int, limit: float, limited_by: str) -> Row:
        seconds = _best(work)
        a_cell = seconds / (queries * M)
        note = f"{a_cell * 1e9:.3g} ns a cell; {limited_by} {limit * 1e9:.3g}"
        return Row(f"{what}, {queries:,} queries", seconds, limited_by, limit / a_cell, note=note)

    for name, law in laws().items():
        queries = few if isinstance(law, GaussianCopula) else n
        rows.append(row(f"{name}, counted", partial(law.count_wrong, key, queries), queries, words, "words alone"))
    kept = partial(laws()["common shock"].sample, key, few)
    return [*rows, row("common shock, kept", kept, few, words + copied, "words and a byte written")]


def _products() -> list[Row]:
    """Joint counts of a bootstrap and an orthant."""
    from cofail_lab.fitting.replicates.weighted_counts import weighted_joint_counts

    columns, weights = _resampled()
    seconds = _best(lambda: weighted_joint_counts(columns, weights))
    blas = _best(lambda: [(columns.T * w.astype(np.float32)) @ columns for w in weights])
    what = f"joint counts of {len(weights)} replicates, 1,319 x {M}"
    orthant = _best(laws()["full correlation matrix"].log_all_wrong)
    return [Row(what, seconds, "BLAS of this CPU", blas / seconds), Row(f"orthant, {M} models", orthant)]


def _words(n: int) -> float:
    """Seconds for the random words of one cell, where every device draws those of n queries and drops them."""
    import jax
    import jax.numpy as jnp

    from cofail_lab.numerics import squares

    key, half = jnp.uint64(0x548C9DECBCE65297), -(-M // 2)

    @jax.jit
    def words(start: jax.Array) -> jax.Array:
        product = (start + jax.lax.iota(jnp.uint64, n)) * np.uint64(half) * key
        total = jnp.zeros(n, jnp.uint64)
        for word in range(half):
            total ^= squares.bits64_at(product + np.uint64(word) * key, key)
        return total

    return _on_all_devices(words, [np.uint64(n * k) for k in range(jax.device_count())]) / (n * M)


def _copy(n: int) -> float:
    """Seconds for a byte read or written, where every device copies n float32."""
    import jax

    ones = [np.ones(n, np.float32)] * jax.device_count()
    return _on_all_devices(jax.jit(lambda x: x + 1), ones) / (8 * n)


def _on_all_devices(call: Callable[[Any], Any], arguments: list[Any]) -> float:
    """Seconds of a call on every device at once, divided by their number."""
    import jax

    placed = [jax.device_put(one, device) for one, device in zip(arguments, jax.devices(), strict=True)]
    with ThreadPoolExecutor(len(placed)) as pool:
        return _best(lambda: list(pool.map(lambda one: jax.block_until_ready(call(one)), placed))) / len(placed)


def _best(work: Callable[[], Any]) -> float:
    """Least seconds of three calls, after one that compiles."""
    import jax

    jax.block_until_ready(work())
    return timed(lambda: jax.block_until_ready(work()), 3)[0]


BENCHMARKS = [device]
