"""The verifier verified: false alarms and planted mutants."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import pytest
from scipy.stats import binomtest

from cofail_lab.claims import Control, all_claims
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms, _simulated, false_alarms, plant_mutants
from cofail_lab.verdict import Verdict
from tests.claims.toys import coin, toy
from tests.claims.verdicts import TRIAL


def test_false_alarms_of_simulated_checks_are_counted_over_seeds() -> None:
    # A wrong verdict needs an error of 1.5 half widths; at level .05 that is 2.94 sigma, .0033 a seed.
    # More than 6 of 400 has probability .0015.
    fair = false_alarms([coin(0.5)], 400, seed=0, stated=0.05)
    assert (fair.n_trials, fair.n_verdicts, fair.n_simulated, fair.stated) == (400, 1, 1, 0.05)
    assert fair.n_runs(simulated=True) <= 6 and fair.n_runs(simulated=False) == 0
    # A claim that is wrong by 1.5 half widths is not confirmed about half of the time.
    off = false_alarms([coin(0.5 + 1.5 * 1.96 * 0.0025)], 100, seed=0, stated=0.05)
    assert 30 <= off.n_runs(simulated=True) <= 70 and off.n_runs(simulated=False) == 0
    assert off.limits(simulated=True)[0] > 0.05


def test_false_alarms_of_the_adversary_and_of_a_control_are_not_simulated() -> None:
    false = toy(Fraction(249, 1000), control=Control("a bound of 1/5", "refuted", Fraction(1, 5)))
    blind = toy(Fraction(1, 4), control=Control("no bound at all", "refuted", Fraction(10)))
    for claim, status in ((false, "refuted"), (blind, "undecided")):
        claim = replace(claim, releases=("sept", "lab"))
        counted = false_alarms([claim], 3, seed=7, stated=0.01)
        assert counted.n_verdicts == 2
        assert [(alarm.seed, alarm.release, alarm.status, alarm.simulated) for alarm in counted.alarms] == [
            (seed, release, status, False) for seed in (8, 9, 10) for release in claim.releases
        ]
        assert (counted.n_runs(simulated=False), counted.n_runs(simulated=True)) == (3, 0)


def test_rates_of_false_alarms_have_their_limits() -> None:
    """95% by Clopper and Pearson: none of 60 runs, two of 60, and alarms counted once a run."""
    alarm = FalseAlarm("T.i", "lab", "refuted", 3, simulated=True)
    some = (alarm, replace(alarm, claim="T.ii"), replace(alarm, seed=5), replace(alarm, seed=9, simulated=False))
    found = FalseAlarms(60, 1, 1, 0.01, some)
    assert (found.n_runs(True), found.n_runs(False)) == (2, 1)
    assert found.limits(True) == pytest.approx(tuple(binomtest(2, 60).proportion_ci(0.95)), abs=1e-9)
    assert FalseAlarms(60, 1, 1, 0.01, ()).limits(True) == pytest.approx((0, 1 - 0.025 ** (1 / 60)), abs=1e-9)


@pytest.mark.slow
def test_no_verdict_of_the_whole_registry_depends_on_the_seed() -> None:
    """Five runs as `docs/claims.md` measures sixty; their seeds are fixed, so this does not fail by chance."""
    assert false_alarms(all_claims(), 5, seed=1000, stated=0.01).alarms == ()


def test_planted_mutants_are_listed_with_their_margin() -> None:
    (planted,) = plant_mutants(toy(Fraction(1, 4)), TRIAL)
    assert (planted.claim, planted.name, planted.status) == ("T.i", "1/5", "refuted") and planted.margin < 0


def test_only_simulated_cases_are_counted_as_such() -> None:
    """A claim with an exact check beside a simulated one of two cases: two a run."""
    thrown = coin(0.5)
    exact = toy(Fraction(1, 4))
    both = replace(thrown, checks=(replace(thrown.checks[0], cases=({"a": 1}, {"a": 2})),))
    counted = false_alarms([both, exact], 2, seed=0, stated=0.02)
    assert (counted.n_simulated, counted.n_verdicts, counted.n_trials) == (2, 2, 2)


def test_an_alarm_is_simulated_where_all_that_is_odd_is() -> None:
    def verdict(checks: list[tuple[str, str]], control: str = "refuted") -> Verdict:
        evidence = {
            "checks": [{"kind": kind, "status": status} for kind, status in checks],
            "control": {"status": control, "expected": "refuted"},
        }
        return cast("Verdict", SimpleNamespace(evidence=evidence))

    assert _simulated(verdict([("exact", "confirmed"), ("monte_carlo", "refuted")]))
    assert not _simulated(verdict([("exact", "refuted"), ("monte_carlo", "refuted")]))
    assert not _simulated(verdict([("monte_carlo", "confirmed")]))
    assert not _simulated(verdict([("monte_carlo", "refuted")], control="confirmed"))


def test_planted_mutants_are_of_the_latest_release() -> None:
    claim = replace(
        toy(Fraction(1, 4)), releases=("june", "sept"), mutants={"1/5": Fraction(1, 5), "1/3": Fraction(1, 3)}
    )
    first, second = plant_mutants(claim, TRIAL)
    assert (first.claim, first.release, first.name, first.status) == ("T.i", "sept", "1/5", "refuted")
    assert first.check == "the parabola" and first.margin == pytest.approx(-0.05, abs=1e-4)
    assert (second.name, second.status) == ("1/3", "confirmed") and second.margin > 0
