"""Certificates of the lattice bound hold at every pattern."""

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
