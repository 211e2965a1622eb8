"""Streaming draws: every query is a function of the key and of its own number.

A sampler draws the queries with the given numbers. Chunks are therefore independent pieces of work: they are
distributed over devices and threads, and their size changes nothing but memory. Where only sums are asked for, each
device adds up its chunks, and nothing else leaves it.
"""

import abc
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab.errors import InputError
from cofail_lab.numerics import devices, squares

N_STREAMS = 3
FACTOR, CELL, ATOM = range(N_STREAMS)
"""Streams of random words that a sampler may use; each has its own key."""

Advance = Callable[[int], None]
Replica = tuple["AbstractSampler", Array]
Number = Array | np.uint64

_CHUNK, _LEAST, _MOST = 65_536, 1024, 2**22
# What the arrays of a chunk take at most, and the share of a device's memory that they are given.
_BYTES_A_CELL, _SHARE = 64, 16
# Most chunks that an accelerator adds up before their sum is fetched; fewer, where that leaves it fewer pieces of work.
_CHUNKS_A_PIECE, _PIECES = 64, 16
# Histograms side by side on an accelerator, where queries with the same count would wait for each other.
_COPIES = 32


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
    def all_wrong_given(self, keys: UInt[Array, " streams"], query: UInt[Array, " b"]) -> Float[Array, " b"]:
        """P(all wrong | the factors drawn for these queries): what is left when the cells are integrated out."""


def sample(
    sampler: AbstractSampler, key: Array, n: int, chunk: int | None, first: int = 0
) -> Iterator[Bool[np.ndarray, "b m"]]:
    """n queries from number ``first`` on, chunk by chunk."""
    return _rows(_Plan.of(sampler, key, n, chunk), n, first)


def sample_whole(sampler: AbstractSampler, key: Array, n: int, chunk: int | None) -> Bool[Array, "n m"]:
    """The first n queries; an accelerator puts the chunks together itself."""
    plan = _Plan.of(sampler, key, n, chunk)
    if devices.accelerated():
        return _joined(plan, jnp.zeros((n, sampler.n_models), bool))
    # JAX takes memory that begins at a multiple of 64 as it is, and copies any other.
    memory = np.empty(n * sampler.n_models + 63, dtype=bool)
    out = memory[-memory.ctypes.data % 64 :][: n * sampler.n_models].reshape(n, -1)
    for start, rows in zip(range(0, n, plan.size), _rows(plan, n), strict=True):
        out[start : start + plan.size] = rows
    return jnp.asarray(out)


def count_wrong(
    sampler: AbstractSampler, key: Array, n: int, chunk: int | None, advance: Advance
) -> Int[np.ndarray, " m+1"]:
    """Histogram of the number of wrong models over the first n queries."""
    histogram = np.zeros(sampler.n_models + 1, dtype=np.int64)
    nothing = np.zeros((len(histogram), _COPIES if devices.accelerated() else 1), dtype=np.int64)
    for done, part in _sums(_add_counts, nothing, _Plan.of(sampler, key, n, chunk), n):
        histogram += part.sum(axis=1)
        advance(done)
    return histogram


def mean_all_wrong_given(
    sampler: AbstractSampler, key: Array, n: int, chunk: int | None, advance: Advance
) -> tuple[float, float]:
    """Mean of P(all wrong | factors) over the first n queries, and its standard error.

    Other chunks add up in another order: last digits differ.
    """
    totals = np.zeros(2)
    for done, part in _sums(_add_all_wrong, np.zeros(2), _Plan.of(sampler, key, n, chunk), n):
        totals += part
        advance(done)
    mean, square = totals / n
    # Of a constant the rounding of its sums is left, which is no spread.
    spread = square - mean**2 if square > mean**2 * (1 + 1e-12) else 0.0
    return float(mean), float(np.sqrt(spread / max(n - 1, 1)))


