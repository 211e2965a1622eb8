"""Cascade routing: it asks for a second answer where that decides, and pays for what it asked."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.policies import AbsentPolicyError, Graded, sit
from cofail_lab.policies.cascade_routing import CascadeRouting, FittedRouting
from cofail_lab.policies.probabilities import Inputs
from tests.policies.made import graded

ALL = ["m0", "m1", "m2"]


def two_kinds(rng, n=1600):
    """m0 is right where it is sure, half of the queries; m1 elsewhere; m2 always, at ten times the price."""
    sure = rng.random(n) < 0.5
    right = np.column_stack([sure, ~sure, np.ones(n, dtype=bool)])
    signal = np.column_stack([np.where(sure, 0.9, 0.1), np.full(n, 0.5), np.full(n, 0.5)])
    return graded(right, confidence=signal, cost=np.tile([1.0, 2.0, 20.0], (n, 1)))


def test_the_first_answer_decides_whom_to_ask_next(rng):
    pool = two_kinds(rng)
    train, test = pool.take(np.arange(800)), pool.take(np.arange(800, 1600))
    decisions = sit(CascadeRouting(ALL, 0.01).fit(train, 0), test, train.prices)
    assert decisions.right_low.mean() > 0.99
    assert decisions.calls[:, 0].all()
    assert (decisions.calls[:, 1] == ~test.right[:, 0]).mean() > 0.99
    assert decisions.calls[:, 2].mean() < 0.01
    assert decisions.cost == pytest.approx((decisions.calls * test.cost).sum(axis=1))
    # A dollar that must buy more than the second answer gives: one answer, the cheapest.
    dear = sit(CascadeRouting(ALL, 5.0).fit(train, 0), test, train.prices)
    assert (dear.calls == [1, 0, 0]).all()
    # Money is no object: where the estimates are the same, nothing more is asked.
    free = sit(CascadeRouting(ALL, 0.0).fit(train, 0), test, train.prices)
    assert free.right_low.mean() > 0.99


def test_nobody_is_judged_before_answering(rng):
    """Every state's predictors see the signals of all its members; what was paid is not counted again."""
    seen = []

    def watch(state):
        def learned(known):
            seen.append((state, known.copy()))
            return np.full(len(known), 0.5)

        return learned

    states = [(0,), (1,), (0, 1)]
    right = {state: [watch(state) for _ in state] for state in states}
    # From nothing to m0, from m0 to both.
    value = {((), (0,)): lambda known: np.ones(len(known)), ((0,), (0, 1)): lambda known: np.ones(len(known))}
    pool = graded(rng.random((9, 2)) < 0.5, confidence=rng.random((9, 2)), cost=np.ones((9, 2)))
    fitted = FittedRouting((0, 1), np.array([0.6, 0.1]), Inputs.of(pool.features), right, value)
    decisions = sit(fitted, pool, pool.prices)
    assert (decisions.calls == 1).all()
    assert {state for state, _ in seen} == {(0,), (0, 1)}
    for state, known in seen:
        assert known[:, 1:] == pytest.approx(pool.confidence[:, list(state)])


def test_bad_members_and_absent_policies(rng):
    with pytest.raises(InputError, match=r"policy.cascade_routing.members: 5 names; 2 to 4 are accepted"):
        CascadeRouting(list("abcde"), None)
    with pytest.raises(InputError, match=r"policy.cascade_routing.price: -1 is below 0"):
        CascadeRouting(None, -1)
    pool = two_kinds(rng, n=100)
    with pytest.raises(InputError, match="members: 'x' is not one of the 3 models"):
        CascadeRouting(["m0", "x"], None).fit(pool, 0)
    with pytest.raises(AbsentPolicyError, match="there are no costs"):
        CascadeRouting(None, None).fit(Graded(pool.features, pool.models, pool.right), 0)
    reverse = Graded(pool.features, pool.models, pool.right, cost=pool.cost[:, ::-1], confidence=pool.confidence)
    with pytest.raises(AbsentPolicyError, match="m2, the best model, is the cheapest too"):
        CascadeRouting(None, None).fit(reverse, 0)


