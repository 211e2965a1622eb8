"""Certificates of large pools are checked without listing their patterns."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.bounds.quadratic import QuadraticCertificate, pair_index


def test_certificates_of_large_pools_are_not_enumerated():
    m = 20
    certificate = QuadraticCertificate(m, m, "lower", 0, (0,) * len(pair_index(m)[0]), 1, "a probability")
    with pytest.raises(ValueError, match="too many patterns"):
        certificate.holds()


def both_wrong(side: str, constant: int, coefficients: tuple[int, int, int]) -> QuadraticCertificate:
    """A form in two models, (E_1, E_1 E_2, E_2), beside the event that both are wrong."""
    return QuadraticCertificate(2, 2, side, constant, coefficients, 2, "by hand")


def test_a_form_is_checked_on_every_pattern():
    # 2 E_1 E_2 / 2 is the event itself. E_1 / 2 + E_2 / 2 is above it, and less 1/2 it is below it.
    assert both_wrong("upper", 0, (0, 2, 0)).holds()
    assert both_wrong("lower", 0, (0, 2, 0)).holds()
    assert both_wrong("upper", 0, (1, 0, 1)).holds()
    assert not both_wrong("upper", -1, (1, 0, 1)).holds()
    assert not both_wrong("lower", 0, (1, 0, 1)).holds()
    assert both_wrong("lower", -1, (1, 0, 1)).holds()


def test_the_mean_of_a_form_in_rationals():
    """(3 + E_1 + 4 E_1 E_2 - 2 E_2) / 2 at rates 1/2, 1/4 and a pair of 1/8: (3 + 1/2 + 1/2 - 1/2) / 2."""
    pairs = np.array([[0.5, 0.125], [0.125, 0.25]])
    assert both_wrong("upper", 3, (1, 4, -2)).bound(np.diag(pairs), pairs) == Fraction(7, 4)
