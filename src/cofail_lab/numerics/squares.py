"""Squares, a counter-based generator: every random word is a function of a key and of its own place.

Source: B. Widynski, "Squares: A Fast Counter-Based RNG", arXiv:2004.06278. Five rounds of squaring a 64-bit word and
swapping its halves; the paper reports that it passes BigCrush and PractRand. Being pure integer arithmetic, a draw does
not depend on chunking, threads or devices.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import UInt

from cofail_lab.numerics import devices

_HALF = np.uint64(32)


def bits64(counter: UInt[Array, "..."], key: UInt[Array, ""]) -> UInt[Array, "..."]:
    """``squares64`` of the paper: 64 random bits, uint64."""
    return bits64_at(counter * key, key)


def bits64_at(product: UInt[Array, "..."], key: UInt[Array, ""]) -> UInt[Array, "..."]:
    """``squares64`` where counter * key is known: consecutive counters add the key, which saves a product."""
    y, z = product, product + key
    square = _square_by_halves if devices.accelerated() else _square
    x = _swap(square(y) + y)
    x = _swap(square(x) + z)
    x = _swap(square(x) + y)
    t = square(x) + z
    x = _swap(t)
    return t ^ ((square(x) + y) >> _HALF)


def below(words: UInt[Array, "..."], n: int) -> UInt[Array, "..."]:
    """⌊words · n / 2^64⌋: a uniform whole number below n < 2^32, each value's probability within 2^-64."""
    size = np.uint64(n)
    low = (words & np.uint64(0xFFFFFFFF)) * size
    return ((words >> _HALF) * size + (low >> _HALF)) >> _HALF


def _square(x: Array) -> Array:
    return x * x


def _square_by_halves(x: Array) -> Array:
    """x² modulo 2^64 from two products of 32-bit words, where a product of 64-bit words is made of three.

    With x = 2^32 h + l it is l² + 2^33 h l; of h l its lower 31 bits matter.
    """
    low, high = x.astype(jnp.uint32), (x >> _HALF).astype(jnp.uint32)
    wide = low.astype(jnp.uint64)
    return wide * wide + ((low * high).astype(jnp.uint64) << np.uint64(33))


def _swap(x: Array) -> Array:
    return (x >> _HALF) | (x << _HALF)


def stream_keys(key: Array, n_streams: int) -> UInt[np.ndarray, " streams"]:
    """Squares keys for independent streams, from a `jax.random` key.

    The paper asks for irregular bits: eight different hexadecimal digits in each half, none of them zero, the last
    odd. They are drawn from the bits of ``key`` by NumPy's seeding hash and Philox.
    """
    typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    data = np.asarray(jax.random.key_data(key) if typed else key, dtype=np.uint32)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(data.ravel().tolist())))
    keys = []
    for _ in range(n_streams):
        high, low = (rng.permutation(np.arange(1, 16))[:8] for _ in range(2))
        odd = np.flatnonzero(low % 2)[0]  # seven digits are even: one of eight is odd
        low[[odd, 7]] = low[[7, odd]]
        keys.append(int("".join(f"{digit:x}" for digit in (*high, *low)), 16))
    return np.array(keys, dtype=np.uint64)
