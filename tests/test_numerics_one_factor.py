"""One-factor and block quadrature, the count law and Φ2 in logs, against mpmath and each other."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from scipy.special import log_ndtr, logsumexp, ndtri

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import bivariate_normal, block_factor, block_table, normal, one_factor
from cofail_lab.numerics.poisson_binomial import mixture_counts

# Under tracing one integral is nested inside the other.
NESTED = jax.jit(block_factor.log_all_below)


def exact_log_all_below(t: np.ndarray, loading: np.ndarray) -> float:
    """The integral by mpmath at 30 digits, pieces cut where its integrand bends."""
    with mp.workdps(30):
        scale = [mp.sqrt(1 - mp.mpf(x) ** 2) for x in loading]

        def log_f(z: mp.mpf) -> mp.mpf:
            u = ((mp.mpf(a) - mp.mpf(b) * z) / s for a, b, s in zip(t, loading, scale, strict=True))
            return -z * z / 2 + mp.fsum(mp.log(mp.ncdf(x)) for x in u)

        mode = max(np.linspace(-30, 30, 601), key=lambda z: float(log_f(mp.mpf(z))))
        peak = log_f(mp.mpf(mode))
        cuts = [mode + x for x in (-14, -6, -3, -1.5, -0.75, -0.3, 0, 0.3, 0.75, 1.5, 3, 6, 14)]
        return float(peak + mp.log(mp.quad(lambda z: mp.exp(log_f(z) - peak), cuts)) - mp.log(2 * mp.pi) / 2)


@pytest.mark.parametrize(
    ("rates", "loading"),
    [
        ([0.3, 0.3, 0.3], [0.1, 0.1, 0.1]),
        ([0.2, 0.9, 1e-6, 0.5], [0.9, -0.4, 0.3, 0.0]),
        ([1e-6] * 4, [0.99**0.5] * 4),
        ([1 - 1e-6, 0.4, 0.01], [0.995, 0.7, -0.99]),
    ],
)
def test_all_below_against_mpmath(rates: list[float], loading: list[float]) -> None:
    t = ndtri(np.array(rates))
    value, error = (float(x) for x in one_factor.log_all_below(jnp.asarray(t), jnp.asarray(loading)))
    exact = exact_log_all_below(t, np.array(loading))
    assert abs(value - exact) <= max(error, 1e-15) < 1e-12


def test_all_below_far_beyond_float64_has_a_log() -> None:
    # Independent models: m log Φ(t) exactly; nearly independent ones must be near.
    t = jnp.full(2000, ndtri(1e-6))
    value, error = one_factor.log_all_below(t, jnp.zeros(2000))
    assert abs(float(value) - 2000 * np.log(1e-6)) < 1e-9
    assert float(error) < 1e-10


def test_error_is_reported_where_nodes_run_out() -> None:
    """Loadings within 1e-12 of 1, where the comonotone limit is right to about 1e-6: off by less than it says."""
    t = jnp.asarray(ndtri(np.full(3, 0.3)))
    value, error = (float(x) for x in one_factor.log_all_below(t, jnp.full(3, np.sqrt(1 - 1e-12))))
    assert 1e-9 < abs(value - np.log(0.3)) <= error + 1e-5
    assert error > 1e-9


def test_proven_bound_holds_and_is_not_idle() -> None:
    """At spacings where the rule visibly fails, the true relative error stays below the bound and within 10^4 of it."""
    t, loading = jnp.asarray([0.3, -0.4, 0.1]), jnp.asarray([0.8, 0.7, -0.9])
    kappa = one_factor.information(loading)
    exact = float(one_factor.log_all_below(t, loading)[0])
    for h in (0.8, 1.0, 1.2):
        worst = 0.0
        for shift in (0.0, 0.25, 0.5):
            z = (jnp.arange(-40, 41) + shift) * h
            log_wrong, _ = one_factor.log_conditional(t, loading, z)
            value = float(jnp.log((h * jnp.exp(-z * z / 2 + log_wrong.sum(axis=1))).sum() / np.sqrt(2 * np.pi)))
            worst = max(worst, abs(np.expm1(value - exact)))
        bound = float(one_factor.trapezoid_error(kappa, jnp.asarray(h)))
        assert worst <= bound


def test_gradients_against_differences() -> None:
    t, loading = jnp.asarray([0.1, -0.5, -2.0]), jnp.asarray([0.3, -0.5, 0.9])

    def value(t: jax.Array, loading: jax.Array) -> jax.Array:
        return one_factor.log_all_below(t, loading)[0]

    for argument in (0, 1):
        gradient = jax.grad(value, argument)(t, loading)
        for i in range(3):
            step = 1e-5 * np.eye(3)[i]
            ends = [(t + s * step, loading) if argument == 0 else (t, loading + s * step) for s in (1, -1)]
            assert float(gradient[i]) == pytest.approx(float(value(*ends[0]) - value(*ends[1])) / 2e-5, rel=1e-7)


def test_blocks_reduce_to_one_factor_and_to_independent_families() -> None:
    t = ndtri(np.array([[0.2, 0.5], [0.7, 0.4]]))
    one = one_factor.log_all_below(jnp.asarray(t.ravel()), jnp.full(4, np.sqrt(0.3)))[0]
    same, error = block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.3), jnp.asarray(0.3))
    assert abs(float(same - one)) < 1e-11 + float(error)
    apart, _ = block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.0), jnp.asarray(0.6))
    pairs = stats.multivariate_normal(cov=[[1, 0.6], [0.6, 1]])
    assert float(apart) == pytest.approx(sum(np.log(pairs.cdf(row)) for row in t), abs=1e-7)
    # The control: another correlation is told apart.
    assert abs(float(block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.3), jnp.asarray(0.31))[0] - one)) > 1e-4


@pytest.mark.parametrize(
    ("between", "within", "rate"),
    [(0.01, 0.02, 1e-6), (0.3, 0.6, 0.3), (0.3, 0.6, 1 - 1e-6), (0.01, 0.99, 0.3), (0.9, 0.99, 1e-6), (0.9, 0.99, 0.5)],
)
def test_large_blocks_against_plain_sums(between: float, within: float, rate: float) -> None:
    """m = 2,000 in 20 families: a double Riemann sum in logs, over grids far finer and wider than need be."""
    z, f = np.arange(-60, 12, 0.025), np.arange(-24, 12, 0.02)
    shared, own, rest = np.sqrt([between, within - between, 1 - within])
    logs = 100 * log_ndtr((ndtri(rate) - shared * z[:, None] - own * f) / rest) - f * f / 2
    families = logs.max(axis=1) + np.log(np.exp(logs - logs.max(axis=1, keepdims=True)).sum(axis=1) * 0.02)
    outer = 20 * (families - np.log(2 * np.pi) / 2) - z * z / 2
    exact = outer.max() + np.log(np.exp(outer - outer.max()).sum() * 0.025 / np.sqrt(2 * np.pi))
    value, error = block_table.log_all_below(np.full((20, 100), ndtri(rate)), between, within)
    assert abs(value - exact) < error + 1e-13 * abs(exact) + 1e-12
    assert error < 1e-9


def test_blocks_by_table_and_nested() -> None:
    """Unequal families, one of them a single model, by two routes; and the two limits in which one factor suffices."""
    rng = np.random.default_rng(20260601)
    t = ndtri(10 ** rng.uniform(-5, -0.01, (4, 6)))
    t[0, 3:], t[2, 1:] = block_table.FILLER, block_table.FILLER
    for between, within in ((0.2, 0.7), (0.05, 0.97), (0.6, 0.6), (0.0, 0.4)):
        value, error = block_table.log_all_below(t, between, within)
        nested, _ = NESTED(jnp.asarray(t), between, within)
        assert abs(value - float(nested)) < 1e-11
        assert error < 1e-12
    real = jnp.asarray(t[t < block_table.FILLER])
    for shape, loading in (((1, -1), 0.7), ((-1, 1), 0.2)):
        value, error = block_table.log_all_below(np.asarray(real).reshape(shape), 0.2, 0.7)
        one = one_factor.log_all_below(real, jnp.sqrt(jnp.full(len(real), loading)))[0]
        assert abs(value - float(one)) < 1e-13 + error


def test_blocks_too_stiff_are_an_error() -> None:
    with pytest.raises(ConvergenceError, match=r"law\.within"):
        block_table.log_all_below(np.full((2, 2), -0.5), 0.3, 1 - 1e-15)


def test_lattice_agrees_with_nested_quadrature() -> None:
    t, families = ndtri(np.array([0.2, 0.5, 0.7, 0.4, 0.3])), [np.array([0, 1]), np.array([2, 3]), np.array([4])]
    law = block_factor.count_law(block_factor.lattice(t, 2, 0.3, 0.6), families)
    filled = jnp.asarray([[t[0], t[1]], [t[2], t[3]], [t[4], 40.0]])
    nested, _ = block_factor.log_all_below(filled, jnp.asarray(0.3), jnp.asarray(0.6))
    assert np.log(law[-1]) == pytest.approx(float(nested), abs=1e-11)
    assert law.sum() == pytest.approx(1, abs=1e-12)


def test_count_law_against_enumeration_and_binomial() -> None:
    rng = np.random.default_rng(1)
    p, weights = rng.uniform(size=(3, 10)), np.array([0.2, 0.5, 0.3])
    law = np.zeros(11)
    for pattern in range(2**10):
        wrong = np.array([pattern >> i & 1 for i in range(10)], dtype=bool)
        law[wrong.sum()] += weights @ np.where(wrong, p, 1 - p).prod(axis=1)
    # The other 290 models are never wrong: both cases have one shape.
    filled = jnp.zeros((3, 300)).at[:, :10].set(p)
    got = np.asarray(mixture_counts(jnp.asarray(weights), filled, jnp.ones((3, 300)).at[:, :10].set(1 - p)))
    np.testing.assert_allclose(got[:11], law, rtol=1e-13)
    assert (got[11:] == 0).all()
    one = jnp.full((3, 300), 1e-3)
    binomial = stats.binom(300, 1e-3).logpmf(np.arange(80))  # down to 1e-160: relative accuracy everywhere
    got = mixture_counts(jnp.asarray(weights), one, 1 - one)
    np.testing.assert_allclose(np.log(got[:80]), binomial, atol=1e-10)


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


def test_normals_from_bits() -> None:
    """Box and Muller's formulas at 80 bits, on words at random and on words that end where logs are delicate."""
    rng = np.random.default_rng(20260601)
    words = rng.integers(2**64, size=200_000, dtype=np.uint64)
    lead = np.uint64(33) + rng.integers(31, size=words.size).astype(np.uint64)
    last = np.uint64(2**33 - 1)
    near_0, near_1 = words >> lead << np.uint64(33) | words & last, ~(words >> lead << np.uint64(33)) & ~last
    ends = np.array([0, 2**64 - 1, 2**33 - 1, 2**63, 2**63 - 1], dtype=np.uint64)
    for some, mean in ((words, 6e-8), (np.concatenate([near_0, near_1, ends]), 1e-7)):
        k, j = some >> np.uint64(33), some.astype(np.uint32).view(np.int32)
        below_1 = (np.longdouble(2**31) - k - 0.5) / 2**31
        log_u = np.where(below_1 < 0.5, np.log1p(-below_1), np.log((k + np.longdouble(0.5)) / 2**31))
        radius, angle = np.sqrt(-2 * log_u), j * np.longdouble(np.pi) / 2**32
        sign = np.where(some >> np.uint64(32) & np.uint64(1), -1, 1)
        got = np.asarray(normal.pairs_from_bits(jnp.asarray(some)))
        for part, exact in ((got.real, sign * radius * np.cos(angle)), (got.imag, radius * np.sin(angle))):
            off = np.abs(part - exact)
            assert (off <= 3e-7 * radius).all()  # the largest radius is 6.7: 2e-6
            assert off.mean() < mean
    # The control: single precision for u alone would have lost the small radii.
    assert np.asarray(normal.pairs_from_bits(jnp.asarray(ends[1:2]))).real[0] == pytest.approx(-(2.0**-15.5), rel=1e-6)


