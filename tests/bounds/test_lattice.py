"""Certificates of the lattice bound hold at every pattern."""

import itertools

import numpy as np
import pytest

from cofail_lab.bounds.lattice import lattice_bound
from cofail_lab.bounds.moments import gallot_kounias, right_moments
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
