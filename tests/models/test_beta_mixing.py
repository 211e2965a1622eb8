"""Beta mixing is the beta-binomial, at any a and b."""

import equinox as eqx
import mpmath
import numpy as np
import pytest
from scipy import stats

from cofail_lab.models import BetaMixing, ExchangeableMixing


def test_beta_mixing_is_the_beta_binomial() -> None:
    law = BetaMixing(0.7, 2.5, 40)
    np.testing.assert_allclose(law.count_probs(), stats.betabinom(40, 0.7, 2.5).pmf(np.arange(41)), rtol=1e-11)


@pytest.mark.parametrize(("a", "b"), [(1e-6, 1.0), (1.0, 1e-6), (1e-9, 1e-9), (1e-300, 2.0), (1e7, 3e7), (0.3, 400.0)])
def test_extreme_parameters_against_mpmath(a: float, b: float) -> None:
    m, law = 30, BetaMixing(a, b, 30)
    with mpmath.workdps(60):
        whole = mpmath.beta(a, b) if a > 1e-100 else 1 / mpmath.mpf(a)
        expected = [
            float(mpmath.binomial(m, j) * mpmath.beta(mpmath.mpf(a) + j, mpmath.mpf(b) + m - j) / whole)
            for j in range(m + 1)
        ]
    np.testing.assert_allclose(law.count_probs(), expected, rtol=1e-12)
    assert float(law.log_all_wrong()) == pytest.approx(np.log(expected[-1]), rel=1e-13)


def test_the_name_among_mixing_laws() -> None:
    assert eqx.tree_equal(ExchangeableMixing.beta(1e-6, 2.0, 7), BetaMixing(1e-6, 2.0, 7))


def test_two_models_and_sizes_by_hand() -> None:
    """E[p^k] of Beta(1, 2) is 2 / ((k + 1)(k + 2)): 1/3, 1/6, 1/10."""
    law = BetaMixing(1.0, 2.0, 3)
    np.testing.assert_allclose(law.error_rates, 1 / 3, rtol=1e-14)
    np.testing.assert_allclose(law.pairwise_wrong(), 1 / 6 + np.eye(3) / 6, rtol=1e-14)
    logs, _ = law.log_all_wrong_by_size(np.array([3, 1, 2]))
    np.testing.assert_allclose(np.exp(logs), [1 / 10, 1 / 3, 1 / 6], rtol=1e-13)
