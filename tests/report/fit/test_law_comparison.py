"""The comparison of laws in words, and cards of laws."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.compare import LawComparison, LawFit
from cofail_lab.report import cards
from cofail_lab.report.fit import law_comparison
from tests.report.by_hand import pool, rows


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
