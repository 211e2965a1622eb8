"""Percentile and BCa intervals by their definitions."""

import numpy as np
from scipy import stats

from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval


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
