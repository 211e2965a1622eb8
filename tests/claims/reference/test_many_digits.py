"""Many digits against float64 where that can see, and against expansions where it cannot."""

import math

import mpmath
import pytest

from cofail_lab.claims.propositions.p2_common_shock import log_ratio
from cofail_lab.claims.reference.many_digits import shock_log_ratio


@pytest.mark.parametrize(("shock", "base"), [(0.05, 0.3), (0.3, 0.6), (0.001, 0.9)])
@pytest.mark.parametrize("m", [3, 8])
def test_it_is_the_float_path_where_that_can_see(shock, base, m):
    assert float(shock_log_ratio(shock, base, m).value) == pytest.approx(
        log_ratio({"shock": shock, "base": base}, m), abs=1e-11
    )


@pytest.mark.parametrize(("shock", "base"), [(0.05, 0.3), (0.5, 1e-3), (1e-12, 0.3), (0.05, 1e-9), (0.05, 1 - 1e-9)])
def test_the_ratio_of_two_models_is_one_by_its_own_error(shock, base):
    ratio = shock_log_ratio(shock, base, 2)
    assert abs(ratio.value) <= ratio.error < mpmath.mpf("1e-36")


def test_a_base_near_0_by_expansion():
    """Nearly comonotone: α - β_sf(3) is 3/2 of α - p, as the mean greatest of three normals is of that of two."""
    shock, base = 0.05, 1e-9
    expected = base * (1 - shock) / (2 * shock)
    assert float(shock_log_ratio(shock, base, 3).value) == pytest.approx(expected, rel=1e-7)


def test_a_shock_near_0_by_expansion():
    """Nearly independent: what remains at m = 3 is the third joint cumulant of the shock, ω(1-α0)³, over α0³."""
    shock, base = 1e-12, 0.3
    expected = shock * (0.7**3) / 0.3**3
    # The Gaussian law has such a cumulant too, of the order of r² = 1e-24.
    assert float(shock_log_ratio(shock, base, 3).value) == pytest.approx(expected, rel=1e-5)


def test_a_base_near_1_keeps_its_sign():
    assert 0 < float(shock_log_ratio(0.05, 1 - 1e-9, 3).value) < 1e-26
    assert math.isfinite(float(shock_log_ratio(0.05, 1 - 1e-9, 3).value))
