"""The one-factor prediction against SciPy's quadrature."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from cofail_lab.fitting.estimators import one_factor
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
