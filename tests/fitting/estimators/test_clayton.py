"""The Clayton prediction against its definition, and its range."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from cofail_lab.fitting.estimators import atom, clayton
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import Clayton, Independent
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


def test_no_theta_is_too_small() -> None:
    """log β of the fit is that of the law, which mpmath has checked, down to the smallest θ of a fit."""
    rates = np.array([[0.30, 0.31, 0.50, 1e-6]])
    for theta in (1e-8, 1e-5, 1e-3, 1.0, 100.0):
        law = Clayton(rates[0], theta)
        assert clayton.log_all_wrong(rates, np.array([theta]))[0] == pytest.approx(
            float(law.log_all_wrong()), rel=1e-14
        )
        pairs = np.triu_indices(4, 1)
        mean = np.asarray(law.pairwise_wrong())[pairs].mean()
        found = clayton.fit_theta(rates, pairs, np.array([mean]))[0]
        # The mean p_ij is met to 1e-12, and near independence θ adds about θ to its log.
        assert found == pytest.approx(theta, rel=1e-8, abs=5e-12)


def test_independent_errors_have_no_lower_limit_of_theta() -> None:
    """20 independent matrices: the lower 95% limit is 0 in nearly all (at a true 97.5%, fewer than 17: 1e-3)."""
    at_zero = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rates = rng.uniform(0.2, 0.6, 12)
        pool = VaryingPool(rng.random((300, 12)) < rates)
        fit = atom.fit(pool, "clayton", atom=False, intervals=True)
        assert fit.dependence_interval is not None
        at_zero += fit.dependence_interval[0] == 0
    assert at_zero >= 17


def test_likelihoods_end_in_those_of_independent_errors() -> None:
    rng = np.random.default_rng(0)
    wrong = rng.random((300, 12)) < rng.uniform(0.2, 0.6, 12)
    pool = VaryingPool(wrong)
    independent = Independent(pool.error_rates)
    for theta in (0.0, 1e-9, 1e-6):
        law = Clayton(pool.error_rates, theta)
        assert matrix_log_likelihood(law, wrong) == pytest.approx(
            matrix_log_likelihood(independent, wrong), abs=1e-9 + 1e3 * theta
        )
        assert count_law(law).log_likelihood(pool.histogram) == pytest.approx(
            count_law(independent).log_likelihood(pool.histogram), abs=1e-9 + 1e3 * theta
        )


def test_pairs_of_the_same_rates_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 models with 40 error rates in any order, two of them constant: θ is that of 19,900 pairs one by one."""
    rng = np.random.default_rng(4)
    rates = rng.integers(2, 42, (2, 200)) / 60
    rates[:, :2] = 0, 1
    pairs, mean = np.triu_indices(200, 1), np.array([0.2, 0.25])
    counted = clayton.fit_theta(rates, pairs, mean)
    monkeypatch.setattr(clayton, "_MANY_PAIRS", len(pairs[0]))
    np.testing.assert_allclose(counted, clayton.fit_theta(rates, pairs, mean), rtol=1e-10)
