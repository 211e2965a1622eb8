"""Laws: cells drawn, and orthant probabilities, against the usual ways; times are the best of several repetitions."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.row import Row, peak_memory, timed
from cofail_lab.models import BlockFactor, Clayton, CommonShock, GaussianCopula, Independent, OneFactorGaussian
from cofail_lab.numerics import one_factor, orthant, squares

M, N, N_ALTERNATIVE = 67, 2**20, 2**17
KEY = jax.random.key(0)


def best(work: Callable[[], Any], repetitions: int = 5) -> float:
    work()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        jax.block_until_ready(work())
        times.append(time.perf_counter() - start)
    return min(times)


@partial(jax.jit, static_argnums=1)
def _jax_bernoulli(key: jax.Array, n: int) -> jax.Array:
    return jnp.bincount(jax.random.bernoulli(key, 0.3, (n, M)).sum(axis=1), length=M + 1)


@partial(jax.jit, static_argnums=1)
def _jax_clayton(key: jax.Array, n: int) -> jax.Array:
    """Clayton's law in the same idiom: a Gamma(1/2) frailty a query, then Bernoulli cells given it."""
    of_frailty, of_cells = jax.random.split(key)
    p = jnp.exp(-jax.random.gamma(of_frailty, 0.5, (n, 1)) * (0.3**-2 - 1))
    return jnp.bincount(jax.random.bernoulli(of_cells, p, (n, M)).sum(axis=1), length=M + 1)


@partial(jax.jit, static_argnums=1)
def _jax_normal(key: jax.Array, n: int) -> jax.Array:
    return jnp.bincount((jax.random.normal(key, (n, M), dtype=jnp.float32) < -0.5).sum(axis=1), length=M + 1)


