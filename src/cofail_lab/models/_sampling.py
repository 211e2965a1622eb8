"""Streaming draws: every query is a function of the key and of its own number.

A sampler draws the queries with the given numbers. Chunks are therefore independent pieces of work: they are
distributed over devices and threads, their size changes nothing but memory, and each is reduced to a histogram before
many more are drawn.
"""

import abc
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab.errors import InputError
from cofail_lab.numerics import squares

N_STREAMS = 3
FACTOR, CELL, ATOM = range(N_STREAMS)
"""Streams of random words that a sampler may use; each has its own key."""

Advance = Callable[[int], None]


class AbstractSampler(eqx.Module):
    """Draws the errors of given queries: a pytree of integer tables."""

    @property
    @abc.abstractmethod
    def n_models(self) -> int:
        """Pool size, m."""

    @abc.abstractmethod
    def wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Bool[Array, "b m"]:
        """The errors of the queries with these numbers."""

    @abc.abstractmethod
    def n_wrong(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Int[Array, " b"]:
        """Their number of wrong models, the same draws; no b x m array is stored."""

    @abc.abstractmethod
    def log_all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """Log P(all wrong | the factors drawn for these queries): what is left when the cells are integrated out."""


def sample(
    sampler: AbstractSampler, key: Array, n: int, chunk: int, first: int = 0
) -> Iterator[Bool[np.ndarray, "b m"]]:
    """n queries from number ``first`` on, chunk by chunk."""
    for _, rows in _stream(_wrong, sampler, key, n, chunk, first):
        yield rows


def count_wrong(sampler: AbstractSampler, key: Array, n: int, chunk: int, advance: Advance) -> Int[np.ndarray, " m+1"]:
    """Histogram of the number of wrong models over the first n queries."""
    histogram = np.zeros(sampler.n_models + 1, dtype=np.int64)
    for _, counts in _stream(_n_wrong, sampler, key, n, chunk):
        histogram += np.bincount(counts, minlength=len(histogram))
        advance(len(counts))
    return histogram


def mean_all_wrong_given(
    sampler: AbstractSampler, key: Array, n: int, chunk: int, advance: Advance
) -> tuple[float, float]:
    """Mean of P(all wrong | factors) over the first n queries, and its standard error."""
    total = squares_total = 0.0
    for _, logs in _stream(_log_all_wrong_given, sampler, key, n, chunk):
        values = np.exp(logs)
        total, squares_total = total + values.sum(), squares_total + (values**2).sum()
        advance(len(logs))
    mean = total / n
    return mean, float(np.sqrt(max(squares_total / n - mean**2, 0.0) / max(n - 1, 1)))


def _stream(
    draw: Callable, sampler: AbstractSampler, key: Array, n: int, chunk: int, first: int = 0
) -> Iterator[tuple[int, np.ndarray]]:
    """First query and result of every chunk, in order, while devices and threads work on the next ones."""
    if n < 1 or chunk < 1:
        raise InputError(f"n, chunk: {n}, {chunk}; at least one draw is needed")
    # Few different shapes: a small run is rounded up to a power of two, and what is too much is cut off here.
    size = min(chunk, max(1024, 1 << (n - 1).bit_length()))
    devices = jax.devices()
    keys = squares.stream_keys(key, N_STREAMS)
    replicas = [jax.device_put((sampler, keys), device) for device in devices]

    def work(index: int) -> tuple[int, np.ndarray]:
        start = index * size
        return start, np.asarray(draw(*replicas[index % len(devices)], np.uint64(first + start), size))[: n - start]

    # The first chunk compiles for all; XLA then runs one thread's chunks in turn, those of several side by side.
    yield work(0)
    workers = max(len(devices), os.cpu_count() or 1)
    pending: deque[Future[tuple[int, np.ndarray]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for index in range(1, -(-n // size)):
            pending.append(pool.submit(work, index))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@eqx.filter_jit
def _wrong(sampler: AbstractSampler, keys: Array, start: Array, size: int) -> Array:
    return sampler.wrong(keys, start + jax.lax.iota(jnp.uint64, size))


@eqx.filter_jit
def _n_wrong(sampler: AbstractSampler, keys: Array, start: Array, size: int) -> Array:
    return sampler.n_wrong(keys, start + jax.lax.iota(jnp.uint64, size))


@eqx.filter_jit
def _log_all_wrong_given(sampler: AbstractSampler, keys: Array, start: Array, size: int) -> Array:
    return sampler.log_all_wrong_given(keys, start + jax.lax.iota(jnp.uint64, size))
