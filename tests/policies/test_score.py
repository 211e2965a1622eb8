"""Scores, on numbers that can be worked out by hand or by another library."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap

from cofail_lab.policies import Choices, Decisions, grade, score
from cofail_lab.policies.contest import hold
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.evaluation import evaluate
from cofail_lab.policies.folds import cross_fitting, random_splits
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.score import captured, hull_gap, mean_intervals, won_lost
from cofail_lab.policies.single_best import SingleBest
from cofail_lab.policies.threshold_cascade import ThresholdCascade
from tests.policies.made import graded
from tests.policies.pool import topics


def test_won_and_lost_by_hand() -> None:
    won, lost, p = won_lost(np.array([1.0] * 8 + [-1.0] * 2 + [0.0] * 90))
    assert (won, lost) == (8, 2)
    assert p == pytest.approx(2 * (45 + 10 + 1) / 2**10)  # P(Bin(10, ½) >= 8), both sides
    assert won_lost(np.zeros(5)) == (0, 0, 1.0)
    assert won_lost(np.array([0.5, 1.0])) == (None, None, None)


def test_intervals_are_those_of_the_paired_bootstrap() -> None:
    data = topics(400, 1)
    trials = evaluate({"t": DomainTable(guard=False)}, data, cross_fitting(400, 5, 0), 0)
    gain = trials.decisions("t").right_low - trials.reference
    found = mean_intervals(trials, [gain, np.ones(400)], 4000, 0.9, 1)
    expected = bootstrap((gain,), np.mean, n_resamples=4000, confidence_level=0.9, method="percentile", rng=2)
    assert found[0] == pytest.approx(tuple(expected.confidence_interval), abs=0.004)
    assert found[1] is None


def test_clusters_are_resampled_whole(rng: np.random.Generator) -> None:
    """Every query five times over: the interval must not shrink by √5."""
    right = rng.random((60, 2)) < [0.5, 0.6]
    limits = []
    for times in (1, 5):
        copies = np.repeat(right, times, axis=0)
        data = graded(copies, cluster=np.repeat(np.arange(60), times))
        trials = evaluate({"s": SingleBest()}, data, cross_fitting(60 * times, 5, 0, data.cluster), 0)
        column = data.right[trials.rows, 0].astype(float)
        limit = mean_intervals(trials, [column], 4000, 0.95, 0)[0]
        limits.append(limit[1] - limit[0])
    assert limits[1] == pytest.approx(limits[0], rel=0.1)


def test_shares_of_the_oracle_gain_hull_gaps_and_constants() -> None:
    data = topics(500, 3)
    contest = hold(
        {"domain_table": DomainTable(guard=False)}, data, cross_fitting(500, 5, 0), replicates=200, level=0.95, seed=0
    )
    by_name = contest.by_name
    table, oracle, best = by_name["domain_table"], by_name["oracle"], by_name["single_best"]
    assert oracle.captured == pytest.approx(1.0)
    assert oracle.accuracy == pytest.approx(data.right.any(axis=1).mean())
    assert table.captured == pytest.approx((table.accuracy - best.accuracy) / (oracle.accuracy - best.accuracy))
    assert not table.constant
    assert by_name["cheapest"].constant
    assert data.models[by_name["cheapest"].shares.argmax()] == "m3"
    # A constant in use is on or below the hull of constants; the mixture lies on it but for what other folds chose.
    assert best.hull_gap <= 1e-12
    assert abs(by_name["mixture"].hull_gap) < 0.03
    assert by_name["random"].accuracy == pytest.approx(data.right.mean())
    assert by_name["random"].cost == pytest.approx(data.cost.mean())
    assert table.cost_per_correct == pytest.approx(table.cost / table.accuracy)
    assert [s.name for s in contest.winners] == ["domain_table"]
    assert {s.name for s in contest.scores if s.ceiling} == {"oracle", "partition_oracle"}


def test_gaps_to_mixed_constants_by_hand() -> None:
    """m0 costs 1 and is right half of the time, m1 costs 3 and is always right, m2 costs 2 and is right on 4 of 5."""
    right = np.array([[i % 2, 1, i % 5 > 0] for i in range(20)], dtype=bool)
    data, all_rows = graded(right, cost=np.tile([1.0, 3.0, 2.0], (20, 1))), np.arange(20)

    def decided(weights: list[float]) -> Decisions:
        return grade(Choices("mix", np.tile(weights, (20, 1))), data, np.zeros(right.shape, dtype=bool))

    # At 2 dollars the hull has .8 with m2, and .75 without.
    assert hull_gap(data, all_rows, decided([0.5, 0.5, 0.0])) == pytest.approx(-0.05)
    assert hull_gap(data, all_rows, decided([0.5, 0.5, 0.0]), (0, 1)) == pytest.approx(0)
    assert hull_gap(data, all_rows, decided([0.0, 0.0, 1.0]), (0, 1)) == pytest.approx(0.05)
    # No mixture of m1 and m2 is as cheap as m0.
    assert hull_gap(data, all_rows, decided([1.0, 0.0, 0.0]), (1, 2)) is None
    # The cheapest model is as cheap as itself, whatever its mean price was rounded to.
    cheapest = decided([1.0, 0.0, 0.0])
    for factor, exists in ((1 - 1e-14, True), (1 - 1e-9, False)):
        gap = hull_gap(data, all_rows, replace(cheapest, cost=np.full(20, factor)))
        assert gap == pytest.approx(0) if exists else gap is None
    assert hull_gap(replace(data, cost=None), all_rows, decided([1.0, 0.0, 0.0])) is None


def test_what_is_called_a_constant(rng: np.random.Generator) -> None:
    """Whoever follows the train-best model is one, though that differs between splits; a vote of all is none."""
    data = graded(rng.random((40, 3)) < 0.5)
    contest = hold(
        {"majority_vote": MajorityVote(None, None)}, data, cross_fitting(40, 8, 0), replicates=0, level=0.95, seed=0
    )
    best, vote = contest.by_name["single_best"], contest.by_name["majority_vote"]
    assert len(set(contest.trials.best_models)) > 1
    assert best.shares.max() < 0.9
    assert (best.best_share, best.constant) == (1.0, True)
    assert (vote.shares.tolist(), vote.best_share, vote.constant) == ([1.0, 1.0, 1.0], 0.0, False)


@pytest.mark.parametrize(("cheap", "strong", "exists"), [("m0", "m1", True), ("m1", "m0", False)])
def test_a_pair_has_a_gap_where_the_first_is_the_cheaper_one(cheap: str, strong: str, exists: bool) -> None:
    rng = np.random.default_rng(4)
    right = rng.random((61, 3)) < [0.5, 0.8, 0.9]
    data = graded(right, cost=np.tile([1.0, 3.0, 1.5], (61, 1)), confidence=rng.random((61, 3)))
    contest = hold(
        {"cascade": ThresholdCascade(cheap, strong, None, 0.5)},
        data,
        cross_fitting(61, 2, 0),
        replicates=0,
        level=0.95,
        seed=0,
    )
    score = contest.by_name["cascade"]
    assert (score.pair_hull_gap is not None) == exists
    if exists:
        # Two parts of different sizes: a query counts once.
        sizes = [len(t.rows) for t in contest.trials.trials]
        assert sorted(sizes) == [30, 31]
        parts = [
            hull_gap(t.test, np.arange(len(t.rows)), t.decisions["cascade"], (0, 1)) for t in contest.trials.trials
        ]
        assert score.pair_hull_gap == pytest.approx(np.average(parts, weights=sizes), abs=1e-12)
        assert score.pair_hull_gap > score.hull_gap + 0.1  # the third model is above any mixture of the two


def test_where_nothing_can_be_gained_no_share_is_given() -> None:
    """One model is right wherever any is: G = 0."""
    rng = np.random.default_rng(0)
    best = rng.random(60) < 0.7
    data = graded(np.stack([best, best & (rng.random(60) < 0.5)], axis=1))
    contest = hold({}, data, cross_fitting(60, 5, 0), replicates=100, level=0.95, seed=0)
    assert contest.by_name["oracle"].captured is None


def test_repeated_splits_add_up_and_have_no_exact_test() -> None:
    data = topics(200, 4)
    contest = hold(
        {"domain_table": DomainTable(guard=False)}, data, random_splits(200, 4, 0.6), replicates=100, level=0.95, seed=0
    )
    score = contest.by_name["domain_table"]
    rows = [row for row in contest.splits if row[1] == "domain_table"]
    assert [row[2] for row in rows] == [80] * 4
    assert score.won == sum(row[4] for row in rows)
    assert score.captured == pytest.approx(np.mean([row[6] for row in rows]))
    assert score.p_value is None


def test_a_share_of_the_oracle_is_averaged_over_splits_with_losses() -> None:
    """Half of what was possible is lost in one split and won in the other; a third, in which nothing is, has none."""

    def trial(right: list[float], oracle: float) -> SimpleNamespace:
        decisions = {"x": SimpleNamespace(right_low=np.array(right))}
        return SimpleNamespace(decisions=decisions, reference=np.array([1.0, 0, 0, 0]), oracle=oracle, rows=range(4))

    splits = [trial([0, 0, 0, 0], 0.75), trial([1, 1, 0, 0], 0.75), trial([1, 0, 0, 0], 0.25)]
    trials: Any = SimpleNamespace(trials=splits, rows=np.tile(np.arange(4), 3))
    assert captured(trials, "x") == pytest.approx(0)
    trials.trials = splits[1:]
    assert captured(trials, "x") == pytest.approx(0.5)


def test_resampled_clusters_count_with_their_sizes() -> None:
    """99 queries right in one cluster, one wrong in the other: no share of right answers is above 1."""
    trials: Any = SimpleNamespace(unit=np.array([0] * 99 + [1]))
    (interval,) = mean_intervals(trials, [np.array([1.0] * 99 + [0.0])], 200, 0.95, 0)
    assert interval == (0.0, 1.0)


def test_a_whole_score_of_four_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trials whose best models are 0 and 1; the last vote may be right or wrong, and the second query asks both."""
    decisions: Any = SimpleNamespace(
        right_low=np.array([1.0, 0, 1, 0]),
        right_high=np.array([1.0, 0, 1, 1]),
        cost=np.array([1.0, 4, 2, 2]),
        calls=np.array([[1.0, 0], [1, 1], [1, 0], [0, 1]]),
    )
    parts = [SimpleNamespace(rows=range(2), best=0), SimpleNamespace(rows=range(2), best=1)]
    trials: Any = SimpleNamespace(unit=np.arange(4), trials=parts, ceilings={"x"}, graded=None, rows=None)
    for number, name in enumerate(("captured", "hull_gap", "_pair_hull_gap")):
        monkeypatch.setattr(score, name, lambda *_, number=number: number / 10)
    found = score._score(trials, "x", decisions, np.array([0.0, -1, 1, 1]), (-0.5, 1.0))
    assert found.shares.tolist() == [0.75, 0.5]
    expected = {"name": "x", "ceiling": True, "accuracy": 0.5, "accuracy_high": 0.75, "gain": 0.25, "gain_lower": -0.5}
    expected |= {"gain_upper": 1.0, "won": 2, "lost": 1, "p_value": 1.0, "captured": 0.0, "cost": 2.25}
    expected |= {"hull_gap": 0.1, "pair_hull_gap": 0.2, "best_share": 0.5, "constant": False}
    assert {field.name for field in fields(found)} == {*expected, "shares"}
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.cost_per_correct == 4.5
    # Two decisions on one query are not independent, and without limits there are none.
    trials.unit = np.array([0, 1, 2, 2])
    again = score._score(trials, "y", decisions, np.array([0.0, -1, 1, 1]), None)
    assert (again.p_value, again.gain_lower, again.gain_upper, again.ceiling) == (None, None, None, False)


def test_a_pair_below_its_hull_on_some_split_has_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits of 3 and 1 queries with gaps .2 and -.2: .1; a gap that one of them lacks is none of the whole."""
    cost = np.array([[1.0, 2.0]])
    split = [
        SimpleNamespace(pairs={"c": (0, 1)}, test=SimpleNamespace(cost=cost), rows=range(n), decisions={"c": gap})
        for n, gap in ((3, 0.2), (1, -0.2))
    ]
    trials: Any = SimpleNamespace(trials=split, rows=range(4))
    monkeypatch.setattr(score, "hull_gap", lambda test, rows, decisions, pair: decisions)
    assert score._pair_hull_gap(trials, "c") == pytest.approx(0.1)
    split[1].decisions["c"] = None
    assert score._pair_hull_gap(trials, "c") is None
    split[1].decisions["c"], split[1].pairs = -0.2, {"c": (1, 0)}
    assert score._pair_hull_gap(trials, "c") is None
