"""P3 to P7 and L1: every verdict as expected, every counterexample replayed, every mutant refuted.

Simulated checks run at seed 0 and share the false-alarm rate that the trial's level states.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.claims import Measured, Trial, all_claims, equals, holds
from cofail_lab.claims.claim import Check
from cofail_lab.claims.propositions.p5_diversification import majority_error
from cofail_lab.claims.propositions.p6_members import best_size
from cofail_lab.claims.reference.exact import elimination, joint_rates, worst
from cofail_lab.claims.reference.exact_routing import corners, exact_value, program, right_price
from cofail_lab.claims.verifier import examine, mutant_status, split_level
from cofail_lab.report.evidence import CAPTIONS, FIGURES
from cofail_lab.report.verify import figures
from tests.verdicts import assert_as_expected, name

PROPOSITIONS = ("P3", "L1", "P4", "P5", "P6", "P7")
MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in PROPOSITIONS]
TRIAL = Trial(0, split_level(MINE, 0.01))
REFUTED = [claim for claim in MINE if claim.expected == "refuted"]


def test_every_statement_of_the_theory_has_its_rows():
    rows = {(claim.id, release): claim.expected for claim in MINE for release in claim.releases}
    both = {
        "confirmed": "P3.i P3.ii L1 L1.b L1.c P4.i P4.ii P4.ii.b P4.iii P4.iv P4.vi.c P5.i P5.ii P6.i P7.i "
        "P7.iii.c P7.iv P7.iv.b P7.iv.c P7.iv.d",
        "refuted": "P3.v P6.i.b",
        "reported": "P4.vi P7.iii P7.iii.b",
    }
    for expected, ids in both.items():
        for part in ids.split():
            assert (rows[part, "june"], rows[part, "sept"]) == (expected, expected)
    for part in ("P6.ii", "P7.ii"):
        assert (rows[part, "june"], rows[part, "sept"]) == ("refuted", "confirmed")
    lab = "P3.iii P3.iii.b P3.iv P3.v P3.vi P3.vi.b P3.vi.c P3.vi.d P3.vi.e P4.v P4.vi.b P6.i.c P7.ii P7.ii.b"
    assert {rows[part, "lab"] for part in lab.split()} == {"confirmed"}
    assert len(rows) == 2 * sum(len(ids.split()) for ids in both.values()) + 4 + len(lab.split())


@pytest.mark.parametrize("claim", MINE, ids=name)
def test_verdict_and_replay(claim):
    assert_as_expected(claim, TRIAL)


@pytest.mark.parametrize(
    ("claim", "mutant"),
    [pytest.param(claim, mutant, id=f"{name(claim)}-{mutant}") for claim in MINE for mutant in claim.mutants],
)
def test_mutant_is_refuted_and_not_by_a_hair(claim, mutant):
    status, finding = mutant_status(claim, mutant, TRIAL)
    assert status == "refuted"
    tolerance = finding.worst.tolerance
    if tolerance:
        assert finding.worst.slack < -2 * tolerance
    else:
        assert finding.worst.slack < -1e-4


@pytest.mark.parametrize("claim", REFUTED, ids=name)
def test_the_adversary_finds_short_counterexamples_by_itself(claim):
    finding = examine(replace(claim.checks[0], cases=()), claim.formula, TRIAL)
    assert finding.status == "refuted"
    numbers = [value for value in finding.case.values() if isinstance(value, float)]
    assert all(float(f"{value:.2g}") == value for value in numbers)


def test_a_violation_that_more_digits_deny_does_not_end_a_check():
    def measure(formula: int, case: dict) -> Measured:
        return equals(case["x"], formula, 0)

    def confirm(formula: int, case: dict) -> Measured:
        return holds(case["x"] != 2)

    cases = ({"x": 1}, {"x": 2})
    found = examine(Check("", "exact", measure, cases, confirm=confirm), 0, TRIAL)
    assert (found.status, found.case) == ("refuted", {"x": 2})
    assert examine(Check("", "exact", measure, cases[:1], confirm=confirm), 0, TRIAL).status == "confirmed"


# What the checks measure with


def test_the_worst_of_several_measurements():
    good, bad, none = equals(1, 1, 1), equals(3, 1, 1), equals(float("nan"), 1, 1)
    assert worst(good, bad) == bad
    assert worst(good, none).status == worst(none, bad).status == "undecided"


def test_elimination_solves_singular_systems_that_have_a_solution():
    matrix = [[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]]
    x = elimination(matrix, [Fraction(3), Fraction(6)])
    assert [sum(a * b for a, b in zip(row, x, strict=True)) for row in matrix] == [3, 6]
    assert elimination([[Fraction(0), Fraction(2)], [Fraction(3), Fraction(1)]], [Fraction(4), Fraction(5)]) == [1, 2]


def test_rates_of_a_small_law():
    alpha, pairs = joint_rates({"weights": [1, 1, 0, 2]})
    assert alpha == [Fraction(1, 2), Fraction(3, 4)]
    assert pairs[0][1] == Fraction(1, 2)


def test_corners_of_a_program_by_hand():
    # One type: models (price, quality) (0, 0), (1, 4), (2, 5), and (1, 1) under the hull.
    case = {"quality": [0, 4, 5, 1], "prices": [0, 1, 2, 1], "prior": [1]}
    hull = corners(program(case))
    assert hull == [(0, 0), (1, 4), (2, 5)]
    assert exact_value(hull, Fraction(3, 2)) == Fraction(9, 2)
    assert [right_price(hull, Fraction(b)) for b in (0, 1, 2)] == [4, 1, 0]
    with pytest.raises(ZeroDivisionError, match="below the cheapest"):
        exact_value(hull, Fraction(-1))


def test_majority_error_against_the_binomial_and_a_single_member():
    assert majority_error(0.3, 1e-12, 3) == pytest.approx(0.3**3 + 3 * 0.3**2 * 0.7, abs=1e-6)
    assert majority_error(0.3, 0.4, 1) == pytest.approx(0.3, abs=1e-13)


def test_the_exhaustive_search_goes_far_enough():
    for alpha, rho, cost in ((0.3, 0.1, 1e-4), (0.45, 0.0, 1e-3), (0.7, 0.2, 1e-3)):
        k = np.arange(1, 20_000)
        from scipy.stats import norm

        value = norm.sf(norm.ppf(alpha) / np.sqrt(rho + (1 - rho) / k)) - cost * k
        assert best_size(alpha, rho, cost) == int(value.argmax()) + 1


def test_every_figure_is_drawn_and_captioned():
    drawn = figures(MINE)
    assert sorted(drawn) == ["evidence_p3", "evidence_p4", "evidence_p5", "evidence_p7"]
    for key, draw in drawn.items():
        assert draw().axes
        assert CAPTIONS[key.removeprefix("evidence_")]
    assert {FIGURES[p] for p in PROPOSITIONS} == {"p3", "p4", "p5", "p7"}
