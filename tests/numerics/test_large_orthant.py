"""The orthants of large pools: the compiled program's estimate, and the exact value."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.numerics import large_orthant, one_factor, orthant


def test_it_is_the_estimate_of_the_compiled_program() -> None:
    """70 variables are two blocks; loadings of both signs, rates from 1 in 1,000 to 9 in 10."""
    rng = np.random.default_rng(5)
    loadings = rng.uniform(-0.3, 0.9, 70)
    sigma = np.outer(loadings, loadings)
    np.fill_diagonal(sigma, 1)
    t = ndtri(10 ** rng.uniform(-3, -0.05, 70))
    net, shifts = orthant.sobol_net(70, 6), orthant.digital_shifts(70, 3, 8)
    compiled = orthant.log_orthant(jnp.asarray(t), jnp.asarray(sigma), net, shifts)
    value, error = large_orthant.log_orthant(t, sigma, net, shifts)
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
    value, error = large_orthant.log_orthant(t, sigma, net, shifts)
    assert value == pytest.approx(float(compiled.log_value), rel=1e-6)
    assert error == pytest.approx(float(compiled.relative_error), rel=1e-3)


def test_it_holds_what_quadrature_gives_for_300_models() -> None:
    """Within 4 of its own errors (a false alarm in 1 of 16,000 at a fixed seed), and that error is small."""
    loadings = np.full(300, np.sqrt(0.4))
    t = ndtri(np.linspace(0.05, 0.7, 300))
    sigma = np.outer(loadings, loadings)
    np.fill_diagonal(sigma, 1)
    exact = float(one_factor.log_all_below(jnp.asarray(t), jnp.asarray(loadings))[0])
    value, error = large_orthant.log_orthant(t, sigma, orthant.sobol_net(300, 7), orthant.digital_shifts(300, 0, 8))
    assert error < 0.05
    assert abs(np.expm1(value - exact)) < 4 * error
