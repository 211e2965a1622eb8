"""The sums that judge certificates, on limits whose coverage is known."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.claims.reference.binomial_coverage import (
    binomial,
    coverage_at_least,
    independent_coverage,
    least_coverage,
    two_model_coverage,
    two_model_coverage_below,
    two_model_outcomes,
)

CASE = {"weights": [4, 3, 2, 1], "n": 12, "delta": 0.05}
# Models 1 and 2 err with .3 and .4, together with .1.
GAIN = 0.3 - 0.1


def constant(value: float):
    return lambda correct, all_wrong, n, delta: np.full(len(correct), value)


def test_binomial_probabilities_and_all_outcomes_sum_to_one() -> None:
    assert binomial(40, 0.3).sum() == pytest.approx(1, abs=1e-13)
    np.testing.assert_array_equal(binomial(3, 0.0), [1, 0, 0, 0])
    outcomes = two_model_outcomes(CASE)
    assert len(outcomes.mass) == 15 * 14 * 13 // 6
    assert outcomes.mass.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(outcomes.mass @ outcomes.errors / 12, [0.3, 0.4], rtol=1e-12)
    assert outcomes.mass @ outcomes.all_wrong / 12 == pytest.approx(0.1, rel=1e-12)


def test_a_limit_at_the_gain_covers_and_one_a_hair_lower_does_not() -> None:
    for offset, share in ((0.0, 1.0), (1e-9, 1.0), (-1e-9, 0.0)):
        assert two_model_coverage(constant(GAIN + offset), CASE).low == pytest.approx(share, abs=1e-12)
        assert two_model_coverage_below(constant(GAIN - offset), CASE).low == pytest.approx(share, abs=1e-12)


def test_queries_that_independent_models_all_get_wrong_count_as_missed() -> None:
    case = {"n": 10, "m": 2, "delta": 0.05, "error_rate": 0.3}
    assert independent_coverage(constant(1.0), case).low == pytest.approx(1 - 0.3**2, abs=1e-12)
    assert independent_coverage(constant(0.2999), case).low == pytest.approx(-(0.3**2), abs=1e-12)


def test_the_least_coverage_is_that_of_the_worst_rate() -> None:
    """The limit 1/2 for every count above 0 covers rates from 1/2 on only as often as none is seen."""
    found = least_coverage(lambda k, n, delta: np.where(k > 0, 0.5, 0.0), {"n": 3, "delta": 0.1})
    assert found.low == pytest.approx(float(Fraction(1, 8)), abs=1e-12)


def test_a_coverage_is_judged_at_its_nominal_level() -> None:
    assert coverage_at_least(0.95).status == "confirmed"
    assert coverage_at_least(0.95 - 1e-7).status == "refuted"
    assert coverage_at_least(0.9, 0.1).status == "confirmed"
