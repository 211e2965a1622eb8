"""Φ2 against Owen's T and, in logs, mpmath; its derivatives and its inverse."""

import itertools

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy.special import ndtr, owens_t

from cofail_lab.numerics import bivariate_normal


@pytest.mark.parametrize("r", [-1.0, -0.9999, -0.999, -0.7, -0.1, 0.0, 0.3, 0.95, 1 - 1e-4, 1 - 1e-8, 1.0])
@pytest.mark.parametrize(
    ("h", "k"), [(-37.0, -36.5), (-8.0, -3.0), (0.5, -1.0), (2.0, 1.0), (5.0, -20.0), (9.5, -9.25)]
)
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
    elif log_exact < -600:
        assert got < -600  # the reference is no longer reliable, nor is the number of use
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


BOUNDS = [(h, k) for h, k in itertools.product((-3.0, -0.7, 0.4, 2.0), repeat=2) if h <= k]


def by_owen(h: float, k: float, r: float) -> float:
    """Φ2(h, k; r) by two values of Owen's T (1956), for h and k other than 0 and |r| < 1."""
    s = np.sqrt((1 - r) * (1 + r))
    wedge = 0.5 if h * k < 0 else 0.0
    return float((ndtr(h) + ndtr(k)) / 2 - owens_t(h, (k / h - r) / s) - owens_t(k, (h / k - r) / s) - wedge)


@pytest.mark.parametrize("r", [-0.999, -0.93, -0.5, 0.0, 0.3, 0.92, 0.926, 0.97, 0.999, 0.99999])
def test_cdf_against_owen(r: float) -> None:
    """Below the switch of methods, above it and next to it; SciPy's T is good to 1e-15 or so."""
    got = [float(bivariate_normal.cdf(h, k, r)) for h, k in BOUNDS]
    np.testing.assert_allclose(got, [by_owen(h, k, r) for h, k in BOUNDS], rtol=0, atol=4e-15)


@pytest.mark.parametrize("r", [-0.8, 0.6, 0.95])
def test_slopes_of_the_cdf(r: float) -> None:
    """In h, k and r, by differences of Owen's form; at r = 1 the lower bound alone has one."""
    slopes = jax.jit(jax.grad(bivariate_normal.cdf, argnums=(0, 1, 2)))
    for h, k in ((-0.7, 0.4), (1.0, 0.9)):
        found = slopes(h, k, r)
        for place, slope in enumerate(found):
            step = 1e-5 * np.eye(3)[place]
            ends = [by_owen(*(np.array([h, k, r]) + sign * step)) for sign in (-1, 1)]
            assert float(slope) == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-7, abs=1e-9)
    at_one = jax.jit(jax.grad(bivariate_normal.cdf, argnums=(0, 1)))(-0.5, 1.0, 1.0)
    np.testing.assert_allclose(at_one, [np.exp(-0.125) / np.sqrt(2 * np.pi), 0], atol=1e-15)


def test_joint_rates_at_their_bounds_have_correlation_one_or_minus_one() -> None:
    h, k = np.array([-1.0, 0.3, 0.8]), np.array([-0.5, 0.2, -0.1])
    most, least = ndtr(np.minimum(h, k)), np.maximum(0, ndtr(h) + ndtr(k) - 1)
    np.testing.assert_array_equal(bivariate_normal.correlation(h, k, most), 1)
    np.testing.assert_array_equal(bivariate_normal.correlation(h, k, most + 0.01), 1)
    np.testing.assert_array_equal(bivariate_normal.correlation(h, k, least), -1)
    np.testing.assert_allclose(bivariate_normal.correlation(h, k, ndtr(h) * ndtr(k)), 0, atol=1e-14)
    inside = bivariate_normal.correlation(h, k, (most + least) / 2)
    assert (np.abs(inside) < 1).all()


def test_small_values_at_negative_correlations_keep_their_digits() -> None:
    """Φ(h) - Φ2(h, -k; |r|) would cancel; against mpmath."""
    h, k, r = (jnp.asarray(x) for x in ([-3.0, -2.0, -2.5, 0.5], [-3.0, -2.0, -2.5, 0.2], [-0.5, -0.75, -0.55, -0.3]))
    value = np.asarray(bivariate_normal.relative_cdf(h, k, r))
    assert 1e-13 < value[:3].min() < 1e-9
    assert value[:3].max() < 1e-4 < value[3]
    for one, *given in zip(value, h, k, r, strict=True):
        with mp.workdps(30):
            a, b, c = (mp.mpf(float(x)) for x in given)
            s = mp.sqrt(1 - c * c)
            exact = mp.quad(lambda z, b=b, c=c, s=s: mp.npdf(z) * mp.ncdf((b - c * z) / s), [a - 12, a - 4, a - 1, a])
        assert float(one) == pytest.approx(float(exact), rel=1e-10, abs=0)


def test_a_rare_event_of_nearly_opposite_scores_is_unknown_and_not_impossible() -> None:
    """At r = -1 + 1e-8 neither route has the digits of what is below 1e-10; at -1 it is P(-k < X < h)."""
    h, k = np.array([-3.0, 1.0, -3.0, 1.0]), np.array([2.5, 0.5, 2.5, 0.5])
    found = np.asarray(bivariate_normal.log_cdf(h, k, np.array([-1 + 1e-8, -1 + 1e-8, -1.0, -1.0])))
    inside = np.log(ndtr(0.5) - ndtr(-1.0))
    assert np.isnan(found[0]) and found[1] == pytest.approx(inside, abs=1e-4)
    assert found[2] == -np.inf and found[3] == pytest.approx(inside, abs=1e-13)


def test_with_numpy_it_is_what_is_compiled() -> None:
    """Both halves of the range, both signs and both ends, and a block that is not full."""
    rng = np.random.default_rng(5)
    h, k = rng.normal(0, 2, (2, 5000))
    r = np.concatenate([rng.uniform(-1, 1, 4000), 1 - 10 ** rng.uniform(-12, -1, 499), [0.925, -0.925]])
    r = np.concatenate([r, -r[4000:4497], [1.0, -1.0]])
    by_numpy = np.asarray(bivariate_normal.relative_cdf(h, k, r))
    compiled = np.asarray(bivariate_normal.cdf(h, k, r))
    # Small values at r < 0 are `log_cdf`'s, relative to their size.
    large = (r >= 0) | (compiled >= 1e-4)
    np.testing.assert_allclose(by_numpy[large], compiled[large], rtol=0, atol=1e-15)
