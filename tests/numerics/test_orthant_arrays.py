"""Orthants by NumPy: the compiled program's estimate, and exact values."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp, ndtri

from cofail_lab.numerics import one_factor, one_factor_arrays, orthant, orthant_arrays


def test_it_is_the_estimate_of_the_compiled_program() -> None:
    """70 variables are two blocks; loadings of both signs, rates from 1 in 1,000 to 9 in 10."""
    rng = np.random.default_rng(5)
    loadings = rng.uniform(-0.3, 0.9, 70)
    sigma = np.outer(loadings, loadings)
    np.fill_diagonal(sigma, 1)
    t = ndtri(10 ** rng.uniform(-3, -0.05, 70))
    net, shifts = orthant.sobol_net(70, 6), orthant.digital_shifts(70, 3, 8)
    compiled = orthant.log_orthant(jnp.asarray(t), jnp.asarray(sigma), net, shifts)
    value, error = orthant_arrays.log_orthant(t, sigma, net, shifts)
    assert value == pytest.approx(float(compiled.log_value), abs=1e-7)
    assert error == pytest.approx(float(compiled.relative_error), rel=1e-5)


def test_a_nearly_singular_matrix_is_no_other() -> None:
    """Rank 12 but for 1e-6, with rows that nearly contradict each other: the tilt takes many steps."""
    rng = np.random.default_rng(8)
    rows = rng.standard_normal((70, 12)) + 1.0
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    sigma = (1 - 1e-6) * rows @ rows.T + 1e-6 * np.eye(70)
    np.fill_diagonal(sigma, 1)
    t = ndtri(rng.uniform(0.05, 0.7, 70))
    net, shifts = orthant.sobol_net(70, 6), orthant.digital_shifts(70, 3, 8)
    compiled = orthant.log_orthant(jnp.asarray(t), jnp.asarray(sigma), net, shifts)
    value, error = orthant_arrays.log_orthant(t, sigma, net, shifts)
    assert value == pytest.approx(float(compiled.log_value), rel=1e-6)
    assert error == pytest.approx(float(compiled.relative_error), rel=1e-3)


def test_it_holds_what_quadrature_gives_for_300_models() -> None:
    """Within 4 of its own errors (a false alarm in 1 of 16,000 at a fixed seed), and that error is small."""
    loadings = np.full(300, np.sqrt(0.4))
    t = ndtri(np.linspace(0.05, 0.7, 300))
    sigma = np.outer(loadings, loadings)
    np.fill_diagonal(sigma, 1)
    exact = float(one_factor.log_all_below(jnp.asarray(t), jnp.asarray(loadings))[0])
    value, error = orthant_arrays.log_orthant(t, sigma, orthant.sobol_net(300, 7), orthant.digital_shifts(300, 0, 8))
    assert error < 0.05
    assert abs(np.expm1(value - exact)) < 4 * error


@pytest.mark.parametrize("m", [1, 2, 5])
def test_independent_variables_are_a_product(m: int) -> None:
    """Every point then has the same weight; one bound is where Φ is below every float."""
    t = np.array([-40.0, 0.3, -1.2, 2.0, -7.0])[:m]
    value, error = orthant_arrays.log_orthant(t, np.eye(m), orthant.sobol_net(m, 3), orthant.digital_shifts(m, 1, 4))
    assert value == pytest.approx(float(log_ndtr(t).sum()), rel=1e-13)
    assert error < 1e-12


@pytest.mark.parametrize("loading", [0.95, 0.6])
def test_events_below_every_float(loading: float) -> None:
    """Within 4 of its own errors (a false alarm in 1 of 16,000 at a fixed seed)."""
    t, loadings = np.array([-43.0, -41.0, -0.5, -39.5]), np.full(4, loading)
    sigma = np.outer(loadings, loadings)
    np.fill_diagonal(sigma, 1)
    exact = float(one_factor_arrays.log_all_below(t[None], loadings[None])[0][0])
    value, error = orthant_arrays.log_orthant(t, sigma, orthant.sobol_net(4, 8), orthant.digital_shifts(4, 0, 8))
    assert exact < -800
    assert error < 0.01
    assert abs(np.expm1(value - exact)) < 4 * error


def test_the_mean_of_each_shift_is_its_own() -> None:
    """The estimate is the mean over the shifts, and its error their spread over √8."""
    t, sigma = np.array([-0.2, 0.4, -1.0]), 0.5 * np.eye(3) + 0.5
    net, shifts = orthant.sobol_net(3, 4), orthant.digital_shifts(3, 2, 8)
    means = np.exp(orthant_arrays.log_mean_weights(t[None], sigma[None], net, shifts)[0])
    alone = [np.exp(orthant_arrays.log_mean_weights(t[None], sigma[None], net, shift[None])[0, 0]) for shift in shifts]
    np.testing.assert_allclose(means, alone, rtol=1e-14)
    value, error = orthant_arrays.log_orthant(t, sigma, net, shifts)
    assert value == pytest.approx(np.log(means.mean()), rel=1e-14)
    assert error == pytest.approx(means.std(ddof=1) / np.sqrt(8) / means.mean(), rel=1e-12)
    assert np.ptp(means) > 0


def test_a_draw_where_the_normal_runs_out_of_digits() -> None:
    """Bounds 38 below a shift of 2: Rayleigh's draws are 1/38² off; the mean weight of 4,096 points is the event's."""
    t, loadings = np.array([-40.0, -20.0]), np.sqrt(np.array([0.6, 0.6]))
    lower = np.array([[1.0, 0.0], [0.6, 0.8]])
    words = orthant.sobol_net(2, 12) + np.uint64(1 << 51)
    logs = orthant_arrays._log_weights(t[None], lower[None], np.array([[-2.0, 0.0]]), words)[0]
    exact = one_factor_arrays.log_all_below(t[None], loadings[None])[0][0]
    assert logsumexp(logs) - np.log(4096) == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("at_once", [1, 2**18])
def test_matrices_together_are_what_each_is_alone(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, although some take more Newton steps, have far bounds, or another order; 70 are two blocks."""
    monkeypatch.setattr(orthant_arrays, "_COORDINATES_AT_ONCE", at_once)
    rng = np.random.default_rng(2)
    for m in (1, 3, 70):
        net, shifts = orthant.sobol_net(m, 3), orthant.digital_shifts(m, 0, 4)
        loadings = rng.uniform(-0.9, 0.95, (5, m)) * np.array([0.0, 0.3, 1, 1, 1])[:, None]
        sigma = loadings[:, :, None] * loadings[:, None] + np.zeros((5, m, m))
        sigma[:, np.arange(m), np.arange(m)] = 1
        t = rng.normal(-0.5, 1, (5, m))
        t[3] -= 38
        together = orthant_arrays.log_mean_weights(t, sigma, net, shifts)
        alone = [
            orthant_arrays.log_mean_weights(a[None], s[None], net, shifts)[0] for a, s in zip(t, sigma, strict=True)
        ]
        np.testing.assert_array_equal(together, alone)
        assert len(np.unique(together[:, 0])) == 5
        pairs = orthant_arrays.log_orthants(t, sigma, net, shifts)
        assert pairs == [orthant_arrays.log_orthant(a, s, net, shifts) for a, s in zip(t, sigma, strict=True)]


