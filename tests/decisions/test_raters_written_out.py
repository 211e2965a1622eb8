"""Votes and labels of raters against the same quantities written out item by item, on labels with gaps and weights."""

import math
from itertools import combinations, product

import numpy as np
import pytest

from cofail_lab.decisions.dawid_skene import dawid_skene, residual_correlation
from cofail_lab.decisions.rater_votes import (
    Shortfall,
    effective_votes,
    error_correlation,
    marked_probability,
    own_votes,
    shortfall,
)

# Fourteen items, four raters, three values; the last item has no label, two have one.
LABELS = np.array(
    [
        [0, 0, 1, 0],
        [0, 0, 0, -1],
        [1, 1, 2, 1],
        [1, -1, 1, 1],
        [2, 2, 2, 0],
        [2, 1, 2, 2],
        [0, 2, 0, 0],
        [1, 1, 1, 1],
        [-1, 0, 2, 0],
        [2, 2, -1, 2],
        [0, 0, 0, 0],
        [1, 0, 1, -1],
        [-1, -1, 2, -1],
        [-1, -1, -1, -1],
    ]
)
WEIGHTS = np.array([1, 3, 2, 1, 1, 4, 1, 2, 3, 1, 0, 2, 2, 5])


def em(labels, weights, c, steps):
    """Dawid and Skene's iteration by loops: prevalence, confusion, P(class | labels) and the log-likelihood."""
    marks = [[(r, x) for r, x in enumerate(row.tolist()) if x >= 0] for row in labels]
    mass = [w if one else 0.0 for one, w in zip(marks, weights, strict=True)]
    classes = [[sum(x == said for _, said in one) / max(len(one), 1) for x in range(c)] for one in marks]

    def shares():
        met = np.zeros((labels.shape[1], c, c))
        for one, w, chance in zip(marks, mass, classes, strict=True):
            for (r, said), x in product(one, range(c)):
                met[r, x, said] += w * chance[x]
        total = met.sum(axis=2, keepdims=True)
        prevalence = [sum(w * chance[x] for w, chance in zip(mass, classes, strict=True)) / sum(mass) for x in range(c)]
        return np.array(prevalence), np.where(total > 0, met / np.where(total > 0, total, 1), 1 / c)

    loglik = 0.0
    for _ in range(steps):
        (prevalence, confusion), loglik = shares(), 0.0
        for i, one in enumerate(marks):
            joint = [
                max(prevalence[x], 1e-9) * math.prod(max(confusion[r, x, said], 1e-9) for r, said in one)
                for x in range(c)
            ]
            classes[i] = [value / sum(joint) for value in joint]
            loglik += mass[i] * math.log(sum(joint))
    return *shares(), np.array(classes), loglik


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_steps_of_the_latent_classes(steps):
    prevalence, confusion, classes, loglik = em(LABELS, WEIGHTS, 3, steps)
    fitted = dawid_skene(LABELS, 3, WEIGHTS, tolerance=1e-15, most_steps=steps)
    assert (fitted.n_steps, fitted.converged) == (steps, False)
    np.testing.assert_allclose(fitted.prevalence, prevalence, atol=1e-13)
    np.testing.assert_allclose(fitted.confusion, confusion, atol=1e-13)
    np.testing.assert_allclose(fitted.posterior, classes, atol=1e-12)
    assert fitted.log_likelihood == pytest.approx(loglik, abs=1e-10)
    np.testing.assert_allclose(fitted.own, [[confusion[r, x, x] for x in range(3)] for r in range(4)], atol=1e-13)


def test_it_stops_when_no_probability_moves_and_not_before():
    """The step that ends it moves every probability by at most the tolerance, the one before moves one by more."""
    fitted = dawid_skene(LABELS, 3, WEIGHTS, tolerance=1e-3)
    before, last, end = (em(LABELS, WEIGHTS, 3, fitted.n_steps - back) for back in (2, 1, 0))
    moved = [max(np.abs(b[0] - a[0]).max(), np.abs(b[1] - a[1]).max()) for a, b in ((before, last), (last, end))]
    assert fitted.converged and moved[1] <= 1e-3 < moved[0]
    np.testing.assert_array_equal(fitted.confusion == 0, end[1] < 1e-3)


def test_a_class_that_a_rater_never_met():
    """Rater 2 labels only items of class 0, so its row of class 1 is a guess when the iteration begins."""
    fitted = dawid_skene(np.array([[0, 0, 0], [0, 0, 0], [1, 1, -1], [1, 1, -1]]), 2, most_steps=0)
    assert fitted.confusion[2].tolist() == [[1, 0], [0.5, 0.5]]
    assert fitted.prevalence.tolist() == [0.5, 0.5]


