"""Baselines and ceilings on matrices small enough to see their choices."""

import numpy as np
import pytest

from cofail_lab.policies import Graded, hindsight, sit
from cofail_lab.policies.baselines import with_baselines
from cofail_lab.policies.cheapest import Cheapest
from cofail_lab.policies.evaluation import AnyPolicy
from cofail_lab.policies.mixing import at_budget
from cofail_lab.policies.mixture import Mixture
from cofail_lab.policies.oracle import Oracle
from cofail_lab.policies.partition_oracle import PartitionOracle
from cofail_lab.policies.random import Random
from cofail_lab.policies.single_best import SingleBest
from tests.policies.made import graded

# m2 is best; m0 and m1 cost the same, and m1 is the better of them.
RIGHT = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
COST = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 5.0], [2.0, 2.0, 4.0], [1.0, 3.0, 9.0], [3.0, 2.0, 4.0]])
DATASET = np.array(["b", "b", "a", "a", "a"], dtype=object)


def pool(**cells: object) -> Graded:
    return graded(RIGHT, **cells)


def picked(policy: AnyPolicy, data: Graded) -> list[int]:
    decided = hindsight(policy, data) if hasattr(policy, "choose") else sit(policy.fit(data, 0), data, data.prices)
    assert ((decided.calls == 0) | (decided.calls == 1)).all()
    return decided.calls.argmax(axis=1).tolist()


def test_constants_are_chosen_by_accuracy_and_price() -> None:
    data = pool(cost=COST)
    assert data.prices == pytest.approx([2, 2, 5])
    assert picked(SingleBest(), data) == [2] * 5
    assert picked(Cheapest(), data) == [1] * 5
    # Of equals the first.
    assert graded(RIGHT[:, [0, 2, 2]]).best == 1


def test_the_oracle_takes_the_cheapest_right_model_and_the_cheapest_where_none_is() -> None:
    assert picked(Oracle(), pool(cost=COST)) == [1, 2, 1, 2, 1]
    # Without costs the better model counts as cheaper.
    assert picked(Oracle(), pool()) == [2, 2, 1, 2, 2]


def test_the_partition_oracle_takes_the_best_model_of_each_dataset() -> None:
    right = RIGHT.copy()
    right[2:, 1] = True
    data = graded(right, columns={"dataset": DATASET})
    assert picked(PartitionOracle(), data) == [2, 2, 1, 1, 1]


def test_random_gives_every_model_the_same_share_of_every_query() -> None:
    data = pool(cost=COST)
    decided = sit(Random().fit(data, 0), data, data.prices)
    assert decided.calls == pytest.approx(np.full((5, 3), 1 / 3))
    assert decided.right_low == pytest.approx(RIGHT.mean(axis=1))
    # What is paid is what these answers cost, not what they cost on average.
    assert decided.cost == pytest.approx(COST.mean(axis=1))


def test_a_mixture_lies_between_two_corners() -> None:
    accuracy, prices = np.array([0.2, 0.4, 0.8]), np.array([1.0, 2.0, 6.0])
    # Half of the way from 1 to 6 is 3.5, on the edge from m0 to m2 or by m1, whose slope is .2 and then .1.
    assert at_budget(accuracy, prices, None).shares == pytest.approx([0, 2.5 / 4, 1.5 / 4])
    assert at_budget(accuracy, prices, 1.25).shares == pytest.approx([0.75, 0.25, 0])
    assert at_budget(accuracy, prices, 1.0).shares == pytest.approx([1, 0, 0])
    assert at_budget(accuracy, prices, 7.0).shares == pytest.approx([0, 0, 1])
    data = pool(cost=COST)
    shares = Mixture(budget=3.5).fit(data, 0).shares
    assert shares == pytest.approx([0, 0.5, 0.5])
    assert Mixture(budget=None).fit(data, 0).shares == pytest.approx([0, 0.5, 0.5])
    assert Mixture(budget=2.3).fit(data, 0).shares == pytest.approx([0, 0.9, 0.1])


def test_what_the_user_asks_for_is_no_baseline_of_its_name() -> None:
    own = Mixture(budget=2.0)
    every = with_baselines({"mixture": own, "single": SingleBest()})
    assert [*every] == ["single_best", "mixture", "single", "cheapest", "random", "partition_oracle", "oracle"]
    assert every["mixture"] is own
