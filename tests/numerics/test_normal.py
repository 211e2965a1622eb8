"""log Φ and its derivative to their last digits, and normal numbers from bits."""

import jax
import mpmath as mp
import numpy as np
import pytest

from cofail_lab.numerics import normal


def test_normals_from_bits() -> None:
    """Box and Muller's formulas at 80 bits, on words at random and on words that end where logs are delicate."""
    rng = np.random.default_rng(20260601)
    words = rng.integers(2**64, size=200_000, dtype=np.uint64)
    lead = np.uint64(33) + rng.integers(31, size=words.size).astype(np.uint64)
    last = np.uint64(2**33 - 1)
    near_0, near_1 = words >> lead << np.uint64(33) | words & last, ~(words >> lead << np.uint64(33)) & ~last
    ends = np.array([0, 2**64 - 1, 2**33 - 1, 2**63, 2**63 - 1], dtype=np.uint64)
    pairs = jax.jit(normal.pairs_from_bits)
    for some, mean in ((words, 6e-8), (np.concatenate([near_0, near_1, ends]), 1e-7)):
        k, j = some >> np.uint64(33), some.astype(np.uint32).view(np.int32)
        below_1 = (np.longdouble(2**31) - k - 0.5) / 2**31
        log_u = np.where(below_1 < 0.5, np.log1p(-below_1), np.log((k + np.longdouble(0.5)) / 2**31))
        radius, angle = np.sqrt(-2 * log_u), j * np.longdouble(np.pi) / 2**32
        sign = np.where(some >> np.uint64(32) & np.uint64(1), -1, 1)
        got = np.asarray(pairs(some))
        for part, exact in ((got.real, sign * radius * np.cos(angle)), (got.imag, radius * np.sin(angle))):
            off = np.abs(part - exact)
            assert (off <= 3e-7 * radius).all()  # the largest radius is 6.7: 2e-6
            assert off.mean() < mean
    # The control: single precision for u alone would have lost the small radii.
    assert np.asarray(pairs(ends[1:2])).real[0] == pytest.approx(-(2.0**-15.5), rel=1e-6)


@pytest.mark.parametrize("x", [-1e150, -300.0, -37.5, -8.3, -1.0, -1e-9, 0.0, 0.4, 1.0, 2.7, 8.2, 20.0, 37.0])
def test_log_cdf_and_its_derivative_against_mpmath(x: float) -> None:
    """log Φ, and φ/Φ, which is its derivative by JAX, to 3e-14 of themselves; above 0 φ has the rounding of x²/2."""
    with mp.workdps(60):
        if x > -30:
            log_cdf = mp.log1p(-mp.ncdf(-x)) if x > 0 else mp.log(mp.ncdf(x))
            mills = mp.npdf(x) / mp.ncdf(x)
        else:  # Laplace's continued fraction: there erfc has no digits
            mills = -mp.mpf(x)
            for k in range(400, 0, -1):
                mills = -mp.mpf(x) + k / mills
            log_cdf = -(mp.mpf(x) ** 2) / 2 - mp.log(2 * mp.pi) / 2 - mp.log(mills)
        exact, slope = float(log_cdf), float(mills)
    rounding = 3e-14 + 2e-16 * max(x, 0.0) ** 2
    assert float(normal.log_cdf(x)) == pytest.approx(exact, rel=rounding, abs=0)
    assert float(normal.mills(x)) == pytest.approx(slope, rel=rounding, abs=0)
    assert float(jax.grad(normal.log_cdf)(x)) == float(normal.mills(x))
