"""Measurements and their status."""

import math
from fractions import Fraction

import pytest

from cofail_lab.claims import Check, Measured, Trial, at_least, at_most, equals, holds


def test_an_interval_across_the_claimed_value_is_undecided() -> None:
    assert equals(1.0, 1.05, 0.01, 0.1).status == "undecided"
    assert equals(1.0, 1.05, 0.2, 0.1).status == "confirmed"
    assert equals(1.0, 2.0, 0.2, 0.1).status == "refuted"
    assert equals(math.nan, 2.0, 0.2).status == "undecided"
    assert at_least(Fraction(1, 3), Fraction(1, 3)).status == "confirmed"


def test_slack_is_the_room_of_the_whole_interval() -> None:
    assert equals(1.0, 1.05, 0.2, 0.1).slack == pytest.approx(0.05)
    assert equals(1.1, 1.05, 0.2, 0.1).slack == pytest.approx(0.05)
    assert equals(1.0, 1.0, 0.1, 0.25).slack == pytest.approx(-0.15)
    assert at_most(2.0, 3.0, 0.25).slack == 0.75
    assert at_least(2.0, 1.0, 0.25).slack == 0.75
    assert holds(True).slack == 0
    assert holds(False).slack == -1


@pytest.mark.parametrize(("error", "status"), [(0.04, "confirmed"), (0.06, "undecided")])
def test_an_error_counts_on_the_side_that_matters(error: float, status: str) -> None:
    assert at_most(0.95, 1.0, error).status == at_least(1.05, 1.0, error).status == status
    assert at_most(1.05, 1.0, 0.04).status == at_least(0.95, 1.0, 0.04).status == "refuted"
    assert at_most(1.05, 1.0, 0.06).status == at_least(0.95, 1.0, 0.06).status == "undecided"


def test_what_is_claimed_is_the_middle_or_the_one_end() -> None:
    two, one, none = Measured(0, 0, 1, 4), Measured(0, 0, -math.inf, 4), Measured(0, 0, -math.inf, math.inf)
    assert (two.claimed, two.tolerance) == (2.5, 1.5)
    assert (one.claimed, one.tolerance) == (4, None)
    assert (none.claimed, none.tolerance) == (None, None)


def test_an_interval_that_is_not_one_is_undecided() -> None:
    for low, high in ((math.nan, 1.0), (1.0, math.nan), (2.0, 1.0)):
        for least, most in ((0.0, 3.0), (-2.0, -1.0), (4.0, 5.0)):
            assert Measured(low, high, least, most).status == "undecided"


def test_simulated_cases_get_the_seed_and_the_level_of_the_trial() -> None:
    trial = Trial(seed=7, level=1e-3)
    made = [Check("", kind, lambda *_: holds(True), ({"x": 1},)).listed(trial) for kind in ("monte_carlo", "exact")]
    assert made == [[{"x": 1, "seed": 7, "level": 1e-3}], [{"x": 1}]]
