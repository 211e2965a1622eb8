"""Limits of a count while things are read without putting them back, against enumeration in rationals."""

from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest

from cofail_lab.bounds.without_replacement import (
    hypergeometric_limits,
    log_evidence,
    miss_probability,
    reading_limits,
)
from cofail_lab.errors import InputError


def chance(k: int, read: int, number: int, total: int) -> Fraction:
    """P(k of the kind among those read)."""
    return Fraction(comb(number, k) * comb(total - number, read - k), comb(total, read))


def test_the_evidence_is_a_ratio_of_chances_and_a_martingale() -> None:
    total = 7
    for number in range(total + 1):
        for read in range(total + 1):
            values = []
            for k in range(read + 1):
                evidence = log_evidence(k, read, total)[number]
                under_this = chance(k, read, number, total)
                # The uniform mixture of all numbers gives each k the same chance.
                mixture = sum(chance(k, read, other, total) for other in range(total + 1)) / (total + 1)
                if under_this:
                    assert np.exp(evidence) == pytest.approx(float(mixture / under_this), rel=1e-9)
                    values.append(float(under_this) * np.exp(evidence))
                else:
                    assert evidence == np.inf
            assert sum(values) <= 1 + 1e-9  # its expectation; less where the number excludes what a mixture does not


def test_hypergeometric_limits_invert_both_tails() -> None:
    total, read = 12, 5
    for k in range(read + 1):
        inside = []
        for number in range(total + 1):
            at_least = sum(chance(j, read, number, total) for j in range(k, read + 1))
            at_most = sum(chance(j, read, number, total) for j in range(k + 1))
            if at_least > Fraction(1, 40) and at_most > Fraction(1, 40):
                inside.append(number)
        assert hypergeometric_limits(k, read, total) == (inside[0], inside[-1])


def test_nothing_read_says_nothing_and_everything_read_says_all() -> None:
    assert hypergeometric_limits(0, 0, 9) == (0, 9)
    assert hypergeometric_limits(4, 9, 9) == (4, 4)
    limits = reading_limits(np.array([1, 0, 1, 0, 0], bool), 5)
    assert (limits.lower[0], limits.upper[0]) == (0, 5)
    assert (limits.lower[-1], limits.upper[-1]) == (2, 2)
    assert (np.diff(limits.lower) >= 0).all() and (np.diff(limits.upper) <= 0).all()


def test_misses_agree_with_every_order_of_a_small_pile() -> None:
    """All 6!/(2!4!) orders count alike; δ = .4 so that limits do miss."""
    number, total, delta = 2, 6, 0.4
    missed = {"sequence": 0, "hypergeometric": 0}
    orders = set(permutations([1] * number + [0] * (total - number)))
    for order in orders:
        limits = reading_limits(np.array(order, bool), total, delta)
        found = np.concatenate([[0], np.cumsum(order)])
        out = [log_evidence(int(k), r, total)[number] >= -np.log(delta) for r, k in enumerate(found)]
        missed["sequence"] += any(out)
        missed["hypergeometric"] += bool(((limits.fixed_lower > number) | (limits.fixed_upper < number)).any())
    exact = miss_probability(number, total, delta)
    assert exact.sequence == pytest.approx(missed["sequence"] / len(orders))
    assert exact.hypergeometric == pytest.approx(missed["hypergeometric"] / len(orders))
    assert exact.hypergeometric > exact.fixed > 0


def test_looking_after_each_of_58_costs_what_the_theory_says() -> None:
    misses = miss_probability(20, 58, 0.05)
    assert misses.hypergeometric == pytest.approx(0.222, abs=5e-4)
    assert misses.fixed <= 0.05
    assert misses.sequence <= 0.05


def test_an_excluded_number_stays_excluded() -> None:
    """Ten of the kind in a row exclude the small numbers; readings of the other kind never undo that."""
    limits = reading_limits(np.repeat([True, False], [10, 10]), 40)
    assert limits.lower[10] > 10
    assert (limits.lower[10:] >= limits.lower[10]).all()


def test_a_sequence_that_has_missed_goes_on() -> None:
    """Ten in a row exclude 10 of 200; then none follows. An empty set of numbers would have no limits."""
    limits = reading_limits(np.repeat([True, False], [10, 190]), 200)
    assert (limits.lower[-1], limits.upper[-1]) == (10, 10)


def test_bad_input_is_one_line() -> None:
    with pytest.raises(InputError, match="total: 2, but 3 were read"):
        reading_limits(np.zeros(3, bool), 2)
    with pytest.raises(InputError, match="delta"):
        reading_limits(np.zeros(3, bool), 4, 1.5)
    with pytest.raises(InputError, match="number"):
        miss_probability(5, 4)
