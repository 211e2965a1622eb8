"""Rules of quadrature and simulation against what they are derived from: bounds, modes, weak factors, components."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_ndtr, ndtri
from scipy.stats import binom, multivariate_normal

from cofail_lab.numerics import block_table, gaussian_counts, one_factor


@pytest.mark.parametrize(("kappa", "spacing"), [(1.0, 1.3), (3.5, 0.8), (200.0, 0.1), (1.0, 2.5)])
def test_the_bound_of_the_trapezoidal_rule_is_the_least_over_parallel_lines(kappa: float, spacing: float) -> None:
    """min over y of 2 e^{κy²/2}/(e^{2πy/h} - 1); of a Gaussian height of this κ the error is 2 Σ e^{-2π²j²/(κh²)}."""

    def at(y: float) -> float:
        return 2 * np.exp(kappa * y * y / 2) / np.expm1(2 * np.pi * y / spacing)

    bound = float(one_factor.trapezoid_error(np.float64(kappa), np.float64(spacing)))
    least = float(minimize_scalar(at, bounds=(1e-3 / spacing, 9 / (kappa * spacing)), method="bounded").fun)  # type: ignore[attr-defined]
    assert least * (1 - 1e-6) <= bound <= 1.5 * least
    z = np.arange(-200, 201) * spacing
    error = spacing * np.exp(-kappa * z * z / 2).sum() / np.sqrt(2 * np.pi / kappa) - 1
    assert error <= bound
    if bound < 0.1:
        assert error == pytest.approx(bound, rel=0.1)


@pytest.mark.parametrize("error", [1e-13, 1e-6, 0.05])
def test_a_spacing_is_as_wide_as_its_error_allows(error: float) -> None:
    for kappa in (1.0, 12.0, 1e4):
        spacing = one_factor.proven_spacing(np.float64(kappa), error)
        assert 0.8 * error < one_factor.trapezoid_error(np.float64(kappa), spacing) <= error


def test_information_of_all_answers() -> None:
    """1 + Σ ℓ²/(1 - ℓ²): loadings of √.5 add 1 each, of .6 9/16; counts multiply."""
    loadings = np.array([np.sqrt(0.5), -0.6])
    assert one_factor.information(loadings) == pytest.approx(1 + 1 + 9 / 16)
    assert one_factor.information(loadings, np.array([3, 16])) == pytest.approx(1 + 3 + 9)  # type: ignore[arg-type]


@pytest.mark.parametrize("between", [0.0, 1e-8, 1e-6])
def test_families_count_as_often_as_they_occur_where_what_they_share_is_weak(between: float) -> None:
    """Three times the pair (.2, .5), once a pair (.3, .4) and a single model: all but independent of each other."""
    rates = [[0.2, 0.5], [0.3, 0.4], [0.5, 0.2], [0.2, 0.5]]
    thresholds = np.array([*ndtri(np.array(rates)).tolist(), [ndtri(0.1), block_table.FILLER]])
    value, error = block_table.log_all_below(thresholds, between, 0.6, 1e-8)
    pair = multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]])
    expected = sum(np.log(pair.cdf(ndtri(each))) for each in rates) + np.log(0.1)
    assert value == pytest.approx(expected, abs=1e-6 + 40 * between) and error < 1e-6


def test_the_likeliest_factors_of_a_softened_pool() -> None:
    """Σ log Φ((t - Fw)/.3) - w²/2 at its maximum by another search, which damped Newton steps find in a few looks."""
    factors = np.array([[0.9, 0.1], [0.5, -0.6], [0.7, 0.7], [-0.3, 0.4]])
    thresholds = np.array([-1.5, -0.5, -2.0, -0.7])

    def loss(w: np.ndarray) -> float:
        return float(w @ w / 2 - log_ndtr((thresholds - factors @ w) / 0.3).sum())

    expected = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}).x
    np.testing.assert_allclose(gaussian_counts._mode(thresholds, factors), expected, atol=1e-3)


def test_newton_steps_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(gaussian_counts, "log_ndtr", lambda u: looks.append(1) or log_ndtr(u))
    for shift in (-1.0, -2.0, -4.0):
        looks.clear()
        gaussian_counts._mode(np.full(6, shift), np.column_stack([np.full(6, 0.8), 0.6 * np.eye(6)[:, :5]]))
        assert len(looks) <= 12


def test_the_first_component_is_integrated_and_not_drawn() -> None:
    """Scores that correlate by .9: what is left to draw is a tenth of their variance, and the errors are small."""
    m = 6
    sigma = np.full((m, m), 0.9) + 0.1 * np.eye(m)
    probs, errors = gaussian_counts.count_law(np.zeros(m), sigma)
    assert probs[0] == pytest.approx(probs[-1], abs=5 * errors[0]) and 0.3 < probs[0] < 0.45
    assert errors.max() < 4e-4 and errors[[0, -1]].max() < 1e-4
    alone, off = gaussian_counts.count_law(ndtri(np.full(4, 0.3)), np.eye(4))
    assert (np.abs(alone - binom.pmf(np.arange(5), 4, 0.3)) < 4 * off).all() and off.max() < 1e-3
