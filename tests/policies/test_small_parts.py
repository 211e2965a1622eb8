"""Small parts of policies and scores, each by hand."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.policies import AbsentPolicyError, Choices, grade
from cofail_lab.policies.cascade import signal_of
from cofail_lab.policies.contest import hold
from cofail_lab.policies.folds import cross_fitting
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.recorded import Recorded
from cofail_lab.policies.router import STAY, safe_margin
from cofail_lab.policies.score import hull_gap
from cofail_lab.policies.suspicion import flagged
from cofail_lab.policies.threshold_cascade import ThresholdCascade
from cofail_lab.policies.voting import FittedVote
from tests.policies.made import graded
from tests.policies.test_contest import Picks


def test_picks_of_other_queries_are_none_of_these(tmp_path: Path) -> None:
    (tmp_path / "picks.csv").write_text("query,model\nq0,m1\nq9,m0\n")
    said = Recorded(path=str(tmp_path / "picks.csv")).remark(graded(np.array([[1, 0]] * 4)))
    assert said == "3 of 4 queries have no pick and go to the train-best model"


@pytest.mark.parametrize(("n", "margin"), [(4, STAY), (5, 0.0)])
def test_leaving_pays_two_standard_errors_above_nothing(n: int, margin: float) -> None:
    """n gains of one: the sum is above 2√n from five on."""
    assert safe_margin(np.arange(n, 0, -1.0), np.ones(n)) == margin


def test_a_margin_lies_below_the_edges_that_pay() -> None:
    gain = np.array([1.0] * 9 + [-1.0] * 3)
    assert safe_margin(np.arange(12, 0, -1.0), gain) == 3.0
    # Equal edges cannot be told apart: eight gains above both, 8 - 2√8, are surer than eight net of ten, 8 - 2√10.
    assert safe_margin(np.array([*np.arange(12.0, 4, -1), 4, 4, 2, 1]), gain) == 4.0


def test_constants_are_judged_on_the_queries_of_the_policy() -> None:
    """m0 costs a third of m1 and is right on the first ten of twenty queries, which alone are decided."""
    right = np.array([[i < 10, True] for i in range(20)])
    data, rows = graded(right, cost=np.tile([1.0, 3.0], (20, 1))), np.arange(10)
    decided = grade(Choices("mix", np.tile([1.0, 0.0], (10, 1))), data.take(rows), np.zeros((10, 2), dtype=bool))
    assert hull_gap(data, rows, decided) == pytest.approx(0)


@pytest.mark.parametrize(("price", "exists"), [(0.9, False), (1.0, False), (1.1, True)])
def test_two_models_of_one_price_are_not_mixed(price: float, exists: bool) -> None:
    rng = np.random.default_rng(4)
    right = rng.random((60, 2)) < [0.5, 0.8]
    data = graded(right, cost=np.tile([1.0, price], (60, 1)), confidence=rng.random((60, 2)))
    cascade = {"cascade": ThresholdCascade("m0", "m1", None, 0.5)}
    found = hold(cascade, data, cross_fitting(60, 2, 0), replicates=0, level=0.95, seed=0)
    assert (found.by_name["cascade"].pair_hull_gap is not None) == exists


@pytest.mark.parametrize(("level", "why"), [(0.95, {}), (0.5, {"recorded": "nearly_oracle"})])
def test_nearly_all_of_the_oracles_gain_is_told_at_the_level_that_was_asked_for(level: float, why: dict) -> None:
    """93 of the 100 queries that an oracle gains."""
    right = np.zeros((400, 2), dtype=bool)
    right[:100, 1] = right[100:320, 0] = True
    policies = {"recorded": Picks(93), "other": Picks(100)}
    found = hold(policies, graded(right), cross_fitting(400, 4, 0), replicates=200, level=level, seed=0)
    assert flagged(found, None) == why


def test_a_vote_keeps_its_weights() -> None:
    weights = np.array([2.0, 1.0, 0.0])
    choices = FittedVote("vote", weights).decide(type("Two", (), {"n_queries": 2})())  # type: ignore[arg-type]
    assert (choices.kind, choices.weights.tolist()) == ("vote", [[2.0, 1.0, 0.0]] * 2)


def test_all_models_may_be_the_best_ones() -> None:
    assert MajorityVote(None, 3).fit(graded(np.eye(3, dtype=bool)), 0).weights.tolist() == [1, 1, 1]


def test_the_signal_is_the_first_that_the_model_itself_has() -> None:
    """Confidence is known of m1 alone, agreement of nobody, tokens of both."""
    nan, right = np.nan, np.ones((2, 2), dtype=bool)
    train = graded(
        right,
        confidence=np.array([[nan, 0.5], [nan, nan]]),
        agreement=np.full((2, 2), nan),
        tokens=np.array([[3.0, nan], [5.0, 4.0]]),
    )
    assert (signal_of(train, 0, None), signal_of(train, 1, None), signal_of(train, 1, "tokens")) == (
        "tokens",
        "confidence",
        "tokens",
    )
    with pytest.raises(AbsentPolicyError, match=r"^there is no confidence column for the answers of m0$"):
        signal_of(train, 0, "confidence")
    with pytest.raises(AbsentPolicyError, match=r"^there is no confidence, agreement or token column for the answers"):
        signal_of(graded(right), 0, None)
