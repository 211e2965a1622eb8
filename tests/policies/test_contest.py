"""Who wins, whose picks are flagged, and what a reader adds to a table, on scores made by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cofail_lab.policies import AbstractFitted, AbstractPolicy, Choices, Graded, View
from cofail_lab.policies.advice import advise
from cofail_lab.policies.contest import Contest, OverTable, hold
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.evaluation import Trials
from cofail_lab.policies.folds import Split, cross_fitting
from cofail_lab.policies.random import Random
from cofail_lab.policies.router import AbstractRouter, Scorer
from cofail_lab.policies.score import Score, mean_intervals
from cofail_lab.policies.suspicion import flagged
from tests.policies.made import graded

NO_TRIALS: Any = None


def score(name: str, **known: Any) -> Score:
    nothing = dict.fromkeys(Score.__dataclass_fields__)
    return Score(**{**nothing, "accuracy": 0.8, "gain": 0.0, "p_value": 1.0, "ceiling": False, "name": name, **known})


def winner(name: str, gain: float, **known: Any) -> Score:
    return score(name, gain=gain, gain_lower=gain / 2, p_value=0.001, **known)


def contest(*scores: Score, over: tuple[OverTable, ...] = (), trials: Trials = NO_TRIALS) -> Contest:
    return Contest(trials, (score("single_best", cost=1.0), *scores), over, 0.95, {})


def names(found: list[Score]) -> list[str]:
    return [one.name for one in found]


def test_winners_gain_surely_for_so_many_that_were_tried() -> None:
    near = winner("a", 0.02)
    for p, others, wins in ((0.03, (), True), (0.03, (score("b"),), False), (0.02, (score("b"),), True)):
        assert names(contest(replace(near, p_value=p), *others).winners) == ["a"] * wins
    # Baselines and ceilings are not tried, a limit of zero is no gain, and repeated queries have no exact test.
    beside = (score("random"), score("partition_oracle"), score("late", ceiling=True))
    assert names(contest(replace(near, p_value=0.03), *beside).winners) == ["a"]
    assert names(contest(winner("random", 0.1), winner("late", 0.1, ceiling=True)).winners) == []
    assert names(contest(replace(near, gain_lower=0.0)).winners) == []
    # Without an exact test the limit at the level shared by all decides.
    repeated = replace(near, p_value=None)
    for lower, wins in ((0.001, True), (0.0, False), (-0.01, False), (None, False)):
        shared = replace(contest(repeated), shared_lower={"a": lower})
        assert names(shared.winners) == ["a"] * wins
    assert names(contest(near, winner("b", 0.04)).winners) == ["b", "a"]
    unsure = replace(winner("b", 0.04), gain_lower=0.001)  # the largest gain is the first, however sure
    assert names(contest(near, unsure).winners) == ["b", "a"]


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (-0.01, 0.02, "nothing"),
        (0.0, 0.02, "nothing"),
        (-0.02, 0.0, "nothing"),
        (None, None, "nothing"),
        (0.001, 0.02, "adds"),
        (-0.02, -0.001, "loses"),
    ],
)
def test_a_reader_adds_to_the_table_only_beyond_its_interval(lower: float, upper: float, verdict: str) -> None:
    assert OverTable("ridge", 0.01, lower, upper).verdict == verdict


def test_flagged_picks_are_never_advised() -> None:
    table, reader = winner("domain_table", 0.05), winner("ridge", 0.06)
    assert advise(contest(table, reader), {"ridge"}).policy.name == "domain_table"
    assert advise(contest(table), {"domain_table"}).action == "stay"
    good = score("a", cost=0.79, gain=-0.001, gain_lower=-0.009, p_value=0.5, hull_gap=0.01)
    cheaper = replace(good, name="b", cost=0.1, hull_gap=0.005)
    assert advise(contest(cheaper, good)).policy.name == "a"
    assert advise(contest(cheaper, good), {"a"}).policy.name == "b"


class Picks(AbstractFitted, AbstractPolicy):
    """Model 1 for the first few queries, model 0 for the others."""

    def __init__(self, n: int) -> None:
        self.n = n

    def fit(self, train: Graded, seed: int) -> "Picks":
        return self

    def decide(self, view: View) -> Choices:
        number = np.array([int(query[1:]) for query in view.features.queries])
        return Choices.pick((number < self.n).astype(int), view.n_models)


@pytest.mark.parametrize(
    ("n", "why"),
    # Of the 100 queries that an oracle gains; at 86 the interval of the share covers nine tenths, at 98 it is above.
    [(60, None), (86, None), (98, "nearly_oracle"), (100, "nearly_oracle")],
)
def test_picks_are_flagged_where_they_surely_gain_nine_tenths_of_what_an_oracle_does(n: int, why: str | None) -> None:
    right = np.zeros((400, 2), dtype=bool)
    right[:100, 1] = right[100:320, 0] = True
    found = hold(
        {"recorded": Picks(n), "other": Picks(100)},
        graded(right),
        cross_fitting(400, 4, 0),
        replicates=200,
        level=0.95,
        seed=0,
    )
    assert found.by_name["recorded"].gain == n / 400
    assert flagged(found, None) == ({"recorded": why} if why else {})


def test_each_split_has_its_own_counts_and_share_of_the_oracles_gain() -> None:
    right = np.zeros((8, 2), dtype=bool)
    right[[0, 1, 4, 5, 6], 0] = right[[2, 3, 7], 1] = True
    splits = [Split(np.arange(4, 8), np.arange(4)), Split(np.arange(4), np.array([4, 5, 6, 7]))]
    found = hold({"picks": Picks(3)}, graded(right), splits, replicates=0, level=0.95, seed=0)
    rows = {(row[0], row[1]): row[2:] for row in found.splits}
    # Of the first four queries m0 is right on two; the picks (m1 on three of them) lose these and win the third.
    assert rows[0, "picks"] == (4, 0.25, 1, 2, -0.5)
    assert rows[0, "oracle"] == (4, 1.0, 2, 0, 1.0)
    # The train-best model of the second split is the first of two equal ones, m0: right on three of its four queries.
    assert rows[1, "picks"] == (4, 0.75, 0, 0, 0.0)


class First(AbstractRouter):
    """A reader that always prefers the first model."""

    def learn(self, train: Graded, seed: int) -> Scorer:
        return lambda features: np.tile(np.arange(train.n_models)[::-1], (features.n_queries, 1))


def test_what_a_reader_adds_is_its_accuracy_less_that_of_the_table() -> None:
    """The table is right on all 40 queries, the reader on every other one."""
    right = np.arange(40)[:, None] % 2 == np.arange(2)
    data = graded(right, columns={"dataset": np.array(["even", "odd"] * 20, object)})
    policies = {"domain_table": DomainTable(guard=False), "first": First(guard=False)}
    found = hold(policies, data, cross_fitting(40, 4, 0), replicates=200, level=0.9, seed=0)
    (over,) = found.over_table
    assert (over.name, over.gain, over.verdict) == ("first", -0.5, "loses")
    assert found.by_name["domain_table"].accuracy == 1


def test_all_that_were_tried_share_the_level_also_those_with_an_exact_test() -> None:
    """A mixed pick gains fractions, which have no exact test; its limit is at 1 - .1/2, as two policies were tried."""
    right = np.random.default_rng(2).random((200, 2)) < np.array([0.8, 0.6])
    policies = {"mixed": Random(), "first": First(guard=False)}
    found = hold(policies, graded(right), cross_fitting(200, 4, 0), replicates=300, level=0.9, seed=5)
    assert (found.by_name["mixed"].p_value is None, found.by_name["first"].p_value is None) == (True, False)
    gain = found.trials.decisions("mixed").right_low - found.trials.reference
    (limits,) = mean_intervals(found.trials, [gain], 300, 0.95, 5)
    (wider,) = mean_intervals(found.trials, [gain], 300, 0.9, 5)
    assert limits is not None
    assert wider is not None
    assert found.shared_lower == {"mixed": limits[0]}
    assert limits[0] < wider[0]
