"""The Clayton prediction against its definition, and its range."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from cofail_lab.fitting.estimators import clayton
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result


def test_clayton_by_its_definition(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    """θ by Brent's method on the literal formulas."""
    outcomes = real("cruxeval_output")
    i, j = np.triu_indices(outcomes.n_models, 1)
    rates = outcomes.error_rates

    def excess(theta: float) -> float:
        modelled = (rates[i] ** -theta + rates[j] ** -theta - 1) ** (-1 / theta)
        return float(modelled.mean() - outcomes.pairwise_wrong()[i, j].mean())

    theta = float(brentq(excess, 0.1, 10, xtol=1e-13))  # type: ignore[arg-type]
    assert cruxeval.metrics["clayton_theta"] == pytest.approx(theta, rel=1e-10)
    all_wrong = ((rates**-theta).sum() - len(rates) + 1) ** (-1 / theta)
    assert cruxeval.metrics["predicted_clayton"] == pytest.approx(all_wrong, rel=1e-9)


def test_clayton_theta_over_its_whole_range() -> None:
    """θ from .001 to 80 comes back from the mean p_ij it implies."""
    rates = np.array([[0.30, 0.31, 0.50, 0.52]])
    pairs = np.triu_indices(4, 1)
    for theta in (1e-3, 0.05, 1.0, 7.0, 80.0):
        logs = -theta * np.log(rates[0])
        top = np.maximum(logs[pairs[0]], logs[pairs[1]])
        low = np.minimum(logs[pairs[0]], logs[pairs[1]])
        mean = np.exp(-(top + np.log1p(np.exp(low - top) - np.exp(-top))) / theta).mean()
        found = clayton.fit_theta(rates, pairs, np.array([mean]))[0]
        assert found == pytest.approx(theta, rel=1e-8)


def test_clayton_has_no_theta_outside_its_range() -> None:
    rates, pairs = np.array([[0.2, 0.4]]), (np.array([0]), np.array([1]))
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.08])))  # independence
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.05])))  # negative
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.2])))  # Fréchet bound
