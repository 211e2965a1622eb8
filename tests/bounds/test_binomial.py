"""Clopper-Pearson intervals: published ones, and the equations that they solve."""

import numpy as np
import pytest
from scipy import stats

from cofail_lab.bounds.binomial import clopper_pearson, clopper_pearson_lower, clopper_pearson_upper


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (17, 330, 0.030, 0.081),
        (16, 480, 0.019, 0.054),
        (6, 200, 0.011, 0.064),
        (10, 79, 0.062, 0.220),
        (5, 63, 0.026, 0.176),
        (0, 130, 0.0, 0.028),
    ],
)
def test_published_intervals(k: int, n: int, low: float, high: float) -> None:
    """Theory section 5, to the three published digits."""
    lower, upper = clopper_pearson(k, n, 0.05)
    assert lower == pytest.approx(low, abs=5e-4)
    assert upper == pytest.approx(high, abs=5e-4)


def test_clopper_pearson_solves_its_tail_equations() -> None:
    """P(X >= k | lower) = δ and P(X <= k | upper) = δ, by SciPy's binomial sums."""
    n, delta = 200, 0.03
    k = np.arange(1, n)
    np.testing.assert_allclose(stats.binom.sf(k - 1, n, clopper_pearson_lower(k, n, delta)), delta, rtol=1e-9)
    np.testing.assert_allclose(stats.binom.cdf(k, n, clopper_pearson_upper(k, n, delta)), delta, rtol=1e-9)
    assert clopper_pearson_lower(0, n, delta) == 0
    assert clopper_pearson_upper(n, n, delta) == 1
