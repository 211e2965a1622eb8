"""The one-factor prediction against SciPy's quadrature."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtri

from cofail_lab.fitting.estimators import one_factor
from cofail_lab.numerics import one_factor_arrays
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result


def test_one_factor_by_scipy(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    """The prediction against SciPy's adaptive quadrature of the definition."""
    rates = real("cruxeval_output").error_rates
    for name, r in (
        ("one_factor", cruxeval.metrics["tetrachoric"]),
        ("one_factor_pearson", cruxeval.metrics["pearson"]),
    ):
        assert r is not None
        load, rest, thresholds = np.sqrt(r), np.sqrt(1 - r), stats.norm.ppf(rates)

        def integrand(z: float, load: float = load, rest: float = rest, thresholds: np.ndarray = thresholds) -> float:
            return float(stats.norm.pdf(z) * np.prod(stats.norm.cdf((thresholds - load * z) / rest)))

        expected, error = integrate.quad(integrand, -9, 9, epsabs=1e-13, limit=400)
        assert cruxeval.metrics[f"predicted_{name}"] == pytest.approx(expected, abs=max(error, 1e-12))


def test_implied_correlation_gives_the_observed_rate(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    outcomes = real("cruxeval_output")
    implied = np.asarray(cruxeval.metrics["implied_correlation"])
    log_all_wrong, _ = one_factor.log_all_wrong(outcomes.error_rates, implied)
    assert np.exp(log_all_wrong) == pytest.approx(outcomes.all_wrong(), rel=1e-9)


def test_at_correlation_one_all_fail_where_the_best_model_does() -> None:
    """Beyond 1, or below 0, there is no such law. A model that is always wrong changes nothing."""
    rates = np.array([0.3, 0.2, 1.0, 0.7])
    value, error = one_factor.log_all_wrong(np.tile(rates, (3, 1)), np.array([1.0, 1.1, -0.1]))
    np.testing.assert_array_equal(value, [np.log(0.2), np.nan, np.nan])
    assert error[0] == 0


def by_scipy(thresholds: np.ndarray, loading: float) -> tuple[float, float]:
    """β and its error by SciPy's adaptive quadrature, in pieces around the steps that a loading near 1 makes."""
    rest = np.sqrt(1 - loading**2)

    def integrand(z: float) -> float:
        return float(stats.norm.pdf(z) * stats.norm.cdf((thresholds - loading * z) / rest).prod())

    steps = thresholds / loading if loading else np.zeros(1)
    ends = np.unique(np.clip(np.add.outer(steps, [-12 * rest, 0, 12 * rest]), -9, 9))
    pieces = [
        integrate.quad(integrand, low, high, epsabs=1e-15, epsrel=1e-12, limit=400)
        for low, high in itertools.pairwise([-9.0, *ends.tolist(), 9.0])
    ]
    value, error = np.sum(pieces, axis=0)
    return float(value), float(error)


def test_pools_that_numpy_leaves_are_computed_by_the_compiled_program() -> None:
    """A correlation of .99999 among three others: every pool has the β that it has alone, and what quadrature gives."""
    rates = np.array([[0.3, 0.2, 0.4], [0.1, 0.5, 0.2], [0.6, 0.3, 0.3], [0.2, 0.2, 0.1]])
    r = np.array([0.3, 0.5, 0.99999, 0.0])
    thresholds, loadings = ndtri(rates), np.sqrt(r)[:, None] * np.ones(3)
    assert np.isnan(one_factor_arrays.log_all_below(thresholds, loadings)[0]).tolist() == [False, False, True, False]
    value, error = one_factor.log_all_wrong(rates, r)
    for k in range(4):
        expected, uncertain = by_scipy(thresholds[k], float(loadings[k, 0]))
        assert abs(np.exp(value[k]) - expected) <= error[k] * expected + uncertain
        assert uncertain < 1e-12 * expected
    assert error[2] > 0 and error.max() < 1e-11
    for k in range(4):
        assert one_factor.log_all_wrong(rates[k], r[k])[0] == pytest.approx(value[k], abs=1e-14, rel=0)
