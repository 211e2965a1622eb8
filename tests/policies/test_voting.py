"""Votes: who votes, with which weight, and what a vote comes to where answers are known and where they are not."""

from functools import partial

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.policies import AbsentPolicyError, Graded, sit
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.plurality import Plurality
from cofail_lab.policies.weighted_vote import WeightedVote
from tests.policies.made import graded

KINDS = [MajorityVote, Plurality, partial(WeightedVote, n_options=2)]
NAMED = list(zip(KINDS, ["majority_vote", "plurality", "weighted_vote"], strict=True))


@pytest.fixture
def halves(rng):
    """A pool in two halves; members of accuracy .9, .8, .7, .6 and .4."""
    right = rng.random((400, 5)) < np.array([0.9, 0.8, 0.7, 0.6, 0.4])
    answer = np.where(right, "R", rng.choice(list("XYZ"), right.shape)).astype(object)
    pool = graded(right, answer=answer, cost=np.tile([5.0, 4, 3, 2, 1], (400, 1)))
    return pool.take(np.arange(200)), pool.take(np.arange(200, 400))


def without_answers(pool):
    return Graded(pool.features, pool.models, pool.right, pool.cost)


@pytest.mark.parametrize("kind", KINDS)
def test_only_members_are_asked_and_paid(halves, kind):
    train, test = halves
    for policy, members in ((kind(["m3", "m1"], None), [1, 3]), (kind(None, 3), [0, 1, 2]), (kind(None, 1), [0])):
        decisions = sit(policy.fit(train, 0), test, train.prices)
        assert (np.flatnonzero(decisions.calls.any(axis=0)) == members).all()
        assert (decisions.cost == test.cost[:, members].sum(axis=1)).all()


def test_a_majority_is_of_the_right_whatever_they_say(halves):
    train, test = halves
    for pool in (test, without_answers(test)):
        three = sit(MajorityVote(None, 3).fit(train, 0), pool, None)
        assert (three.right_low == (test.right[:, :3].sum(axis=1) >= 2)).all()
        assert (three.right_high == three.right_low).all()
        two = sit(MajorityVote(None, 2).fit(train, 0), pool, None)
        assert (two.right_low == test.right[:, :2].all(axis=1)).all()
        assert (two.right_high == test.right[:, :2].any(axis=1)).all()


def test_a_plurality_lies_in_the_bounds_that_right_and_wrong_leave(halves):
    train, test = halves
    for policy in (Plurality(None, None), Plurality(None, 2), WeightedVote(None, None, 2)):
        fitted = policy.fit(train, 0)
        known, bounds = sit(fitted, test, None), sit(fitted, without_answers(test), None)
        assert (known.right_low == known.right_high).all()
        assert ((bounds.right_low <= known.right_low) & (known.right_low <= bounds.right_high)).all()
        assert (bounds.right_low < bounds.right_high).any()
    # Without ties: everybody agrees on a wrong answer at worst, so that the low end is the majority.
    low = sit(Plurality(None, 3).fit(train, 0), without_answers(test), None).right_low
    assert (low == (test.right[:, :3].sum(axis=1) >= 2)).all()


def test_log_odds_leave_out_who_is_right_half_of_the_time_or_less(halves):
    train, test = halves
    fitted = WeightedVote(None, None, 2).fit(train, 0)
    rate = (train.right.sum(axis=0) + 0.5) / 201
    assert fitted.weights[:4] == pytest.approx(np.log(rate / (1 - rate))[:4])
    assert fitted.weights[4] == 0
    assert not sit(fitted, test, None).calls[:, 4].any()
    # With five options it is better than a guess.
    assert WeightedVote(None, None, 5).fit(train, 0).weights[4] == pytest.approx(np.log(4 * rate[4] / (1 - rate[4])))
    always = graded(np.ones((50, 2), dtype=bool))
    assert np.isfinite(WeightedVote(None, None, 2).fit(always, 0).weights).all()
    with pytest.raises(AbsentPolicyError, match="no member is right more than 1 in 2 times"):
        WeightedVote(["m4"], None, 2).fit(train, 0)


def test_the_best_are_those_of_the_training_queries():
    right = np.zeros((10, 3), dtype=bool)
    right[:, 1], right[:5, 2], right[:5, 0] = True, True, True
    assert np.flatnonzero(MajorityVote(None, 1).fit(graded(right), 0).weights) == [1]
    # Of equals the first.
    assert (np.flatnonzero(MajorityVote(None, 2).fit(graded(right), 0).weights) == [0, 1]).all()


@pytest.mark.parametrize(
    ("members", "top_k", "message"),
    [
        ("m1", None, "members: 'm1' is not a list of model names or null"),
        ([], None, "members: [] is not a list of model names or null"),
        (["m1", "m1"], None, "members: ['m1', 'm1'] names a model twice"),
        (["m1"], 2, "members and top_k both say who votes; one of them must be null"),
        (None, 0, "top_k: 0 is not a whole number >= 1"),
        (["m9"], None, "members: 'm9' is not one of the 5 models (m0, m1, m2, m3, m4)"),
        (None, 6, "top_k: 6 of 5 models"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), NAMED)
def test_bad_members_are_named(halves, kind, name, members, top_k, message):
    with pytest.raises(InputError) as raised:
        kind(members, top_k).fit(halves[0], 0)
    assert str(raised.value).startswith(f"policy.{name}")
    assert message in str(raised.value)


def test_real_votes(real):
    """The figures of medagents_zeroshot, members chosen on the same queries as in the published comparison."""
    pool = Graded.of(real("medagents_zeroshot"))

    def accuracy(policy):
        return float(sit(policy.fit(pool, 0), pool, pool.prices).right_low.mean())

    assert accuracy(Plurality(None, None)) == pytest.approx(0.81429, abs=5e-6)
    assert accuracy(Plurality(None, 3)) == pytest.approx(0.84514, abs=5e-6)
    assert accuracy(MajorityVote(None, 3)) == pytest.approx(0.83888, abs=5e-6)
    assert pool.accuracy.max() == pytest.approx(0.84905, abs=5e-6)
