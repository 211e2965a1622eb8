"""Sobol's points against SciPy's, which has the same direction numbers."""

import numpy as np
import pytest
from scipy.stats import qmc

from cofail_lab.numerics import sobol


@pytest.mark.parametrize(("dimensions", "log2_points"), [(1, 0), (1, 6), (2, 1), (31, 5), (40, 11), (700, 8), (5, 19)])
def test_the_points_are_those_of_scipy(dimensions: int, log2_points: int) -> None:
    with_scipy = qmc.Sobol(dimensions, scramble=False, bits=30).random_base2(log2_points)
    points = sobol.points(dimensions, log2_points)
    assert points.dtype == np.uint64
    np.testing.assert_array_equal(points, (with_scipy * 2.0**30).astype(np.uint64) << np.uint64(34))


def test_without_the_table_they_come_from_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sobol.points(7, 4)
    monkeypatch.setattr(sobol, "_table", lambda: None)
    np.testing.assert_array_equal(sobol.points(7, 4), expected)


def test_a_number_of_coordinates_that_scipy_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="21201"):
        sobol.points(30_000, 3)
