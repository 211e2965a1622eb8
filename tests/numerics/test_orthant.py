"""Orthant probabilities: exact where quadrature or mpmath is, and honest about their error."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

from cofail_lab.numerics import block_factor, one_factor_arrays, orthant, orthant_arrays


def estimate(t: np.ndarray, correlation: np.ndarray, log2_points: int, seed: int = 0) -> orthant.Orthant:
    m = len(t)
    net, shifts = orthant.sobol_net(m, log2_points), orthant.digital_shifts(m, seed)
    return orthant.log_orthant(jnp.asarray(t), jnp.asarray(correlation), net, shifts)


def by_numpy(t: np.ndarray, correlation: np.ndarray, log2_points: int, seed: int = 0) -> tuple[float, float]:
    """Log value and relative error, of the same points."""
    m = len(t)
    net, shifts = orthant.sobol_net(m, log2_points), orthant.digital_shifts(m, seed)
    return orthant_arrays.log_orthant(t, correlation, net, shifts)


def one_factor(t: np.ndarray, loadings: np.ndarray) -> float:
    return float(one_factor_arrays.log_all_below(t[None], loadings[None])[0][0])


def test_errors_are_honest_on_200_random_matrices() -> None:
    """|estimate - exact| <= 3 reported errors in >= 98% of 200 cases (chance of fewer at a true .5%: 7e-4).

    The compiled program and NumPy have the same estimates and errors.
    """
    rng = np.random.default_rng(20260601)
    m, inside, z_scores = 12, 0, []
    for case in range(200):
        t = ndtri(10 ** rng.uniform(-3, -0.05, m))
        if case % 2:
            loading = rng.uniform(-0.95, 0.95, m)
            correlation = np.outer(loading, loading)
            exact = one_factor(t, loading)
        else:
            between, within = np.sort(rng.uniform(0, 0.95, 2))
            family = np.arange(m) // 4
            correlation = np.where(family[:, None] == family, within, between)
            exact = float(
                block_factor.log_all_below(jnp.asarray(t.reshape(3, 4)), jnp.asarray(between), jnp.asarray(within))[0]
            )
        np.fill_diagonal(correlation, 1)
        got = estimate(t, correlation, 6, seed=case)
        assert float(got.stationarity) < 1e-6
        assert exact <= float(got.log_bound) + 1e-9
        value, error = by_numpy(t, correlation, 6, case)
        assert value == pytest.approx(float(got.log_value), abs=1e-9)
        assert error == pytest.approx(float(got.relative_error), rel=1e-6)
        z_scores.append(np.expm1(float(got.log_value) - exact) / float(got.relative_error))
        inside += abs(z_scores[-1]) <= 3
    assert inside >= 196
    # The reported errors are not simply huge: their z scores spread like a standard normal's.
    assert 0.8 < np.std(z_scores) < 1.3


@pytest.mark.parametrize(("within", "between", "t"), [(0.9, 0.0, -1.0), (0.95, 0.3, 0.0), (0.9, 0.0, 1.0)])
def test_the_reported_error_is_the_spread_over_seeds(within: float, between: float, t: float) -> None:
    """Relative to the value, over 100 seeds: their ratio has a standard deviation of 7%, and the seeds are fixed."""
    family = np.arange(12) // 6
    correlation = np.where(family[:, None] == family, within, between)
    np.fill_diagonal(correlation, 1)
    logs, errors = np.array([by_numpy(np.full(12, t), correlation, 6, seed) for seed in range(100)]).T
    assert np.exp(logs).std(ddof=1) / np.exp(logs).mean() / errors.mean() == pytest.approx(1, abs=0.2)


def test_rare_event_at_100_models() -> None:
    loading = np.full(100, np.sqrt(0.3))

    exact = np.log(1e-12)
    t = np.full(100, brentq(lambda t: one_factor(np.full(100, t), loading) - exact, -5.0, 0.0, xtol=1e-14))
    correlation = np.outer(loading, loading) + np.diag(1 - loading**2)
    value, error = by_numpy(t, correlation, 9)
    assert error < 0.01
    assert abs(np.expm1(value - exact)) < 0.02


def test_same_seed_same_estimate() -> None:
    t, correlation = np.full(5, -0.3), np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    for value in (
        lambda seed: float(estimate(t, correlation, 6, seed).log_value),
        lambda seed: by_numpy(t, correlation, 6, seed)[0],
    ):
        assert value(0) == value(0) != value(1)


@pytest.mark.parametrize("r", [0.3, 0.7])
def test_singular_matrices(r: float) -> None:
    """Every model twice: Σ is singular, a second copy lies inside its bound or far outside, and β is the first's."""
    rng = np.random.default_rng(8)
    t = rng.uniform(-0.8, 0.8, 12)
    exact = one_factor(t, np.full(12, np.sqrt(r)))
    once = np.full((12, 12), r) + (1 - r) * np.eye(12)
    twice = (1 - 1e-9) * np.kron(np.ones((2, 2)), once) + 1e-9 * np.eye(24)
    value, error = by_numpy(np.tile(t, 2), twice, 8)
    assert error < 0.01
    assert abs(np.expm1(value - exact)) < 5 * error


def test_a_net_is_so_many_points_in_each_coordinate_that_is_drawn() -> None:
    """Of 2^5 points every coordinate has one in each interval of 2^-5, from 0 on; shifts are words of their own."""
    net = orthant.sobol_net(4, 5)
    assert net.shape == (32, 3) and net.dtype == np.uint64
    assert (np.sort(net, axis=0) == (np.arange(32, dtype=np.uint64) << np.uint64(59))[:, None]).all()
    assert orthant.sobol_net(1, 5).shape == (32, 0)
    shifts = orthant.digital_shifts(4, 3, 8)
    assert shifts.shape == (8, 3) and len(np.unique(shifts)) == 24
    assert not np.array_equal(shifts, orthant.digital_shifts(4, 4, 8))
    assert orthant.digital_shifts(4, 3).shape == (orthant.N_SHIFTS, 3)
