"""Parts of the numerical methods that need no compiler, by hand, by enumeration or by quadrature."""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import norm

from cofail_lab.numerics import devices, equal_scores, gaussian_counts, nearest_correlation, smooth_counts
from cofail_lab.numerics.one_factor_pools import Pools, distinct_columns
from cofail_lab.numerics.poisson_binomial import counts_at_once, mixture_counts_at_once


def enumerated(success: np.ndarray) -> np.ndarray:
    law = np.zeros(len(success) + 1)
    for pattern in product((0, 1), repeat=len(success)):
        law[sum(pattern)] += np.where(pattern, success, 1 - success).prod()
    return law


def test_unequal_trials_by_enumeration() -> None:
    """Nodes more than a block holds would be; the second probability is taken as given, and weights as they are."""
    rng = np.random.default_rng(0)
    success = rng.random((3, 6))
    found = counts_at_once(success, 1 - success)
    np.testing.assert_allclose(found, [enumerated(row) for row in success], rtol=1e-13)
    weights = np.array([0.2, 0.5, 1.3])
    np.testing.assert_allclose(mixture_counts_at_once(weights, success, 1 - success), weights @ found, rtol=1e-13)
    halved = counts_at_once(success, (1 - success) / 2)
    np.testing.assert_allclose(halved[:, 0], ((1 - success) / 2).prod(axis=1), rtol=1e-13)
    many = np.tile(success[:1], (20_000, 1))
    np.testing.assert_array_equal(counts_at_once(many, 1 - many)[[0, 9_999, -1]], np.tile(found[:1], (3, 1)))


@pytest.mark.parametrize("signs", [(1, 1, 1), (1, -1, 1), (-1, -1, 1), (-1, -1, -1)])
def test_counts_along_one_direction_by_quadrature(signs: tuple[int, ...]) -> None:
    """Each g Z below its bound turns at one value of Z: the share of every count between the turns."""
    first = np.array([0.5, 1.2, 0.8]) * signs
    rest = np.array([[0.3, -0.4, 1.0], [0.0, 2.0, -1.0]])
    weights = np.array([0.7, 1.9])
    expected = np.zeros(4)
    for weight, row in zip(weights, rest, strict=True):
        turns = np.sort(row / first)
        edges = [-np.inf, *turns, np.inf]
        for low, high in pairwise(edges):
            inside = (
                np.mean(np.clip([low, high], -50, 50))
                if np.isfinite([low, high]).all()
                else (high - 1 if np.isfinite(high) else low + 1)
            )
            expected[int((first * inside < row).sum())] += weight * quad(norm.pdf, low, high)[0]
    np.testing.assert_allclose(gaussian_counts._given(rest, first, weights), expected, atol=1e-8)


def test_far_turns_keep_their_digits_on_either_side() -> None:
    """Both beyond 9 standard deviations: the count between them has what lies between, though one half is certain."""
    for side in (1.0, -1.0):
        rest = side * np.array([[9.0, 10.0]])
        found = gaussian_counts._given(rest, np.ones(2), np.ones(1))
        between = norm.sf(9) - norm.sf(10)
        assert found[1] == pytest.approx(between, rel=1e-9)


def test_the_likeliest_factors_have_no_slope() -> None:
    """Σ log Φ((t - Fw)/.3) - w²/2, by differences."""
    rng = np.random.default_rng(1)
    t, factors = ndtri(rng.uniform(0.02, 0.3, 5)), rng.standard_normal((5, 3)) / 2
    found = gaussian_counts._mode(t, factors)

    def height(w: np.ndarray) -> float:
        return float(norm.logcdf((t - factors @ w) / 0.3).sum() - w @ w / 2)

    for step in np.eye(3) * 1e-4:
        assert (height(found + step) - height(found - step)) / 2e-4 == pytest.approx(0, abs=1e-3)
    assert all(height(found) >= height(found + x) for x in rng.standard_normal((20, 3)) / 10)
    assert (factors @ found).mean() < 0


def test_sums_over_models_from_a_few_of_them() -> None:
    """Polynomials below the number of representatives are summed exactly; repeated thresholds count as often."""
    thresholds = np.sort(np.concatenate([ndtri(np.linspace(0.01, 0.8, 400)), np.full(50, 0.1), np.full(7, -2.0)]))
    chosen, shares = smooth_counts._representatives(thresholds)
    assert len(chosen) <= 48 and len(set(chosen.tolist())) == len(chosen) and shares.sum() == pytest.approx(457)
    x = thresholds / 3
    for degree in (1, 2, 7, 20):
        assert shares @ x[chosen] ** degree == pytest.approx((x**degree).sum(), rel=1e-9, abs=1e-9)
    assert shares @ np.exp(thresholds[chosen]) == pytest.approx(np.exp(thresholds).sum(), rel=1e-12)
    few, alike = smooth_counts._representatives(np.array([0.5, -1.0, 0.5, 0.5]))
    assert sorted(zip(few.tolist(), alike.tolist(), strict=True)) == [(0, pytest.approx(3)), (1, pytest.approx(1))]


