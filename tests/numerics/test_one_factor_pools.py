"""Many pools at once are the pools one by one, in any order; their slopes and implied correlations."""

import numpy as np
import pytest
from scipy.special import log_ndtr, ndtri

from cofail_lab.numerics import one_factor_arrays
from cofail_lab.numerics.one_factor_pools import Pools, implied_correlation

THRESHOLDS = ndtri(np.array([[0.3, 0.5, 0.3, 0.1], [0.2, 0.6, 0.2, 0.7], [0.4, 0.4, 0.4, 0.9]]))
SIZES = np.array([2, 3, 4])
# No involution sorts these: an order taken for its inverse shows.
CORRELATIONS = np.array([[0.5, 0.1, 0.9], [0.3, 0.8, 0.2], [0.05, 0.6, 0.4]])


def alone(law: int, size: int, r: float) -> float:
    loadings = np.full(size, np.sqrt(r))
    return float(one_factor_arrays.log_all_below(THRESHOLDS[law : law + 1, :size], loadings[None])[0][0])


def test_values_and_slopes_of_pools_in_no_order() -> None:
    value, slope, error = Pools.of(THRESHOLDS, SIZES).log_all_wrong(CORRELATIONS)
    assert (error < 1e-12).all()
    for law, column in np.ndindex(CORRELATIONS.shape):
        r, step = CORRELATIONS[law, column], 1e-5
        assert value[law, column] == pytest.approx(alone(law, SIZES[column], r), abs=1e-13)
        ends = [alone(law, SIZES[column], r + sign * step) for sign in (-1, 1)]
        assert slope[law, column] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-6)


def test_no_pool_has_a_correlation_below_0_or_of_1() -> None:
    value, slope, error = Pools.of(THRESHOLDS[:1], SIZES).log_all_wrong(np.array([[-0.1, 1.0, 0.0]]))
    for column in (value, slope, error):
        assert np.isnan(column[0, :2]).all()
    assert value[0, 2] == pytest.approx(log_ndtr(THRESHOLDS[0]).sum(), abs=1e-13)


def test_the_implied_correlation_is_the_one_that_was_put_in() -> None:
    pools = Pools.of(THRESHOLDS, SIZES)
    log_beta, _, _ = pools.log_all_wrong(CORRELATIONS)
    start = np.full(CORRELATIONS.shape, 0.45)
    at_start, slope, _ = pools.log_all_wrong(start)
    rounding = np.full(CORRELATIONS.shape, 1e-14)
    found = implied_correlation(pools, log_beta, rounding, start, at_start, slope)
    np.testing.assert_allclose(found, CORRELATIONS, atol=1e-10)
    # More than the best model of the pool fails, or less than independence, has none; independence is 0.
    best = np.array([[log_ndtr(row[:size]).min() for size in SIZES] for row in THRESHOLDS])
    independent = np.array([[log_ndtr(row[:size]).sum() for size in SIZES] for row in THRESHOLDS])
    for beta, expected in ((best + 1e-9, np.nan), (independent - 1e-9, np.nan), (independent, 0.0)):
        got = implied_correlation(pools, beta, rounding, start, at_start, slope)
        np.testing.assert_array_equal(got, np.full(got.shape, expected))
    assert (implied_correlation(pools, best - 1e-3, rounding, start, at_start, slope) > 0.9).all()
