"""Limits of the foreclosed share: by hand, by the binomial equations they solve, and what they refuse."""

import numpy as np
import pytest
from scipy import stats

from cofail_lab.bounds.foreclosed import foreclosed_lower, foreclosed_range, foreclosed_upper
from cofail_lab.errors import InputError

ERRORS = np.array([40, 25, 31])


def test_limits_solve_the_binomial_equations_of_the_best_model():
    lower, upper = foreclosed_range(9, ERRORS, 0.05)
    assert stats.binom.cdf(9, 25, upper) == pytest.approx(0.025, rel=1e-9)
    assert stats.binom.sf(8, 25, lower) == pytest.approx(0.025 / 3, rel=1e-9)
    assert foreclosed_upper(9, ERRORS, 0.025) == upper
    assert foreclosed_lower(9, ERRORS, 0.025) == lower


def test_limits_are_the_maxima_over_the_models():
    alone = [stats.binomtest(9, e).proportion_ci(0.9, method="exact") for e in ERRORS]
    assert foreclosed_upper(9, ERRORS, 0.05) == pytest.approx(max(limits.high for limits in alone), rel=1e-9)
    alone = [stats.binomtest(9, e).proportion_ci(1 - 2 * 0.05 / 3, method="exact") for e in ERRORS]
    assert foreclosed_lower(9, ERRORS, 0.05) == pytest.approx(max(limits.low for limits in alone), rel=1e-9)


@pytest.mark.parametrize(
    ("n_all_wrong", "errors", "lower", "upper"),
    [
        (0, [0, 3], 0.0, 1.0),  # the best never errs in the sample: nothing is known
        (0, [0], 0.0, 1.0),
        (5, [5, 9], (0.025 / 2) ** (1 / 5), 1.0),  # every error of the best is everyone's
        (0, [4, 4], 0.0, 1 - 0.025**0.25),
    ],
)
def test_edges_by_hand(n_all_wrong, errors, lower, upper):
    assert foreclosed_range(n_all_wrong, np.array(errors), 0.05) == pytest.approx((lower, upper), rel=1e-12)


def test_many_matrices_at_once():
    errors, n_all_wrong = np.array([[40, 25, 31], [7, 9, 6]]), np.array([9, 0])
    lower, upper = foreclosed_range(n_all_wrong, errors, 0.1)
    each = [foreclosed_range(int(k), e, 0.1) for k, e in zip(n_all_wrong, errors, strict=True)]
    np.testing.assert_array_equal(np.column_stack([lower, upper]), each)


def test_what_it_refuses():
    with pytest.raises(InputError, match=r"n_all_wrong: 26; between 0 and the best model's 25 errors is needed"):
        foreclosed_range(26, ERRORS, 0.05)
    with pytest.raises(InputError, match=r"n_all_wrong: -1"):
        foreclosed_range(-1, ERRORS, 0.05)
    with pytest.raises(InputError, match=r"error_counts: shape \(0,\)"):
        foreclosed_range(0, np.zeros(0, dtype=int), 0.05)
    with pytest.raises(InputError, match=r"delta: 1 is outside \(0, 1\)"):
        foreclosed_range(0, ERRORS, 1)
