"""Certificates of the lattice bound hold at every pattern."""

import itertools

import numpy as np
import pytest

from cofail_lab.bounds.lattice import lattice_bound
from cofail_lab.bounds.moments import Right, gallot_kounias, right_moments
from tests.bounds.pools import random_law


def test_lattice_certificates_hold_at_every_pattern():
    rng = np.random.default_rng(10)
    for _ in range(20):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        right = right_moments(alpha, pairs)
        bound = lattice_bound(right, gallot_kounias(right)[1])
        certificate = bound.certificate()
        assert certificate.holds()
        assert float(certificate.bound(alpha, pairs)) == pytest.approx(bound.upper, abs=1e-12)
        assert certificate.bound(alpha, pairs) <= bound.upper  # rounded outwards


def test_the_search_finds_the_best_of_small_weights():
    """Every w of -2 to 2 and k of 1 to 3 in pools of four: here the local search finds one as good each time."""
    rng = np.random.default_rng(11)
    weights = np.array(list(itertools.product(range(-2, 3), repeat=4)))
    for _ in range(10):
        _, alpha, pairs = random_law(rng, 4)
        a, both = right = right_moments(alpha, pairs)
        square, linear = np.einsum("wi,ij,wj->w", weights, both, weights), weights @ a
        best = min((1 + (square - (2 * k + 1) * linear) / (k * (k + 1))).min() for k in (1, 2, 3))
        assert lattice_bound(right, gallot_kounias(right)[1]).upper <= best + 1e-12


@pytest.mark.parametrize(("m", "right"), [(5, 0.4), (6, 0.6), (8, 0.8)])
def test_many_right_models_need_a_large_k(m: int, right: float) -> None:
    """Independent like models: Dawson-Sankoff at its best k >= 2 is of the family, and so above the best."""
    a, both = np.full(m, right), np.full((m, m), right**2)
    np.fill_diagonal(both, right)
    moments = Right(a, both)
    square, linear = both.sum(), a.sum()
    of_k = [1 + (square - (2 * k + 1) * linear) / (k * (k + 1)) for k in range(1, 9)]
    k = int(np.argmin(of_k)) + 1
    assert k >= 2
    found = lattice_bound(moments, gallot_kounias(moments)[1])
    assert (1 - right) ** m <= found.upper <= of_k[k - 1] + 1e-12
    assert found.k >= 2


def test_the_closest_pair_alone() -> None:
    """Three models that fail apart and two that rarely do: their own pair bounds the rest without any search."""
    alpha = np.array([0.3, 0.3, 0.4])
    pairs = np.array([[0.3, 0.01, 0.2], [0.01, 0.3, 0.2], [0.2, 0.2, 0.4]])
    right = right_moments(alpha, pairs)
    assert lattice_bound(right, np.zeros(3), n_starts=1).upper <= 0.01 + 1e-12