def test_members_are_the_last_corners_of_the_hull_and_a_dollar_buys_what_its_last_edge_does():
    """Accuracies .2 .5 .7 .8 at 1 2 4 8 dollars: edges of .3, .1 and .025 a dollar."""
    right = np.arange(20)[:, None] < [4, 10, 14, 16]
    data = graded(right, cost=np.tile([1.0, 2.0, 4.0, 8.0], (20, 1)))
    fitted = CascadeRouting(members=None, price=None).fit(data, 0)
    assert fitted.members == (1, 2, 3)
    assert fitted.toll == pytest.approx([0.05, 0.1, 0.2])
    named = CascadeRouting(members=["m3", "m0"], price=0.5).fit(data, 0)
    assert named.members == (3, 0)
    assert named.toll == pytest.approx([4.0, 0.5])


@pytest.mark.parametrize(("more", "asked"), [(0.75, [False, True, False]), (0.76, [False, True, True])])
def test_whoever_is_as_good_as_what_more_answers_are_worth_stops(more, asked):
    """Model 1 is right with .5, and asking model 2 too is worth ``more`` less a toll of .25."""

    def always(value):
        return lambda known: np.full(len(known), value)

    both = {(0,): [always(0.5)], (1,): [always(0.5)], (0, 1): [always(0.4), always(0.6)]}
    value = {((), (0,)): always(0.9), ((), (1,)): always(0.3), ((), (0, 1)): always(0.3)}
    value |= {((0,), (0, 1)): always(more), ((1,), (0, 1)): always(0.0)}
    fitted = FittedRouting((1, 2), np.array([0.25, 0.25]), Inputs(()), both, value)
    found = sit(fitted, graded(np.ones((3, 3), bool), cost=np.ones((3, 3))), None)
    assert (found.calls == np.array(asked)).all()
    # The answer is that of the member that is most likely right among those asked.
    data = graded(np.tile([False, not asked[2], asked[2]], (3, 1)), cost=np.ones((3, 3)))
    assert sit(fitted, data, None).right_low.tolist() == [1, 1, 1]


def test_whom_to_ask_next_of_three() -> None:
    """The set of most value less its price is aimed at, its cheapest member that was not asked comes first.

    Tolls .3, .1 and .05. From nothing the four queries aim at {0, 1} (.8 - .4), at {1} (.7 - .1), at {0, 1, 2}
    (.99 - .45) and at {0} (.9 - .3). From {1} only what was not asked is paid for, and member 1 is sure of .5.
    """

    def told(*values):
        return lambda known: np.array(values)

    value = {
        ((), (0,)): told(0.1, 0.2, 0.3, 0.9),
        ((), (1,)): told(0.1, 0.7, 0.2, 0.1),
        ((), (0, 1)): told(0.8, 0.9, 0.3, 0.9),
        ((), (0, 1, 2)): told(0.8, 0.9, 0.99, 0.9),
        ((1,), (0, 1)): told(0.9, 0.79, 0.7, 0.8),
        ((1,), (1, 2)): told(0.6, 0.5, 0.55, 0.54),
        ((1,), (0, 1, 2)): told(0.94, 0.86, 0.8, 0.8),
        ((0, 2), (0, 1, 2)): told(0.65, 0.4, 0.2, 0.75),
    }
    right = {(1,): [told(0.5, 0.5, 0.5, 0.5)], (0, 2): [told(0.5, 0.6, 0.1, 0.7), told(0.6, 0.5, 0.0, 0.2)]}
    fitted = FittedRouting((0, 1, 2), np.array([0.3, 0.1, 0.05]), Inputs(()), right, value)
    rows = np.zeros((4, 1))
    assert fitted._next((), rows)[0].tolist() == [1, 1, 2, 0]
    # .6, .55 and .59 against .5; a tie of two stops, and so does less.
    following, best = fitted._next((1,), rows)
    assert (following.tolist(), best.tolist()) == ([0, 2, -1, -1], [1, 1, 1, 1])
    following, best = fitted._next((0, 2), rows)
    assert (following.tolist(), best.tolist()) == ([-1, -1, -1, -1], [2, 0, 0, 0])
