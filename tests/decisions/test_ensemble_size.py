"""Sizes of votes: against enumeration of sets, quadrature by other means, and by hand."""

from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import binom, norm

from cofail_lab.decisions import ensemble_size as e


def test_sizes_are_odd():
    assert e.odd_sizes(6).tolist() == [1, 3, 5]
    assert e.odd_sizes(7).tolist() == [1, 3, 5, 7]
    assert e.odd_sizes(9, 4).tolist() == [1, 3]


def test_all_sets_by_enumeration():
    right = np.random.default_rng(0).random((40, 7)) < 0.6
    for k, found in zip((1, 3, 5, 7), e.cast_any(right, e.odd_sizes(7)), strict=True):
        votes = [right[:, list(some)].sum(axis=1) > k / 2 for some in combinations(range(7), k)]
        assert found == pytest.approx(np.mean(votes), abs=1e-13)


def test_votes_in_an_order():
    right = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0]], dtype=bool)
    assert e.cast_in_order(right, [2, 0, 1], np.array([1, 3])) == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
def test_equal_members_are_predicted_alike(rho):
    """Two quadratures: over the median or the factor, and over the factor with counts grown one by one."""
    sizes = e.odd_sizes(31)
    one, other = e.predicted_any(0.3, rho, sizes), e.predicted_in_order(np.full(31, 0.3), rho, sizes)
    assert other == pytest.approx(one, abs=1e-13)
    if rho:

        def chance(z):
            return norm.pdf(z) * binom.sf(2, 5, ndtr((np.sqrt(rho) * z - ndtri(0.3)) / np.sqrt(1 - rho)))

        assert one[2] == pytest.approx(quad(chance, -9, 9, epsabs=1e-10, limit=400)[0], abs=1e-8)


def test_unequal_members_by_simulation():
    """10^6 draws: standard error .0005, so that .0025 is five of them."""
    rates, rho = np.array([0.1, 0.3, 0.5, 0.0, 1.0]), 0.4
    rng = np.random.default_rng(1)
    score = np.sqrt(rho) * rng.standard_normal((10**6, 1)) + np.sqrt(1 - rho) * rng.standard_normal((10**6, 5))
    votes = e.cast_in_order(score >= ndtri(rates), np.arange(5), e.odd_sizes(5))
    assert e.predicted_in_order(rates, rho, e.odd_sizes(5)) == pytest.approx(votes, abs=2.5e-3)


def test_models_of_one_kind_share_everything():
    sizes = e.odd_sizes(5)
    assert e.predicted_in_order(np.full(5, 0.2), 1.0, sizes) == pytest.approx(np.full(3, 0.8), abs=1e-3)
    assert e.predicted_any(0.2, 1.0, sizes) == pytest.approx(np.full(3, 0.8))
    assert e.predicted_any(0.0, 0.5, sizes).tolist() == [1, 1, 1]
    assert e.predicted_any(1.0, 0.5, sizes).tolist() == [0, 0, 0]


def test_where_adding_stops_paying():
    sizes, accuracy = np.array([1, 3, 5]), np.array([0.7, 0.74, 0.76])
    assert e.best_size(sizes, accuracy, 0.005) == 5
    # Two points for two members at a point each: the smaller of the two.
    assert e.best_size(sizes, accuracy, 0.01) == 3
    assert e.best_size(sizes, accuracy, 0.03) == 1
    trial = e.judge(sizes, accuracy, np.array([0.7, 0.71, 0.75]), 0.01)
    assert (trial.size, trial.best) == (3, 5)
    assert trial.regret == pytest.approx((0.75 - 0.05) - (0.71 - 0.03))


def test_a_strong_correlation_is_not_cut():
    """At ρ = .999 two quadratures agree, and .99 is told apart from it."""
    sizes = e.odd_sizes(5)
    found = e.predicted_in_order(np.full(5, 0.2), 0.999, sizes)
    assert found == pytest.approx(e.predicted_any(0.2, 0.999, sizes), abs=1e-12)
    assert abs(found[-1] - e.predicted_any(0.2, 0.99, sizes)[-1]) > 1e-4
