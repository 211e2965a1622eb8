"""Φ2 in logs against mpmath, and its inverse."""

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from cofail_lab.numerics import bivariate_normal


@pytest.mark.parametrize("r", [-1.0, -0.999, -0.7, -0.1, 0.0, 0.3, 0.95, 1 - 1e-4, 1 - 1e-8, 1.0])
@pytest.mark.parametrize(("h", "k"), [(-37.0, -36.5), (-8.0, -3.0), (0.5, -1.0), (2.0, 1.0), (5.0, -20.0)])
def test_log_bivariate_against_mpmath(h: float, k: float, r: float) -> None:
    got = float(bivariate_normal.log_cdf(jnp.asarray(h), jnp.asarray(k), jnp.asarray(r)))
    low, other = sorted((h, k))
    with mp.workdps(40):
        if abs(r) == 1:
            exact = mp.ncdf(low) if r > 0 else max(mp.mpf(0), mp.ncdf(low) - mp.ncdf(-other))
        else:
            # X below the smaller bound, in pieces short against every length in the integrand.
            s = mp.sqrt((1 - mp.mpf(r)) * (1 + mp.mpf(r)))
            turns = [other / r + d * s for d in (-40, -12, -6, -3, 0, 3, 6, 12, 40)] if r else []
            pieces = [low - x for x in (0, 0.03, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 9, 12, 16, 20, 26, 32, 40)]
            cuts = sorted({mp.mpf(x) for x in (*pieces, *turns) if low - 40 <= x <= low})
            exact = mp.quad(lambda z: mp.npdf(z) * mp.ncdf((other - mp.mpf(r) * z) / s), cuts)
        log_exact = float(mp.log(exact)) if exact > 0 else -np.inf
    if np.isnan(got):
        assert r < -1 + 1e-6  # nan is promised there only
    elif log_exact < -800:
        assert got < -700  # the reference is no longer reliable, nor is the number of use
    else:
        assert got == pytest.approx(log_exact, rel=0, abs=1e-10)  # the promised relative error of Φ2


def test_correlation_inverts() -> None:
    h, k, r = (
        jnp.asarray([-1.0, 0.3, -3.0, 0.5]),
        jnp.asarray([-0.5, 0.2, -2.5, -0.5]),
        jnp.asarray([0.6, -0.8, 0.3, 0.99]),
    )
    joint = bivariate_normal.cdf(h, k, r)
    found = bivariate_normal.correlation(h, k, joint)
    np.testing.assert_allclose(bivariate_normal.cdf(h, k, found), joint, rtol=1e-13)
    np.testing.assert_allclose(found, r, atol=1e-5)  # the last pair is near its bound, where Φ2 is flat in r
