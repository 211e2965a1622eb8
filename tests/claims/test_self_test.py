"""The verifier verified: false alarms and planted mutants."""

from fractions import Fraction

from cofail_lab.claims.self_test import false_alarms, plant_mutants
from tests.claims.toys import coin, toy
from tests.claims.verdicts import TRIAL


def test_false_alarms_are_counted_over_seeds() -> None:
    # A wrong verdict needs an error of 1.5 half widths; at level .05 that is 2.94 sigma, .0033 a seed.
    # More than 6 of 400 has probability .0015.
    fair = false_alarms([coin(0.5)], 400, seed=0, stated=0.05)
    assert fair.n_trials == 400 and fair.n_wrong <= 6
    # A claim that is wrong by 1.5 half widths is not confirmed about half of the time.
    off = false_alarms([coin(0.5 + 1.5 * 1.96 * 0.0025)], 100, seed=0, stated=0.05)
    assert 30 <= off.n_wrong <= 70
    assert off.limits[0] > 0.05


def test_planted_mutants_are_listed_with_their_margin() -> None:
    (planted,) = plant_mutants([toy(Fraction(1, 4))], TRIAL, lambda _: None)
    assert (planted.claim, planted.name, planted.status) == ("T.i", "1/5", "refuted") and planted.margin < 0