def test_the_tilt_is_a_saddle_point() -> None:
    """300 matrices of five variables, of low rank but for .001 to .1, together.

    Of the shifts μ follow the bounds w in turn, at the points x = μ - φ/Φ(w), and from these μ again (Botev 2017).
    """
    rng, m = np.random.default_rng(0), 5
    rows = rng.standard_normal((300, m, 3)) * (np.arange(3) < rng.integers(1, 4, 300)[:, None, None])
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    own = 10 ** rng.uniform(-3, -1, 300)[:, None, None]
    sigma = (1 - own) * rows @ rows.transpose(0, 2, 1) + own * np.eye(m)
    sigma[:, np.arange(m), np.arange(m)] = 1
    t = rng.normal(-1, 2, (300, m))
    lower = np.linalg.cholesky(sigma)
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    unit = lower / diagonal[:, :, None]
    mu = orthant_arrays._tilt(t, sigma, lower, t / diagonal)
    x, mills = np.zeros((300, m)), np.zeros((300, m))
    for k in range(m):
        w = t[:, k] / diagonal[:, k] - (unit[:, k, :k] * x[:, :k]).sum(axis=1) - mu[:, k]
        mills[:, k] = np.exp(-w * w / 2 - np.log(2 * np.pi) / 2 - log_ndtr(w))
        x[:, k] = mu[:, k] - mills[:, k]
    again = -np.einsum("bij,bi->bj", np.tril(unit, -1), mills)
    # Of 300, 50 steps leave four unsolved: their estimates are right, too, and have larger errors.
    assert np.isclose(again, mu, rtol=1e-5, atol=1e-5).all(axis=1).sum() >= 295