@partial(jax.jit, static_argnums=1)
def _words(start: jax.Array, n: int, key: jax.Array) -> jax.Array:
    """Squares words for n queries, one for two cells, combined as they come."""
    half = -(-M // 2)
    product = (start + jax.lax.iota(jnp.uint64, n)) * np.uint64(half) * key
    total = jnp.zeros(n, jnp.uint64)
    for word in range(half):
        total ^= squares.bits64_at(product + np.uint64(word) * key, key)
    return total


def _limit(matrix_product: bool) -> float:
    """Least seconds for the N queries of `sampling` on this machine: what no sampler of this kind can do without.

    That is the random words, compiled alone on all cores and neither compared nor stored; and for the full matrix the
    float64 product with a triangular root, at the speed that BLAS reaches for a whole square one in the cache.
    """
    chunk, key = 2**16, jnp.uint64(0x548C9DECBCE65297)

    def words() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda k: np.asarray(_words(np.uint64(k * chunk), chunk, key)), range(N // chunk)))

    seconds = best(words)
    if matrix_product:
        size = 512
        root, z = np.random.default_rng(0).standard_normal((2, size, size))
        flops = 2 * size**3 / best(lambda: root @ z, 20)
        seconds += N * M * (M + 1) / flops
    return seconds


def sampling() -> list[Row]:
    """Histograms of C for 67 models; the alternatives draw fewer queries and are scaled by the cell."""
    generator = np.random.Generator(np.random.SFC64(0))
    rates, loadings = np.linspace(0.1, 0.6, M), np.linspace(0.2, 0.8, M)
    correlation = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    root = np.linalg.cholesky(correlation)

    def numpy_bernoulli(n: int, dtype: type) -> np.ndarray:
        return np.bincount((generator.random((n, M), dtype=dtype) < 0.3).sum(axis=1), minlength=M + 1)

    def numpy_gaussian(n: int, dtype: type) -> np.ndarray:
        scores = generator.standard_normal((n, M), dtype=dtype) @ root.T.astype(dtype)
        return np.bincount((scores < -0.5).sum(axis=1), minlength=M + 1)

    def scaled(draw: Callable[[int], Any]) -> float:
        # In chunks that stay near the cache: what a careful user would do.
        chunk = 2**13
        work = best(lambda: [jax.block_until_ready(draw(chunk)) for _ in range(N_ALTERNATIVE // chunk)], 3)
        return work * N / N_ALTERNATIVE

    bernoulli = [
        ("jax.random.bernoulli", scaled(partial(_jax_bernoulli, KEY)), ">= 8"),
        ("NumPy SFC64, random() < p", scaled(partial(numpy_bernoulli, dtype=np.float64)), ">= 4"),
        ("NumPy SFC64, float32", scaled(partial(numpy_bernoulli, dtype=np.float32)), ""),
    ]
    clayton = [
        ("jax.random.gamma, bernoulli", scaled(partial(_jax_clayton, KEY)), ">= 8"),
        ("jax.random.bernoulli alone", bernoulli[0][1], ""),
        *bernoulli[1:],
    ]
    normal = [("jax.random.normal", scaled(partial(_jax_normal, KEY)), ">= 3")]
    matrix = [
        ("NumPy SFC64, normals @ L", scaled(partial(numpy_gaussian, dtype=np.float64)), ">= 2"),
        ("NumPy SFC64, float32", scaled(partial(numpy_gaussian, dtype=np.float32)), ""),
    ]
    laws = {
        "independent": (Independent(f"0.3x{M}"), bernoulli),
        "common shock": (CommonShock(0.05, f"0.3x{M}"), bernoulli),
        "Clayton": (Clayton(f"0.3x{M}", 2.0), clayton),
        "heterogeneous one factor": (OneFactorGaussian(rates, loadings), normal),
        "full correlation matrix": (GaussianCopula(rates, correlation), matrix),
    }
    rows = []
    limits = {product: _limit(product) for product in (False, True)}
    for name, (law, alternatives) in laws.items():
        seconds, limit = best(lambda law=law: law.count_wrong(KEY, N), 3), limits[isinstance(law, GaussianCopula)]
        kernel = "words and product alone" if isinstance(law, GaussianCopula) else "words alone"
        note = (
            f"{seconds / (N * M) * 1e9:.2f} ns a cell; {kernel}: {limit / (N * M) * 1e9:.2f}, {seconds / limit:.1f} x"
        )
        rows += [Row(name, seconds, what, other / seconds, asked, note) for what, other, asked in alternatives]
    return rows


def billion_cells() -> list[Row]:
    """10^9 cells in a process of their own, so that its peak memory is theirs."""
    law = CommonShock(0.05, f"0.3x{M}")
    n = -(-(10**9) // M)
    start = time.perf_counter()
    histogram = law.count_wrong(KEY, n)
    seconds = time.perf_counter() - start
    note = f"{peak_memory():.2f} GiB at most, {histogram.sum() * M:.4g} cells"
    return [Row("10^9 cells counted", seconds, limit="< 1.5 GiB", note=note)]


_R_SCRIPT = """
suppressMessages(library(mvtnorm))
m <- {m}; l <- seq(.3, .8, length.out = m); S <- outer(l, l); diag(S) <- 1
set.seed(1); u <- rep(-0.5, m)
invisible(pmvnorm(upper = u, sigma = S, algorithm = GenzBretz(maxpts = 1000, abseps = 0, releps = 0)))
v <- numeric({runs}); s <- proc.time()[[3]]
a <- GenzBretz(maxpts = {points}, abseps = 0, releps = 0)
for (i in 1:{runs}) v[i] <- pmvnorm(upper = u, sigma = S, algorithm = a)
cat((proc.time()[[3]] - s) / {runs}, sd(v), mean(v), "\\n")
"""


def orthants() -> list[Row]:
    """β of a one-factor matrix of 67 models: the seconds of each way at the same standard error."""
    loadings = np.linspace(0.3, 0.8, M)
    correlation = jnp.asarray(np.outer(loadings, loadings) + np.diag(1 - loadings**2))
    t = jnp.full(M, -0.5)
    exact = float(jnp.exp(one_factor.log_all_below(t, jnp.asarray(loadings))[0]))
    net, shifts = orthant.sobol_net(M, 9), orthant.digital_shifts(M, 0)
    result = orthant.log_orthant(t, correlation, net, shifts)
    seconds = best(lambda: orthant.log_orthant(t, correlation, net, shifts))
    error = float(result.relative_error) * exact
    # Plain Monte Carlo needs β(1-β)/error² queries at the speed of this lab's own sampler.
    law = GaussianCopula(np.full(M, 0.3085375387259869), np.asarray(correlation))
    per_query = best(lambda: law.count_wrong(KEY, N), 2) / N
    plain = exact * (1 - exact) / error**2 * per_query
    note = f"β {exact:.3e}, standard error {error:.1e}"
    rows = [Row("orthant, 67 models", seconds, "plain Monte Carlo", plain / seconds, ">= 100", note)]
    rscript = shutil.which("Rscript")
    if rscript is None:
        return [*rows, Row("orthant, 67 models", seconds, "R mvtnorm (not installed)", None, ">= 5")]
    # The spread of its own repetitions, not its reported error, is its standard error.
    script = _R_SCRIPT.format(m=M, runs=30, points=25_000)
    run = subprocess.run([rscript, "-e", script], capture_output=True, text=True, check=True)
    r_seconds, r_error, r_mean = (float(x) for x in run.stdout.split())
    # R's points are quasi-random: its error is taken to fall like 1 / points, the kindest rate for it.
    equal = r_seconds * r_error / error
    note = f"R: {r_mean:.3e} with standard error {r_error:.1e} in {r_seconds:.3f} s"
    return [*rows, Row("orthant, 67 models", seconds, "R mvtnorm, equal error", equal / seconds, ">= 5", note)]


def exact() -> list[Row]:
    """Laws of large pools, and a whole curve with everything to compile; a limit in words is all they are held to."""
    rows, m = [], 2000
    for families in (20, 200):
        law = BlockFactor(np.linspace(0.1, 0.6, m), np.arange(m) % families, 0.3, 0.6)
        seconds = best(law.log_all_wrong, 2)
        error = float(law._nested()[1])
        rows.append(Row(f"block law, log β, {m} models in {families} families", seconds, note=f"error {error:.0e}"))
    sizes = np.unique(np.rint(np.geomspace(2, M, 24)).astype(int))
    law = OneFactorGaussian(np.linspace(0.1, 0.6, M), np.linspace(0.2, 0.8, M))
    seconds, _ = timed(lambda: law.log_all_wrong_by_size(sizes))
    rows.append(Row(f"β of {len(sizes)} nested pools, one factor, first call", seconds, limit="<= 5 s"))
    clayton = Clayton(np.linspace(0.1, 0.6, m), 2.0)
    rows.append(Row(f"Clayton law of C, {m} models", best(clayton.count_probs, 1)))
    return rows


BENCHMARKS = (sampling, billion_cells, orthants, exact)
