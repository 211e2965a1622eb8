"""Intervals of simulated quantities, by SciPy's; a pile read in random order, by going through its orders."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from cofail_lab.claims.reference import exchangeable, reading_orders
from cofail_lab.claims.reference.binomial_coverage import binomial
from cofail_lab.claims.reference.foreclosed_coverage import separate_best, tied_models, two_models
from cofail_lab.claims.reference.simulated import ALLOWANCE, mean_is, share_is


@pytest.mark.parametrize("level", [0.05, 1e-3])
def test_a_share_and_a_mean_with_what_they_allow(level: float) -> None:
    """Two-sided at the level; two and a half half-widths around the claimed value."""
    found = share_is(37, 120, level, 0.3)
    limits = binomtest(37, 120).proportion_ci(1 - level, method="exact")
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    reach = 2.5 * (limits.high - limits.low) / 2
    assert (found.least, found.most) == pytest.approx((0.3 - reach, 0.3 + reach), rel=1e-9)
    values = np.array([0.1, 0.5, 0.4, 0.9, 0.2])
    found = mean_is(values, level, 0.5)
    half = norm.isf(level / 2) * values.std(ddof=1) / np.sqrt(5)
    assert found == pytest.approx((0.42 - half, 0.42 + half, 0.5 - 2.5 * half, 0.5 + 2.5 * half), rel=1e-9)
    assert ALLOWANCE == 2.5


@pytest.mark.parametrize(("number", "total"), [(2, 5), (0, 4), (3, 3), (1, 5)])
def test_a_pile_in_every_order(number: int, total: int) -> None:
    """A limit that misses where more than half, and at least one, of what was read is of the kind."""

    def misses(k: int, read: int) -> bool:
        return 2 * k > read

    orders = list(permutations([1] * number + [0] * (total - number)))
    for read in range(total + 1):
        for k in range(min(read, number) + 1):
            seen = sum(sum(order[:read]) == k for order in orders)
            assert reading_orders.chance(k, read, number, total) == Fraction(seen, len(orders))
        bad = sum(misses(sum(order[:read]), read) for order in orders)
        assert reading_orders.misses_at(read, number, total, misses) == Fraction(bad, len(orders))
    ever = sum(any(misses(sum(order[:read]), read) for read in range(total + 1)) for order in orders)
    assert reading_orders.ever_misses(number, total, misses) == Fraction(ever, len(orders))
    assert reading_orders.ever_misses(number, total, lambda k, read: read == 0) == 1
    assert reading_orders.ever_misses(number, total, lambda k, read: read == total) == 1


def test_tied_models_by_going_through_every_query() -> None:
    """Two queries, two models: every pattern of both, the shock first."""
    found, share, left_out = tied_models({"n": 2, "m": 2, "shock": 0.2, "base": 0.3})
    assert share == pytest.approx(0.2 / (0.2 + 0.8 * 0.3)) and left_out == pytest.approx(2 * 0.8 * 0.09)
    law: dict[tuple[int, int, int], float] = {}
    # Without the pattern of both wrong by themselves what is left keeps its count of errors.
    for k in range(3):
        own = 2 - k
        for a in range(own + 1):
            for b in range(own + 1):
                key = (k + min(a, b), k + max(a, b), k)
                mass = binomial(2, 0.2)[k] * binomial(own, 0.3)[a] * binomial(own, 0.3)[b]
                law[key] = law.get(key, 0.0) + mass
    seen = {
        (int(least), int(most), int(k)): p
        for p, (least, most), k in zip(found.mass, found.errors, found.all_wrong, strict=True)
    }
    assert seen.keys() == law.keys()
    for key, p in law.items():
        assert seen[key] == pytest.approx(p, rel=1e-9)


def test_a_best_model_that_stands_apart_and_two_of_any_law() -> None:
    found, share, _ = separate_best({"n": 3, "m": 3, "error_rate": 0.4, "share": 0.25})
    assert share == 0.25 and found.mass.sum() == pytest.approx(1) and found.errors.shape[1] == 3
    for p, errors, k in zip(found.mass, found.errors, found.all_wrong, strict=True):
        assert p == pytest.approx(binomial(3, 0.4)[errors[0]] * binomial(int(errors[0]), 0.25)[k], rel=1e-12)
        # The others err where the best does not, and on the share of its errors.
        assert errors[1] == errors[2] == 3 - errors[0] + k
    outcomes, share, left_out = two_models({"weights": [4, 3, 2, 1], "n": 2})
    assert (share, left_out) == (pytest.approx(1 / 3), 0.0) and outcomes.mass.sum() == pytest.approx(1)


def test_laws_of_like_models_by_hand() -> None:
    assert exchangeable.pearson(0.3, 0.15) == pytest.approx((0.15 - 0.09) / 0.21)
    assert np.exp(exchangeable.log_common_shock(0.1, 0.3, 3)) == pytest.approx(0.1 + 0.9 * 0.027)
    assert np.exp(exchangeable.log_clayton(0.3, 2.0, 3)) == pytest.approx((3 / 0.09 - 2) ** -0.5)
    assert exchangeable.clayton_pair(0.3, 2.0) == pytest.approx((2 / 0.09 - 1) ** -0.5)
    assert exchangeable.both_below(0.0, 0.5) == pytest.approx(1 / 3)
    assert exchangeable.tetrachoric(0.5, 1 / 3) == pytest.approx(0.5)
    # Three like normal scores below 0: 1/8 + 3 asin(r)/4π; one more fails with what is left.
    three, two = 1 / 8 + 3 * np.arcsin(0.4) / (4 * np.pi), 1 / 4 + np.arcsin(0.4) / (2 * np.pi)
    found = exchangeable.one_factor(0.5, 0.4, 2)
    assert np.exp(found.log_all_wrong) == pytest.approx(two, rel=1e-9)
    assert found.drop == pytest.approx(1 - three / two, rel=1e-9)
    assert exchangeable.implied(0.5, np.log(three), 3) == pytest.approx(0.4, rel=1e-9)
