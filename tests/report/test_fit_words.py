"""The words and numbers of a fit against a matrix that is counted by hand: which field stands where, in which unit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting.conclusion import Conclusion
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.report import answer, cards
from cofail_lab.report.certificate import certificate_section
from cofail_lab.report.fit import metrics, summary
from cofail_lab.report.fit.brief import last_sections
from cofail_lab.report.fit.in_short import chance_sentence, in_short
from cofail_lab.report.fit.tables import tables
from cofail_lab.result import Section
from tests.report.by_hand import CERTIFICATE, SCAN, TAIL, UNTESTED, fitted, null, pool, rows

PAYS_FOR_TWO = "; the upper limit pays for about 2 models that may be the best"


def left_out() -> Outcomes:
    """11 of 100 fail everyone; of 25 more, nobody answered 4, and 6 were failed by all who did."""
    cells = {"right": 200, "wrong": 100, "missing": 40, "error": 5, "unscored": 0}
    return replace(pool(), left_out=LeftOut(25, 4, 6, np.array([20, 10, 10]), np.array([9, 5, 4]), cells))


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
        " (a common mode of 3.0% beside the difficulty fitted would be detected in 62% of such matrices; the best "
        "possible test would find it beside a Gaussian one in 13%)."
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


def test_laws_that_are_left_out_of_huge_pools_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool has three models, so at most two are allowed here."""
    for most, said in ((2, True), (3, False)):
        monkeypatch.setattr(summary, "MOST_MODELS", most)
        sections = summary.sections(fitted(), CERTIFICATE, {}, None)
        words = " ".join(sentence for section in sections for sentence in section.sentences)
        assert (f"used for at most {most} models" in words) == said
