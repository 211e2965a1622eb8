"""Percentile, BCa and studentised intervals by their definitions."""

import numpy as np
import pytest
from scipy import stats

from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval, studentised_interval


def test_percentile_interval_wants_enough_replicates() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert percentile_interval(values, 0.5) == (1.5, 2.5)
    assert percentile_interval(np.array([1.0, np.nan, np.nan]), 0.9) is None


def test_bca_by_its_definition() -> None:
    """Against SciPy's BCa for the mean of a skewed sample: same estimate, its own resamples, ends within 2%.

    With one group per query the acceleration is the jackknife's, exactly.
    """
    rng = np.random.default_rng(0)
    sample = rng.lognormal(sigma=1, size=80)
    expected = stats.bootstrap((sample,), np.mean, confidence_level=0.9, n_resamples=20_000, method="BCa", rng=rng)
    resampled = sample[rng.integers(80, size=(20_000, 80))].mean(axis=1)
    left_out = (sample.sum() - sample) / 79
    found = bca_interval(float(sample.mean()), resampled, left_out, 0.9)
    assert found is not None
    np.testing.assert_allclose(found, expected.confidence_interval, rtol=0.02)
    percentile = np.quantile(resampled, [0.05, 0.95])
    assert found[1] > percentile[1] * 1.01  # the percentile interval of a skewed mean is too short above


def test_bca_in_any_unit() -> None:
    """Ratios against independent errors reach 1e200: in a unit of 2^660 the limits are the same digits, and 0 stays."""
    rng = np.random.default_rng(1)
    drawn, left_out = rng.lognormal(size=500), rng.lognormal(size=40)
    plain = bca_interval(1.0, drawn, left_out, 0.9)
    assert plain is not None
    for power in (-660, 660):
        unit = 2.0**power
        assert bca_interval(unit, drawn * unit, left_out * unit, 0.9) == (plain[0] * unit, plain[1] * unit)
    assert bca_interval(0.0, np.array([0.0, 0.0, 1.0, -1.0]), np.zeros(3), 0.9) is None


def test_no_bca_where_its_shares_cross() -> None:
    """One group with all the influence: a = .165. Of N replicates one is above the estimate: z = Φ⁻¹(1 - 1/N) + 1.645.

    At N = 10^4, a z = .89 and the interval exists; at N = 10^6, a z = 1.06 and the upper share would jump to 0.
    """
    left_out = np.zeros(200)
    left_out[0] = -1.0
    for n, exists in ((10**4, True), (10**6, False)):
        drawn = np.zeros(n)
        drawn[0] = 2.0
        assert (bca_interval(1.0, drawn, left_out, 0.9) is not None) is exists


def test_studentised_interval_by_hand() -> None:
    """Deviations -2, -1, 0, 1 and 3 errors: the central 40% are from the second to the fourth, seen from the value."""
    values, errors = np.array([0.3, 0.4, 0.5, 0.6, 1.1]), np.array([0.1, 0.1, 0.1, 0.1, 0.2])
    assert studentised_interval((0.5, 0.2), (values, errors), 0.4) == pytest.approx((0.3, 0.7))
    assert studentised_interval((0.5, 0.0), (values, errors), 0.4) is None
    # An error of 0 in a replicate: infinitely far, or nothing known where nothing deviates.
    found = studentised_interval((0.5, 0.2), (values, np.zeros(5)), 0.4)
    assert found == (-np.inf, np.inf)
    assert studentised_interval((0.5, 0.2), (np.full(5, 0.5), np.zeros(5)), 0.4) is None


def test_studentised_interval_of_a_mean_is_that_of_student() -> None:
    """Drawn from a normal law: t with n - 1 degrees of freedom; 20,000 draws, its limits are known to .03."""
    rng = np.random.default_rng(0)
    drawn = rng.standard_normal((20_000, 6))
    errors = drawn.std(axis=1, ddof=1) / np.sqrt(6)
    low, high = studentised_interval((0.0, 1.0), (drawn.mean(axis=1), errors), 0.9) or (np.nan, np.nan)
    assert (low, high) == pytest.approx((-stats.t.ppf(0.95, 5), stats.t.ppf(0.95, 5)), abs=0.1)


def test_replicates_that_equal_the_estimate_count_half() -> None:
    """Ten below, ten above and eighty equal: no bias, and with even influences no acceleration: percentiles."""
    drawn = np.array([0.0] * 10 + [1.0] * 80 + [2.0] * 10)
    assert bca_interval(1.0, drawn, np.array([0.9, 1.1, 0.9, 1.1]), 0.9) == (0.0, 2.0)


def test_a_studentised_interval_lies_opposite_to_its_deviations() -> None:
    """Replicates that are all too large, by up to 9.9 errors: the truth is as far below the estimate."""
    found = studentised_interval((0.0, 1.0), (np.arange(100) / 10, np.ones(100)), 0.9)
    assert found == pytest.approx((-9.4, -0.4))
