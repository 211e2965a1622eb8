"""The words and numbers of a fit against a matrix that is counted by hand: which field stands where, in which unit."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.compare import LawComparison, LawFit
from cofail_lab.fitting.conclusion import Conclusion
from cofail_lab.fitting.readings.luck import Luck
from cofail_lab.fitting.readings.parts import Part, PartFit
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.readings.tail_test import TailTest
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.report import answer, cards
from cofail_lab.report.certificate import certificate_section
from cofail_lab.report.fit import law_comparison, metrics, names, reading, summary
from cofail_lab.report.fit.brief import last_sections
from cofail_lab.report.fit.figures import figures
from cofail_lab.report.fit.in_short import chance_sentence, in_short
from cofail_lab.report.fit.tables import tables
from cofail_lab.result import Section
from tests.report.by_hand import fitted, null, point, pool, replicates

UNTESTED = Conclusion("cannot_tell", "not_tested")
CERTIFICATE = certify_outcomes(pool(), delta=0.1, overhead=0.02)
TAIL = TailTest({"gaussian": 0.5}, 2.0, 0.03, 0.62, "gaussian", 0.13, nearest="gaussian", best="gaussian")


PAYS_FOR_TWO = "; the upper limit pays for about 2 models that may be the best"


def left_out() -> Outcomes:
    """11 of 100 fail everyone; of 25 more, nobody answered 4, and 6 were failed by all who did."""
    cells = {"right": 200, "wrong": 100, "missing": 40, "error": 5, "unscored": 0}
    return replace(pool(), left_out=LeftOut(25, 4, 6, np.array([20, 10, 10]), np.array([9, 5, 4]), cells))


def rows(section: Section) -> dict[str, tuple[str, str]]:
    return {row.label.strip(): (row.value, row.note) for row in section.rows}


def section(title: str, **change: Any) -> Section:
    made = summary.sections(fitted(**change), CERTIFICATE, {}, None)
    return next(one for one in made if one.title == title)


def test_the_paragraph() -> None:
    (said,) = in_short(fitted(left_out()), UNTESTED).sentences
    assert said == (
        "All 3 models fail 11 of 100 queries (β = 11.0%, 95% 5.6% to 18.8%). On these queries no policy that returns "
        "one of their answers exceeds 89.0%, 13.0 points above a; 45.8% of that model's errors are everybody's. "
        # (11 + 4 + 6) / 125.
        "Left out are 25 of 125 queries, which not every model answered; with them β is at most 16.8%. "
        "Predicted from single models and pairs alone, β would be 5.5% (one factor), 10.0% (Clayton), 4.4% "
        "(independence). "
        "Whether the differences could be chance was not tested here (experiment.null=200 does)."
    )


def test_the_paragraph_without_an_all_wrong_query() -> None:
    (said,) = in_short(fitted(pool({"a": 20, "b": 7, "abc": 73})), UNTESTED).sentences
    # 1 - .025^(1/100) = 3.6%; a fails 7 of 100, nobody none.
    assert said.startswith(
        "No query of 100 defeats all 3 models (the true share may be up to 3.6%): the ceiling is not what limits this "
        "pool. A perfect selector would gain 7.0 points over a."
    )


def test_chance_in_words() -> None:
    fit = fitted(null=null(), tail=TAIL)
    apart = Conclusion("cannot_tell", "laws_disagree", explaining=("clayton",), rejecting=("one_factor",))
    said = chance_sentence(fit, apart)
    assert "The ratios seen are 2.00× for one factor, where 1.20× (90%: 0.83× to 2.60×) is expected, p = 0.071." in said
    assert "as much is given by chance under Clayton, not under one factor. A law" in said
    assert said.endswith(
        " (a common mode of 3.0% beside the difficulty fitted would be told in 62% of such matrices; the best possible "
        "test would find it beside a Gaussian one in 13%)."
    )
    low = Conclusion("cannot_tell", "low_power", rejecting=("one_factor",))
    rare = "Such ratios are rare under these laws, but nothing follows"
    assert rare in chance_sentence(fit, low)
    assert "in only 13% of such matrices" in chance_sentence(fit, low)
    assert rare not in chance_sentence(fit, replace(low, explaining=("clayton",)))
    beyond = Conclusion("beyond", "all_rejected", p_value=0.004)
    assert "heavier tails explain (p = 0.004 at most)" in chance_sentence(fit, beyond)


def test_the_rows_of_the_ceiling() -> None:
    found = rows(section("How much there is to gain"))
    assert found["best single model"] == ("76.0%", "a")
    assert found["chosen on other queries"] == ("74.5%", "picked on one half, scored on the other")
    assert found["all models wrong (β)"] == ("11.0%", "11 of 100, 95% 5.6% to 18.8%")
    assert found["what pairs leave open"] == ("2.0% to 23.0%", "Fréchet bounds given pairs")
    assert found["ceiling (1−β)"][0] == "89.0%"
    gain, note = found["oracle gain"]
    low, most = (f"{100 * limit:.1f}" for limit in fitted().oracle_gain_limits[:2])
    sure, sure_most = (f"{100 * limit:.1f}" for limit in CERTIFICATE.gain_range)
    assert gain == "13.0 points"
    assert note == f"95% {low} to {most} points, certified {sure} to {sure_most} points" + PAYS_FOR_TWO
    share, of = found["foreclosed share"]
    assert share == "45.8%" and of.startswith("11 of the 24 errors of the best model are everybody's, 95% ")
    assert found["regime"][0] == "undetermined"


def test_alike_models_are_paid_for_and_said() -> None:
    alike = pool({"none": 11, "ab": 30, "bc": 29, "ac": 29, "abc": 1})
    note = rows(section("How much there is to gain", outcomes=alike))["oracle gain"][1]
    assert "; the upper limit pays for about 3 models that may be the best" in note


@pytest.mark.parametrize(
    ("right", "said"),
    [
        # 13 of 13, then 11 of 24 twice: its limits hold one half, and with 5 of 41 they are below it.
        ({"none": 13, "a": 40, "abc": 47}, "(69.2% of it at least, at 95%)"),
        ({"none": 11, "a": 20, "b": 7, "c": 2, "bc": 4, "abc": 56}, "fail everyone are between"),
        ({"none": 5, "b": 36, "a": 50, "abc": 9}, "some queries defeat everyone, but they are at most 2"),
    ],
)
def test_what_is_a_limit_and_what_was_seen(right: dict[str, int], said: str) -> None:
    sentence = section("How much there is to gain", outcomes=pool(right)).sentences[0]
    assert said.replace("fail everyone", "defeat everyone") in sentence


def test_the_matrix_in_words() -> None:
    copies = pool({"none": 11, "a": 20, "bc": 29, "abc": 40})
    said = section("The matrix", outcomes=copies).sentences
    assert said[-1].startswith("2 models have exactly the same answers as another one (1 group(s), such as b, c)")
    found = rows(section("The matrix", outcomes=left_out()))
    assert found["left out"] == (
        "25 queries",
        "not answered by every model (40 missing, 5 error cells), accuracy of their answers 45.0%",
    )
    assert found["β at worst"] == ("16.8%", "over all 125, a left-out query failed by all unless someone got it right")


def test_certificates_say_which_and_at_which_confidence() -> None:
    found = rows(certificate_section(CERTIFICATE))
    paired, ceiling = (f"{100 * limit:.1f} points" for limit in (CERTIFICATE.paired_max_gain, CERTIFICATE.max_gain))
    assert paired != ceiling
    assert found["gain at most (paired)"] == (paired, "P1.v, at 90%; decides")
    assert found["gain at most (ceiling)"] == (ceiling, "P1.iv, at 90%: ceiling minus accuracy")
    assert found["your overhead"][0] == "2.0 points"
    facts, _ = answer.first_sections(pool(), CERTIFICATE, ())
    assert rows(facts)["certified gain"][0].endswith(f"to {paired}")


def test_guesses_of_a_reader_stand_on_the_screen() -> None:
    taken = replace(pool(), notes=("Columns set aside: x.", "Read from a file."))
    _, caveats = answer.first_sections(taken, CERTIFICATE, ())
    assert caveats.sentences == ("! Columns set aside: x",)


def test_cards_of_a_fit_and_a_certificate() -> None:
    text = cards.as_text(fitted())
    assert "best                 76.0%; a" in text
    assert "gain                 13.0 points; of a perfect selector" in text
    assert "one_factor           2.00×; observed/predicted β" in text
    text = cards.as_text(CERTIFICATE)
    assert "gain                 13.0 points" in text and "best                 76.0%" in text


def test_cards_of_laws_pairs_and_frontiers() -> None:
    text = cards.as_text(compared(FACTOR, law("clayton", -1.4, -0.1, 0.01)))
    assert "β 5.0%; log P(C) -1.3000 (close)" in text and text.endswith("β 5.0%; log P(C) -1.4000")
    assert "-1.3020 ± 0.0700; a query, held out" in cards.as_text(replace(CLAYTON, law=True))  # type: ignore[arg-type]
    half = np.array([[1.0, 0.5, np.nan], [0.5, 1.0, 0.25], [np.nan, 0.25, 1.0]])
    made: Any = SimpleNamespace(thresholds=np.array([-1.0, 0.0, 2.0]), correlation=half, boundary=np.eye(3) * 0 + 1)
    found = rows(cards._tetrachoric(made))
    assert found["correlation"][1] == "mean 0.375 over 2 of 3 pairs"
    made = SimpleNamespace(values=np.array([0.6, 0.8]), costs=[1, 3], least_cost=1.5, oracle=0.9, oracle_cost=3.5)
    found = rows(cards._frontier(made))
    assert found["cheapest"] == ("0.6", "quality at cost 1.5") and found["oracle"] == ("0.9", "quality at cost 3.5")
    assert "11 of 100; 11.0%" in cards.as_text(pool())


def test_metrics_have_their_own_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fitted(null=null(), tail=TAIL, replicates=replicates())
    fit = replace(fit, outcomes=replace(fit.outcomes, per_model={"family": np.array(["x", "x", "y"], object)}))
    found = metrics.metrics(replace(fit, replicates=None), CERTIFICATE)
    assert found["max_gain"] == CERTIFICATE.max_gain and found["paired_max_gain"] == CERTIFICATE.paired_max_gain
    assert (found["foreclosed_lower"], found["foreclosed_upper"]) == fit.whole.foreclosed_interval
    assert (found["tail_power"], found["tail_power_ceiling"], found["tail_power_atom"]) == (0.62, 0.13, 0.03)
    assert found["pearson_gap"] == pytest.approx(0.2)
    assert (found["null_power"], found["null_power_all"]) == (0.62, 0.37)
    assert (found["null_p_value"], found["null_ratio_one_factor"]) == (0.071, 1.2)
    assert (found["null_ratio_one_factor_lower"], found["null_ratio_one_factor_upper"]) == (0.83, 2.6)
    assert (found["oracle"], found["oracle_gain"], found["foreclosed_share"]) == pytest.approx((0.89, 0.13, 11 / 24))
    made = metrics.estimates(fit)
    # Standard deviations of four replicates: .09 .10 .12 .13, and .70 .74 .78 .82.
    assert made["all_wrong"].error == pytest.approx(np.sqrt(0.001 / 3))
    assert made["single_best"].error == pytest.approx(np.sqrt(0.008 / 3))
    assert made["predicted_one_factor"].error == pytest.approx(0.055 * 0.02)
    monkeypatch.setattr(metrics.one_factor, "log_all_wrong", lambda *_: np.log([0.055]))
    there = metrics.elsewhere_metrics(pool(), 0.3)
    assert there == pytest.approx(
        {"correlation_elsewhere": 0.3, "predicted_one_factor_elsewhere": 0.055, "ratio_one_factor_elsewhere": 2}
    )


def test_what_pairs_would_have_said() -> None:
    made = section("What pairwise statistics would have said")
    assert made.sentences[0] == (
        "From pairwise correlations alone, a one-factor model predicts that all models fail on 5.5%; observed: 11.0% "
        "(ratio 2.00×)."
    )
    assert rows(made)["negative eigenvalues"] == (
        "2",
        "of the tetrachoric matrix; the nearest correlation matrix has mean 0.370",
    )
    assert rows(made)["mean Pearson correlation"][0] == "0.210"
    found = metrics.metrics(fitted(), CERTIFICATE)
    assert (found["frechet_lower"], found["frechet_upper"]) == (0.02, 0.23)
    scanned = tables(fitted(scan=SCAN), CERTIFICATE, {})["pool_scan"].to_pydict()
    assert (scanned["n_models"], scanned["composition"]) == ([2, 2, 3, 3], [0, 1, 0, 1])


def law(name: str, heldout: float, difference: float, error: float, **more: Any) -> LawFit:
    return LawFit(
        name,
        predicted=Estimate(0.05, 0.0, "exact"),
        log_predicted=np.log(0.05),
        ratio=2.2,
        heldout=heldout,
        heldout_error=0.07,
        difference=difference,
        difference_error=error,
        **more,
    )


def compared(*fits: LawFit) -> LawComparison:
    return LawComparison(fits, 0.11, 11, 100, 3, 0, 3, 2, None)


FACTOR, CLAYTON = law("one_factor", -1.3, 0.0, 0.0), law("clayton", -1.302, -0.002, 0.0015)


def test_the_comparison_of_laws() -> None:
    made = law_comparison.section(compared(FACTOR, replace(CLAYTON, predicted=Estimate(0.08, 0.0, "exact"))))
    assert made.sentences[0].endswith("between them they predict β from 5.0% to 8.0%.")
    best, other = FACTOR.label, CLAYTON.label
    assert f"the law “{best}” predicts the number wrong best. Within two standard errors it cannot be" in " ".join(
        made.sentences
    )
    assert f"distinguished from {other}; between them" in made.sentences[0]
    assert made.rows[1].note.startswith("ratio 2.20×; held out -2.0 ± 1.5 per 1,000 queries")
    table = law_comparison.table(compared(FACTOR, CLAYTON)).to_pydict()
    assert table["heldout_difference_error"] == [0.0, 0.0015] and table["heldout_error"] == [0.07, 0.07]
    found = law_comparison.metrics(compared(FACTOR, CLAYTON))
    assert found["heldout_difference_clayton_error"] == 0.0015 and found["heldout_clayton"] == -1.302


@pytest.mark.parametrize(
    ("base", "words"),
    [(law("one_factor", -1.4, -0.1, 0.01), "no law without an atom is close to it"), (CLAYTON, "without one is as")],
)
def test_whether_an_atom_is_needed(base: LawFit, words: str) -> None:
    atom = law("atom_one_factor", -1.3, 0.0, 0.0, law=True, parameters={"shock": 0.025})
    said = law_comparison.section(compared(base, atom)).sentences[1]
    assert words in said and "(its atom takes 2.5% of the queries)" in said


def test_regimes_parts_and_slopes() -> None:
    made = tuple(
        PoolRegime(name, 3, 100, k, 0, errors)
        for name, k, errors in (("bound", 40, 41), ("open", 0, 30), ("p", 11, 24), ("q", 12, 25))
    )
    (said,) = reading.regime_sections(fitted(regimes=made))
    assert said.sentences[0].startswith("Of 4 datasets, 1 are ceiling-bound and 1 realizability-bound")
    part = PartFit(Part("strong", "the best half", np.array([0, 1])), 14, 0.76, 0.43, np.log(0.07))
    slopes = {"pearson": np.array([0.1, 0.5, 0.25])}
    (said,) = reading.pool_sections(fitted(parts=(part,), slopes=slopes))
    assert rows(said)["the best half (2)"] == ("2.00×", "14 queries defeat all of them, r 0.430")
    assert [row.value for row in said.rows[1:]] == ["0.050", "0.250"]
    assert said.rows[1].note == "per 10 points of the pair's mean accuracy"


SCAN = PoolScan(
    np.array([2, 3]),
    np.array([[0.2, 0.1], [0.11, 0.0]]),
    np.array([[1.0, 1.5], [2.0, 0.0]]),
    np.array([[0.1, 0.1], [np.nan, 0.0]]),
    np.array([[1.0, 1.0], [np.nan, 0.0]]),
)


def test_pools_that_were_not_looked_at_are_not_without_a_tail() -> None:
    (said,) = reading.pool_sections(fitted(scan=SCAN))
    assert "Random pools of 3 models: 50% have a tail" in said.sentences[0]
    filled = SCAN._replace(null_all_wrong=np.array([[0.1, 0.1], [np.nan, 0.05]]))
    (said,) = reading.pool_sections(fitted(scan=filled))
    assert "without a common mode 100% have a tail" in said.sentences[0]


def test_the_null_in_words() -> None:
    (said,) = reading.null_sections(fitted(null=null()))
    assert said.sentences[0].startswith("4 matrices of the same shape were simulated")
    assert said.sentences[1].endswith("No p-value can be below 0.100.")
    assert said.rows[0].value == "2.00×"
    assert said.rows[0].note == "without a common mode 1.20× (90% 0.83× to 2.60×), p = 0.071"
    assert rows(said)["power"][0] == "62%" and rows(said)["of all tests"][0] == "37%"
    assert names.null_label(fitted(null=null())).startswith("4 matrices of this shape from ")


LUCK = Luck(
    3,
    100,
    2,
    4,
    False,
    Interval(0.7, 0.68, 0.72),
    Interval(0.71, 0.6, 0.8),
    Interval(0.73, 0.61, 0.81),
    Interval(0.83, 0.62, 0.84),
    Interval(0.85, 0.75, 0.9),
    Interval(0.3, 0.21, 0.66),
    Interval(0.6, 0.22, 0.71),
)


def test_luck_and_its_limits() -> None:
    (said,) = reading.luck_sections(fitted(luck=LUCK))
    assert said.sentences[1] == (
        "Between 30% and 60% of the one-run oracle gain of these models is luck (95% 21% to 71%)."
    )
    found = rows(said)
    assert found["routable, at least"][0] == "73.0%" and found["routable, at most"][0] == "83.0%"
    assert found["one run's pick, run again"][0] == "71.0%" and found["oracle of one run"][0] == "85.0%"
    more, _ = last_sections(fitted(luck=LUCK), CERTIFICATE, UNTESTED)
    assert rows(more)["luck"] == ("30% to 60%", "of the one-run gain, from repeated runs")
    assert rows(more)["best, held out"][0] == "74.5%"


@pytest.mark.parametrize(
    ("conclusion", "said"),
    [
        (Conclusion("thinner", "ratios_low"), ("no", "2.00× what one factor predicts: fewer queries fail everyone")),
        (
            Conclusion("cannot_tell", "low_power"),
            (
                "cannot tell",
                "2.00× what one factor predicts: even the best test "
                "would find a common mode of 3.0% in only 13% of such matrices",
            ),
        ),
        (
            Conclusion("chance", "explained"),
            (
                "no",
                "2.00× what one factor predicts: a law without a common mode gives "
                "as many (a common mode of 3.0% would be found in 62% of such matrices)",
            ),
        ),
    ],
)
def test_more_than_pairs(conclusion: Conclusion, said: tuple[str, str]) -> None:
    word, why = rows(last_sections(fitted(tail=TAIL), CERTIFICATE, conclusion)[0])["more than pairs?"]
    assert word == said[0] and why.startswith(said[1])


def test_tables_have_their_own_columns() -> None:
    regime = PoolRegime("p", 3, 100, 11, 0, 24)
    made = {
        name: table.to_pydict()
        for name, table in tables(fitted(regimes=(regime,), null=null()), CERTIFICATE, {}).items()
    }
    assert made["models"]["n_wrong"] == [24, 39, 48] and made["models"]["n_resolvable"] == [13, 28, 37]
    assert made["models"]["resolvable_upper"][0] == pytest.approx(CERTIFICATE.paired_max_gain)
    assert sum(made["queries"]["all_wrong"]) == 11
    assert made["wrong_counts"]["observed"] == [40, 20, 29, 11]
    ends = made["regimes"]["foreclosed_lower"][0], made["regimes"]["foreclosed_upper"][0]
    assert ends == regime.foreclosed_interval
    assert (made["regimes"]["all_wrong_lower"][0], made["regimes"]["all_wrong_upper"][0]) == regime.all_wrong_interval
    (test,) = ({name: column[0] for name, column in made["null_tests"].items()},)
    assert (test["lower"], test["expected"], test["upper"], test["critical"]) == (0.83, 1.2, 2.6, 2.45)
    assert (test["p_value"], test["power"]) == (0.071, 0.62) and test["ratio"] == pytest.approx(2)


def test_figures_are_given_the_numbers_of_the_fit() -> None:
    made = figures(fitted(regimes=(PoolRegime("p", 3, 50, 11, 0, 24),)), {})
    whole = made["regime_map"]().axes[0]
    assert [tick.get_text() for tick in whole.get_yticklabels()] == ["all queries", "p"]
    cells = [text.get_text() for text in whole.texts]
    assert cells == ["queries", "100", "50", "best wrong", "24.0%", "48.0%", "all wrong", "11.0%", "22.0%"]
    (lines,) = (c for c in made["pool_accuracies"]().axes[0].collections if type(c).__name__ == "LineCollection")
    for (low, _), (high, _) in list(lines.get_segments())[-1:]:  # type: ignore[attr-defined]
        assert low < 0.76 < high


def test_digits_are_those_a_reader_needs() -> None:
    # 11 / 5.5 is 2.00; against 3.33% a reader of 3.3% would get 3.33 for 3.30.
    assert names.rate_digits(fitted(), ["one_factor"]) == 1
    assert names.rate_digits(fitted(point=point(log_one_factor=np.log(0.0333))), ["one_factor"]) == 2
