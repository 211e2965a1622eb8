"""The counter-based generator by its published words."""

import jax
import jax.numpy as jnp
import numpy as np

from cofail_lab.numerics import squares


def test_squares_against_published_words() -> None:
    """Words published by two independent Rust implementations: `SquaresRng` (64 bits) and `squares-rnd` (32 bits)."""
    counter = jnp.arange(3, dtype=jnp.uint64)
    words = squares.bits64(counter, jnp.uint64(0x548C9DECBCE65297))
    assert [int(w) for w in words] == [0x36D88366CEE633A5, 0x944716E00E60DFAA, 0xC8A8F4E0678654BF]
    # squares32 is the upper half of the fourth round, which the fifth leaves alone.
    assert [int(w) >> 32 for w in words[:2]] == [920159078, 2487686880]
    along = squares.bits64_at(counter * jnp.uint64(0x548C9DECBCE65297), jnp.uint64(0x548C9DECBCE65297))
    np.testing.assert_array_equal(along, words)


def test_keys_have_irregular_digits_and_differ() -> None:
    seen = set()
    for seed in range(50):
        for key in squares.stream_keys(jax.random.key(seed), 3):
            digits = f"{int(key):016x}"
            assert "0" not in digits
            assert len(set(digits[:8])) == len(set(digits[8:])) == 8
            assert int(key) % 2 == 1
            seen.add(int(key))
    assert len(seen) == 150
    np.testing.assert_array_equal(
        squares.stream_keys(jax.random.key(5), 2), squares.stream_keys(jax.random.PRNGKey(5), 2)
    )


def test_below_is_uniform_to_the_last_bit() -> None:
    words = np.array([0, 1, 2**32 - 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF], dtype=np.uint64)
    for n in (1, 3, 10_007, 2**32 - 1):
        assert [int(x) for x in squares.below(jnp.asarray(words), n)] == [int(w) * n >> 64 for w in words]


def test_squares_by_halves_are_squares() -> None:
    """Modulo 2^64, as Python's integers have it: the form of an accelerator, and that of a processor."""
    words = [0, 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 0x0123456789ABCDEF, 0xFEDCBA9876543210]
    given = jnp.asarray(np.array(words, dtype=np.uint64))
    for square in (squares._square, squares._square_by_halves):
        assert [int(x) for x in square(given)] == [word * word % 2**64 for word in words]
    assert [int(x) for x in squares._swap(given)] == [(word >> 32) + (word % 2**32 << 32) for word in words]