def test_many_alike_are_one_with_a_count() -> None:
    """Value, error and derivatives; a wrong count is another value."""
    t, loading, counts = np.array([-0.5, 0.2]), np.array([0.4, 0.7]), np.array([40, 27])
    repeated = one_factor.log_all_below(np.repeat(t, counts), np.repeat(loading, counts))
    counted = one_factor.log_all_below(t, loading, counts)
    assert float(counted[0]) == pytest.approx(float(repeated[0]), rel=1e-13)
    assert float(counted[1]) < 1e-12
    assert abs(float(one_factor.log_all_below(t, loading, counts - 1)[0] - counted[0])) > 0.1
    each = jax.grad(lambda x: one_factor.log_all_below(np.repeat(t, counts), x)[0])(jnp.repeat(loading, counts))
    kinds = jax.grad(lambda x: one_factor.log_all_below(t, x, counts)[0])(jnp.asarray(loading))
    np.testing.assert_allclose(kinds, [each[:40].sum(), each[40:].sum()], rtol=1e-11)


def test_a_lattice_that_lies_luckily_is_not_believed() -> None:
    """Halving the spacing moved the first of these by 4e-14, and it was 3e-9 off; 400 more at random."""
    rng = np.random.default_rng(6)
    threshold = np.concatenate([[-0.441867519623725], rng.normal(size=400)])
    r = np.concatenate([[0.7438920091277761], rng.uniform(0.3, 0.95, size=400)])
    m = np.concatenate([[42], rng.integers(2, 200, size=400)])
    value, error = (
        np.asarray(x)
        for x in jax.vmap(one_factor.log_all_below)(threshold[:, None], np.sqrt(r)[:, None], m[:, None].astype(float))
    )
    z = np.linspace(-12, 12, 6001)  # far below the scale of any of these
    height = log_ndtr((threshold[:, None] - np.sqrt(r)[:, None] * z) / np.sqrt(1 - r)[:, None]) * m[:, None]
    exact = logsumexp(height - z**2 / 2 + np.log(24 / 6000 / np.sqrt(2 * np.pi)), axis=1)
    assert (error <= 1e-12 * (1 + np.abs(exact))).all()
    assert (np.abs(value - exact) <= error + 3e-14 * (1 + np.abs(exact))).all()
