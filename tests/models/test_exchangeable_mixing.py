"""Mixing at points 0 and 1."""

import numpy as np
from scipy import stats

from cofail_lab.models import ExchangeableMixing


def test_mixing_is_a_mean_of_binomials() -> None:
    law = ExchangeableMixing([0.0, 0.3, 1.0], [0.2, 0.7, 0.1], 40)
    j = np.arange(41)
    expected = 0.7 * stats.binom(40, 0.3).pmf(j) + 0.2 * (j == 0) + 0.1 * (j == 40)
    np.testing.assert_allclose(law.count_probs(), expected, rtol=1e-11)
