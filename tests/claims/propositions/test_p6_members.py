"""P6: the exhaustive search that the claim is measured with."""

import numpy as np

from cofail_lab.claims.propositions.p6_members import best_size


def test_the_exhaustive_search_goes_far_enough():
    for alpha, rho, cost in ((0.3, 0.1, 1e-4), (0.45, 0.0, 1e-3), (0.7, 0.2, 1e-3)):
        k = np.arange(1, 20_000)
        from scipy.stats import norm

        value = norm.sf(norm.ppf(alpha) / np.sqrt(rho + (1 - rho) / k)) - cost * k
        assert best_size(alpha, rho, cost) == int(value.argmax()) + 1
