"""Squares, a counter-based generator: every random number is a function of a key and of its own place.

Source: B. Widynski, "Squares: A Fast Counter-Based RNG", arXiv:2004.06278. Four rounds of squaring a 64-bit word and
swapping its halves give 32 random bits per counter; passes BigCrush and PractRand according to the paper. Being a pure
function of integers, a draw does not depend on chunking, threads or devices.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import UInt

_HALF = np.uint64(32)


def bits(counter: UInt[Array, "..."], key: UInt[Array, ""]) -> UInt[Array, "..."]:
    """The 64-bit word of the fourth round; its upper 32 bits are the output of the paper's ``squares32``."""
    y = counter * key
    z = y + key
    x = _swap(y * y + y)
    x = _swap(x * x + z)
    x = _swap(x * x + y)
    return x * x + z


def bits32(counter: UInt[Array, "..."], key: UInt[Array, ""]) -> UInt[Array, "..."]:
    """``squares32`` of the paper: 32 random bits, uint32."""
    return (bits(counter, key) >> _HALF).astype(jnp.uint32)


def _swap(x: Array) -> Array:
    return (x >> _HALF) | (x << _HALF)


def stream_keys(key: Array, n_streams: int) -> list[int]:
    """Independent Squares keys from a `jax.random` key.

    The paper asks for keys with irregular bits: eight different hexadecimal digits in each half, none of them zero, the last odd.
    These are dealt from the key's bits by its own counter-based generator, Threefry.
    """
    rng = np.random.Generator(np.random.Philox(key=_seed(key)))
    keys = []
    for _ in range(n_streams):
        high = rng.permutation(np.arange(1, 16))[:8]
        low = rng.permutation(np.arange(1, 16))[:8]
        odd = np.flatnonzero(low % 2)[0]  # at least one of eight different digits below 16 is odd
        low[[odd, 7]] = low[[7, odd]]
        keys.append(int("".join(f"{digit:x}" for digit in (*high, *low)), 16))
    return keys


def _seed(key: Array) -> np.ndarray:
    data = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
    words = np.asarray(data, dtype=np.uint32).ravel()
    return np.random.SeedSequence(words.tolist()).generate_state(2, np.uint64)
