"""Many digits against float64 where that can see, and against expansions where it cannot."""

import math

import mpmath
import pytest

from cofail_lab.claims.propositions.p2_common_shock import log_ratio
from cofail_lab.claims.reference import many_digits
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


def test_roots_are_found_to_all_digits_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Φ⁻¹ of ¼ on both sides; P(i wrong, j right) at medians is acos(r)/2π, 1/6 at r = ½."""
    with mpmath.workdps(40):
        for below, sign in ((mpmath.mpf(1) / 4, 1), (mpmath.mpf(3) / 4, -1)):
            found = many_digits.quantile(below, 1 - below)
            assert abs(found - sign * mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(-1) / 2)) < mpmath.mpf(10) ** -36
        outer, inner = many_digits.loadings(mpmath.mpf(0), mpmath.mpf(1) / 6)
        assert abs(outer**2 - mpmath.mpf(1) / 2) + abs(inner**2 - mpmath.mpf(1) / 2) < mpmath.mpf(10) ** -36
        monkeypatch.setattr(many_digits, "_NEWTON", 2)
        with pytest.raises(ArithmeticError, match=r"^the quantile of 0\.25 was not found in 2 steps$"):
            many_digits.quantile(mpmath.mpf(1) / 4, mpmath.mpf(3) / 4)
        with pytest.raises(ArithmeticError, match=r"^Owen's T did not reach 0\.166667 in 2 steps$"):
            many_digits.loadings(mpmath.mpf(0), mpmath.mpf(1) / 6)


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
