"""The sentences of a fit on a matrix that is computed by hand, on both sides of every branch."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds.certificate import certify_counts, certify_outcomes
from cofail_lab.fitting.conclusion import Conclusion
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.tail_test import TailTest
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.answer import next_section
from cofail_lab.report.fit.brief import last_sections
from cofail_lab.report.fit.in_short import in_short
from cofail_lab.report.fit.summary import _regime_sentence, sections
from cofail_lab.result import Section
from tests.conftest import outcomes_from

UNTESTED = Conclusion("cannot_tell", "not_tested")


def pool(**right: int) -> Outcomes:
    """Three models a, b, c; how many queries exactly these get right: ``ab=100`` a and b only, ``none=20`` nobody."""
    rows = [
        [model not in who for model in "abc"] for who, times in right.items() for _ in range(times) if who != "none"
    ]
    rows += [[True] * 3] * right.get("none", 0)
    return replace(outcomes_from(np.array(rows)), models=("a", "b", "c"))


# a fails 20 + 50 + 40 + 80 = 190 of 1,000 queries, b 210, c 230; nobody is right on 20. Independent errors would
# give .19 x .21 x .23 = .009177, and 20 / 1,000 is 2.179 times that.
COUNTS = {"none": 20, "a": 60, "b": 50, "c": 40, "ab": 100, "ac": 90, "bc": 80, "abc": 560}


@pytest.fixture(scope="module")
def fit() -> MatrixFit:
    return fit_matrix(pool(**COUNTS), level=0.9, seed=0)


def row(section: Section, label: str) -> tuple[str, str]:
    return next((one.value, one.note) for one in section.rows if one.label == label)


def test_the_paragraph_counts_what_a_hand_counts(fit: MatrixFit) -> None:
    (said,) = in_short(fit, UNTESTED).sentences
    # Clopper-Pearson of 20 in 1,000: .0123 to .0307.
    assert said.startswith("All 3 models fail 20 of 1,000 queries (β = 2.000%, 95% 1.2% to 3.1%).")
    assert "exceeds 98.0%, 17.0 points above a; 10.5% of that model's errors are everybody's." in said
    assert "0.918% (independence)" in said
    assert said.endswith("was not tested here (experiment.null=200 does).")


def test_ratios_agree_with_the_rates_beside_them(fit: MatrixFit) -> None:
    """A reader who divides what is printed gets what is printed."""
    pairwise = next(s for s in sections(fit, certify_outcomes(fit.outcomes), {}, None) if "pairwise" in s.title)
    observed = float(pairwise.sentences[0].split("observed: ")[1].split("%")[0])
    value, note = row(pairwise, "β if independent errors")
    assert note == "observed/predicted 2.18×"
    assert f"{observed / float(value.rstrip('%')):.2f}" == "2.18"


@pytest.mark.parametrize(
    ("conclusion", "word", "why"),
    [
        (Conclusion("beyond", "all_rejected"), "yes", "than any law without a common mode explains: read them"),
        (Conclusion("heavy_tail", "smooth_explains"), "no", "a common mode is neither needed nor excluded"),
        (
            Conclusion("chance", "explained"),
            "no",
            "a law without a common mode gives as many (a common mode of 3.0% would be found in 62% of such matrices)",
        ),
        (Conclusion("thinner", "ratios_low"), "no", "fewer queries fail everyone than pairs suggest"),
        (
            Conclusion("cannot_tell", "low_power"),
            "cannot tell",
            "even the best test would find a common mode of 3.0% in only 13% of such matrices",
        ),
        (Conclusion("cannot_tell", "nulls_missing"), "cannot tell", "this matrix does not decide it (a common mode"),
        (Conclusion("cannot_tell", "interrupted"), "cannot tell", "interrupted before it was tested; the same command"),
        (Conclusion("cannot_tell", "not_tested"), "cannot tell", "not tested here, experiment.null=200 does"),
        (Conclusion("cannot_tell", "few_models"), "cannot tell", "fewer than three models vary"),
        (Conclusion("cannot_tell", "always_right"), "cannot tell", "one model is always right"),
        (Conclusion("cannot_tell", "none_says_nothing"), "cannot tell", "no query fails everyone, and none was to be"),
    ],
)
def test_more_than_pairs_in_a_word_with_the_power(fit: MatrixFit, conclusion: Conclusion, word: str, why: str) -> None:
    tail = TailTest(
        {"gaussian": 0.5},
        2.0,
        atom=0.03,
        power=0.62,
        power_base="gaussian",
        ceiling=0.13,
        nearest="gaussian",
        best="gaussian",
    )
    more, _ = last_sections(replace(fit, tail=tail), certify_outcomes(fit.outcomes, overhead=0.02), conclusion)
    value, note = row(more, "more than pairs?")
    assert value == word
    assert why in note
    assert note.startswith(f"{fit.ratio('one_factor'):.2f}× what one factor predicts: ")
    # Chance is never said where no test was made or could have told.
    assert ("gives as many" in note) == (conclusion.tail == "chance")


def test_the_held_out_best_and_no_luck_without_runs(fit: MatrixFit) -> None:
    more, _ = last_sections(fit, certify_outcomes(fit.outcomes), UNTESTED)
    value, note = row(more, "best, held out")
    assert 79 <= float(value.rstrip("%")) <= 81.0  # chosen among 81, 79 and 77% on half of the queries
    assert note == "chosen on one half, scored on the other"
    assert not [one for one in more.rows if one.label == "luck"]


def step(outcomes: Outcomes | dict[str, Any], overhead: float | None = 0.02, *, beyond: bool = False) -> str:
    certificate = (
        certify_counts(**outcomes, overhead=overhead)
        if isinstance(outcomes, dict)
        else certify_outcomes(outcomes, overhead=overhead)
    )
    return next_section(certificate, beyond=beyond).sentences[0]


def test_what_to_do_next_for_every_verdict() -> None:
    room = pool(**COUNTS)
    assert "experiment=decide" in step(room)
    assert "experiment=queries lists them" in step(room, beyond=True)
    # a fails 20 + 2 + 1 of 3,000 queries, and two or one of the others is right on three of them.
    none = pool(none=20, b=2, bc=1, a=400, ab=300, ac=277, abc=2000)
    assert step(none).startswith("Next: look for a model that is right where all of these fail")
    little = pool(none=10, a=10, b=2, c=1, abc=77)
    assert step(little).startswith("Next: grade about ") and "more queries (experiment=plan)" in step(little)
    assert step(pool(none=11, b=2, a=20, abc=67)).startswith("Next: the gain seen, 2.0 points, is too close")
    assert (
        step(little, overhead=None)
        == "Next: the same command with experiment=decide says what routers, votes and cascades do gain here."
    )
    nobody = pool(none=10, a=30, abc=60)  # b and c are right nowhere else: no gain, and no overhead stated
    assert step(nobody, overhead=None) == "Next: state what combining costs you: experiment.overhead=."


def test_totals_cannot_certify_room_and_say_so() -> None:
    totals = {"n_all_wrong": 17, "n_queries": 330, "n_models": 67, "best_correct": 276}
    # 330 - 276 - 17 = 37 resolvable failures are 11.2 points, above an overhead of 2 and below one of 12.
    assert step(totals) == "Next: read the whole matrix: only the grades of every model can certify that there is room."
    decision = certify_counts(**totals, overhead=0.02).decision
    assert decision.endswith("whether there is room cannot be settled by totals, the whole matrix is needed.")
    below = certify_counts(**totals, overhead=0.12)
    assert below.decision.endswith("not settled by 330 queries, grade more of them.")
    assert step(totals, overhead=0.12).startswith("Next: grade about ")


@pytest.mark.parametrize(
    ("right", "says"),
    [
        # All 60 errors of a are everybody's: (.025 / 3)^(1/60) = .923 at least; 30 and 5 of 60; none of 60 and of 3.
        ({"none": 60, "a": 40, "abc": 900}, "Ceiling-bound: most of what the best model gets wrong (92.3% of it at le"),
        ({"none": 30, "b": 30, "a": 140, "abc": 800}, "that defeat everyone are between 34.2% and 63.2% of"),
        ({"none": 5, "b": 55, "a": 140, "abc": 800}, "queries defeat everyone, but they are at most 18.4% of"),
        ({"b": 60, "a": 140, "c": 1, "abc": 800}, "Realizability-bound: no query defeats everyone, so the ceiling is"),
        ({"b": 3, "a": 140, "c": 1, "abc": 800}, "but such queries may still be up to 60.2% of"),
        ({"a": 10, "ab": 20, "abc": 70}, "Nothing to gain on these queries: the best model makes no error here."),
        ({"none": 3, "a": 10, "abc": 87}, "Nothing to gain on these queries: nobody is right where the best model is"),
    ],
)
def test_every_regime_in_words(right: dict[str, int], says: str) -> None:
    assert says in _regime_sentence(fit_matrix(pool(**right), level=0.9, seed=0))
