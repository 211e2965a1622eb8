"""What is advised, on either side of every condition."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.policies.advice import advise
from cofail_lab.policies.contest import Contest, OverTable
from cofail_lab.policies.score import Score

BEST = Score(
    name="single_best",
    ceiling=False,
    accuracy=0.8,
    accuracy_high=0.8,
    gain=0.0,
    gain_lower=None,
    gain_upper=None,
    won=0,
    lost=0,
    p_value=1.0,
    captured=0.0,
    cost=10.0,
    hull_gap=0.0,
    pair_hull_gap=None,
    shares=np.array([1.0, 0.0]),
    best_share=1.0,
    constant=True,
)
ORACLE = replace(BEST, name="oracle", ceiling=True, gain=0.2)


def gaining(name: str, gain: float, p_value: float = 1e-6) -> Score:
    return replace(BEST, name=name, gain=gain, gain_lower=gain / 2, p_value=p_value)


def saving(name: str, cost: float | None = 7.9, lower: float | None = -0.009, hull_gap: float | None = 0.01) -> Score:
    return replace(BEST, name=name, gain=-0.004, gain_lower=lower, p_value=0.3, cost=cost, hull_gap=hull_gap)


def advised(*scores: Score, adds: dict[str, bool] | None = None, best: Score = BEST) -> tuple[str, str, bool | None]:
    over = [OverTable(name, 0.0, 0.01 if more else -0.01, 0.02) for name, more in (adds or {}).items()]
    advice = advise(Contest(None, (best, *scores, ORACLE), tuple(over), 0.95, {}))  # type: ignore[arg-type]
    return advice.action, advice.policy.name, advice.reading


def test_the_largest_sure_gain_is_taken() -> None:
    few, many = gaining("plurality", 0.02), gaining("knn", 0.03)
    assert advised(few, many) == ("gain", "knn", None)
    # A gain that one test in twenty gives is none of two policies.
    assert advised(gaining("knn", 0.03, 0.03)) == ("gain", "knn", None)
    assert advised(gaining("knn", 0.03, 0.03), few) == ("gain", "plurality", None)
    assert advised(gaining("knn", 0.03, 0.03), saving("majority_vote", cost=9)) == ("stay", "single_best", None)
    # A policy that surely loses has a small p-value too, with intervals and without.
    for lower in (-0.05, None):
        assert advised(replace(gaining("knn", -0.03), gain_lower=lower)) == ("stay", "single_best", None)


def test_a_table_is_taken_before_a_reader_that_adds_nothing_to_it() -> None:
    table, reader = gaining("domain_table", 0.02), gaining("ridge", 0.03)
    assert advised(table, reader, adds={"ridge": False}) == ("gain", "domain_table", False)
    assert advised(table, reader, adds={"ridge": True}) == ("gain", "ridge", True)
    # Another reader may add to the table, and gain nothing surely.
    assert advised(table, reader, adds={"ridge": False, "logistic": True}) == ("gain", "domain_table", True)
    # What is no reader needs to add nothing; a table that does not win is not taken.
    vote = gaining("plurality", 0.03)
    assert advised(table, vote, adds={"ridge": False}) == ("gain", "plurality", False)
    assert advised(replace(table, p_value=0.5), reader, adds={"ridge": False}) == ("gain", "ridge", False)


@pytest.mark.parametrize(
    ("policy", "action"),
    [
        (saving("knn"), "save"),
        (saving("knn", cost=8.0), "stay"),
        (saving("knn", cost=None), "stay"),
        (saving("knn", lower=-0.01), "stay"),
        (saving("knn", lower=None), "stay"),
        (saving("knn", hull_gap=0.0), "stay"),
        (saving("knn", hull_gap=None), "stay"),
    ],
)
def test_who_saves(policy: Score, action: str) -> None:
    """Under 80% of the cost, surely within a point, and above mixed constants of that cost."""
    assert advised(policy)[0] == action
    assert advised(policy, best=replace(BEST, cost=None))[0] == "stay"


def test_of_several_that_save_the_furthest_above_the_hull_is_taken() -> None:
    assert advised(saving("knn", cost=1.0, hull_gap=0.01), saving("ridge", hull_gap=0.02)) == ("save", "ridge", None)
    # A gain goes first.
    assert advised(saving("knn"), gaining("plurality", 0.01))[:2] == ("gain", "plurality")


def test_of_several_that_save_the_one_furthest_above_mixing_is_taken() -> None:
    """Whichever of them is the cheaper."""
    assert advised(saving("knn", 7.0, hull_gap=0.01), saving("ridge", 3.0, hull_gap=0.02)) == ("save", "ridge", None)
    assert advised(saving("knn", 7.0, hull_gap=0.02), saving("ridge", 3.0, hull_gap=0.01)) == ("save", "knn", None)
