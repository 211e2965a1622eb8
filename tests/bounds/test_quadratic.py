"""Certificates of large pools are checked without listing their patterns."""

import pytest

from cofail_lab.bounds.quadratic import QuadraticCertificate, pair_index


def test_certificates_of_large_pools_are_not_enumerated():
    m = 20
    certificate = QuadraticCertificate(m, m, "lower", 0, (0,) * len(pair_index(m)[0]), 1, "a probability")
    with pytest.raises(ValueError, match="too many patterns"):
        certificate.holds()
