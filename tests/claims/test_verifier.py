"""The verifier's rule: from checks to a verdict."""

from fractions import Fraction

import pytest

from cofail_lab.claims import Control, Measured, equals, holds
from cofail_lab.claims.claim import Check
from cofail_lab.claims.verifier import examine, split_level, verify_claim
from tests.claims.toys import coin, toy
from tests.claims.verdicts import TRIAL


def test_a_control_that_does_not_fail_leaves_the_claim_undecided() -> None:
    blind = toy(Fraction(1, 4), control=Control("no bound at all", "refuted", Fraction(10)))
    assert verify_claim(blind, TRIAL)[0].status == "undecided"


def test_a_heuristic_is_reported_never_confirmed() -> None:
    heuristic = toy(Fraction(1, 4), "reported")
    assert verify_claim(heuristic, TRIAL)[0].status == "reported"
    assert verify_claim(toy(Fraction(1, 8), "reported"), TRIAL)[0].status == "undecided"


def test_the_level_is_split_over_simulated_cases() -> None:
    assert split_level([coin(0.5), coin(0.4), toy(Fraction(1, 4))], 0.01) == pytest.approx(0.005)


def test_a_violation_that_more_digits_deny_does_not_end_a_check():
    def measure(formula: int, case: dict) -> Measured:
        return equals(case["x"], formula, 0)

    def confirm(formula: int, case: dict) -> Measured:
        return holds(case["x"] != 2)

    cases = ({"x": 1}, {"x": 2})
    found = examine(Check("", "exact", measure, cases, confirm=confirm), 0, TRIAL)
    assert (found.status, found.case) == ("refuted", {"x": 2})
    assert examine(Check("", "exact", measure, cases[:1], confirm=confirm), 0, TRIAL).status == "confirmed"
