"""Laws of C by every way that computes them, nodes of a factor, and the ends of a search over one parameter."""

from typing import Any

import numpy as np
import pytest
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import chi2, multivariate_normal

from cofail_lab.fitting.estimators import count_likelihood
from cofail_lab.fitting.estimators.count_likelihood import (
    CountLaw,
    Maximum,
    count_law,
    factor_nodes,
    matrix_log_likelihood,
    maximize,
    mixture_logs,
    profile_interval,
)
from cofail_lab.models import AtomInflated, FactorMixture, GaussianCopula, Independent, OneFactorGaussian
from cofail_lab.numerics.poisson_binomial import mixture_counts_at_once

RATES = np.linspace(0.1, 0.7, 40)
FACTOR = OneFactorGaussian(RATES, np.full(40, 0.6))
MIXTURE = FactorMixture(RATES, np.full(40, 0.6), np.linspace(-2, 2, 9), np.full(9, 1 / 9))
OWN = OneFactorGaussian(RATES, np.linspace(0.2, 0.8, 40))


@pytest.mark.parametrize("law", [FACTOR, MIXTURE, OWN], ids=["one factor", "of any law", "own loadings"])
def test_sums_over_a_smooth_function_of_the_rate_are_those_over_models(monkeypatch: Any, law: Any) -> None:
    """From 256 models on; of unequal loadings there is no such function. Padded tables give the same."""
    plain = np.exp(count_law(law).log_probs)
    assert plain.sum() == pytest.approx(1, abs=1e-12) and plain @ np.arange(41) == pytest.approx(RATES.sum())
    monkeypatch.setattr(count_likelihood, "_SMALL", 0)
    shapes = []

    def numpy(weights: np.ndarray, wrong: np.ndarray, right: np.ndarray) -> np.ndarray:
        shapes.append(wrong.shape)
        return mixture_counts_at_once(weights, wrong, right)

    monkeypatch.setattr(count_likelihood, "_mixture", numpy)
    padded = count_law(law)
    np.testing.assert_allclose(np.exp(padded.log_probs), plain, rtol=1e-12, atol=1e-300)
    assert shapes[0][0] % 256 == 0 and shapes[0][1] == 64 and len(padded.log_probs) == 41
    monkeypatch.setattr(count_likelihood, "MANY_MODELS", 41)
    count_law(law)
    assert len(shapes) == 2
    monkeypatch.setattr(count_likelihood, "MANY_MODELS", 40)
    smooth = count_law(law)
    assert len(shapes) == (3 if law is OWN else 2)
    np.testing.assert_allclose(np.exp(smooth.log_probs), plain, rtol=1e-8, atol=1e-19)


@pytest.mark.parametrize("loading", [0.0, 0.7, -0.95, 1 - 1e-9])
def test_nodes_of_a_factor_keep_rates_and_pairs(loading: float) -> None:
    """Φ2 of the pair to 1e-7; all but copies of each other correlate a little less, at some 65,000 nodes."""
    thresholds = ndtri(np.array([0.2, 0.6]))
    log_weights, log_wrong, log_right = factor_nodes(thresholds, np.full(2, loading))
    weights, wrong, right = np.exp(log_weights), np.exp(log_wrong), np.exp(log_right)
    assert weights.sum() == pytest.approx(1, abs=1e-9) and len(weights) < 70_000
    np.testing.assert_allclose(wrong + right, 1)
    np.testing.assert_allclose(weights @ wrong, [0.2, 0.6], rtol=1e-8)
    r = loading**2
    if r < 0.999:
        exact = multivariate_normal([0, 0], [[1, r], [r, 1]], allow_singular=True).cdf(thresholds)
        assert weights @ wrong.prod(axis=1) == pytest.approx(exact, abs=1e-7)
    else:
        assert 0.1999 < weights @ wrong.prod(axis=1) < 0.2 + 1e-9
        assert len(weights) > 50_000


def test_impossible_counts_that_do_not_occur_cost_nothing() -> None:
    law = CountLaw(np.array([np.log(0.5), -np.inf, np.log(0.5)]), np.zeros((0, 3)))
    assert law.log_likelihood(np.array([2, 0, 1])) == pytest.approx(3 * np.log(0.5))
    assert law.log_likelihood(np.array([2, 1, 1])) == -np.inf
    assert law.simulation_error(np.array([2, 1, 1])) == 0.0


