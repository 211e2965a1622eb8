"""The envelope of laws that extend to endless pools: its edges and its scope."""

import numpy as np
import pytest

from cofail_lab.bounds import extendible_envelope
from cofail_lab.errors import InputError


def test_envelope_edges_and_scope():
    envelope = extendible_envelope(0.3, 0.15)
    rng = np.random.default_rng(2)
    for mixing in (envelope.lower, envelope.upper):
        np.testing.assert_allclose(mixing.all_wrong(np.array([1, 2])), [0.3, 0.15], atol=1e-15)
    assert float(envelope.lower.all_wrong(7)) == pytest.approx(0.3 ** (2 - 7) * 0.15**6, abs=1e-15)
    # Random mixing laws with these two moments stay inside, for every m.
    sizes = np.arange(2, 60)
    low, high = envelope.lower.all_wrong(sizes), envelope.upper.all_wrong(sizes)
    for _ in range(200):
        points = np.sort(rng.random(3))
        weights = np.linalg.solve(np.vander(points, 3, increasing=True).T, [1, 0.3, 0.15])
        if (weights < 0).any():
            continue
        value = (weights * points ** sizes[:, None]).sum(axis=1)
        assert (value >= low - 1e-12).all()
        assert (value <= high + 1e-12).all()
    with pytest.raises(InputError, match="no law of an endless pool"):
        extendible_envelope(0.3, 0.05)
    with pytest.raises(InputError, match="error_rate: 1"):
        extendible_envelope(1.0, 1.0)


def test_both_ends_of_the_scope_are_in_it():
    """p = α: all fail together or none; p = α²: independent, also where rounding leaves the square a little above p."""
    together = extendible_envelope(0.3, 0.3)
    assert (together.shock, together.base_error_rate) == pytest.approx((0.3, 0.0))
    for side in (together.lower, together.upper):
        np.testing.assert_allclose(side.all_wrong(np.array([2, 9])), 0.3, atol=1e-15)
    for pair in (0.1 * 0.1, np.nextafter(0.1 * 0.1, 0)):
        apart = extendible_envelope(0.1, pair)
        assert (apart.shock, apart.base_error_rate) == pytest.approx((0.0, 0.1), abs=1e-15)
        np.testing.assert_allclose(apart.lower.all_wrong(np.array([2, 9])), [0.01, 1e-9], rtol=1e-12)
    for rate in (0.0, 1.0):
        with pytest.raises(InputError, match=f"error_rate: {rate} is not inside"):
            extendible_envelope(rate, rate)
    with pytest.raises(InputError, match=r"pairwise_wrong: 0\.31"):
        extendible_envelope(0.3, 0.31)
