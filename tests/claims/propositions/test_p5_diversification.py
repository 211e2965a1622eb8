"""P5: the majority error that the claim is measured with."""

import pytest

from cofail_lab.claims.propositions.p5_diversification import majority_error


def test_majority_error_against_the_binomial_and_a_single_member():
    assert majority_error(0.3, 1e-12, 3) == pytest.approx(0.3**3 + 3 * 0.3**2 * 0.7, abs=1e-6)
    assert majority_error(0.3, 0.4, 1) == pytest.approx(0.3, abs=1e-13)
