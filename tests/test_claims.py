"""The verifier: what its rule, its adversary and its bookkeeping do, and the registry's own consistency."""

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import claims_page

from cofail_lab.claims import Check, Claim, Control, Trial, all_claims, at_least, at_most, equals, replay, select
from cofail_lab.claims.adversary import Range, Search, simplify, worst_cases
from cofail_lab.claims.self_test import false_alarms, plant_mutants
from cofail_lab.claims.verifier import mutant_status, split_level, verify_claim
from cofail_lab.errors import InputError
from cofail_lab.report import evidence
from cofail_lab.report.evidence import CAPTIONS, FIGURES
from tests.verdicts import assert_as_expected, name

TRIAL = Trial(seed=0, level=1e-4)
MINE = [claim for claim in all_claims() if claim.id.split(".")[0] in ("P1", "P2")]


# --- the registry


def test_every_row_of_the_registry_is_one_statement_of_one_release() -> None:
    rows = Counter((claim.id, release) for claim in all_claims() for release in claim.releases)
    assert not [row for row, n in rows.items() if n > 1]


@pytest.mark.parametrize("claim", all_claims(), ids=name)
def test_every_claim_is_complete(claim: Claim) -> None:
    assert claim.statement.endswith(".") and claim.symbols and claim.hypothesis and claim.checks
    assert claim.control.expected != claim.expected or claim.expected == "reported"
    assert len({check.name for check in claim.checks}) == len(claim.checks)
    if claim.expected == "confirmed":
        assert claim.mutants
    if claim.universal:
        assert any(check.search for check in claim.checks)


def test_at_least_forty_mutants_are_planted() -> None:
    assert sum(len(claim.mutants) for claim in all_claims()) >= 40


@pytest.mark.parametrize(
    "june", ["P1.iv", "P2.iii", "P2.v", "P3.v", "P6.i", "P6.ii", "P7.ii", "P8.ii", "P8.iv", "P8.v"]
)
def test_the_wrong_claims_of_june_are_expected_refuted(june: str) -> None:
    assert any(claim.expected == "refuted" and "june" in claim.releases for claim in select(june))


