"""The contract of every policy, and what routers make of a pool in which routing pays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.cli import config_folder
from cofail_lab.errors import InputError
from cofail_lab.policies import AbsentPolicyError, AbstractHindsight, sit
from cofail_lab.policies.contest import hold
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.evaluation import evaluate
from cofail_lab.policies.folds import cross_fitting, random_splits
from cofail_lab.policies.mixing import at_budget
from cofail_lab.policies.multiclass import best_right
from cofail_lab.policies.recorded import Recorded
from cofail_lab.policies.ridge import Ridge
from cofail_lab.policies.router import STAY, choose, safe_margin
from tests.policies.made import graded
from tests.policies.pool import ROUTERS, policies, topics

NAMES = sorted(path.stem for path in (config_folder() / "policy").glob("*.yaml"))


def test_the_table_holds_every_policy(tmp_path: Path) -> None:
    assert sorted(policies(tmp_path)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_contract(name: str, tmp_path: Path) -> None:
    """Same seed, same decisions; each query is answered by called models; grades of the test queries change nothing."""
    train, test = topics(240, 0), topics(120, 1)
    policy = policies(tmp_path)[name]
    if isinstance(policy, AbstractHindsight):
        assert not hasattr(policy, "fit")
        return
    decided = [sit(policy.fit(train, 3), test, train.prices) for _ in range(2)]
    assert (decided[0].calls == decided[1].calls).all()
    assert ((decided[0].calls >= 0) & (decided[0].calls <= 1)).all()
    assert (decided[0].calls.sum(axis=1) > 1 - 1e-9).all()
    assert (decided[0].right_low <= decided[0].right_high).all()
    assert decided[0].cost == pytest.approx((decided[0].calls * test.cost).sum(axis=1))
    flipped = sit(policy.fit(train, 3), replace(test, right=~test.right), train.prices)
    assert (flipped.calls == decided[0].calls).all()


@pytest.mark.parametrize("name", ROUTERS)
def test_routers_find_the_model_of_each_topic(name: str, tmp_path: Path) -> None:
    """Guarded and not: most of the partition oracle's gain; less by neighbours and by labels that prefer one model."""
    data, policy = topics(900, 2), policies(tmp_path)[name]
    contest = hold(
        {"plain": policy, "guarded": replace(policy, guard=True)},
        data,
        random_splits(900, 1, 0.6),
        replicates=200,
        level=0.95,
        seed=0,
    )
    best = contest.by_name["partition_oracle"].gain
    assert best > 0.2
    least = (0.3 if name in ("knn", "multiclass") else 0.9) * best
    assert contest.by_name["plain"].gain > least
    assert contest.by_name["guarded"].gain > least
    assert contest.by_name["plain"].gain_lower > 0


@pytest.mark.parametrize(("told", "captured", "tolerance"), [(1.0, 1.0, 0.02), (0.5, 0.5, 0.06), (0.0, 0.0, 0.05)])
def test_planted_routing(told: float, captured: float, tolerance: float) -> None:
    """P12.i: a table that is told the type with probability p, else a random type, captures p of G."""
    rng = np.random.default_rng(1)
    kind, luck = rng.integers(5, size=3000), rng.random(3000)
    right = np.arange(5) == kind[:, None]
    right[luck < 0.5] = True
    right[luck >= 0.95] = False
    shown = np.where(rng.random(3000) < told, kind, rng.integers(5, size=3000))
    data = graded(right, columns={"dataset": np.array([f"type {i}" for i in shown], dtype=object)})
    contest = hold(
        {"domain_table": DomainTable(guard=False)},
        data,
        random_splits(3000, 1, 0.6),
        replicates=1000,
        level=0.95,
        seed=0,
    )
    score = contest.by_name["domain_table"]
    assert score.captured == pytest.approx(captured, abs=tolerance)
    if told == 0:
        assert score.gain_lower < 0 < score.gain_upper


def test_argmax_loses_where_there_is_nothing_to_read_and_the_guard_does_not() -> None:
    """Winner's curse (P12.i): features drawn apart from the outcomes, a clear best model; ten pools, fixed seeds."""
    plain, guarded = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        data = graded(rng.random((400, 6)) < np.linspace(0.4, 0.6, 6), columns={"features": rng.normal(size=(400, 30))})
        contest = hold(
            {"plain": Ridge(guard=False, alpha=1.0), "guarded": Ridge(guard=True, alpha=1.0)},
            data,
            random_splits(400, 1, 0.6),
            replicates=0,
            level=0.95,
            seed=0,
        )
        plain.append(contest.by_name["plain"].captured)
        guarded.append(contest.by_name["guarded"].captured)
    assert np.mean(plain) < -0.05
    assert -0.02 <= np.mean(guarded) <= 0.01


