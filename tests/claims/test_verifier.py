"""The verifier's rule: from checks to a verdict."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from cofail_lab.claims import Claim, Control, Measured, at_least, at_most, equals, holds, replay
from cofail_lab.claims.claim import Check
from cofail_lab.claims.verifier import (
    Finding,
    combine,
    examine,
    investigate,
    mutant_status,
    split_level,
    verify_claim,
)
from tests.claims.toys import coin, toy
from tests.claims.verdicts import TRIAL

INSIDE, OUTSIDE, ACROSS = equals(1.0, 1.0, 0.1, 0.05), equals(2.0, 1.0, 0.1, 0.05), equals(1.1, 1.0, 0.1, 0.05)


def check(label: str, *measured: Measured) -> Check:
    """One whose cases, 0, 1, ..., give these measurements, whatever the formula."""
    return Check(label, "exact", lambda _, case: measured[case["k"]], tuple({"k": k} for k in range(len(measured))))


def of(*checks: Check) -> Claim:
    return toy(None, checks=checks, control=Control("outside", "refuted", None, (check("control", OUTSIDE),)))


def test_a_control_that_does_not_fail_leaves_the_claim_undecided() -> None:
    blind = toy(Fraction(1, 4), control=Control("no bound at all", "refuted", Fraction(10)))
    assert verify_claim(blind, TRIAL)[0].status == "undecided"


def test_a_heuristic_is_reported_never_confirmed() -> None:
    heuristic = toy(Fraction(1, 4), "reported")
    assert verify_claim(heuristic, TRIAL)[0].status == "reported"
    assert verify_claim(toy(Fraction(1, 8), "reported"), TRIAL)[0].status == "undecided"


def test_the_level_is_split_over_simulated_cases() -> None:
    assert split_level([coin(0.5), coin(0.4), toy(Fraction(1, 4))], 0.01) == pytest.approx(0.005)
    three = Check("three cases", "monte_carlo", lambda _, case: INSIDE, ({"k": 0}, {"k": 1}, {"k": 2}))
    assert split_level([of(three), coin(0.5)], 0.01) == pytest.approx(0.0025)


def test_an_undecided_verdict_is_about_what_could_not_be_decided() -> None:
    """Also where that has no slack at all to compare."""
    nothing = Measured(float("nan"), float("nan"), 0.9, 1.1)
    (verdict,) = verify_claim(of(check("inside", INSIDE), check("nothing", nothing)), TRIAL)
    assert verdict.status == "undecided"
    assert np.isnan(verdict.measured)


def test_a_check_without_cases_confirms_nothing() -> None:
    with pytest.raises(ValueError, match=r"^throws: a check needs at least one case$"):
        examine(check("throws"), None, TRIAL)


def test_a_violation_that_more_digits_deny_does_not_end_a_check():
    def measure(formula: int, case: dict) -> Measured:
        return equals(case["x"], formula, 0)

    def confirm(formula: int, case: dict) -> Measured:
        return holds(case["x"] != 2)

    cases = ({"x": 1}, {"x": 2})
    found = examine(Check("", "exact", measure, cases, confirm=confirm), 0, TRIAL)
    assert (found.status, found.case) == ("refuted", {"x": 2})
    assert examine(Check("", "exact", measure, cases[:1], confirm=confirm), 0, TRIAL).status == "confirmed"


def finding(status) -> Finding:
    return Finding("", "exact", status, INSIDE, {}, 1, 0)


def test_statuses_combine() -> None:
    """One refuted refutes, only all confirmed confirm; no checks at all confirm nothing."""
    for statuses in product(("confirmed", "undecided", "refuted"), repeat=3):
        worst = max(statuses, key=("confirmed", "undecided", "refuted").index)
        assert combine([finding(status) for status in statuses]) == worst
    assert combine([finding("confirmed")] * 2) == "confirmed"
    assert combine([]) == "undecided"


def test_one_undecided_case_leaves_a_check_undecided_and_is_kept() -> None:
    found = examine(check("", INSIDE, ACROSS, INSIDE), None, TRIAL)
    assert (found.status, found.case, found.n_cases) == ("undecided", {"k": 1}, 3)
    found = examine(check("", INSIDE, ACROSS, OUTSIDE, INSIDE), None, TRIAL)
    assert (found.status, found.case, found.n_cases) == ("refuted", {"k": 2}, 3)


def test_a_confirmed_check_shows_its_case_with_least_room() -> None:
    near = equals(1.04, 1.0, 0.1, 0.05)
    assert examine(check("", INSIDE, near, INSIDE), None, TRIAL).case == {"k": 1}


def test_a_check_that_refutes_is_reached_past_an_undecided_one() -> None:
    checks = (check("first", ACROSS), check("second", OUTSIDE), check("third", INSIDE))
    assert [found.status for found in investigate(checks, None, TRIAL)] == ["undecided", "refuted"]
    (verdict,) = verify_claim(of(*checks), TRIAL)
    assert verdict.status == "refuted"
    assert verdict.evidence["counterexample"]["check"] == "second"
    (verdict,) = verify_claim(of(check("first", INSIDE), check("second", ACROSS)), TRIAL)
    assert (verdict.status, verdict.measured) == ("undecided", pytest.approx(1.1))


def test_a_verdict_shows_the_check_with_least_room_in_units_of_its_tolerance() -> None:
    """.05 of a tolerance of .1 is more room than 3 of one of 100; what is measured is the middle of its interval."""
    (verdict,) = verify_claim(of(check("fine", INSIDE), check("coarse", equals(97.0, 0.0, 100.0, 1.0))), TRIAL)
    assert (verdict.status, verdict.claimed, verdict.measured, verdict.tolerance) == ("confirmed", 0.0, 97.0, 100.0)
    assert verdict.evidence["margin"] == 2.0
    one_sided = Measured(0.5, 0.7, 0.4, float("inf"))
    (verdict,) = verify_claim(of(check("one-sided", one_sided)), TRIAL)
    assert (verdict.claimed, verdict.measured, verdict.tolerance) == (0.4, pytest.approx(0.6), None)


def test_a_control_must_come_out_as_it_is_registered_to() -> None:
    for measured, status in ((OUTSIDE, "confirmed"), (INSIDE, "undecided"), (ACROSS, "undecided")):
        control = Control("", "refuted", None, (check("control", measured),))
        claim = toy(None, checks=(check("", INSIDE),), control=control)
        assert verify_claim(claim, TRIAL)[0].status == status


def test_a_counterexample_is_replayed_with_all_its_digits() -> None:
    """By the measurement that settled it, in the release that it was stored for."""
    exact = Check("digits", "exact", lambda *_: OUTSIDE, ({"k": 0},), confirm=lambda *_: equals(3.0, 1.0, 0.1))
    claim = of(exact)
    stored = verify_claim(claim, TRIAL)[0].evidence["counterexample"]
    assert (stored["measured"], stored["allowed"]) == ([3.0, 3.0], [0.9, 1.1])
    assert replay(stored, [claim]).low == 3.0
    for other in ({"release": "june"}, {"check": "others"}, {"claim": "T.ii"}):
        with pytest.raises(KeyError):
            replay(stored | other, [claim])


def test_the_first_undecided_case_is_the_one_that_is_kept() -> None:
    """Of two, and though a later one has less room."""
    wider = equals(1.1, 1.0, 0.1, 0.09)
    found = examine(check("", INSIDE, ACROSS, wider, INSIDE), None, TRIAL)
    assert (found.status, found.case, found.worst) == ("undecided", {"k": 1}, ACROSS)


def test_every_check_of_a_claim_looks_at_a_mutant() -> None:
    """One that only the last check refutes; it decides."""
    second = Check("second", "exact", lambda f, _: equals(f, 1.0, 0.1), ({"k": 0},))
    claim = toy(1.0, checks=(check("first", INSIDE), second), mutants={"two": 2.0, "one": 1.0})
    status, decisive = mutant_status(claim, "two", TRIAL)
    assert (status, decisive.check, decisive.worst.low) == ("refuted", "second", 2.0)
    assert mutant_status(claim, "one", TRIAL)[0] == "confirmed"


def test_what_is_stored_of_a_check() -> None:
    near = equals(1.04, 1.0, 0.1, 0.05)
    (verdict,) = verify_claim(of(check("inside", INSIDE, near)), TRIAL)
    (stored,) = verdict.evidence["checks"]
    assert stored == {
        "name": "inside",
        "kind": "exact",
        "status": "confirmed",
        "n_cases": 2,
        "n_searched": 0,
        "case": {"k": 1},
        "measured": [pytest.approx(0.99), pytest.approx(1.09)],
        "allowed": [pytest.approx(0.9), pytest.approx(1.1)],
        "margin": pytest.approx(0.01),
    }
    assert verdict.evidence["margin"] == pytest.approx(0.01)
    assert verdict.evidence["control"] == {"name": "outside", "expected": "refuted", "status": "refuted"}
    (parabola,) = verify_claim(toy(Fraction(1, 4)), TRIAL)
    (searched,) = parabola.evidence["checks"]
    # The listed case and the two worst of the search: eight starts, and two of them followed for forty steps.
    assert (searched["n_cases"], searched["n_searched"]) == (3, 8 + 2 * 40)
    assert searched["case"]["x"] == pytest.approx(0.5, abs=1e-3)


def test_measurements_and_what_they_allow() -> None:
    inside = equals(1.0, 1.1, 0.2, 0.05)
    assert inside == pytest.approx((0.95, 1.05, 0.9, 1.3)) and inside.slack == pytest.approx(0.05)
    assert (inside.claimed, inside.tolerance) == pytest.approx((1.1, 0.2))
    below, above = at_most(0.5, 0.6, 0.2), at_least(0.5, 0.6, 0.2)
    assert below == pytest.approx((0.3, 0.7, -np.inf, 0.6)) and above == pytest.approx((0.3, 0.7, 0.6, np.inf))
    assert (below.slack, above.slack) == pytest.approx((-0.1, -0.3))
    assert (below.status, above.status) == ("undecided", "undecided")
    assert (below.claimed, above.claimed, below.tolerance, above.tolerance) == (0.6, 0.6, None, None)
    assert (holds(True).status, holds(False).status) == ("confirmed", "refuted")
    assert (at_most(0.5, 0.5).status, at_most(0.5, 0.49).status, at_least(0.5, 0.5).status) == (
        *("confirmed", "refuted", "confirmed"),
    )
    assert Measured(1.0, 0.5, 0.0, 2.0).status == "undecided"
    assert Measured(0.1, 0.2, -np.inf, np.inf).claimed is None
