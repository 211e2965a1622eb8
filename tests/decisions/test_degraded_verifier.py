"""A confidence that noise replaces (theory P8.ii): the ends, the seeds, and percentiles over them."""

import numpy as np
import pytest
from scipy.stats import rankdata

from cofail_lab import decisions as d

SCORE = np.array([3.0, 10.0, 10.0, 40.0, 50.0, 1e6])
LOW, HIGH = np.array([0, 0, 1, 0, 1, 1.0]), np.ones(6)


def test_without_noise_every_seed_has_the_area_itself() -> None:
    row = d.degraded_verifier(SCORE, LOW, HIGH, [0.0], 7)[0]
    curve = d.cascade_curve(SCORE, LOW, HIGH)
    assert (row.noise, row.area_lower, row.area_upper) == (0, row.area, row.area)
    assert row.area == pytest.approx(curve.gap_area)
    assert row.largest_gap == pytest.approx(curve.largest_gap)


def test_a_confidence_that_is_the_wrong_way_round_has_no_gap_above_zero() -> None:
    row = d.degraded_verifier(-SCORE, LOW, HIGH, [0.0], 2)[0]
    assert row.area < 0
    assert row.largest_gap == 0


def test_noise_is_mixed_with_midranks_by_the_published_streams() -> None:
    """Ranks by SciPy; the seeds' areas and gaps one by one, and percentiles between sorted ones by hand."""
    places = (rankdata(SCORE) - 0.5) / 6
    curves = [
        d.cascade_curve(0.4 * places + 0.6 * np.random.default_rng(1000 + seed).random(6), LOW, HIGH)
        for seed in range(21)
    ]
    areas = sorted(curve.gap_area for curve in curves)
    row = d.degraded_verifier(SCORE, LOW, HIGH, [0.6], 21)[0]
    assert row.area == pytest.approx(np.mean(areas))
    # 2.5% of the way from the first to the last of 21 is half of the way from the first to the second.
    assert row.area_lower == pytest.approx((areas[0] + areas[1]) / 2)
    assert row.area_upper == pytest.approx((areas[-1] + areas[-2]) / 2)
    assert row.largest_gap == pytest.approx(np.mean([curve.largest_gap for curve in curves]))
