"""The one-factor integral with NumPy, against the compiled program, arbitrary precision and SciPy."""

import mpmath
import numpy as np
import pytest
from scipy.special import log_ndtr, ndtri
from scipy.stats import multivariate_normal

from cofail_lab.numerics import one_factor, one_factor_arrays
from cofail_lab.numerics.one_factor_arrays import MAX_CELLS, log_all_below

RNG = np.random.default_rng(20261130)


def by_mpmath(thresholds: np.ndarray, loadings: np.ndarray) -> float:
    """Gauss-Legendre with 25 digits around the mode, where the integrand has dropped by e^-60 at the ends."""
    with mpmath.workdps(25):

        def integrand(z: mpmath.mpf) -> mpmath.mpf:
            product = mpmath.npdf(z)
            for t, loading in zip(thresholds.tolist(), loadings.tolist(), strict=True):
                product *= mpmath.ncdf((t - loading * z) / mpmath.sqrt(1 - mpmath.mpf(loading) ** 2))
            return product

        return float(mpmath.log(mpmath.quad(integrand, mpmath.linspace(-40, 12, 105))))


@pytest.mark.parametrize(
    ("rates", "loadings"),
    [
        ([0.3, 0.1], [0.7, 0.2]),
        ([0.5, 0.02, 0.9], [0.95, -0.6, 0.3]),
        ([1e-8, 1e-12, 1e-30, 1e-100], [0.8, 0.5, 0.9, 0.2]),
        ([0.2], [0.9]),
    ],
)
def test_against_mpmath(rates: list[float], loadings: list[float]) -> None:
    """Loadings of both signs, one model alone, and probabilities far below the smallest float."""
    t, slopes = ndtri(np.array(rates)), np.array(loadings)
    (value,), (error,) = log_all_below(t[None], slopes[None])
    assert value == pytest.approx(by_mpmath(t, slopes), abs=error, rel=0)
    assert error < 1e-12


def test_below_every_float() -> None:
    """The log of a probability of 1e-2000: the factor decides, and products of probabilities would be 0."""
    t, loading = np.full((1, 40), ndtri(1e-60)), np.full((1, 40), 0.3)
    (value,), (error,) = log_all_below(t, loading)
    expected = one_factor.log_all_below(t[0], loading[0])
    assert value < -700 and value == pytest.approx(float(expected[0]), abs=error + float(expected[1]), rel=0)


def test_against_scipy() -> None:
    t, loading = ndtri(np.array([0.3, 0.2, 0.4])), np.array([0.8, 0.5, -0.4])
    correlation = np.outer(loading, loading) + np.diag(1 - loading**2)
    expected = multivariate_normal(cov=correlation, abseps=1e-9, releps=1e-9, seed=1).cdf(t)
    assert np.exp(log_all_below(t[None], loading[None])[0][0]) == pytest.approx(expected, rel=1e-6)


def test_many_pools_against_the_compiled_program() -> None:
    """Rates of .9 to 1e-9, loadings up to .98, models that are left out; each error holds the other value."""
    rates = 10 ** RNG.uniform(-9, -0.05, (60, 12))
    loadings = RNG.uniform(-1, 1, (60, 12)) * RNG.choice([0.0, 0.3, 0.7, 0.98], (60, 1))
    t = ndtri(rates)
    t[::7, 5:], loadings[::7, 5:] = 40.0, 0.0
    value, error = log_all_below(t, loadings)
    known = ~np.isnan(value)
    assert known.sum() >= 45
    expected, uncertain = (np.asarray(x)[known] for x in one_factor.log_all_below(t, loadings))
    assert (np.abs(value[known] - expected) <= error[known] + uncertain).all()
    assert (error[known] < 1e-13 + 2e-15 * (1 + np.abs(expected))).all()


def test_independent_errors_are_a_sum() -> None:
    t = ndtri(RNG.uniform(0.01, 0.6, (5, 9)))
    value, error = log_all_below(t, np.zeros((5, 9)))
    np.testing.assert_array_less(np.abs(value - log_ndtr(t).sum(axis=1)), error)


def test_a_pool_alone_has_the_numbers_that_it_has_among_others() -> None:
    """To the last bit, with pools that are computed by logs, and pools that are not computed, among them."""
    t = ndtri(RNG.uniform(0.05, 0.6, (24, 15)))
    loadings = RNG.uniform(0, 1, (24, 1)) * np.ones(15)
    t[3], t[11], loadings[7] = ndtri(1e-50), -30.0, 0.9999999
    value, error = log_all_below(t, loadings)
    assert np.isnan(value[7]) and np.isnan(error[7]) and np.isfinite(value[[3, 11]]).all()
    for k in range(24):
        alone = log_all_below(t[k : k + 1], loadings[k : k + 1])
        np.testing.assert_array_equal((alone[0][0], alone[1][0]), (value[k], error[k]))


def test_large_pools_are_left_to_the_compiled_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed for them, not even how many nodes they would need."""
    # Independent models need 32 nodes.
    one = np.zeros((2, MAX_CELLS // 32))
    assert np.isfinite(log_all_below(one, one)[0]).all()
    monkeypatch.setattr(one_factor_arrays, "_supports", None)
    wide = np.zeros((2, MAX_CELLS // 24 + 1))
    assert np.isnan(log_all_below(wide, wide)).all()


def test_the_most_are_counted_in_nodes_times_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five models with a loading of .9 have 96 nodes: the spacing .170 goes 89 times into a range of 15.1."""
    t, loadings = np.zeros((1, 5)), np.full((1, 5), 0.9)
    for most, computed in ((480, True), (479, False)):
        monkeypatch.setattr(one_factor_arrays, "MAX_CELLS", most)
        assert np.isfinite(log_all_below(t, loadings)[0]).all() == computed


def test_the_ends_lie_where_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range twice as wide, with as many nodes on the same length, adds nothing."""
    t, loadings = ndtri(RNG.uniform(0.001, 0.8, (40, 6))), RNG.uniform(-0.95, 0.95, (40, 6))
    value, error = log_all_below(t, loadings)
    supports = one_factor_arrays._supports

    def wider(ratio: np.ndarray, pull: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        low, width, peak = supports(ratio, pull)
        return low - width / 2, 2 * width, peak

    monkeypatch.setattr(one_factor_arrays, "_supports", wider)
    again, _ = log_all_below(t, loadings)
    assert (np.abs(again - value) <= error)[~np.isnan(again)].all() and np.isfinite(again).sum() > 30
