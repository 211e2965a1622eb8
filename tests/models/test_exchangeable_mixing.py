"""Beta mixing is the beta-binomial."""

import numpy as np
from scipy import stats

from cofail_lab.models import ExchangeableMixing


def test_beta_mixing_is_the_beta_binomial() -> None:
    law = ExchangeableMixing.beta(0.7, 2.5, 40)
    np.testing.assert_allclose(law.count_probs(), stats.betabinom(40, 0.7, 2.5).pmf(np.arange(41)), rtol=1e-11)
