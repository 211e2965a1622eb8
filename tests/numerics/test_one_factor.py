"""One-factor quadrature in logs, against mpmath and plain sums."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp, ndtri

from cofail_lab.numerics import one_factor


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
    value, error = one_factor.log_all_below(np.full(2000, ndtri(1e-6)), np.zeros(2000))
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
    log_conditional = jax.jit(one_factor.log_conditional)
    for h in (0.8, 1.0, 1.2):
        worst = 0.0
        for shift in (0.0, 0.25, 0.5):
            z = (np.arange(-40, 41) + shift) * h
            log_wrong = np.asarray(log_conditional(t, loading, z)[0])
            value = float(np.log((h * np.exp(-z * z / 2 + log_wrong.sum(axis=1))).sum() / np.sqrt(2 * np.pi)))
            worst = max(worst, abs(np.expm1(value - exact)))
        bound = float(one_factor.trapezoid_error(kappa, jnp.asarray(h)))
        assert worst <= bound < 1e4 * worst


def test_gradients_against_differences() -> None:
    t, loading = jnp.asarray([0.1, -0.5, -2.0]), jnp.asarray([0.3, -0.5, 0.9])

    def value(t: jax.Array, loading: jax.Array) -> jax.Array:
        return one_factor.log_all_below(t, loading)[0]

    for argument in (0, 1):
        gradient = jax.jit(jax.grad(value, argument))(t, loading)
        for i in range(3):
            step = 1e-5 * np.eye(3)[i]
            ends = [(t + s * step, loading) if argument == 0 else (t, loading + s * step) for s in (1, -1)]
            assert float(gradient[i]) == pytest.approx(float(value(*ends[0]) - value(*ends[1])) / 2e-5, rel=1e-7)


def test_many_alike_are_one_with_a_count() -> None:
    """Value, error and derivatives; a wrong count is another value."""
    t, loading, counts = np.array([-0.5, 0.2]), np.array([0.4, 0.7]), np.array([40, 27])
    alike = jax.jit(jax.value_and_grad(lambda x: one_factor.log_all_below(np.repeat(t, counts), x)[0]))
    repeated, each = alike(np.repeat(loading, counts))
    counted = one_factor.log_all_below(t, loading, counts)
    assert float(counted[0]) == pytest.approx(float(repeated), rel=1e-13)
    assert float(counted[1]) < 1e-12
    assert abs(float(one_factor.log_all_below(t, loading, counts - 1)[0] - counted[0])) > 0.1
    kinds = jax.jit(jax.grad(lambda x: one_factor.log_all_below(t, x, counts)[0]))(loading)
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


@pytest.mark.parametrize("loading", [-0.9, -0.999, -0.99999, 0.999, 0.99999])
def test_sharp_steps_anywhere_in_the_range(loading: float) -> None:
    """One model fails at its rate whatever its loading: nodes must not be missed at either end, at any level."""
    for rate in (1e-6, 0.3, 0.97):
        t = jnp.asarray([ndtri(rate)])
        value, error = one_factor.log_all_below(t, jnp.asarray([loading]))
        assert float(value) == pytest.approx(np.log(rate), abs=2 * float(error) + 1e-13)
        assert float(error) < 1e-12