def test_what_is_left_of_the_correlation_within_a_class():
    fitted = dawid_skene(LABELS, 3, most_steps=2)
    found = []
    for r, s in combinations(range(4), 2):
        product_, spread = 0.0, [0.0, 0.0]
        for row, chance in zip(LABELS, fitted.posterior, strict=True):
            if row[r] < 0 or row[s] < 0:
                continue
            for x in range(3):
                a, b = fitted.confusion[r, x, 2], fitted.confusion[s, x, 2]
                product_ += chance[x] * ((row[r] == 2) - a) * ((row[s] == 2) - b)
                spread = [spread[0] + chance[x] * a * (1 - a), spread[1] + chance[x] * b * (1 - b)]
        if min(spread) > 1e-9:
            found.append(min(1, max(-1, product_ / math.sqrt(spread[0] * spread[1]))))
    assert len(found) > 2
    assert residual_correlation(LABELS, fitted) == pytest.approx(np.mean(found), abs=1e-12)


def test_error_correlations_of_resamples_are_those_of_repeated_items():
    """A pair with a constant rater has none, and does not count."""
    wrong = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    known = np.ones((6, 4), dtype=bool)
    known[2, 0] = known[4, 1] = False
    weights = np.array([[1, 1, 1, 1, 1, 1], [3, 1, 2, 0, 1, 1], [0, 2, 1, 2, 3, 1]])
    found = error_correlation(wrong, known, weights)
    for times, one in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(6), times)
        pairs = []
        for i, j in combinations(range(3), 2):
            both = rows[known[rows, i] & known[rows, j]]
            pairs.append(np.corrcoef(wrong[both, i], wrong[both, j])[0, 1])
        assert one == pytest.approx(np.mean(pairs), abs=1e-12)
    assert error_correlation(wrong, known)[0] == pytest.approx(found[0], abs=1e-14)


def test_the_shortfall_of_weighted_items_by_enumeration():
    """Four raters, so ties; unequal rates on either value; one without a label, a truth or a weight is left out."""
    labels = np.array(
        [
            [1, 1, 0, 1],
            [1, 0, 0, 1],
            [1, 1, 0, 0],
            [1, 1, 1, 1],
            [0, 0, 0, 1],
            [1, -1, 1, 1],
            [1, 1, 1, 0],
            [0, 1, 1, 1],
        ]
    )
    truth = np.array([1, 1, 0, 1, 0, 1, -1, 0])
    weights = np.array([2.0, 3, 1, 1, 2, 7, 7, 0])
    here = [0, 1, 2, 3, 4]
    total = weights[here].sum()
    observed = sum(weights[i] * {-1: 0, 0: 0.5, 1: 1}[np.sign((labels[i] == truth[i]).sum() - 2)] for i in here) / total
    independent = 0.0
    for value in (0, 1):
        own = [i for i in here if truth[i] == value]
        mass = weights[own].sum()
        rates = [sum(weights[i] * (labels[i, r] == value) for i in own) / mass for r in range(4)]
        for hits in product((0, 1), repeat=4):
            chance = math.prod(rate if hit else 1 - rate for hit, rate in zip(hits, rates, strict=True))
            independent += mass / total * chance * {0: 0, 1: 0, 2: 0.5, 3: 1, 4: 1}[sum(hits)]
    best = max(sum(weights[i] * (labels[i, r] == truth[i]) for i in here) / total for r in range(4))
    assert shortfall(labels, truth, weights) == pytest.approx(Shortfall(5, observed, independent, best), abs=1e-12)


def test_own_votes_written_out():
    """Lost by a tie, no own vote, gained, only an own vote, a tie without one, two own votes, gained."""
    votes = np.array(
        [[1, 1, 0, -1], [1, 0, 1, 0], [0, 1, -1, -1], [1, -1, -1, -1], [1, 0, -1, -1], [1, 1, 0, 0], [0, 0, 1, 1]]
    )
    own = np.zeros((7, 4), dtype=bool)
    own[[0, 2, 3, 5, 5, 6], [0, 0, 0, 0, 1, 0]] = True
    found = own_votes(votes, own, "wrong")
    # Rest: (1,0) a tie; (1) right; nothing; (0,0) wrong; (0,1,1) right. By all: right, tie, right, tie, tie.
    assert (found.n_votes, found.n_ties, found.n_lost, found.n_gained, found.n_lost_to_ties) == (6, 1, 1, 2, 1)
    # Own votes say right 4 times of 6; the others 4 times of 8 on the same items.
    assert found.favour == pytest.approx(4 / 6 - 4 / 8)
    assert own_votes(votes[3:4], own[3:4], "wrong").favour is None
    # Where a tie has no outcome, none is lost to one and none is gained from one.
    assert own_votes(votes, own, "missing")[1:5] == (1, 0, 0, 0)


def test_a_missing_outcome_is_not_marked_right():
    """Two raters in three groups: a tie is right only where ties are."""
    shares = np.array([[0.5, 0.5], [0.2, 0.7], [0, 1]])
    found = [marked_probability(shares, "majority", ties).tolist() for ties in ("wrong", "missing", "right")]
    assert found == [pytest.approx(one) for one in ([0.25, 0.14, 0], [0.25, 0.14, 0], [0.75, 0.76, 1])]


def test_no_number_of_independent_votes_has_so_little_spread():
    found = effective_votes(5, np.array([-0.3, -0.25, -0.2, 0, 0.5, 1]))
    np.testing.assert_allclose(found, [np.nan, np.nan, 25, 5, 5 / 3, 1])