class _Plan(NamedTuple):
    """How n queries are drawn.

    Attributes:
        size: queries in a chunk.
        chunks: chunks in a piece of work.
        replicas: sampler and keys, on every device.
    """

    size: int
    chunks: int
    replicas: list[Replica]

    @classmethod
    def of(cls, sampler: AbstractSampler, key: Array, n: int, chunk: int | None) -> Self:
        """Whatever the number of devices, sizes are the same: sums are then added in the same order."""
        if n < 1 or (chunk is not None and chunk < 1):
            raise InputError(f"n, chunk: {n}, {chunk}; at least one draw is needed")
        most = chunk_size(devices.memory(), sampler.n_models) if chunk is None else chunk
        # Few different shapes: a small run is rounded up to a power of two, and what is too much is cut off.
        size = min(most, max(_LEAST, 1 << (n - 1).bit_length()))
        chunks = min(_CHUNKS_A_PIECE, max(1, -(-n // size) // _PIECES)) if devices.accelerated() else 1
        keys = squares.stream_keys(key, N_STREAMS)
        return cls(size, chunks, [jax.device_put((sampler, keys), device) for device in jax.devices()])


def chunk_size(memory: int | None, n_models: int) -> int:
    """Queries drawn at a time by a device with this memory in bytes, or by a CPU (None)."""
    if memory is None:
        return _CHUNK
    affordable = memory // (_SHARE * _BYTES_A_CELL * (n_models + 1))
    return min(max(1 << (affordable.bit_length() - 1), _LEAST), _MOST) if affordable else _LEAST


def _rows(plan: _Plan, n: int, first: int = 0) -> Iterator[np.ndarray]:
    def rows(start: int, replica: Replica) -> np.ndarray:
        return np.asarray(_wrong(*replica, np.uint64(first + start), plan.size))[: n - start]

    return _in_order(rows, plan.replicas, range(0, n, plan.size))


def _joined(plan: _Plan, whole: Array) -> Array:
    """``whole`` with its rows drawn; they go from device to device."""
    (home,), n = whole.devices(), len(whole)
    for start in range(0, n, len(plan.replicas) * plan.size):
        # The last chunk begins earlier, and draws some queries once more: it has the size of all.
        starts = [min(at, max(n - plan.size, 0)) for at in range(start, n, plan.size)[: len(plan.replicas)]]
        drawn = [_wrong(*plan.replicas[k], np.uint64(at), plan.size) for k, at in enumerate(starts)]
        for at, rows in zip(starts, drawn, strict=True):
            whole = _put(whole, jax.device_put(rows, home)[:n], at)
        # No more than one chunk a device is in memory.
        whole.block_until_ready()
    return whole


def _sums(add: Callable[..., Any], nothing: np.ndarray, plan: _Plan, n: int) -> Iterator[tuple[int, np.ndarray]]:
    """Number of queries and sum of every piece of work."""

    def piece(start: int, replica: Replica) -> tuple[int, np.ndarray]:
        stop, total = min(start + plan.chunks * plan.size, n), nothing
        for at in range(start, stop, plan.size):
            total = add(total, *replica, np.uint64(at), np.uint64(n), plan.size)
        return stop - start, np.asarray(total)

    return _in_order(piece, plan.replicas, range(0, n, plan.chunks * plan.size))


_Done = TypeVar("_Done")


def _in_order(work: Callable[[int, Replica], _Done], replicas: list[Replica], starts: range) -> Iterator[_Done]:
    """The work that begins with each query of ``starts``, while devices and threads work on the next ones."""

    def at(index: int) -> _Done:
        return work(starts[index], replicas[index % len(replicas)])

    # The first compiles for all; XLA then runs one thread's work in turn, that of several side by side.
    yield at(0)
    workers = max(len(replicas), os.cpu_count() or 1)
    pending: deque[Future[_Done]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for index in range(1, len(starts)):
            pending.append(pool.submit(at, index))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@eqx.filter_jit
def _wrong(sampler: AbstractSampler, keys: Array, start: Number, size: int) -> Array:
    return sampler.wrong(keys, start + lax.iota(jnp.uint64, size))


@partial(jax.jit, donate_argnums=0)
def _put(whole: Array, rows: Array, start: int) -> Array:
    return lax.dynamic_update_slice(whole, rows, (start, 0))


@eqx.filter_jit
def _add_counts(total: Array, sampler: AbstractSampler, keys: Array, start: Number, n: Number, size: int) -> Array:
    """Histograms with the queries of a chunk below n added, (m+1, copies)."""
    query = start + lax.iota(jnp.uint64, size)
    place = sampler.n_wrong(keys, query), lax.iota(jnp.int32, size) % total.shape[1]
    return total.at[place].add((query < n).astype(total.dtype), mode="promise_in_bounds")


@eqx.filter_jit
def _add_all_wrong(total: Array, sampler: AbstractSampler, keys: Array, start: Number, n: Number, size: int) -> Array:
    """Sum of P(all wrong | factors) and of its square, with the queries of a chunk below n added."""
    query = start + lax.iota(jnp.uint64, size)
    values = jnp.where(query < n, sampler.all_wrong_given(keys, query), 0.0)
    return total + jnp.stack([values.sum(), (values**2).sum()])
