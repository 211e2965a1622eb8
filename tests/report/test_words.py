"""The sentences of experiments other than a fit, on numbers that were chosen so that no two of them are alike."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms, PlantedMutant
from cofail_lab.data.health.chance import FALSE_ALARM, Finding
from cofail_lab.data.regrading import Figures, Flips, Variant
from cofail_lab.decisions import Scope
from cofail_lab.decisions.selection import Chosen, SelectionLimits, Value
from cofail_lab.decisions.vote_slopes import Slope, VoteSets
from cofail_lab.grades import Grades
from cofail_lab.policies.advice import Advice
from cofail_lab.policies.cascade_reading import AtFraction, CascadeReading, Ranged
from cofail_lab.policies.contest import Contest, OverTable
from cofail_lab.policies.score import Score
from cofail_lab.report import answer, cascade, gathered, policies, policy_numbers, regrade, scope, tail_curve, verify
from cofail_lab.report.health import health_rows
from cofail_lab.report.next_steps import next_step
from cofail_lab.report.select import Selected, Split
from cofail_lab.report.vote import Votes
from cofail_lab.result import Result, Row
from cofail_lab.verdict import Verdict
from tests.report.by_hand import pool

NONE = Ranged(None, None, None)


def rows(made: tuple[Row, ...]) -> dict[str, tuple[str, str]]:
    return {row.label.strip(): (row.value, row.note) for row in made}


def reading(cheap_price: float = 1.0, strong_price: float = 4.0, gap: float = -0.0123, **noise: float) -> Any:
    """A cascade of L and H: 3.12 points over random escalation at half, -1.23 at the same dollars."""
    prices = "strong_cheaper" if strong_price <= cheap_price else "usual"
    curve = SimpleNamespace(
        cheap_accuracy=0.7, strong_accuracy=0.9, largest_gap=0.041, fraction=np.array([0.0, 0.25, 0.5, 1.0])
    )
    dollars = SimpleNamespace(
        prices=prices,
        cheap_price=cheap_price,
        strong_price=strong_price,
        dollar_gaps=np.array([0.0, 0.0045, gap, -0.1]),
        strong_spent=np.array([0.0, 1.0, 3.5, 4.0]),
    )
    degraded = {"noise": 1.0, "area": 0.001, "area_lower": -0.002, "area_upper": 0.003, "largest_gap": 0.017} | noise
    half = AtFraction(
        0.5, 3.0, Ranged(0.0312, 0.021, 0.043), 0.66, Ranged(gap, -0.02, -0.003), Ranged(0.0077, 0.001, 0.015)
    )
    routes = SimpleNamespace(integral=0.0234, by_auc=0.0235, by_covariance=0.0236)
    return CascadeReading(
        400,
        "L",
        "H",
        "margin",
        curve,
        routes,
        Ranged(0.0234, 0.011, 0.033),
        0.81,
        0.57,  # type: ignore[arg-type]
        dollars,
        (half,),
        (SimpleNamespace(**degraded),),  # type: ignore[arg-type]
    )


def test_a_cascade_that_loses_at_the_same_dollars() -> None:
    assert cascade.headline(reading(), 0.5) == (
        "L → H by margin: the cascade gains 2.34 points against random escalation, averaged over all fractions "
        "(1.10 to 3.30). At 50% escalated it loses 1.23 points against mixing the two at the same dollars "
        "(-2.00 to -0.30)."
    )
    assert "it gains 0.12 points against mixing" in cascade.headline(reading(gap=0.0012), 0.5)
    assert "H is the cheaper of the two, so" in cascade.headline(reading(5.0), 0.5)
    assert "H costs as much, so" in cascade.headline(reading(4.0), 0.5)
    note = cascade._note(reading().fractions[0])
    assert note == (
        "over random escalation (2.10 to 4.30); -1.23 points at equal dollars (-2.00 to -0.30), where mixing sends "
        "66.0% on"
    )
    found = cascade._findings(reading(), 0.5)
    assert found[0].startswith("At the same dollars it gains most, 0.45 points, at 25.0% escalated")
    assert found[1] == "From 50.0% escalated on it costs more than H alone."
    # At a quarter it costs just as much as H at 2 dollars alone.
    assert cascade._findings(reading(strong_price=2.0), 0.5)[1] == found[1]
    assert "gets 0.77 points more right than the threshold at 50% escalated (0.10 to 1.50)" in found[2]


@pytest.mark.parametrize(
    ("low", "high", "covers"), [(-0.002, 0.003, True), (-0.003, -0.001, False), (0.001, 0.003, False)]
)
def test_whether_noise_covers_zero(low: float, high: float, *, covers: bool) -> None:
    said = cascade._noise(reading(area_lower=low, area_upper=high))
    assert said[0].startswith("The largest gap at any fraction is 4.10 points; pure noise gives 1.70 points")
    assert ("gap covers zero" in said[1], "gap does not cover zero" in said[1]) == (covers, not covers)


def scoped(*systems: float) -> Scope:
    """20 of 200 queries fail all members: a ceiling of 90%."""
    k, share = len(systems), np.array([0.35, 0.25, 0.15])
    return Scope(200, 20, np.array([0.5, 0.8]), np.array(systems), share[:k], share[:k] - 0.1, share[:k] + 0.1, 0.45)


@pytest.mark.parametrize(("top", "verb"), [(0.925, "passes"), (0.9, "reaches"), (0.875, "does not reach")])
def test_whether_a_system_passes_the_ceiling(top: float, verb: str) -> None:
    groups = {"systems": ["s", "t"], "members": ["m", "n"]}
    said = scope.headline(scoped(top, 0.7), groups)
    assert said.startswith(f"The best of 2 systems, s, is right on {100 * top:.2f}%: it {verb} the 90.0% that bound")
    assert said.endswith("is right more often than the best member, n (80.00%).")
    (beyond,) = scope.sections(scoped(top, 0.7), None, groups, ())
    assert beyond.sentences[1] == (
        "On the 20 queries that all members fail, the systems are right on at most 35.0% each (s), and some system on "
        "45.0%."
    )
    assert beyond.listing is not None and beyond.listing.rows[1] == (
        "t",
        "70.0%",
        "-10.0 points",
        "25.0%",
        "15.0% to 35.0%",
    )


def selected(**change: Any) -> Selected:
    """a and c of the matrix by hand leave 18 of 100 queries; all three leave 11."""
    made = Selected(
        pool(),
        (0, 1),
        Chosen((0, 2), 18, 18, 1, ((0, 2),), "by trying all"),
        SelectionLimits(0.071, 0.283, 0.257, 3),
        Split((0,), 13, 50, 0.1),
        Value(np.array([0.4, 0.3, 0.19]), np.array([20, 7, 2]), np.array([31, 18, 13])),
        {},
        0.1,
        None,
        None,
        None,
    )
    return replace(made, **change)


def test_a_selection() -> None:
    assert selected().headline() == (
        "2 models leave 18 of 100 queries (18.0%) unsolved: a, c. All 3 leave 11 (11.0%), 7.0 points fewer."
    )
    found = rows(selected()._rows())
    assert found["any such set leaves"][0] == "at least 7.1%"
    assert found["this set leaves"] == ("at most 28.3%", "P11.ii, at 90%, for a search among 3 sets")
    assert found["without the search"][0] == "25.7%"
    assert found["chosen on one half"][0] == "26.0%"
    # a and b leave 13; the set that was chosen leaves 18, and with 12 in place of it greedy choice leaves 1 more.
    better = selected(chosen=selected().chosen._replace(n_unsolved=12, least=12))
    assert better._about_greedy().endswith("choosing greedily would leave 1 more.")
    # 29 queries are solved by one model alone; only c, with 52%, is below the median of 61%.
    assert (
        selected()
        ._about_unique()[1]
        .startswith(
            "29 queries are solved by one model alone, 2 of them by models below the median accuracy. An answer"
        )
    )


def votes(gains: list[float], controlled: Slope | None = None) -> Votes:
    sets = VoteSets(
        np.array([[0, 1, 2]] * len(gains)),
        np.full(len(gains), 0.75),
        np.array(gains),
        np.full(len(gains), 0.2),
        np.full(len(gains), 0.24),
        np.full(len(gains), 0.13),
        7,
    )
    published = Slope(0.5, 0.1, 0.3, 0.7, 0.05)
    return Votes(pool(), 3, sets, published, controlled, (0, 1, 2), 0.6, (0.55, 0.65), None, None)


def test_votes() -> None:
    said = votes([-0.02, 0.0, 0.008, 0.0]).headline()
    assert said == (
        "A majority of 3 models loses 0.3 points against the best of them, on average over 4 of 7 sets; 25.0% of the "
        "votes are worse than their best member. The 3 most accurate models (a, b, c) lose 16.0 ± 4.7 points."
    )
    found = rows(votes([0.0])._rows())
    assert found["best model"] == ("76.0%", "a") and found["ceiling"][0] == "89.0%"
    assert found["majority of the top 3"][0] == "60.0%" and found["plurality of the top 3"][0] == "55.0% to 65.0%"


@pytest.mark.parametrize(
    ("lower", "upper", "read"),
    [(-0.3, 0.1, "vanishes"), (-0.3, -0.1, "turns_negative"), (0.1, 0.3, "stays_positive")],
)
def test_a_slope_is_read_by_its_limits(lower: float, upper: float, read: str) -> None:
    assert votes([0.0], Slope((lower + upper) / 2, 0.1, lower, upper, 0.05)).reading == read


def score(name: str, gain: float, **change: Any) -> Score:
    made = Score(
        name,
        False,
        0.8 + gain,
        0.8 + gain,
        gain,
        gain - 0.01,
        gain + 0.02,
        17,
        5,
        0.004,
        0.31,
        2.5,
        0.013,
        None,
        np.array([0.6, 0.3, 0.1]),
        0.6,
        False,
    )
    return replace(made, **change)


def contest(*scores: Score, over: tuple[OverTable, ...] = ()) -> Contest:
    best = score("single_best", 0.0, cost=10.0, gain_lower=None)
    oracle = score("oracle", 0.09, ceiling=True)
    graded = SimpleNamespace(models=("a", "b", "c"), unpriced=None, hidden=())
    trials: Any = SimpleNamespace(graded=graded, best_models=["a", "a"], absent={}, trials=())
    return Contest(trials, (best, *scores, oracle), over, 0.9, dict.fromkeys((s.name for s in scores), None))


def test_policies() -> None:
    ridge, knn = score("ridge", 0.022), score("knn", 0.031)
    made = contest(ridge, knn)
    plain: Any = SimpleNamespace(repeated=None)
    assert (
        policies.headline(made, plain)
        == "knn gains most over a alone: 3.1 points (2.1 to 5.1), 31% of what an oracle could."
    )
    assert policies.advice_sentence(Advice("gain", ridge, None), made, plain) == (
        "The ridge policy gains 2.2 points (1.2 to 4.2) over a at 25% of its cost, 31% of what an oracle could."
    )
    row = policies._row(ridge)
    assert (row.value, row.note) == (
        "82.2%",
        "2.2 points (1.2 to 4.2); won 17, lost 5, p = 0.004; 31.0% of G; costs 2.5 a query, 3.041 a right answer; "
        "1.3 points against constants of the same cost",
    )
    assert policies._loss_sentence(score("lossy", -0.025, best_share=0.7), 10.0).startswith(
        "lossy loses 2.5 points, at 25% of the cost: it leaves the best model on 30.0% of the queries"
    )
    numbers = policy_numbers._of_policy("ridge", ridge)
    assert (numbers["won_ridge"], numbers["lost_ridge"], numbers["gain_ridge_lower"]) == (17, 5, pytest.approx(0.012))


def test_what_nobody_can_pass() -> None:
    certificate = certify_outcomes(pool(), delta=0.1, overhead=0.02)
    ceilings: Any = SimpleNamespace(certificate=certificate, oracle=0.89, repeated=None, single_best=0.76)
    found = rows(tuple(policies._ceiling_rows(contest(score("ridge", 0.022)), ceilings)))
    assert found["1 − β"] == ("89.0%", "11 queries failed by all")
    paired = f"{100 * certificate.paired_max_gain:.1f} points"
    assert found["certified gain at most"] == (paired, "P1.v, at 90% confidence")
    numbers = policy_numbers.metrics(contest(score("ridge", 0.022)), ceilings, pool())
    assert (numbers["max_gain"], numbers["paired_max_gain"]) == (certificate.max_gain, certificate.paired_max_gain)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(0.01, 0.03, "adds to the"), (-0.01, 0.03, "adds nothing to the"), (-0.04, -0.01, "is worse than the")],
)
def test_what_reading_adds(lower: float, upper: float, words: str) -> None:
    over = OverTable("ridge", (lower + upper) / 2, lower, upper)
    (said,) = policies.reading_sentences(contest(score("ridge", 0.022), over=(over,)))
    assert said.startswith(f"Reading the query {words} table by dataset: ridge − domain_table is ")


def test_a_second_grading() -> None:
    changed = [
        {"model": "a", "n_graded_twice": 40, "right_to_wrong": 6, "wrong_to_right": 2},
        {"model": "b", "n_graded_twice": 50, "right_to_wrong": 1, "wrong_to_right": 3},
    ]
    counts = {"n_right_to_wrong": 7, "n_wrong_to_right": 5, "n_graded_twice": 90, "n_graded_to_not": 1}
    flips = Flips(counts | {"n_not_to_graded": 2}, pa.table({}), pa.Table.from_pylist(changed), ("q",), ())
    before, after = Figures(all_wrong=0.11, oracle_gain=0.13), Figures(all_wrong=0.14, oracle_gain=0.1)
    said = regrade.headline([Variant("before", before), Variant("after", after)], flips, 0)
    assert said == (
        "The second grading flips 12 of 90 cells: β goes from 11.0% to 14.0%, the oracle gain from 13.0 to 10.0 points."
    )
    made = regrade._flip_section(flips)
    found = rows(made.rows)
    assert found["a"] == ("20.0%", "6 lost, 2 gained") and found["b"] == ("8.0%", "1 lost, 3 gained")
    assert found["right to wrong"][0] == "7" and found["newly graded"][0] == "2"
    assert made.sentences == ("1 queries no longer defeat everyone (q).",)


def test_a_tail_curve() -> None:
    numbers = {
        "all_wrong": 0.031,
        "n_models": 8,
        "ratio_one_factor": 2.5,
        "ratio_one_factor_pearson": 7.25,
        "tetrachoric": 0.4,
        "pearson": 0.2,
        "implied_correlation": 0.63,
    }
    found = rows(tail_curve.section(numbers).rows)
    assert found["β / one-factor prediction"] == ("2.50×", "tetrachoric 0.400")
    assert found["β / one-factor prediction, Pearson"] == ("7.25×", "Pearson 0.200")
    assert tail_curve.headline("Shock", 9, numbers) == (
        "Shock, 8 of 9 models: all wrong on 3.1% of the queries, 2.50× the one-factor prediction."
    )
    for over, said in (
        (None, "no one-factor law has its mean correlation."),
        (0.0, "0.00× the one-factor prediction."),
    ):
        assert tail_curve.headline("Shock", 9, numbers | {"ratio_one_factor": over}).endswith(f"queries, {said}")


def test_metrics_are_their_own() -> None:
    found: dict[str, Any] = cascade.metrics(reading(), 0.5)
    assert (found["best_fraction"], found["best_dollar_gap"]) == (0.25, 0.0045)
    assert (found["dollar_gap"], found["mixed_fraction"], found["auc_strong"]) == (-0.0123, 0.66, 0.57)
    found = dict(scope.metrics(scoped(0.925, 0.7), None))
    assert (found["best_system"], found["single_best"], found["oracle"]) == (0.925, 0.8, 0.9)
    found = dict(selected().metrics())
    assert (found["best_lower"], found["chosen_upper"], found["naive_upper"]) == (0.071, 0.283, 0.257)
    found = dict(votes([0.0], Slope(-0.2, 0.1, -0.4, 0.05, 0.05)).metrics())
    assert (found["slope_controlled"], found["slope_controlled_lower"], found["slope_published"]) == (-0.2, -0.4, 0.5)
    note = policies._brief_row(score("ridge", 0.022), score("single_best", 0.0, cost=10.0)).note
    assert note == "2.2 points (1.2 to 4.2), 31% of G, 25% of the cost"
    figures = Figures(100, 11, 0.11, 0.056, 0.188, 0.76, 0.13, 0.25, 0.21, 0.07)
    assert rows(tuple(regrade.figure_rows(figures))) == {
        "β": ("11.0%", "11 of 100, 95% 5.6% to 18.8%"),
        "G": ("13.0 points", "certified 7.0 to 21.0 points, each end by itself"),
    }


def test_checks_that_were_not_made_are_not_said_to_have_found_nothing() -> None:
    grades = Grades(np.zeros((4, 2), np.int8), tuple("wxyz"), ("a", "b"), "made")
    found = rows(health_rows(grades, [Finding("duplicates", "Two are one.", ("a",), 3)], with_published=False))
    assert found["duplicate models"] == ("3", f"a test, false-alarm rate {100 * FALSE_ALARM:.1f}%")
    assert found["constant models"] == ("none", "")
    assert found["datasets that one model fails whole"] == ("not checked", "no datasets")


def verdict(claim: str, status: Any, expected: Any) -> Verdict:
    return Verdict(claim, "lab", "It holds.", "", expected, status, None, None, None)


def test_verdicts_in_words() -> None:
    mutants = [PlantedMutant("P1.i", "lab", "m", status, "check", 1.0) for status in ("refuted", "undecided")]
    alarms = FalseAlarms(20, 7, 50, 0.01, (FalseAlarm("P1.i", "lab", "refuted", 3, True),))
    wanted = verdict("P3.v", "refuted", "refuted")
    said = verify.headline([verdict("P1.i", "confirmed", "confirmed"), wanted], mutants, alarms)
    assert said.startswith("1 of 2 statements fell, 1 stands. 1 of 2 planted false variants")
    assert "Of 20 repetitions at other seeds 0 had" in said and "what is not simulated, 1 from what is" in said
    assert "From a simulated one: 1, 5.0% (95% limits" in verify.false_alarm_sentence(alarms)
    assert verify.span(-np.inf, 2.0) == "at most 2" and verify.span(3.0, np.inf) == "at least 3"
    assert verify.headline([verdict("P1.i", "undecided", "confirmed"), wanted], None, None) == (
        "1 of 2 verdicts are not the expected ones: P1.i (lab) undecided."
    )


@pytest.mark.parametrize(
    ("experiment", "result", "said"),
    [
        ("health", Result("", {"n_findings": 2}), "experiment=queries lists what defeats everyone"),
        ("health", Result("", {"n_findings": 0}), "experiment=fit says what combining can gain"),
        ("verify", Result("", {}, verdicts=(verdict("P3.v", "refuted", "refuted"),)), "experiment.claims=P1.v"),
        ("verify", Result("", {}, verdicts=(verdict("P3.v", "undecided", "refuted"),)), "shows why P3.v came out"),
        ("bounds", Result("", {}), "experiment=queries counts and names"),
        ("bounds", Result("", {}, {"target": "oracle gain"}), "measure what is worth most"),
        ("sample", Result("", {}), "cofail-lab here/tables/sample.parquet fits it"),
    ],
)
def test_what_to_do_next(experiment: str, result: Result, said: str) -> None:
    assert said in (next_step(experiment, result, Path("here")) or "")


@pytest.mark.parametrize(("wanted", "said"), [(340, "grade about 240 more"), (90, "too close"), (None, "too close")])
def test_how_many_are_still_to_grade(monkeypatch: pytest.MonkeyPatch, wanted: int | None, said: str) -> None:
    monkeypatch.setattr(answer, "queries_to_decide", lambda _: wanted)
    certificate = certify_outcomes(pool(), overhead=0.1)
    assert certificate.outcome == "open"
    assert said in answer.next_section(certificate).sentences[0]


def test_units_of_metrics() -> None:
    headings = {"oracle_gain": "gain (points)", "all_wrong": "all wrong", "accuracy_ridge": "accuracy_ridge"}
    assert {name: gathered.heading(name) for name in headings} == headings
    shown = {"oracle_gain": "5.0 points", "accuracy_ridge": "5.0%", "ratio_block": "0.05×", "cost_x": "0.05"}
    assert {name: gathered.form(name)(0.05) for name in shown} == shown
