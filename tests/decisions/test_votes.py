"""Votes (theory P14): against enumeration of all answers that right and wrong leave open, and published figures."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from cofail_lab import decisions as d
from cofail_lab.errors import InputError


def by_hand(answers, key, weights):
    """P(the answer of most weight is the key) in rationals, one query."""
    weight = {}
    for answer, w in zip(answers, weights, strict=True):
        if answer:
            weight[answer] = weight.get(answer, 0) + w
    if not weight:
        return Fraction(0)
    leaders = [answer for answer, w in weight.items() if w == max(weight.values())]
    return Fraction(key in leaders, len(leaders))


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 1, 1, 1), (3, 2, 2, 1), (2, 1, 1, 1, 1)])
def test_pluralities_are_those_counted_by_hand(weights):
    """Every combination of three options and abstention."""
    combinations = np.array(list(itertools.product(("A", "B", "C", ""), repeat=len(weights))), dtype=object)
    found = d.plurality_right(combinations, combinations == "A", np.array(weights, dtype=float))
    exact = np.array([float(by_hand(row, "A", weights)) for row in combinations])
    np.testing.assert_allclose(found, exact, atol=1e-15)
    # Whatever the answers: between the worst and the best case of who is right. An abstention is no wrong answer.
    said = (combinations != "").all(axis=1)
    low, high = d.plurality_range(combinations[said] == "A", np.array(weights, dtype=float))
    assert (low <= exact[said]).all()
    assert (exact[said] <= high).all()


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_both_ends_of_a_plurality_are_reached_but_for_ties(k):
    """With enough options: the least and greatest of all answers that the wrong members can give."""
    for right in itertools.product((True, False), repeat=k):
        wrong = right.count(False)
        given = [
            tuple("A" if hit else next(others) for hit in right)
            for spread in itertools.product("BCDEF", repeat=wrong)
            for others in [iter(spread)]
        ]
        worth = [by_hand(row, "A", [1] * k) for row in given]
        # A tie that falls the worst way is lost, one that falls the best way won.
        worst, best = min(int(w) for w in worth), max(math.ceil(w) for w in worth)
        low, high = d.plurality_range(np.array([right]))
        assert (low[0], high[0]) == (worst, best)


@pytest.mark.parametrize("weights", [(3, 2, 2, 1), (2, 1, 1), (4, 2, 1), (1, 1, 3)])
def test_both_ends_of_a_weighted_plurality_are_reached_but_for_ties(weights):
    """The strongest wrong member alone can outweigh the right ones: then nothing the others say helps."""
    for right in itertools.product((True, False), repeat=len(weights)):
        given = [
            tuple("A" if hit else next(others) for hit in right)
            for spread in itertools.product("BCDE", repeat=right.count(False))
            for others in [iter(spread)]
        ]
        worth = [by_hand(row, "A", weights) for row in given]
        low, high = d.plurality_range(np.array([right]), np.array(weights, dtype=float))
        assert (low[0], high[0]) == (min(int(w) for w in worth), max(math.ceil(w) for w in worth))


def test_a_majority_needs_more_than_half():
    right = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]], dtype=bool)
    low, high = d.majority_right(right)
    assert (low.tolist(), high.tolist()) == ([0, 1, 0], [1, 1, 0])
    low, high = d.majority_right(right, np.array([3.0, 1.0, 1.0, 1.0]))
    assert (low.tolist(), high.tolist()) == ([1, 1, 0], [1, 1, 1])
    # Sums of .1 that are half only up to rounding.
    low, high = d.majority_right(np.array([[1, 1, 1, 0]], dtype=bool), np.array([0.1, 0.1, 0.1, 0.3]))
    assert (low[0], high[0]) == (0, 1)


def test_ties_of_a_plurality():
    answers = np.array([["A", "A", "B", "B"], ["A", "B", "C", "D"], ["A", "A", "B", "C"], ["", "", "", ""]])
    assert d.tied_votes(answers).tolist() == [True, True, False, False]
    assert d.tied_votes(answers, np.array([2.0, 1, 1, 1])).tolist() == [False, False, False, False]
    assert d.plurality_right(answers, answers == "B").tolist() == [0.5, 0.25, 0, 0]


def test_agreement_counts_pairs_that_are_both_wrong_and_say_the_same():
    answers = np.array([["B", "B", "A"], ["B", "C", ""], ["", "", "A"], ["C", "C", "C"], ["A", "A", "A"]])
    agreement = d.agreement_when_wrong(answers, answers == "A")
    # Of four queries that both get wrong the first and the fourth agree; no answer agrees with none.
    assert agreement[0, 1] == agreement[1, 0] == 2 / 4
    assert agreement[0, 2] == 1 / 2
    assert np.isnan(np.diag(agreement)).all()
    assert np.isnan(d.agreement_when_wrong(answers[4:], answers[4:] == "A")).all()


def test_log_odds_weights_are_the_best_of_independent_votes_on_two_answers():
    """P14.ii: against every 0/1 rule that follows the likelihood, by enumeration."""
    accuracies = np.array([0.9, 0.7, 0.65, 0.6, 0.55])
    weights = d.log_odds_weights(accuracies)
    assert weights == pytest.approx(np.log(accuracies / (1 - accuracies)))
    patterns = np.array(list(itertools.product((False, True), repeat=5)))
    mass = np.where(patterns, accuracies, 1 - accuracies).prod(axis=1)

    def accuracy(w):
        low, high = d.majority_right(patterns, w)
        return float(mass @ (low + high)) / 2

    best = sum(np.maximum(mass, mass[::-1])) / 2
    assert accuracy(weights) == pytest.approx(best, abs=1e-15)
    # Controls: equal weights, and the accuracies themselves.
    assert accuracy(np.ones(5)) < best - 0.01
    assert accuracy(accuracies) < best - 0.01
    assert d.log_odds_weights(np.array([0.5, 0.3, 0.8])).tolist()[:2] == [0, 0]
    # With four options a guess is right a quarter of the time.
    assert d.log_odds_weights(np.array([0.25, 0.5]), 4) == pytest.approx([0, math.log(3)])


def test_the_gain_of_three_votes_is_what_they_repair_less_what_they_spoil():
    rng = np.random.default_rng(3)
    patterns = np.array(list(itertools.product((False, True), repeat=3)))
    for _ in range(20):
        mass = rng.dirichlet(np.full(8, 0.4))
        majority = float(mass @ (patterns.sum(axis=1) >= 2))
        gain = d.three_vote_gain(patterns, mass)
        assert gain.gain == pytest.approx(majority - float(mass @ patterns[:, 0]), abs=1e-15)
        assert gain.gain == gain.repaired - gain.spoilt


def test_real_votes(real):
    """medagents_zeroshot: ties split, majorities, and how often the same wrong answer is given."""
    outcomes = real("medagents_zeroshot")
    right, answers = ~outcomes.wrong, outcomes.per_cell["answer"]
    assert ((answers == outcomes.per_query["key"][:, None]) == right).all()
    top = np.argsort(-right.mean(axis=0), kind="stable")[:3]
    assert right.mean(axis=0).max() == pytest.approx(0.84905, abs=5e-6)
    assert d.plurality_right(answers, right).mean() == pytest.approx(0.81429, abs=5e-6)
    assert d.tied_votes(answers).sum() == 242
    assert d.plurality_right(answers[:, top], right[:, top]).mean() == pytest.approx(0.84514, abs=5e-6)
    low, high = d.majority_right(right[:, top])
    assert low.mean() == high.mean() == pytest.approx(0.83888, abs=5e-6)
    agreement = d.agreement_when_wrong(answers, right)
    assert np.nanmean(agreement) == pytest.approx(0.69347, abs=5e-6)
    for members in (top, np.arange(10)):
        low, high = d.plurality_range(right[:, members])
        exact = d.plurality_right(answers[:, members], right[:, members])
        assert ((low <= exact) & (exact <= high)).all()


@pytest.mark.parametrize("weights", [(0.1, 0.2, 0.2, 0.1), (0.1, 0.7, 0.7, 0.1), (0.3, 0.1, 0.3, 0.1)])
def test_equal_weights_are_tied_whatever_their_sums_are_rounded_to(weights):
    """Two against two with .3, .8 or .4 each, and the same against .1 % more or less, which is no tie."""
    right, w = np.array([[True, True, False, False]]), np.array(weights)
    answers = np.array([["a", "a", "b", "b"]])
    for change, low, high, chance in ((1.0, 0, 1, 0.5), (1.001, 1, 1, 1), (0.999, 0, 0, 0)):
        changed = w * [change, change, 1, 1]
        for voting, said in ((right, answers), (right[:, ::-1], answers[:, ::-1])):
            own = changed if voting is right else changed[::-1]
            assert d.majority_right(voting, own) == (low, high)
            assert d.plurality_right(said, voting, own) == chance
            assert d.tied_votes(said, own).tolist() == [chance == 0.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.majority_right(np.ones(3)), "right: shape (3,); (n, k) with k >= 1 is needed"),
        (lambda: d.majority_right(np.ones((2, 0))), "right: shape (2, 0); (n, k) with k >= 1 is needed"),
        (lambda: d.majority_right(np.ones((2, 3)), np.ones(2)), "weights: shape (2,); (3,) or (2, 3) is needed"),
        (lambda: d.majority_right(np.ones((2, 2)), np.array([1.0, -1])), "weights: -1.0 is not a finite number >= 0"),
        (lambda: d.majority_right(np.ones((2, 2)), np.zeros(2)), "weights: all are 0; a positive sum is needed"),
        (lambda: d.plurality_right(np.ones((2, 3)), np.ones((2, 2))), "right: shape (2, 2); (2, 3) is needed"),
        (lambda: d.log_odds_weights(np.array([0.5, 1.0])), "accuracies: 1.0 is outside (0, 1)"),
        (lambda: d.log_odds_weights(np.array([0.5]), 1), "n_options: 1 is not a whole number >= 2"),
        (lambda: d.three_vote_gain(np.ones((2, 4))), "right: 4 members; 3 are needed"),
        (lambda: d.agreement_when_wrong(np.ones((2, 3)), np.ones((2, 2))), "right: shape (2, 2); (2, 3) is needed"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)


def test_where_all_abstain_the_vote_is_wrong_whatever_the_cells_say():
    answers = np.array([["", ""], ["a", ""], ["", "b"]])
    right = np.array([[True, True], [True, False], [True, False]])
    assert d.plurality_right(answers, right, np.array([1.0, 3.0])).tolist() == [0, 1, 0]