def test_an_all_wrong_rate_below_the_smallest_float_has_its_log() -> None:
    """A hundred models of rate 1e-5: log β = -1151."""
    law = count_law(Independent(np.full(100, 1e-5)))
    assert law.log_probs[-1] == pytest.approx(100 * np.log(1e-5)) and np.exp(law.log_probs[-1]) == 0
    assert law.log_probs[0] == pytest.approx(100 * np.log1p(-1e-5))


def test_an_atom_is_added_to_the_last_count() -> None:
    base = Independent([0.3, 0.5])
    assert np.exp(count_law(AtomInflated(0.2, base)).log_probs) == pytest.approx([0.28, 0.4, 0.12 + 0.2])
    wrong = np.array([[1, 1], [1, 0], [0, 0]], bool)
    expected = np.log([0.2 + 0.8 * 0.15, 0.8 * 0.15, 0.8 * 0.35]).sum()
    assert matrix_log_likelihood(AtomInflated(0.2, base), wrong) == pytest.approx(expected)
    full = GaussianCopula([0.3, 0.5], np.array([[1, 0.4], [0.4, 1]]))
    assert matrix_log_likelihood(AtomInflated(0.2, full), wrong) is None


def test_rows_of_a_matrix_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nodes, three models; an answer that is impossible at a node counts as e^-100000."""
    wrong = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0]], bool)
    probs = np.array([[0.2, 0.3, 0.9], [0.6, 0.5, 1.0]])
    weights = np.array([0.25, 0.75])
    given = np.where(wrong[:, None], probs, 1 - probs).prod(axis=2)
    with np.errstate(divide="ignore"):
        table = np.log(weights), np.log(probs), np.log1p(-probs)
    for entries in (2**23, 5, 1):
        monkeypatch.setattr(count_likelihood, "_ENTRIES_AT_ONCE", entries)
        np.testing.assert_allclose(mixture_logs(wrong, *table), np.log(given @ weights), rtol=1e-10)
    alone: Any = (np.zeros(1), np.log([[0.5]]), np.full((1, 1), -np.inf))
    assert mixture_logs(np.zeros((1, 1), bool), *alone) == pytest.approx([-1e5])


@pytest.mark.parametrize(("peak", "value", "at_edge"), [(0.4, 0.4, False), (-1.0, 0.0, True), (3.0, 2.0, True)])
def test_the_maximum_may_be_at_either_end(peak: float, value: float, at_edge: bool) -> None:
    tried: list[float] = []

    def curve(x: float) -> float:
        tried.append(x)
        return -((x - peak) ** 2)

    found = maximize(curve, 0.0, 2.0, 1e-4)
    assert found.value == pytest.approx(value, abs=4e-4) and found.at_edge is at_edge
    assert found.log_likelihood == pytest.approx(-((value - peak) ** 2), abs=1e-6)
    assert {0.0, 2.0} <= set(tried)
    tried.clear()
    near = maximize(curve, 0.0, 2.0, 1e-4, 0.01)
    assert near.at_edge is at_edge and {x for x in tried if x in (0.0, 2.0)} == ({value} if at_edge else set())


def test_a_profile_is_followed_to_the_level_that_is_asked_for() -> None:
    """Of deviation .1: 1.645 of them at 90%; a limit is the end where the curve does not fall as far."""
    curve: Any = lambda x: -((x - 0.5) ** 2) / 0.02  # noqa: E731
    at = Maximum(0.5, 0.0, False)
    width = np.sqrt(chi2.ppf(0.9, 1)) * 0.1
    assert profile_interval(curve, at, 0.0, 1.0, 0.9) == pytest.approx((0.5 - width, 0.5 + width), abs=2e-5)
    assert profile_interval(curve, at, 0.4, 0.6, 0.9) == (0.4, 0.6)
    rough = profile_interval(curve, at, 0.0, 1.0, 0.9, 0.05)
    assert rough != profile_interval(curve, at, 0.0, 1.0, 0.9) and rough == pytest.approx((0.3355, 0.6645), abs=0.05)


def test_a_node_at_which_almost_nothing_is_wrong_keeps_its_digits() -> None:
    """log P(wrong) by the tail of the normal, not by 1 - P(right)."""
    _, log_wrong, log_right = factor_nodes(np.array([-40.0]), np.array([0.5]))
    middle = len(log_wrong) // 2
    assert log_wrong[middle, 0] == pytest.approx(float(log_ndtr(-40 / np.sqrt(0.75))))
    assert log_right[middle, 0] == pytest.approx(-float(ndtr(-40 / np.sqrt(0.75))), abs=1e-300)
