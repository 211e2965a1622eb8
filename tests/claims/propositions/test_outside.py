"""Cases that a claim is not about end in an error, which the adversary passes over; they are never a measurement."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
import scipy.optimize

from cofail_lab.claims.claim import Case
from cofail_lab.claims.propositions import (
    c1_dominance,
    p1_ceiling,
    p1_foreclosed,
    p2_envelope,
    p2_growth,
    p3_identification,
    p3_pair_bound,
    p4_budget,
    p4_prices,
    p7_weights,
    p8_prices,
    p10_ceilings,
    p10_coverage,
    p10_luck,
    p12_labels,
    p12_routers,
    p13_critical_auc,
    p13_dollars,
    p14_votes,
    p14_weights,
)
from cofail_lab.claims.reference import cascade_populations, declared, exact
from cofail_lab.decisions import CriticalAuc
from tests.claims.verdicts import TRIAL

DEAL = {"cheap": 0.6, "strong": 0.8, "floor": 0.7, "price_ratio": 0.3}
CASCADE = {"mass": [1, 1], "cheap": [0.5, 0.7], "strong": [0.9, 0.9], "prices": 5, "cheap_price": 1, "fraction": 0.4}
ROUTED = {"told": "1/2", "all_right": "1/2", "all_wrong": "1/20"}


def no_formula(*given: Any) -> Any:
    raise AssertionError(f"asked about {given}")


@pytest.mark.parametrize(
    ("measure", "case", "message"),
    [
        (p10_ceilings.routed_gain_below, p10_ceilings.BOTH_ENDS | {"lost": [0, 0, 0]}, "no queries of a kind"),
        (p10_ceilings.routed_gain_attains, p10_ceilings.BOTH_ENDS | {"gained": [0, 0]}, "no queries of a kind"),
        (p10_ceilings.information_bounds, {"weights": [0] * 8, "members": 2}, "all weights are 0"),
        (p10_coverage.gains_shrink, {"wrong": [[0, 1]] * 2, "weights": [0, 0]}, "all weights are 0"),
        (p10_coverage.graded_is, {"weights": [0] * 4, "error": 0.1}, "all weights are 0"),
        (p10_luck.oracle_is, {"success": [[0.5, 0.5]], "weights": [0]}, "all weights are 0"),
        (p10_luck.known_rate_is, {"weights": [0] * 4, "options": 2}, "all weights are 0"),
        (p12_routers.table_captures, ROUTED | {"all_wrong": "1/2"}, "some queries that only one model gets right"),
        (p13_critical_auc.regime_is, DEAL | {"price_ratio": 1}, "c_L < c_H is needed"),
        (p13_critical_auc.above_thinning, DEAL | {"price_ratio": 1}, "c_L < c_H is needed"),
        (p13_dollars.library_agrees, CASCADE | {"mass": [1, 2]}, "blocks of whole thousandths are needed"),
        (p13_dollars.collapses, CASCADE, "a confidence that says nothing is needed"),
        (
            p13_dollars.collapses,
            CASCADE | {"cheap": [0.5, 0.5], "strong": [0.8, 0.9]},
            "a confidence that says nothing",
        ),
        (p14_votes.gain_is, {"mass": [0] * 8}, "all masses are 0"),
        (p14_votes.pays_exactly, {"accuracies": [0.5, 0.5, 1]}, r"accuracies in \(0, 1\) are needed"),
        (p14_votes.pays_exactly, {"accuracies": [0, 0.5, 0.5]}, r"accuracies in \(0, 1\) are needed"),
        (p14_weights.optimal, {"accuracies": [0.49, 0.7, 0.7]}, r"accuracies in \[½, 1\) are needed"),
        (p14_weights.optimal, {"accuracies": [0.5, 0.7, 1]}, r"accuracies in \[½, 1\) are needed"),
        (
            p14_weights.optimal_of_many,
            {"accuracies": [0.33, 0.7], "options": 3},
            r"accuracies in \[1/K, 1\) are needed",
        ),
        (p14_weights.optimal_of_many, {"accuracies": [0.5, 1], "options": 3}, r"accuracies in \[1/K, 1\) are needed"),
        (p1_foreclosed.binomial_given_errors, {"weights": [3, 1, 0, 0]}, "the best model never errs"),
        (p2_growth.increases, {"points": ["1/2"], "weights": ["0"], "up_to": 5}, "all weights are 0"),
        (p2_growth.increases, {"points": ["1/2"], "weights": ["1"], "up_to": 5}, "a law without spread"),
        (p2_growth.increases, {"points": ["1"], "weights": ["1"], "up_to": 5}, "a law without spread"),
        (p3_identification.sharp_count_limits, {"counts": [0, 0, 0]}, "all counts are 0"),
        (p3_pair_bound.endless_below, {"points": ["1/2"], "weights": ["0", "1"]}, "everyone is always wrong"),
    ],
)
def test_a_case_that_the_claim_is_not_about_is_passed_over(measure: Callable, case: Case, message: str) -> None:
    with pytest.raises(ArithmeticError, match=message):
        measure({"from": 2, "sign": 1} if measure is p2_growth.increases else no_formula, case)


@pytest.mark.parametrize(("means", "rival"), [([0.0, 0.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0])])
def test_weights_need_means_and_a_rival(means: list[float], rival: list[float]) -> None:
    case = {"blocks": [0, 1], "between": 0.1, "within": 0.5, "means": means, "rival": rival}
    with pytest.raises(ZeroDivisionError, match="no weights or no means"):
        p7_weights.no_rival(lambda mu, sigma: mu, case)


def test_a_law_that_is_the_shock_itself_grows_like_it() -> None:
    """Half the queries at difficulty 1/4, half at 1; a point without weight is none."""
    shock = {"points": ["1/4", "1", "1/2"], "weights": ["1", "1", "0"], "up_to": 6}
    with pytest.raises(ZeroDivisionError, match="the law is the shock itself"):
        p2_growth.increases({"from": 2, "sign": 1}, shock)
    other = p2_growth.increases({"from": 2, "sign": 1}, shock | {"weights": ["1", "1", "1"]})
    assert other.status == "confirmed"


def test_whole_queries_are_counted_whole() -> None:
    assert p12_routers._whole(Fraction(6, 2)) == 3
    with pytest.raises(ArithmeticError, match="masses of whole queries are needed"):
        p12_routers._whole(Fraction(7, 2))


@pytest.mark.parametrize("value", [None, 0.5, 1.0])
def test_a_critical_auc_at_an_end_is_no_measurement(value: float | None) -> None:
    with pytest.raises(ArithmeticError, match=r"AUC\* rounds to an end"):
        p13_critical_auc.indifferent_at(lambda *_: CriticalAuc(value, "exists"), DEAL)


def test_rates_of_nothing() -> None:
    for read, case in (
        (exact.pattern_law, {"weights": [0, 0]}),
        (p2_growth.mixture, {"points": ["1/2"], "weights": ["0"]}),
        (cascade_populations.population, {"mass": [0, 0], "cheap": [1, 1], "strong": 1}),
    ):
        with pytest.raises(ZeroDivisionError, match=r"all (weights|blocks) are (0|empty)"):
            read(case)


def failing(which: int) -> Callable:
    """A solver that gives up at its nth call, and says so."""
    solve, calls = scipy.optimize.linprog, []

    def linprog(*given: Any, **options: Any) -> Any:
        calls.append(given)
        if len(calls) == which:
            return SimpleNamespace(success=False, message="gave up", fun=0.0, x=None)
        return solve(*given, **options)

    return linprog


SOLVED = {"key": 5, "share": 0.5}
LAW = {"weights": [4, 1, 1, 1, 1, 1, 1, 2]}


@pytest.mark.parametrize(
    ("measure", "which"),
    [
        (lambda: p1_ceiling.best_policy({"weights": [1, 2, 3, 4], "signal": [0, 1, 0, 1]}), 1),
        (lambda: p2_envelope.attained(no_formula, {"shock": 0.1, "base": 0.3, "m": 4, "end": "lower"}), 1),
        (lambda: p3_identification.extreme_laws(LAW), 1),
        (lambda: p3_identification.extreme_laws(LAW), 2),
        (lambda: p4_budget.off_the_best_scores(lambda q, price, c: q - price * c, SOLVED), 1),
        (lambda: p4_prices.resources.__wrapped__(5), 1),
        (lambda: declared.sharp(declared.KINDS["rates and pairs"], lambda *_: (0.0, 1.0), LAW), 1),
        (lambda: declared.sharp(declared.KINDS["rates and pairs"], lambda *_: (0.0, 1.0), LAW), 2),
    ],
)
def test_a_program_that_is_not_solved_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch, measure: Callable, which: int
) -> None:
    """Whichever of two it is, its own message is told."""
    monkeypatch.setattr(scipy.optimize, "linprog", failing(which))
    with pytest.raises(ArithmeticError, match=r"^gave up$"):
        measure()


@pytest.mark.parametrize(
    ("cases", "seed", "drawn"),
    [
        (c1_dominance.binormal_deals, 7, 34),
        (p13_critical_auc.deals, 4, 32),
        (p8_prices.deals, 1, 41),
        (p13_dollars.blocks, 53, 4),
        (p12_labels.joint_laws, 67, 15),
        (p14_votes.joint_laws, 240, 12),
    ],
)
def test_a_draw_that_the_claim_is_not_about_is_left_out(cases: Callable, seed: int, drawn: int) -> None:
    """One of those that these seeds draw has accuracies alike, or no mass, or a strong model that is never better."""
    kept = list(cases(replace(TRIAL, seed=seed)))
    assert len(kept) == drawn - 1
    for case in kept:
        if "floor" in case:
            assert case["cheap"] < case["floor"] <= case["strong"]
        elif "strong" in case:
            assert case["cheap"] != case["strong"]
        else:
            assert any(case.get("weights", case.get("mass")))