def test_terms_of_a_characteristic_function() -> None:
    p, angles = np.array([[0.0, 0.2, 0.5, 0.9, 1.0]]), np.array([0.0, 0.4, 1.7, 3.0])
    found = smooth_counts._log_terms(p, angles)
    expected = np.log(1 + p[:, None, :] * (np.exp(1j * angles[:, None]) - 1))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("m", "p", "length"), [(400, 0.3, 256), (30, 0.1, 64), (2000, 0.5, 512)])
def test_frequencies_that_are_left_out_are_rounding(m: int, p: float, length: int) -> None:
    """|E e^{iωC}| of a binomial at the first frequency beyond: below e^-38, or there is none beyond π."""
    spread = np.sqrt(m * p * (1 - p))
    n = smooth_counts._needed(spread, length)
    assert n <= length // 2 + 1
    if n < length // 2 + 1:
        omega = 2 * np.pi * n / length
        assert abs(1 + p * (np.exp(1j * omega) - 1)) ** m <= np.exp(-38)
        # No more of them than the bound asks for: two before, it is not yet negligible.
        assert spread**2 * (1 - np.cos(2 * np.pi * (n - 2) / length)) < 38


def test_what_is_not_smooth_is_seen() -> None:
    thresholds = ndtri(np.linspace(0.05, 0.6, 200))
    chosen, shares = smooth_counts._representatives(thresholds)
    angles = np.linspace(0.0, 1.5, 16)
    smooth = ndtr(thresholds - np.array([[0.0], [0.7]]))
    assert smooth_counts._smooth(smooth, smooth[:, chosen], shares, angles)
    rough = smooth.copy()
    rough[1, 101] += 0.02
    assert not smooth_counts._smooth(rough, rough[:, chosen], shares, angles)


def test_first_models_of_laws_by_their_kinds() -> None:
    """Thresholds that repeat are one kind; pools count how many of each the first models are."""
    thresholds = np.array([[0.1, 0.5, 0.1, 0.1], [0.2, 0.7, 0.2, 0.3]])
    first, place = distinct_columns(thresholds)
    assert len(first) == 3
    np.testing.assert_array_equal(thresholds[:, first][:, place], thresholds)
    assert place[0] == place[2] != place[3]
    pools = Pools.of(thresholds, np.array([1, 3, 4]))
    for row, size in zip(pools.counts, (1, 3, 4), strict=True):
        assert row.sum() == size and row[place[1]] == (size >= 2) and row[place[3]] == (size == 4)
    np.testing.assert_array_equal(pools.thresholds, thresholds[:, first])
    # Zeros of either sign are different bits, hence kinds of their own.
    assert len(distinct_columns(np.array([[0.0, -0.0]]))[0]) == 2


def test_a_processor_has_no_memory_of_its_own() -> None:
    assert devices.memory() is None and devices.accelerated() is False
    with devices.on_host():
        pass


def test_one_change_of_the_whole_diagonal() -> None:
    """Less the shift, the positive ones of the eigenvalues have the sum m: by bisection, and by hand."""
    assert nearest_correlation._even_shift(np.array([-1.0, 1.0, 3.0])) == pytest.approx(0.5)
    assert nearest_correlation._even_shift(np.array([-2.0, 0.1, 4.9])) == pytest.approx(1.9)
    rng = np.random.default_rng(4)
    for m in (2, 7, 40):
        values = np.sort(rng.standard_normal(m) * 3)
        shift = nearest_correlation._even_shift(values)
        assert np.maximum(values - shift, 0).sum() == pytest.approx(m)


def test_sides_of_a_rectangle_that_are_empty_up_to_rounding() -> None:
    """One-sided, no probability is too small; between two bounds, a rounding error of the rates is nothing."""
    lower = np.array([-np.inf, -np.inf, 1.0, 1.0, 2.0, -0.5])
    upper = np.array([-40.0, 0.3, 1.0 + 1e-15, 1.1, 1.0, 0.7])
    found = equal_scores.Rectangle(lower, upper, np.eye(6)).log_sides
    np.testing.assert_allclose(
        found[[0, 1, 3, 5]],
        [log_ndtr(-40.0), log_ndtr(0.3), np.log(norm.cdf(1.1) - norm.cdf(1.0)), np.log(norm.cdf(0.7) - norm.cdf(-0.5))],
        rtol=1e-12,
    )
    assert np.isneginf(found[[2, 4]]).all()
    far = equal_scores.Rectangle(np.array([7.0]), np.array([7.5]), np.eye(1)).log_sides
    assert far[0] == pytest.approx(np.log(norm.sf(7.0) - norm.sf(7.5)), rel=1e-9)