def test_the_page_of_claims_is_that_of_the_registry() -> None:
    page = (Path(__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8").splitlines()
    written = [line for line in page if line.startswith("| ") and line.count(" | ") >= 5 and "---" not in line]
    stale = [row for row in claims_page.rows(all_claims()) if not any(line.startswith(row) for line in written)]
    assert not stale, "run python -m benchmarks.claims_page"
    assert " undecided | " not in "\n".join(written)


def test_every_proposition_has_a_figure() -> None:
    assert set(FIGURES) == {claim.id.split(".")[0] for claim in all_claims()}
    assert set(CAPTIONS) == set(FIGURES.values())
    folder = Path(evidence.__file__).parent
    assert {path.stem for path in folder.glob("p*.py")} == set(CAPTIONS)


def test_selection_by_id() -> None:
    assert {claim.id.split(".")[0] for claim in select("P2,P1")} == {"P1", "P2"}
    assert {claim.id for claim in select("P1.iv")} == {"P1.iv", "P1.iv.b"}
    assert select(["P1.iv", "P2.iii"]) == select("P1.iv, P2.iii")
    assert "P1.i" in {claim.id for claim in select("P1.i")} and len(select("P1.i")) == 1
    with pytest.raises(InputError, match=r"experiment.claims: 'P11' is no claim"):
        select("P1,P11")


# --- verdicts of P1 and P2


@pytest.mark.parametrize("claim", MINE, ids=name)
def test_verdict_and_replay(claim: Claim) -> None:
    assert_as_expected(claim, TRIAL)


@pytest.mark.parametrize(
    ("claim", "mutant"), [(claim, mutant) for claim in MINE for mutant in claim.mutants],
    ids=lambda value: value if isinstance(value, str) else name(value),
)  # fmt: skip
def test_mutants_are_refuted(claim: Claim, mutant: str) -> None:
    status, finding = mutant_status(claim, mutant, TRIAL)
    assert status == "refuted", finding


# --- the machinery, on claims whose truth is plain


def _toy(formula, expected="confirmed", **changes) -> Claim:
    """x(1-x) ≤ bound on [0, 1]; the greatest value is 1/4, at 1/2."""
    check = Check("the parabola", "exact", lambda f, case: at_most(Fraction(case["x"]) * (1 - Fraction(case["x"])), f),
                  ({"x": 0.125},), Search({"x": Range(0.0, 1.0)}, n_starts=8, n_polished=2, n_steps=40))  # fmt: skip
    given = {
        "id": "T.i", "releases": ("lab",), "statement": "A parabola is bounded.", "symbols": "x(1-x) ≤ 1/4",
        "hypothesis": "0 ≤ x ≤ 1", "expected": expected, "formula": formula, "checks": (check,),
        "control": Control("a bound of 1/5", "refuted", Fraction(1, 5)), "mutants": {"1/5": Fraction(1, 5)},
    }  # fmt: skip
    return Claim(**(given | changes))


def test_the_adversary_finds_what_the_listed_case_misses_and_simplifies_it() -> None:
    assert verify_claim(_toy(Fraction(1, 4)), TRIAL)[0].status == "confirmed"
    false = _toy(Fraction(249, 1000), "refuted", control=Control("a bound of 1", "confirmed", Fraction(1)))
    verdict = verify_claim(false, TRIAL)[0]
    assert verdict.status == "refuted"
    stored = verdict.evidence["counterexample"]
    assert stored["case"] == {"x": 0.5}
    assert replay(stored, [false]).slack == Fraction(-1, 1000)


def test_a_control_that_does_not_fail_leaves_the_claim_undecided() -> None:
    blind = _toy(Fraction(1, 4), control=Control("no bound at all", "refuted", Fraction(10)))
    assert verify_claim(blind, TRIAL)[0].status == "undecided"


def test_an_interval_across_the_claimed_value_is_undecided() -> None:
    assert equals(1.0, 1.05, 0.01, 0.1).status == "undecided"
    assert equals(1.0, 1.05, 0.2, 0.1).status == "confirmed"
    assert equals(1.0, 2.0, 0.2, 0.1).status == "refuted"
    assert equals(math.nan, 2.0, 0.2).status == "undecided"
    assert at_least(Fraction(1, 3), Fraction(1, 3)).status == "confirmed"


def test_a_heuristic_is_reported_never_confirmed() -> None:
    heuristic = _toy(Fraction(1, 4), "reported")
    assert verify_claim(heuristic, TRIAL)[0].status == "reported"
    assert verify_claim(_toy(Fraction(1, 8), "reported"), TRIAL)[0].status == "undecided"


def test_a_descent_along_the_gradient() -> None:
    def slack(x, y):
        return (x - 0.3) ** 2 + jnp.sum((y - 0.7) ** 2) - 1e-3

    search = Search({"x": Range(0, 1), "y": Range(0.1, 1, log=True, size=3)}, n_starts=16, n_polished=1, slack=slack)
    worst = worst_cases(search, lambda case: float(slack(case["x"], np.array(case["y"]))), seed=0)[0]
    assert worst["x"] == pytest.approx(0.3, abs=1e-4) and worst["y"] == pytest.approx([0.7] * 3, abs=1e-3)


def test_the_search_survives_cases_outside_the_domain() -> None:
    def slack(case):
        if case["x"] < 0.5:
            raise ZeroDivisionError
        return math.nan if case["x"] > 0.9 else case["x"]

    search = Search({"x": Range(0, 1)}, n_starts=16, n_polished=2, n_steps=30)
    assert worst_cases(search, slack, seed=0)[0]["x"] == pytest.approx(0.5, abs=0.01)


def test_simplify_keeps_the_violation_and_the_box() -> None:
    box = {"x": Range(0.5, 2.0), "k": Range(1, 9, integer=True)}
    assert simplify({"x": 0.7391, "k": 3}, box, lambda case: case["x"] > 0.73) == {"x": 0.74, "k": 3}
    assert simplify({"x": 0.52}, {"x": Range(0.51, 2)}, lambda case: case["x"] < 0.6)["x"] == 0.52


def _coin(rate: float) -> Claim:
    """A simulated claim: a fair coin is claimed to come up with a given rate."""

    def thrown(claimed, case):
        from scipy.stats import norm

        draw = np.random.Generator(np.random.Philox(key=[case["seed"], 1])).binomial(40_000, 0.5) / 40_000
        half = float(norm.isf(case["level"] / 2)) * 0.5 / 200
        return equals(draw, claimed, 2.5 * half, half)

    check = Check("throws", "monte_carlo", thrown, ({},))
    return _toy(rate, checks=(check,), control=Control("a bent coin", "refuted", 0.6), mutants={"bent": 0.6})


def test_false_alarms_are_counted_over_seeds() -> None:
    # A wrong verdict needs an error of 1.5 half widths; at level .05 that is 2.94 sigma, .0033 a seed.
    # More than 6 of 400 has probability .0015.
    fair = false_alarms([_coin(0.5)], 400, seed=0, stated=0.05)
    assert fair.n_trials == 400 and fair.n_wrong <= 6
    # A claim that is wrong by 1.5 half widths is not confirmed about half of the time.
    off = false_alarms([_coin(0.5 + 1.5 * 1.96 * 0.0025)], 100, seed=0, stated=0.05)
    assert 30 <= off.n_wrong <= 70
    assert off.limits[0] > 0.05


def test_the_level_is_split_over_simulated_cases() -> None:
    assert split_level([_coin(0.5), _coin(0.4), _toy(Fraction(1, 4))], 0.01) == pytest.approx(0.005)


def test_planted_mutants_are_listed_with_their_margin() -> None:
    (planted,) = plant_mutants([_toy(Fraction(1, 4))], TRIAL, lambda _: None)
    assert (planted.claim, planted.name, planted.status) == ("T.i", "1/5", "refuted") and planted.margin < 0