def test_a_margin_is_the_surest_and_infinite_where_nothing_is_sure() -> None:
    edge = np.array([0.4, 0.3, 0.3, 0.2, 0.1, 0.0] + [0.5] * 20)
    assert safe_margin(edge, np.array([0, -1, -1, -1, -1, 0] + [1.0] * 20)) == 0.4
    assert safe_margin(edge, np.array([1, 1, 1, 1, 1, 0] + [1.0] * 20)) == 0.0
    assert safe_margin(edge, np.zeros(26)) == STAY
    assert safe_margin(edge, np.tile([1.0, -1.0], 13)) == STAY
    # Of gains alone: k of them less two standard errors, k - 2√k, is 0 at four and above at five.
    assert safe_margin(np.arange(4, 0, -1) / 10, np.ones(4)) == STAY
    assert safe_margin(np.arange(5, 0, -1) / 10, np.ones(5)) == 0.0
    # Two equal edges have no margin between them.
    assert safe_margin(np.full(10, 0.2), np.array([1.0] * 9 + [0.0])) == 0.0


def test_ties_go_to_the_first_model_without_a_guard_and_to_the_best_with_one() -> None:
    scores = np.array([[0.5, 0.5, 0.4], [0.1, 0.2, 0.9]])
    assert choose(scores, 1, -np.inf).tolist() == [0, 2]
    assert choose(scores, 1, 0.0).tolist() == [1, 2]
    assert choose(scores, 1, 0.8).tolist() == [1, 1]


def test_labels_of_the_multiclass_router_prefer_the_train_best_model() -> None:
    train = graded(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]]))
    assert best_right(train).tolist() == [1, 1, 1, 0, 1]


def test_a_table_scores_a_dataset_it_has_not_seen_as_a_whole() -> None:
    train = graded(np.array([[1, 0], [1, 0], [0, 1]]), columns={"dataset": np.array(["a", "a", "b"], dtype=object)})
    test = graded(np.ones((3, 2)), columns={"dataset": np.array(["b", "c", "a"], dtype=object)})
    calls = sit(DomainTable(guard=False).fit(train, 0), test, None).calls
    assert calls.argmax(axis=1).tolist() == [1, 0, 0]


def test_a_mixture_spends_its_budget_on_the_hull() -> None:
    accuracy, prices = np.array([0.5, 0.6, 0.9]), np.array([1.0, 2.0, 3.0])
    assert at_budget(accuracy, prices, 2.0).shares == pytest.approx([0.5, 0.0, 0.5])
    assert at_budget(accuracy, prices, 9.0).shares == pytest.approx([0.0, 0.0, 1.0])
    with pytest.raises(AbsentPolicyError, match="cheapest model costs 1"):
        at_budget(accuracy, prices, 0.5)
    with pytest.raises(AbsentPolicyError, match="costs are unknown"):
        at_budget(accuracy, None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,pick\nq0,m0\n", "no column 'model'"),
        ("query,model\nq0,m9\n", "'m9', which is not one of the 4 models"),
        ("query,model\nq0,m0\nq0,m1\n", "'q0' has two different picks"),
    ],
)
def test_recorded_picks_that_cannot_be_read(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "picks.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        Recorded(path=str(tmp_path / "picks.csv")).fit(topics(9, 0), 0)


def test_what_is_learned_in_one_split_does_not_stay_for_another() -> None:
    """A policy that remembers all grades it was fitted to is no better than a coin on the others."""

    class Memory(DomainTable):
        def learn(self, train, seed):
            if not hasattr(self, "known"):
                object.__setattr__(self, "known", {})
            self.known.update(zip(train.features.queries, train.right, strict=True))

            def scorer(features):
                return np.array([self.known.get(q, np.ones(4)) for q in features.queries], dtype=float)

            return scorer

    data = topics(300, 5)
    trials = evaluate({"memory": Memory(guard=False)}, data, cross_fitting(300, 5, 0), 0)
    assert (trials.decisions("memory").calls[:, 0] == 1).all()
